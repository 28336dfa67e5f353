"""The errors of the house: each says what went wrong, where, and how to mend it.

Every error extends a builtin, so that callers who know Python know what to catch.
Doors translate them to their own language (HTTP problem details, exit codes).
"""

from __future__ import annotations


class Problem(Exception):
    """A failure that a person can act on.

    ``what`` is one sentence; ``where`` names the file, row, field or address; ``mend`` says what to do next.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        parts = [self.what]
        if self.where:
            parts.append(f"Where: {self.where}.")
        if self.mend:
            parts.append(f"To mend: {self.mend}")
        return " ".join(parts)


class BadInput(Problem, ValueError):
    """What came in cannot be read or breaks a stated rule."""


class TooLarge(BadInput):
    """What came in is larger than the declared bound."""


class NotFound(Problem, LookupError):
    """No such thing, or none that the asker may know of."""


class UnknownCode(NotFound):
    """A code is not in its code list at the moment asked for."""


class Denied(Problem, PermissionError):
    """The decision function said no; ``what`` carries its reasons."""


class NeedsPurpose(Denied):
    """The decision function would say yes to a stated purpose, and none was stated."""


class Unauthenticated(Denied):
    """Nobody is known to be asking, or the proof given is not valid."""


class Conflict(Problem, RuntimeError):
    """The present state does not allow this change."""


class TooMany(Problem, RuntimeError):
    """The asker has had as much of this as one may have for now."""


class Unavailable(Problem, OSError):
    """A store cannot take or give data now: disk full, sync failed, closed."""


class Corrupt(Problem, RuntimeError):
    """Stored evidence does not verify: a hash, chain or check digit disagrees."""
