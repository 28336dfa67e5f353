"""What changed in the catalogue, in order: written with each change, read by whoever follows along."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lifang.core import format_instant
from lifang.store import Registry, Row, Transaction

READERS, EDITORS = "readers", "editors"  # whom a change may be told to: what befell a draft is not for its readers
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class CatalogueChange:
    """One change of a dataset: ``kind`` is card, release or a move of its life; ``seq`` orders all changes."""

    seq: int
    dataset: str
    kind: str
    by: str
    recorded: datetime
    audience: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Row) -> CatalogueChange:
        """Return the change of a registry row."""
        return cls(**{**row, "detail": row["detail"] or {}})

    @property
    def is_for_readers(self) -> bool:
        """Whether those who read the dataset may know of it."""
        return self.audience == READERS

    def for_readers(self) -> dict[str, Any]:
        """Return the detail without why."""
        return {name: value for name, value in self.detail.items() if name != "reason"}

    def as_json(self) -> dict[str, Any]:
        """Return the change as plain values, for readers: without by whom and why."""
        return {
            "seq": self.seq,
            "dataset": self.dataset,
            "kind": self.kind,
            "recorded": format_instant(self.recorded),
            "detail": self.for_readers(),
        }


Listener = Callable[[CatalogueChange], None]


class Changes:
    """The log of changes of one city's catalogue, and who is told of them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Call ``listener`` with every change, once it is durable."""
        self._listeners.append(listener)

    def tell(self, *changes: CatalogueChange) -> None:
        """Tell the listeners; one that fails does not keep the others from hearing."""
        for change in changes:
            for listener in self._listeners:
                try:
                    listener(change)
                except Exception:  # noqa: BLE001 - the change is durable; who failed to hear reads the log
                    _LOG.exception("a listener failed to hear of change %s", change.seq)

    def after(self, seq: int, *, dataset: str | None = None, limit: int = 100) -> list[CatalogueChange]:
        """Return up to ``limit`` changes past ``seq``, in order, of one ``dataset`` if given."""
        where = {"seq >": seq, **({"dataset": dataset} if dataset else {})}
        return [
            CatalogueChange.from_row(row)
            for row in self._registry.find("change", where=where, order="seq", limit=limit)
        ]

    def newest(self) -> int:
        """Return the place of the last change, 0 before the first."""
        rows = self._registry.find("change", order="seq", descending=True, limit=1)
        return int(rows[0]["seq"]) if rows else 0

    def latest(self, dataset: str | None, limit: int = 100) -> list[CatalogueChange]:
        """Return the last ``limit`` changes (of a dataset, if given), the newest first."""
        where = {"dataset": dataset} if dataset else None
        rows = self._registry.find("change", where=where, order="seq", descending=True, limit=limit)
        return [CatalogueChange.from_row(row) for row in rows]


def record_change(
    transaction: Transaction,
    dataset: str,
    kind: str,
    *,
    by: str,
    recorded: datetime,
    audience: str,
    detail: Mapping[str, Any],
) -> CatalogueChange:
    """Return the change, written in ``transaction``; its place is the next one."""
    newest = transaction.find("change", order="seq", descending=True, limit=1)
    change = CatalogueChange(newest[0]["seq"] + 1 if newest else 1, dataset, kind, by, recorded, audience, dict(detail))
    transaction.insert("change", vars(change))
    return change
