"""The second wall: a process that answers one query within its limits, and ends.

It is copied from a process that ``process`` keeps, started without lifang's own start-up code: only the standard
library, DuckDB and orjson are loaded.
Wire: it writes ``R`` when warm, reads one length-prefixed JSON request from standard input, and answers with a
length-prefixed JSON header and, if all went well, the answer as JSON text: columns, rows, truncated. The text is made
here, so that the server never holds more of an answer than the bytes it is going to send.
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from lifang.store.sandbox.check import RefusedError, checked
from lifang.store.sandbox.told import Told, of_types, text_of

_BATCH_ROWS = 1024
_MESSAGE_MAX = 800
_MB = 1024 * 1024

_SETTINGS = (
    "SET threads = 1",
    "SET python_enable_replacements = false",
    "SET python_scan_all_frames = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET allow_persistent_secrets = false",
    "SET enable_geoparquet_conversion = false",  # geometry stays WKB: no spatial extension in here
    "SET max_expression_depth = 250",
    "SET temp_directory = ''",
)


def main() -> None:
    """Answer one request on standard input and end."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing but answers reaches the server
    connection = _warm()
    out.write(b"R")
    out.flush()
    size = int.from_bytes(sys.stdin.buffer.read(8), "big")
    if not size:
        return  # never needed
    request = json.loads(sys.stdin.buffer.read(size))
    _limit(request["timeout_s"], request["memory_mb"])
    header, body = answer(connection, request)
    _send(out, header, body)
    os._exit(0)  # no clean-up: nothing here outlives the answer


def _warm() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    for setting in _SETTINGS:
        connection.execute(setting)
    connection.sql("SELECT json_serialize_sql('SELECT 1'), now()::VARCHAR, 1.5, uuid(), {'a': [1]}").fetchmany(1)
    return connection


def _limit(timeout_s: float, memory_mb: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = math.ceil(used.ru_utime + used.ru_stime + timeout_s) + 1
    bounds = {
        resource.RLIMIT_AS: _mapped_bytes() + memory_mb * _MB,
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_NPROC: 0,
    }
    for what, most in bounds.items():
        resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, timeout_s + 1)  # should the server be gone


def _mapped_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0  # not Linux: the bound is then the whole of it


def answer(connection: duckdb.DuckDBPyConnection, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the header and the answer to one request; the header's ``fault`` tells why there is none.

    ``reads`` in the header names the tables that the query reads, ``lacks`` the one it named in vain.
    """
    tables: dict[str, str] = request["tables"]
    used: set[str] = set()
    header, body = _tried(connection, request, tables, used)
    return {**header, "reads": sorted(used)}, body


def _tried(
    connection: duckdb.DuckDBPyConnection, request: Mapping[str, Any], tables: Mapping[str, str], used: set[str]
) -> tuple[dict[str, Any], bytes]:
    try:
        used |= checked(connection, request["sql"], tables, request["known"])
        _open(connection, {name: tables[name] for name in used}, request)
        body = _run(connection, request)
    except RefusedError as error:
        return {"fault": "refused", "message": str(error), "lacks": error.table}, b""
    except (duckdb.OutOfMemoryException, MemoryError):
        return {"fault": "memory"}, b""
    except (duckdb.InternalException, duckdb.FatalException, RecursionError, TypeError):  # TypeError: JSON too deep
        return {"fault": "stopped"}, b""
    except duckdb.Error as error:
        return {"fault": "failed", "message": cleaned(str(error), tables)}, b""
    return ({"fault": "bytes"}, b"") if body is None else ({"size": len(body)}, body)


def _open(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, str], request: Mapping[str, Any]) -> None:
    """Make each table a view and shut every other way out."""
    for name, path in tables.items():
        connection.read_parquet(path).create_view(name)
    paths = ", ".join(_literal(path) for path in tables.values())
    connection.execute(f"SET TimeZone = {_literal(request['time_zone'])}")
    connection.execute(f"SET memory_limit = '{int(request['memory_mb']) // 2}MB'")
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _run(connection: duckdb.DuckDBPyConnection, request: Mapping[str, Any]) -> bytes | None:
    """Return the answer as JSON text, None once it is longer than it may be."""
    relation = connection.sql(request["sql"])
    columns = [{"name": name, "type": str(kind)} for name, kind in zip(relation.columns, relation.types, strict=True)]
    told = of_types(relation.types)
    chosen = ", ".join(f"#{n}::{each.cast}" if each.cast else f"#{n}" for n, each in enumerate(told, start=1))
    found = relation.project(chosen).limit(request["max_rows"] + 1)
    rows = _rows(found, told, request["max_rows"], request["max_bytes"])
    if rows is None:
        return None
    text, truncated = rows
    body = b'{"columns":%b,"rows":[%b],"truncated":%b}' % (text_of(columns), text, text_of(truncated))
    return body if len(body) <= request["max_bytes"] else None


def _rows(
    found: duckdb.DuckDBPyRelation, told: Sequence[Told], max_rows: int, max_bytes: int
) -> tuple[bytes, bool] | None:
    left, size, parts = max_rows, 0, []
    while rows := found.fetchmany(_BATCH_ROWS):
        kept = _converted(rows[:left], told)
        part = text_of(kept)[1:-1]
        size += len(part) + 1
        if size > max_bytes:
            return None
        if part:
            parts.append(part)
        left -= len(kept)
        if len(kept) < len(rows):
            return b",".join(parts), True
    return b",".join(parts), False


def _converted(rows: Sequence[tuple[Any, ...]], told: Sequence[Told]) -> Sequence[Any]:
    """Return the rows with every column told as JSON can hold it."""
    if not rows or all(each.convert is None for each in told):
        return rows
    columns = zip(told, zip(*rows, strict=True), strict=True)
    return list(zip(*(map(each.convert, column) if each.convert else column for each, column in columns), strict=True))


def cleaned(message: str, tables: Mapping[str, str]) -> str:
    """Return DuckDB's message without the machine's paths, addresses and hints about settings."""
    for name, path in tables.items():
        message = message.replace(path, name)
    message = re.sub(r"(?:/[\w.@+-]+){2,}/?", "…", message.split("\n\nStack Trace")[0])
    return message[:_MESSAGE_MAX].strip()


def _send(out: BinaryIO, header: dict[str, Any], body: bytes) -> None:
    text = json.dumps(header).encode()
    out.write(len(text).to_bytes(8, "big") + text)
    out.write(body)
    out.flush()


if __name__ == "__main__":
    main()
