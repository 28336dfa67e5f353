"""What rooms remember between runs, in the registry's settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifang.store.city_store import Store
from lifang.store.ledger import Entry


def read_setting(store: Store, key: str) -> Any:
    """Return the value of setting ``key``, or ``None``."""
    row = store.registry.get("setting", key)
    return None if row is None else row["value"]


def write_setting(store: Store, key: str, value: Any, *, entry: Entry | None = None) -> None:
    """Set ``key`` to ``value``, in one transaction with the ledger's ``entry`` if there is one."""
    change_setting(store, key, lambda _: value, entry=entry)


def change_setting(store: Store, key: str, change: Callable[[Any], Any], *, entry: Entry | None = None) -> None:
    """Set ``key`` to what ``change`` makes of its value, ``None`` if it has none; nobody else changes it meanwhile.

    What ``change`` raises leaves everything as it was.
    """
    with store.registry.transaction() as tx:
        row = tx.get("setting", key)
        value = change(None if row is None else row["value"])
        if row is None:
            tx.insert("setting", {"id": key, "value": value})
        else:
            tx.update("setting", key, {"value": value})
        if entry is not None:
            tx.record(entry)
