"""The second wall: a process that answers one query within its limits, and ends.

It is started by ``pool`` without lifang's own start-up code: only the standard library, DuckDB and PyArrow are loaded.
Wire: it writes ``R`` when warm, reads one length-prefixed JSON request from standard input, and answers with a
length-prefixed JSON header and, if all went well, an Arrow IPC stream.
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa

from lifang.store.sandbox.check import RefusedError, checked

_BATCH_ROWS = 2048
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
    connection.execute("SELECT json_serialize_sql('SELECT 1'), now()").to_arrow_table()
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


def answer(
    connection: duckdb.DuckDBPyConnection, request: Mapping[str, Any]
) -> tuple[dict[str, Any], pa.Buffer | None]:
    """Return the header and the rows of one request; the header's ``fault`` tells why there are no rows."""
    tables: dict[str, str] = request["tables"]
    try:
        used = checked(connection, request["sql"], tables)
        _open(connection, {name: tables[name] for name in used}, request)
        return _run(connection, request)
    except RefusedError as error:
        return {"fault": "refused", "message": str(error)}, None
    except (duckdb.OutOfMemoryException, MemoryError, pa.ArrowMemoryError):
        return {"fault": "memory"}, None
    except (duckdb.InternalException, duckdb.FatalException):
        return {"fault": "stopped"}, None
    except duckdb.Error as error:
        return {"fault": "failed", "message": cleaned(str(error), tables)}, None


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


def _run(connection: duckdb.DuckDBPyConnection, request: Mapping[str, Any]) -> tuple[dict[str, Any], pa.Buffer | None]:
    left, size, batches = request["max_rows"], 0, []
    reader = connection.execute(request["sql"]).to_arrow_reader(_BATCH_ROWS)
    for batch in reader:
        kept = batch.slice(0, left)
        size += kept.nbytes
        if size > request["max_bytes"]:
            return {"fault": "bytes"}, None
        batches.append(kept)
        left -= kept.num_rows
        if kept.num_rows < batch.num_rows:
            return {"truncated": True}, _stream(reader.schema, batches)
    return {"truncated": False}, _stream(reader.schema, batches)


def _stream(schema: pa.Schema, batches: list[pa.RecordBatch]) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def cleaned(message: str, tables: Mapping[str, str]) -> str:
    """Return DuckDB's message without the machine's paths, addresses and hints about settings."""
    for name, path in tables.items():
        message = message.replace(path, name)
    message = re.sub(r"(?:/[\w.@+-]+){2,}/?", "…", message.split("\n\nStack Trace")[0])
    return message[:_MESSAGE_MAX].strip()


def _send(out: BinaryIO, header: dict[str, Any], body: pa.Buffer | None) -> None:
    text = json.dumps(header).encode()
    out.write(len(text).to_bytes(8, "big") + text)
    if body is not None:
        out.write(body)
    out.flush()


if __name__ == "__main__":
    main()
