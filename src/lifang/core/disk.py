"""Disk errors in the house's words: ``Unavailable``, with what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lifang.core.errors import Problem, Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FREE = "Free space on that disk and try again; what was acknowledged is safe."


def disk_full(where: Path | str) -> Unavailable:
    """Return the error that says the disk holding ``where`` is full."""
    return Unavailable("The disk is full.", where=str(where), mend=_FREE)


def _trouble(error: OSError, where: Path | str) -> Unavailable:
    if error.errno in _FULL:
        return disk_full(where)
    reason = error.strerror or str(error)
    return Unavailable(f"The disk refused: {reason}.", where=str(where), mend="Check the disk and the folder's rights.")


@contextmanager
def disk_errors(where: Path | str) -> Iterator[None]:
    """Turn an ``OSError`` raised inside into ``Unavailable`` naming ``where``; other errors pass."""
    try:
        yield
    except Problem:
        raise
    except OSError as error:
        raise _trouble(error, where) from error
