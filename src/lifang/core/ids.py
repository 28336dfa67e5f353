"""Identifiers: time-ordered ids for what happens, slugs for what people name."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from lifang.core.errors import BadInput
from lifang.core.time import to_micros

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
_SLUG_MAX = 64
_CHANCE, _STEP = 80, 40  # bits


def _base32(number: int, width: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (width - 1), -1, -5))


class _Chance:
    """The random bits of ids: those of one millisecond rise, by steps that nobody can guess."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._millisecond, self._latest = -1, 0

    def bits(self, millisecond: int, randbits: Callable[[int], int]) -> int:
        """Return 80 bits for the next id of this millisecond."""
        with self._lock:
            goes_on = millisecond == self._millisecond
            self._latest = (self._latest + 1 + randbits(_STEP)) % 2**_CHANCE if goes_on else randbits(_CHANCE)
            self._millisecond = millisecond
            return self._latest


_chance = _Chance()


def new_id(kind: str, moment: datetime, *, randbits: Callable[[int], int] = secrets.randbits) -> str:
    """Return an id such as ``alert_01jd…``: it sorts by ``moment`` (milliseconds), 80 random bits after it.

    A ULID (ulid/spec): of one process and millisecond, later ids sort after earlier ones.
    """
    millisecond = to_micros(moment) // 1000
    return f"{kind}_{_base32(millisecond, 10)}{_base32(_chance.bits(millisecond, randbits), 16)}"


def check_slug(text: str, *, what: str = "id") -> str:
    """Return ``text`` if it is a slug: a-z first, then a-z, 0-9, single ``_`` or ``-``; 64 at most."""
    if len(text) > _SLUG_MAX or not _SLUG.fullmatch(text):
        raise BadInput(
            f"{text[:80]!r} cannot be a {what}.",
            mend="Start with a letter a-z, then a-z, 0-9, '_' or '-'; 64 characters at most.",
        )
    return text
