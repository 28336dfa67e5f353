"""Identifiers: time-ordered ids for what happens, slugs for what people name."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime

from lifang.core.errors import BadInput
from lifang.core.time import to_micros

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
_SLUG_MAX = 64


def _base32(number: int, width: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (width - 1), -1, -5))


def new_id(kind: str, moment: datetime, *, randbits: Callable[[int], int] = secrets.randbits) -> str:
    """Return an id such as ``alert_01jd…``: sorts by ``moment`` (milliseconds), 80 random bits after it (ULID)."""
    return f"{kind}_{_base32(to_micros(moment) // 1000, 10)}{_base32(randbits(80), 16)}"


def check_slug(text: str, *, what: str = "id") -> str:
    """Return ``text`` if it is a slug: a-z first, then a-z, 0-9, single ``_`` or ``-``; 64 at most."""
    if len(text) > _SLUG_MAX or not _SLUG.fullmatch(text):
        raise BadInput(
            f"{text[:80]!r} cannot be a {what}.",
            mend="Start with a letter a-z, then a-z, 0-9, '_' or '-'; 64 characters at most.",
        )
    return text
