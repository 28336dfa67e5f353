"""What rooms remember between runs, in the registry's settings."""

from __future__ import annotations

from typing import Any

from lifang.store.city_store import Store
from lifang.store.ledger import Entry


def read_setting(store: Store, key: str) -> Any:
    """Return the value of setting ``key``, or ``None``."""
    row = store.registry.get("setting", key)
    return None if row is None else row["value"]


def write_setting(store: Store, key: str, value: Any, *, entry: Entry | None = None) -> None:
    """Set ``key`` to ``value``, in one transaction with the ledger's ``entry`` if there is one."""
    with store.registry.transaction() as tx:
        if tx.get("setting", key) is None:
            tx.insert("setting", {"id": key, "value": value})
        else:
            tx.update("setting", key, {"value": value})
        if entry is not None:
            tx.record(entry)
