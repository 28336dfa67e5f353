"""The server's hold on one child: start it, ask it once, read within a deadline and a size, end it."""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

import orjson

from lifang.core import BadInput, KeptApart, Problem, TooLarge, Unavailable

_START_S = 30.0  # a cold child on a busy machine
_CHUNK = 1 << 20
_PACKAGE = "lifang.store.sandbox"
# Name the packages above the child without running their start-up code: it needs none of it.
_BOOT = """
import sys, types
for name, path in zip(sys.argv[1::2], sys.argv[2::2]):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
"""
_KEPT = f"""
from lifang.core.kept_apart import serve_copies
from {_PACKAGE}.child import main
serve_copies(main)
"""
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "TZ": "UTC",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_SMALLER = "Select fewer rows or columns, filter, or aggregate first."
# What a child's fault means: the error, its text ("" when the child says it) and how to mend it.
_FAULTS: dict[str, tuple[type[Problem], str, str]] = {
    "refused": (BadInput, "", "Write one SELECT over the given tables with the usual analytic functions."),
    "failed": (BadInput, "", "Correct the query."),
    "bytes": (TooLarge, "The answer is larger than may be sent.", _SMALLER),
    "memory": (TooLarge, "The query needs more memory than it may use.", _SMALLER),
    "stopped": (TooLarge, "The query was stopped: it needs more memory, time or nesting than it may use.", _SMALLER),
}


Reads = Callable[[Collection[str], str], None]


@dataclass(frozen=True)
class QueryResult:
    """The answer to a query as the JSON text that the child wrote, and its parts, read from it when asked for.

    ``json`` is ``{"columns": [{"name", "type"}], "rows": [[…]], "truncated": …}``; types are DuckDB's. Moments are
    ISO 8601 text; decimals, and whole numbers beyond 64 bits, are text too; binary is Base64.
    """

    json: bytes

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The name and type of each column; names may be the same."""
        return [(each["name"], each["type"]) for each in self._parsed["columns"]]

    @property
    def rows(self) -> list[list[Any]]:
        """The rows, each a list in the order of the columns."""
        return cast("list[list[Any]]", self._parsed["rows"])

    @property
    def truncated(self) -> bool:
        """Whether there were more rows than asked for."""
        return bool(self._parsed["truncated"])

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as mappings from column names."""
        names = [name for name, _ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        return cast("dict[str, Any]", orjson.loads(self.json))


def command(code: str) -> list[str]:
    """Return the command that runs ``code`` in a process of its own that can import this package and starts nothing."""
    folder = Path(__file__).parent
    house = folder.parent.parent
    packages = (("lifang", house), ("lifang.core", house / "core"), ("lifang.store", folder.parent), (_PACKAGE, folder))
    return [sys.executable, "-I", "-c", _BOOT + code, *(str(part) for package in packages for part in package)]


@cache
def _keeper() -> KeptApart:
    return KeptApart(command(_KEPT), _ENVIRONMENT)


class Child:
    """One process that answers one request; ``Unavailable`` where a process cannot be bounded.

    It is a copy of one that has loaded DuckDB and has seen no query: a sixth of what a start of its own would cost.
    """

    def __init__(self) -> None:
        if os.name != "posix":
            raise Unavailable("Queries need the process limits of Linux or macOS.", mend="Use rows and export instead.")
        read_from, asked = os.pipe()
        told, written_to = os.pipe()
        self._input, self._output = os.fdopen(asked, "wb"), os.fdopen(told, "rb")
        os.set_blocking(told, False)
        try:
            self._line = _keeper().begin(Path("/"), read_from, written_to)
        except Unavailable:
            self._close()
            raise
        finally:
            os.close(read_from)
            os.close(written_to)

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        try:
            self._line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        return False

    def ask(self, request: Mapping[str, Any], *, timeout_s: float, max_bytes: int, reads: Reads) -> QueryResult:
        """Return what the child answers within ``timeout_s`` of being asked, or raise what its fault means.

        ``reads`` is told first which tables the query reads and which one it named in vain.
        """
        if not (self._read(1, _START_S) or b"").startswith(b"R"):
            raise Unavailable("The query process did not start.", mend="Try again; `lifang doctor` checks it.")
        body = json.dumps(request).encode()
        try:
            self._input.write(len(body).to_bytes(8, "big") + body)
            self._input.flush()
        except BrokenPipeError:
            raise Unavailable("The query process ended before it was asked.", mend="Try again.") from None
        answer = self._read(max_bytes, timeout_s)
        if answer is None:
            raise TooLarge(f"The query ran longer than {timeout_s:g} s.", mend=_SMALLER)
        return _result(answer, reads)

    def kill(self) -> None:
        """Stop the process at once; whoever reads from it sees its end."""
        with suppress(OSError):  # it has ended
            self._line.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        """Stop the process, wait until it is gone and close its pipes."""
        self.kill()
        with self._line, suppress(ConnectionError):
            self._line.recv(1)
        self._close()

    def _close(self) -> None:
        self._output.close()
        with suppress(BrokenPipeError):  # it never read what was still buffered
            self._input.close()

    def _read(self, most: int, timeout_s: float) -> bytearray | None:
        """Return what comes until the end or ``most`` bytes, None if the time is up first."""
        deadline = time.monotonic() + timeout_s
        answer = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while len(answer) < most:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return None
                part = self._output.read(min(_CHUNK, most - len(answer)))
                if not part:
                    break
                answer += part
        return answer


def _result(answer: bytearray, reads: Reads) -> QueryResult:
    start = 8 + int.from_bytes(answer[:8], "big")
    try:
        header = json.loads(answer[8:start]) if answer else {"fault": "stopped"}
        reads(header.get("reads", ()), header.get("lacks", ""))
        if fault := header.get("fault"):
            error, what, mend = _FAULTS[fault]
            raise error(what or header["message"], mend=mend)
        size = header["size"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError) as error:
        raise Unavailable("The query process gave no valid answer.", mend="Try again.") from error
    del answer[:start]
    if len(answer) != size:
        raise Unavailable("The query process gave no whole answer.", mend="Try again.")
    return QueryResult(bytes(answer))
