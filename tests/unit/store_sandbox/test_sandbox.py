"""The sandbox's bounds, errors and life cycle."""

import json
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifang.core import BadInput, TooLarge, Unavailable
from lifang.store.sandbox import QueryResult, Sandbox, run_query
from lifang.store.sandbox.process import Child, _keeper, command

pytestmark = pytest.mark.slow

PATIENT_S = 20.0


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("a 'quoted' folder")
    pq.write_table(pa.table({"n": range(1000), "t": ["x" * 100] * 1000}), folder / "numbers.parquet")
    return {"numbers": folder / "numbers.parquet", "odd-name": folder / "numbers.parquet"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def alive(sandbox: Sandbox) -> list[Child]:
    return [child for child in sandbox._warm if child.alive]


def children() -> list[int]:
    """Return the processes that wait for a query, of whichever sandbox."""
    kept = _keeper()._process
    assert kept
    return [int(each) for each in Path(f"/proc/{kept.pid}/task/{kept.pid}/children").read_text("ascii").split()]


def test_run_query_answers_from_a_child_of_its_own(tables: dict[str, Path]) -> None:
    result = run_query(
        'SELECT n FROM numbers JOIN "odd-name" USING (n) ORDER BY n LIMIT 2', tables, timeout_s=PATIENT_S
    )
    assert result == QueryResult(b'{"columns":[{"name":"n","type":"BIGINT"}],"rows":[[0],[1]],"truncated":false}')


@pytest.mark.parametrize(("most", "truncated"), [(999, True), (1000, False), (1001, False), (0, True)])
def test_rows_beyond_the_bound_are_cut_and_said_to_be(
    most: int, truncated: bool, sandbox: Sandbox, tables: dict[str, Path]
) -> None:
    result = sandbox.run("SELECT n FROM numbers", tables, timeout_s=PATIENT_S, max_rows=most)
    assert (len(result.rows), result.truncated) == (min(most, 1000), truncated)


def test_an_answer_without_rows_keeps_its_columns(sandbox: Sandbox, tables: dict[str, Path]) -> None:
    result = sandbox.run("SELECT n, t FROM numbers WHERE n < 0", tables, timeout_s=PATIENT_S)
    assert result.columns == [("n", "BIGINT"), ("t", "VARCHAR")]
    assert result.rows == []


def test_too_many_bytes_are_too_large(tables: dict[str, Path]) -> None:
    with Sandbox(spares=0, max_bytes=10_000) as small, pytest.raises(TooLarge, match="larger than may be sent"):
        small.run("SELECT t FROM numbers", tables, timeout_s=PATIENT_S)


def test_the_deadline_kills_the_child(tables: dict[str, Path]) -> None:
    with Sandbox(spares=0) as sandbox:
        began = time.monotonic()
        with pytest.raises(TooLarge, match=r"longer than 0\.3 s"):
            sandbox.run("SELECT sum(a.n * b.n * c.n) FROM numbers a, numbers b, numbers c", tables, timeout_s=0.3)
        assert time.monotonic() - began < 10
        assert not sandbox._busy


def test_too_much_memory_is_too_large(sandbox: Sandbox, tables: dict[str, Path]) -> None:
    with pytest.raises(TooLarge, match="memory"):
        sandbox.run(
            "SELECT list_sort(list(a.t || b.t)) FROM numbers a, numbers b", tables, timeout_s=PATIENT_S, memory_mb=128
        )


TOLD = [
    ("(-170141183460469231731687303715884105727)::HUGEINT", "-170141183460469231731687303715884105727"),
    ("340282366920938463463374607431768211455::UHUGEINT", "340282366920938463463374607431768211455"),
    ("[340282366920938463463374607431768211455::UHUGEINT, 3]", ["340282366920938463463374607431768211455", 3]),
    ("18446744073709551615::UBIGINT", 18446744073709551615),
    ("9223372036854775807", 9223372036854775807),
    ("0.1::DECIMAL(20, 18)", "0.100000000000000000"),
    ("'nan'::DOUBLE", None),
    ("'infinity'::TIMESTAMPTZ", "infinity"),
    ("'-infinity'::DATE", "-infinity"),
    ("DATE '290000-01-01 (BC)'", "290000-01-01 (BC)"),
    ("DATE '2019-01-01'", "2019-01-01"),
    ("TIME '24:00:00'", "24:00:00"),
    ("'12:00:00+08'::TIMETZ", "12:00:00+08:00"),
    ("TIMESTAMP '2019-01-01 12:30:00.25'", "2019-01-01T12:30:00.25"),
    ("TIMESTAMPTZ '2019-01-01T00:00:00Z'", "2019-01-01T08:00:00+08:00"),
    ("INTERVAL 14 MONTHS", "1 year 2 months"),
    ("['infinity'::TIMESTAMP, TIMESTAMP '2019-01-01']", ["infinity", "2019-01-01T00:00:00"]),
    ("{'a': DATE '2019-01-01', 'b \"c': 1, 'd': 1::HUGEINT}", {"a": "2019-01-01", 'b "c': 1, "d": 1}),
    ("row(1, DATE '2019-01-01')", "(1, 2019-01-01)"),
    ("map(['x'], [DATE 'infinity'])", [["x", "infinity"]]),
    ("map([[1]], [2])", [[[1], 2]]),
    ("[1, 2]::INTEGER[2]", [1, 2]),
    ("[DATE '2019-01-01']::DATE[1]", ["2019-01-01"]),
    ("'\\x00\\xFF'::BLOB", "AP8="),
    ("NULL::TIMESTAMPTZ[]", None),
    ("[NULL::DATE]", [None]),
]


@pytest.mark.parametrize(("sql", "value"), TOLD)
def test_every_value_is_told_exactly_or_as_text(
    sql: str, value: object, sandbox: Sandbox, tables: dict[str, Path]
) -> None:
    result = sandbox.run(f"SELECT {sql}, {sql}", tables, timeout_s=PATIENT_S, time_zone="Asia/Shanghai")
    assert result.rows == [[value, value]]


def test_columns_of_the_same_name_and_the_order_of_rows_stay(sandbox: Sandbox, tables: dict[str, Path]) -> None:
    result = sandbox.run(
        "SELECT n AS a, DATE '2019-01-01' AS a FROM numbers ORDER BY n % 7 DESC, n", tables, timeout_s=PATIENT_S
    )
    assert result.columns == [("a", "BIGINT"), ("a", "DATE")]
    assert [row[0] for row in result.rows] == sorted(range(1000), key=lambda n: (-(n % 7), n))


def test_an_answer_that_grows_in_json_is_stopped_in_the_child(sandbox: Sandbox, tables: dict[str, Path]) -> None:
    many = ", ".join(["l"] * 10)
    columns = ", ".join(f"[{many}]" for _ in range(20))
    sql = f"WITH t AS (SELECT array_agg(true) AS l FROM numbers a, numbers b WHERE b.n < 100) SELECT {columns} FROM t"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooLarge):
        sandbox.run(sql, tables, timeout_s=PATIENT_S)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_times_are_told_in_the_zone_asked_for(sandbox: Sandbox, tables: dict[str, Path]) -> None:
    sql = "SELECT extract(hour FROM TIMESTAMPTZ '2019-01-01T00:00:00Z') AS h"
    assert sandbox.run(sql, tables, timeout_s=PATIENT_S, time_zone="Asia/Shanghai").rows == [[8]]


