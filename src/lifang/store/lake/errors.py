"""DuckDB's errors in the house's words, told apart by type or, where a stream has lost it, by their first words."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from lifang.core import BadInput, Corrupt, NotFound, Problem, Unavailable, disk_full

_FULL = ("No space left on device", "isk quota exceeded")
_FATAL = ("database has been invalidated", "FATAL Error")
_BUSY = ("Unique file handle conflict", "IO Error", "INTERRUPT Error", "Interrupted", "TransactionContext Error")
_GONE = re.compile(r"(?:No files found|Cannot open file).*/r\d+\w*\.parquet")
_CLOSED = ("Connection Error", "Connection has already been closed")


def is_fatal(error: duckdb.Error) -> bool:
    """Return whether the instance that raised ``error`` will answer nothing more."""
    return isinstance(error, duckdb.FatalException) or _any_of(_FATAL, error)


def problem_of(error: duckdb.Error, folder: Path) -> Problem:
    """Return what went wrong in the lake at ``folder``, and how to mend it."""
    first = (str(error).splitlines() or [type(error).__name__])[0]
    where = f"{folder}: {first}"
    if _any_of(_FULL, error):
        return disk_full(folder)
    if _GONE.search(first):
        return NotFound("The release is not there any more.", mend="List what there is: lifang data list.")
    if is_fatal(error):
        what = "The lake's disk failed and the lake was closed; what was acknowledged is safe."
        return Unavailable(what, where=where, mend="Check the disk and try again: the next call opens the lake anew.")
    if isinstance(error, duckdb.OutOfMemoryException) or _any_of(("Out of Memory Error",), error):
        return Unavailable("The lake has too little memory for this.", where=first, mend="Raise lake_memory_mb.")
    if isinstance(error, duckdb.SerializationException) or _any_of(("Serialization Error",), error):
        return Corrupt("A lake file is damaged.", where=where, mend="Restore the last backup.")
    if isinstance(error, duckdb.ConnectionException) or _any_of(_CLOSED, error):
        return Unavailable("The lake was closed meanwhile.", where=where, mend="Try again.")
    if isinstance(error, duckdb.IOException | duckdb.InterruptException | duckdb.TransactionException) or _any_of(
        _BUSY, error
    ):
        return Unavailable("The lake cannot answer now.", where=where, mend="Check the disk and try again.")
    return BadInput(f"The lake cannot do this: {first}.", mend="Check columns, types and values.")


def _any_of(marks: tuple[str, ...], error: duckdb.Error) -> bool:
    return any(mark in str(error) for mark in marks)
