"""The words of the ledger: what is told, how it is sealed, what a check found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lifang.core import to_micros
from lifang.store.registry.types import json_text

GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """What happened: who (``subject``) did what (``action``) to what (``resource``), why, and how it ended."""

    subject: str
    action: str
    resource: str
    purpose: str = ""
    outcome: str = "allowed"
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """An entry in the chain: its place, when it was recorded, the seal before it and its own."""

    seq: int
    recorded: datetime
    entry: Entry
    previous: str
    hash: str


@dataclass(frozen=True)
class Verdict:
    """What checking the chain found: ``first_bad`` is the place of the first record that does not hold."""

    ok: bool
    count: int
    head: str
    first_bad: int | None = None
    reason: str = ""


def seal(seq: int, recorded: datetime, entry: Entry, previous: str) -> str:
    """Return the SHA-256 (hex) over the canonical JSON of a record: RFC 8785 order, moments in microseconds."""
    told = {
        "subject": entry.subject,
        "action": entry.action,
        "resource": entry.resource,
        "purpose": entry.purpose,
        "outcome": entry.outcome,
        "detail": dict(entry.detail),
    }
    body = {"seq": seq, "recorded": to_micros(recorded), "entry": told, "previous": previous}
    return hashlib.sha256(json_text(body).encode()).hexdigest()
