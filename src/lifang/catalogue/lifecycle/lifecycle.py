"""The life of datasets: each move decided, written with its ledger record, and told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lifang.catalogue.changes import EDITORS, READERS, CatalogueChange, Changes, record_change
from lifang.catalogue.lifecycle.destruction import Destructions
from lifang.catalogue.lifecycle.machine import Asked, Life, LifeMove, LifeState, move_of, open_moves, step
from lifang.catalogue.lifecycle.standing import Standing, as_row, standing_of
from lifang.core import BadInput, Clock, NotFound, new_id
from lifang.guard import Classification, Resource, Subject, require
from lifang.store import Entry, Store, Transaction

_AUTHORITY_MAX = 300


@dataclass(frozen=True)
class Placed:
    """A legal hold: why, on whose authority (a case, an order, an article), by whom; ``lifted`` once it is."""

    id: str
    dataset: str
    reason: str
    authority: str
    placed_by: str
    placed: datetime
    lifted_by: str
    lifted: datetime | None
    lifted_reason: str


class LifeCycle:
    """Moves the datasets of one city through their lives."""

    def __init__(
        self, store: Store, clock: Clock, changes: Changes, *, reviewed: bool, publishing: threading.Lock
    ) -> None:
        self._store, self._clock, self._changes, self._reviewed = store, clock, changes, reviewed
        self.destructions = Destructions(store, clock, changes, publishing=publishing)

    def standing(self, dataset: str) -> Standing:
        """Return where a dataset stands, destroyed or not; ``NotFound`` for one that never was."""
        found = standing_of(self._store.registry, dataset)
        if found is None:
            raise NotFound(f"There is no dataset {dataset[:80]!r}.", mend="List them: lifang data list.")
        return found

    def holds(self, dataset: str) -> list[Placed]:
        """Return the legal holds on a dataset, also those lifted, the oldest first."""
        rows = self._store.registry.find("legal_hold", where={"dataset": dataset})
        return [Placed(**row) for row in rows]

    def open_moves(self, dataset: str, by: str) -> list[LifeMove]:
        """Return the moves that a dataset is open to now, for ``by``; rights are for the guard."""
        return list(open_moves(self.standing(dataset).life, by=by, reviewed=self._reviewed))

    def move(
        self,
        dataset: str,
        move: str,
        *,
        by: Subject,
        reason: str = "",
        successor: str = "",
        hold: str = "",
        authority: str = "",
        with_derived: bool = False,
    ) -> Standing:
        """Return where the dataset stands after ``move`` (see ``MOVES``).

        ``successor`` is needed to deprecate; ``authority`` says by which case or article a hold is placed, ``hold``
        is the id of the one to lift; a destruction that is asked for ``with_derived`` is approved only once what was
        made from the dataset is destroyed too. What may not be done is ``Denied``, ``Conflict`` or ``BadInput``.
        """
        known = move_of(move)
        now = self._clock.now()
        if known.id == "hold":
            hold = new_id("hold", now)
            if not authority.strip() or len(authority) > _AUTHORITY_MAX:
                mend = f"Name the case, order or article, in up to {_AUTHORITY_MAX} characters."
                raise BadInput("A legal hold needs an authority.", where="authority", mend=mend)
        asked = Asked(by.id, reason.strip(), successor, hold, with_derived)
        with self._store.registry.transaction() as tx:
            row = tx.get("dataset", dataset)
            standing = standing_of(tx, dataset)
            if row is None or standing is None:
                raise NotFound(f"There is no dataset {dataset[:80]!r}.", mend="List them: lifang data list.")
            require(by, known.action, Resource("dataset", dataset, Classification(row["classification"])))
            life = step(standing.life, known, asked, reviewed=self._reviewed)
            _check_successor(tx, dataset, life)
            after = replace(standing, life=life)
            if life.state is not standing.state:
                after = Standing(life, now, by.id, asked.reason)
            tx.update("life", dataset, as_row(after))
            detail = _write_beside(tx, known, asked, dataset, authority, now)
            detail |= self.destructions.follow(tx, row, standing.life, known, asked, now)
            change = self._record(tx, dataset, known, asked, (standing, after), detail)
        self._changes.tell(change)
        if after.state is LifeState.DESTROYED:
            self.destructions.carry_out()
        return self.standing(dataset)

    def _record(
        self,
        tx: Transaction,
        dataset: str,
        move: LifeMove,
        asked: Asked,
        stood: tuple[Standing, Standing],
        detail: dict[str, Any],
    ) -> CatalogueChange:
        """Return the change that a move is, written beside its ledger record."""
        before, after = stood
        told = {"from": before.state.value, "to": after.state.value, "reason": asked.reason}
        named = {"successor": after.life.successor} if after.life.successor else {}
        tx.record(Entry(asked.by, move.id, f"dataset:{dataset}", detail={**told, **named, **detail}))
        seen = move.target is not None and (before.is_told or after.is_told)
        audience = READERS if seen else EDITORS
        now = self._clock.now()
        return record_change(tx, dataset, move.id, by=asked.by, recorded=now, audience=audience, detail=told)


def _check_successor(tx: Transaction, dataset: str, life: Life) -> None:
    if life.state is not LifeState.DEPRECATED or not life.successor:
        return
    found = standing_of(tx, life.successor)
    if life.successor == dataset or found is None or found.state is not LifeState.PUBLISHED:
        raise BadInput(
            "The successor is no other published dataset.", where="successor", mend="Name the id of a published one."
        )


def _write_beside(
    tx: Transaction, move: LifeMove, asked: Asked, dataset: str, authority: str, now: datetime
) -> dict[str, Any]:
    """Return what the ledger is told beside the move of a legal hold, which is written."""
    if move.id == "hold":
        placed = {"reason": asked.reason, "authority": authority.strip(), "placed_by": asked.by, "placed": now}
        tx.insert("legal_hold", {"id": asked.hold, "dataset": dataset, **placed})
        return {"hold": asked.hold, "authority": authority.strip()}
    if move.id == "lift":
        tx.update("legal_hold", asked.hold, {"lifted": now, "lifted_by": asked.by, "lifted_reason": asked.reason})
        return {"hold": asked.hold}
    return {}
