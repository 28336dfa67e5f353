"""The allow-list, read against DuckDB's own catalogue (in a process of its own, like everything that parses SQL)."""

import json
import subprocess

from lifang.store.sandbox.allowed import FUNCTIONS
from lifang.store.sandbox.process import command

UNKNOWN = """
import json, duckdb
known = {row[0] for row in duckdb.connect().execute("SELECT function_name FROM duckdb_functions()").fetchall()}
print(json.dumps(sorted(set(json.loads(sys.stdin.read())) - known)))
"""
USED = """
import json, duckdb
from lifang.store.sandbox.check import checked
from lifang.store.sandbox.child import _warm
connection = _warm()
print(json.dumps([sorted(checked(connection, sql, {"a": 1, "b": 2, "C": 3})) for sql in json.loads(sys.stdin.read())]))
"""
# Written by the parser itself; DuckDB's catalogue does not list them.
SYNTAX = {"if", "ifnull", "coalesce"}


def outside(code: str, data: object) -> object:
    done = subprocess.run(
        command(code), input=json.dumps(data), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_every_allowed_function_exists_in_this_duckdb() -> None:
    assert set(outside(UNKNOWN, sorted(FUNCTIONS))) <= SYNTAX


def test_functions_that_reach_outside_are_not_allowed() -> None:
    reaching = (
        "read_",
        "duckdb_",
        "json_",
        "pragma_",
        "parquet_",
        "pg_",
        "current_",
        "getenv",
        "query",
        "glob",
        "write",
    )
    assert not [name for name in FUNCTIONS if name.startswith(reaching)]
    assert not FUNCTIONS & {"repeat", "range", "generate_series", "printf", "format", "sleep_ms", "error", "nextval"}


def test_only_the_tables_that_a_query_reads_are_opened() -> None:
    queries = [
        "SELECT 1",
        "SELECT * FROM a",
        "SELECT * FROM A, c",
        "WITH a AS (SELECT * FROM b) SELECT * FROM a",
        "SELECT (SELECT max(x) FROM b) FROM a",
        'SELECT * FROM a UNION SELECT * FROM "C"',
    ]
    assert outside(USED, queries) == [[], ["a"], ["C", "a"], ["b"], ["a", "b"], ["C", "a"]]
