"""Numbers of entities: dense, counted per kind, given once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lifang.store import Transaction

_COUNTER = "entity_counter"


def allocate(tx: Transaction, table: str, count: int = 1) -> int:
    """Return the first of ``count`` new numbers of ``table``'s entities; they follow one another."""
    row = tx.get(_COUNTER, table)
    if row is None:
        tx.insert(_COUNTER, {"id": table, "last": count})
        return 1
    tx.update(_COUNTER, table, {"last": row["last"] + count})
    return int(row["last"]) + 1


def keep_version(
    tx: Transaction, table: str, row: Mapping[str, Any], *, now: datetime, subject: str, links: Mapping[str, Any]
) -> None:
    """Keep the state that an entity has had until now: its row, and what it was linked to."""
    state = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    told = {"kind": table, "number": row["number"], "recorded": now, "subject": subject}
    tx.insert("entity_version", {**told, "state": {**state, **({"links": links} if links else {})}})