def test_messages_tell_what_is_wrong_but_no_path(sandbox: Sandbox, tables: dict[str, Path]) -> None:
    with pytest.raises(BadInput, match="nosuch") as fault:
        sandbox.run("SELECT nosuch FROM numbers", tables, timeout_s=PATIENT_S)
    assert "quoted" not in str(fault.value)
    with pytest.raises(BadInput, match=r"no table 'other'\. Tables: numbers, odd-name"):
        sandbox.run("SELECT * FROM other", tables, timeout_s=PATIENT_S)
    gone = {"numbers": tables["numbers"].parent / "gone.parquet"}
    with pytest.raises(BadInput) as fault:
        sandbox.run("SELECT * FROM numbers", gone, timeout_s=PATIENT_S)
    assert "quoted" not in str(fault.value)


def test_a_child_answers_once_and_a_fresh_one_waits(tables: dict[str, Path]) -> None:
    with Sandbox() as sandbox:
        sandbox.run("SELECT 1", tables, timeout_s=PATIENT_S)
        first = alive(sandbox)
        sandbox.run("SELECT 1", tables, timeout_s=PATIENT_S)
        second = alive(sandbox)
        assert len(first) == len(second) == 1
        assert first != second
    assert not alive(sandbox)


def test_a_child_that_died_while_waiting_is_replaced(tables: dict[str, Path]) -> None:
    with Sandbox() as sandbox:
        sandbox.run("SELECT 1", tables, timeout_s=PATIENT_S)
        for each in children():
            os.kill(each, signal.SIGKILL)
        while sandbox._warm[0].alive:
            time.sleep(0.01)
        assert sandbox.run("SELECT 1 AS a", tables, timeout_s=PATIENT_S).rows == [[1]]


