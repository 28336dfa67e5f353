"""Where a dataset stands: its life as the registry keeps it, with when and why it came there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from lifang.catalogue.lifecycle.machine import UNPUBLISHED, Life, LifeState
from lifang.guard import Classification, Resource
from lifang.store import Row, Transaction


class Reader(Protocol):
    """What records are read from: the registry, or a transaction of it."""

    def get(self, table: str, key: str) -> Row | None:
        """Return one row."""
        ...

    def find(self, table: str, *, where: Any = None) -> list[Row]:
        """Return rows."""
        ...


@dataclass(frozen=True)
class Standing:
    """The life of a dataset, since when it is in its state, who brought it there, and why."""

    life: Life
    since: datetime
    by: str
    reason: str

    @property
    def state(self) -> LifeState:
        """The state of the life."""
        return self.life.state

    @property
    def is_told(self) -> bool:
        """Whether what befalls the dataset now may be told to its readers."""
        return self.state not in UNPUBLISHED

    def resource(self, dataset: str, classification: Classification) -> Resource:
        """Return the dataset as the guard knows it: what is not published is a draft."""
        if self.state in UNPUBLISHED:
            return Resource("draft", dataset, classification)
        return Resource("dataset", dataset, classification)

    def release_resource(self, release: str, classification: Classification) -> Resource:
        """Return one of its releases as the guard knows it: of a draft, of an archive, or a release."""
        if self.state in UNPUBLISHED:
            return Resource("draft", release, classification)
        if self.state is LifeState.ARCHIVED:
            return Resource("archive", release, classification)
        return Resource("release", release, classification)


def standing_of(reader: Reader, dataset: str) -> Standing | None:
    """Return where a dataset stands, ``None`` for one that never was."""
    row = reader.get("life", dataset)
    if row is None:
        return None
    holds = reader.find("legal_hold", where={"dataset": dataset, "lifted": None})
    return _standing(row, frozenset(hold["id"] for hold in holds))


def standings(reader: Reader, datasets: Sequence[str]) -> dict[str, Standing]:
    """Return where datasets stand, by id, asked for at once."""
    holds: dict[str, set[str]] = defaultdict(set)
    for hold in reader.find("legal_hold", where={"dataset": datasets, "lifted": None}):
        holds[hold["dataset"]].add(hold["id"])
    rows = reader.find("life", where={"id": datasets})
    return {row["id"]: _standing(row, frozenset(holds.get(row["id"], ()))) for row in rows}


def begin(transaction: Transaction, dataset: str, state: LifeState, *, by: str, now: datetime) -> Standing:
    """Return where a new dataset stands, written in ``transaction``."""
    standing = Standing(Life(state), now, by, "")
    transaction.insert("life", {"id": dataset, **as_row(standing)})
    return standing


def as_row(standing: Standing) -> Row:
    """Return the registry row of a standing, without its key; holds are rows of their own."""
    life = standing.life
    return {
        "state": life.state.value,
        "since": standing.since,
        "by": standing.by,
        "reason": standing.reason,
        "successor": life.successor,
        "submitted_by": life.submitted_by,
        "destruction_asked_by": life.destruction_asked_by,
    }


def _standing(row: Row, holds: frozenset[str]) -> Standing:
    life = Life(LifeState(row["state"]), row["submitted_by"], row["destruction_asked_by"], row["successor"], holds)
    return Standing(life, row["since"], row["by"], row["reason"])
