"""Passwords: which are good enough, and how they are kept (argon2id)."""

from __future__ import annotations

import base64
import re
import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lifang.core import BadInput

PASSWORD_MIN = 12  # characters; NIST SP 800-63B-4 §3.1.1.2 asks for 8 with and 15 without a second factor
PASSWORD_MAX = 256
_DISTINCT_MIN = 5
_AT_ONCE = 2  # hashes computed at the same time: each takes the memory below

# What people put into twelve characters when they must; compared without case, digits and marks at either end.
_WORST = frozenset(
    {
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "administrator",
        "changeme",
        "guanliyuan",
        "iloveyou",
        "letmein",
        "letmeinplease",
        "lifang",
        "password",
        "qazwsxedcrfv",
        "qwerasdfzxcv",
        "qwertyuiop",
        "sunshine",
        "welcome",
        "woaini",
        "zaq12wsxcde",
    }
)
_RUNS = "01234567890123456789 98765432109876543210 abcdefghijklmnopqrstuvwxyz qwertyuiopasdfghjklzxcvbnm"


class Passwords:
    """Argon2id with the second recommended option of RFC 9106 §4: 3 passes over 64 MiB in 4 lanes.

    Tests pass a smaller ``time_cost`` and ``memory_kib``.
    """

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes)
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._nobodys = _at_random(time_cost, memory_kib, lanes)

    def hash(self, password: str) -> str:
        """Return the encoded argon2id hash, with its salt and parameters."""
        with self._turns:
            return self._hasher.hash(_normal(password))

    def verify(self, password: str, kept: str | None) -> bool:
        """Return whether ``password`` is the one ``kept``; without one it takes as long and is false."""
        with self._turns:
            try:
                return self._hasher.verify(kept or self._nobodys, _normal(password)) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def outdated(self, kept: str) -> bool:
        """Return whether ``kept`` was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)


def check_password(password: str, *, name: str) -> str:
    """Return ``password`` if it is long and not obvious, else ``BadInput``.

    Source: NIST SP 800-63B-4 §3.1.1.2: length and a block list, no rules on kinds of characters.
    """
    plain = _normal(password).casefold()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    faults = {
        f"shorter than {PASSWORD_MIN} characters": len(plain) < PASSWORD_MIN,
        f"longer than {PASSWORD_MAX} characters": len(plain) > PASSWORD_MAX,
        "mostly the same few characters": len(set(plain)) < _DISTINCT_MIN,
        "one piece repeated": re.fullmatch(r"(.{1,12}?)\1+.?", plain, re.DOTALL) is not None,
        "a run along the alphabet or the keyboard": any(plain in run or plain[::-1] in run for run in _RUNS.split()),
        "made from the name": core == name.casefold() or (len(name) > 2 and plain.count(name.casefold()) > 0),
        "among the most common": plain in _WORST or core.replace("0", "o") in _WORST,
    }
    found = [fault for fault, present in faults.items() if present]
    if found:
        raise BadInput(
            f"The password is {' and '.join(found)}.",
            where="password",
            mend=f"Use {PASSWORD_MIN} characters or more: several unrelated words are best.",
        )
    return password


def _at_random(time_cost: int, memory_kib: int, lanes: int) -> str:
    """Return the encoded hash of no password anyone knows, made without the work of making one."""
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={lanes}${salt}${digest}"


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