def test_closing_ends_the_query_at_work_and_refuses_the_next(tables: dict[str, Path]) -> None:
    sandbox, faults = Sandbox(), []

    def work() -> None:
        try:
            sandbox.run("SELECT count(*) FROM numbers a, numbers b, numbers c, numbers d", tables, timeout_s=60)
        except (TooLarge, Unavailable) as fault:
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    while not sandbox._busy:
        time.sleep(0.01)
    sandbox.close()
    thread.join(timeout=20)
    assert len(faults) == 1
    with pytest.raises(Unavailable, match="closed"):
        sandbox.run("SELECT 1", tables)


def test_queries_at_the_same_time_each_get_their_own_answer(tables: dict[str, Path]) -> None:
    answers: dict[int, object] = {}
    with Sandbox(workers=2) as sandbox:

        def ask(number: int) -> None:
            result = sandbox.run(f"SELECT {number} AS a FROM numbers LIMIT 1", tables, timeout_s=PATIENT_S)
            answers[number] = result.rows

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == {number: [[number]] for number in range(4)}


def test_a_child_whose_server_is_gone_ends_by_itself(tmp_path: Path) -> None:
    server = "import os, subprocess\nfrom lifang.store.sandbox.child import main\nmain()\n"
    done = subprocess.run(command(server), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
    assert done.stdout == b"R"


def test_a_child_knows_nothing_of_the_servers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFANG_SECRET", "hush")
    _keeper()._end()  # the next query starts it anew
    with Sandbox() as sandbox:
        sandbox.run("SELECT 1", {}, timeout_s=PATIENT_S)
        for pid in children():
            assert b"hush" not in Path(f"/proc/{pid}/environ").read_bytes()
            assert os.getsid(pid) == pid


def test_the_limits_of_a_child_are_set() -> None:
    code = (
        "import json, resource\nfrom lifang.store.sandbox.child import _limit\n_limit(2.0, 512)\n"
        "names = ['AS', 'CPU', 'FSIZE', 'CORE', 'NOFILE']\n"
        "print(json.dumps({name: resource.getrlimit(getattr(resource, 'RLIMIT_' + name)) for name in names}))\n"
    )
    done = subprocess.run(command(code), capture_output=True, timeout=60, check=True)
    limits = json.loads(done.stdout)
    assert limits["FSIZE"] == limits["CORE"] == [0, 0]
    assert limits["NOFILE"] == [256, 256]
    assert 3 <= limits["CPU"][0] <= 10
    assert 512 << 20 <= limits["AS"][0] < 2048 << 20
