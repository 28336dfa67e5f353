"""Cards without a file: a dataset begins as a draft, and its card is amended, before and after there are releases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lifang.catalogue.card import Card
from lifang.catalogue.changes import EDITORS, READERS, CatalogueChange, record_change
from lifang.catalogue.codes import give_code
from lifang.catalogue.lifecycle import OPEN_TO_RELEASES, LifeState, Standing, begin, standing_of
from lifang.core import Clock, Conflict, NotFound
from lifang.guard import Action, Classification, Resource, Subject, require
from lifang.store import Entry, Registry, Transaction


def write_card(
    transaction: Transaction, card: Card, state: LifeState, *, by: str, now: datetime, themes: Mapping[str, Any]
) -> Standing:
    """Return where the dataset of ``card`` stands, its card written; a new one begins in ``state`` and has a code.

    ``Conflict`` if what it stands in is not open to changes. Who may is for the caller to ask.
    """
    row = {"zh": card.name.zh, "en": card.name.en, "theme": card.theme, "metadata": card.to_mapping(),
           "classification": card.classification.value, "updated": now}  # fmt: skip
    present = transaction.get("dataset", card.id)
    if present is None:
        transaction.insert("dataset", {"id": card.id, "created": now, **row})
        give_code(transaction, card, themes)
        return begin(transaction, card.id, state, by=by, now=now)
    standing = check_open(standing_of(transaction, card.id), card.id)
    transaction.update("dataset", card.id, row)
    give_code(transaction, card, themes)
    return standing


def check_open(standing: Standing | None, dataset: str) -> Standing:
    """Return where the dataset stands if that is open to a new card or release, else raise ``Conflict``."""
    if standing is None or standing.state not in OPEN_TO_RELEASES:
        state = standing.state if standing else "without a life"
        mends = {LifeState.REVIEW: "Withdraw it from review first.", LifeState.ARCHIVED: "Restore it first."}
        raise Conflict(
            f"{dataset} is {state}: it takes no card and no release now.",
            where="id",
            mend=mends.get(standing.state if standing else LifeState.DESTROYED, "Choose another id."),
        )
    return standing


def put_card(
    registry: Registry, clock: Clock, card: Card, *, by: Subject, new: bool, themes: Mapping[str, Any]
) -> CatalogueChange:
    """Return the change: a new draft, or the amended card of a dataset there is.

    ``Conflict`` if a ``new`` one's id is taken, ``NotFound`` if the other is not there.
    """
    require(by, Action.ADMIT, Resource("dataset", card.id, card.classification))
    now = clock.now()
    with registry.transaction() as transaction:
        there = transaction.get("dataset", card.id)
        if new and there:
            raise Conflict(f"There is a dataset {card.id} already.", where="id", mend="Amend its card.")
        if not new and not there:
            raise NotFound(f"There is no dataset {card.id[:80]!r}.", mend="List them: lifang data list.")
        if there:
            require(by, Action.ADMIT, Resource("dataset", card.id, Classification(there["classification"])))
        standing = write_card(transaction, card, LifeState.DRAFT, by=by.id, now=now, themes=themes)
        kind = "draft" if new else "card"
        transaction.record(Entry(by.id, kind, f"dataset:{card.id}", detail={"card_sha256": card.digest()}))
        audience = READERS if standing.is_told else EDITORS
        return record_change(transaction, card.id, kind, by=by.id, recorded=now, audience=audience, detail={})
