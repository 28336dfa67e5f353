"""What a destroyed source said is taken out of the docket: that persons decided, and what others say too, stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lifang.masterdata.model import SETTLED
from lifang.store import Row, Transaction

_CONFLICT, _DUPLICATE, _STEP = "master_conflict", "master_duplicate", "master_step"


@dataclass(frozen=True)
class Left:
    """What is left of a kind without a source of the bureau ``organisation``.

    ``moments`` are when what that bureau says elsewhere was recorded, ``known`` finds the keys of the records of which
    others tell.
    """

    organisation: str
    moments: frozenset[str]
    known: Callable[[], Collection[str]]

    def holds(self, said: Mapping[str, Any]) -> bool:
        """Return whether somebody still says it."""
        return said["organisation"] != self.organisation or said["recorded"] in self.moments


def forget_kind(tx: Transaction, kind: str) -> None:
    """Take all of a kind out of the docket, and its sources: its records are destroyed."""
    for table in (_CONFLICT, _DUPLICATE):
        for row in tx.find(table, where={"kind": kind}):
            _remove(tx, table, row)
    tx.delete_where("master_source", {"kind": kind})


def forget_source(tx: Transaction, kind: str, left: Left) -> None:
    """Take out of the docket of a kind what only a destroyed source said.

    What waits for a person is listed again, as far as the others differ, by the next consolidation. What a person
    settled stays where it holds without that source, as those said who are left; of the rest the ledger tells who
    settled it, when and why.
    """
    for row in tx.find(_CONFLICT, where={"kind": kind}):
        said = [each for each in row["said"] if left.holds(each)]
        if len(said) == len(row["said"]):
            _strip(tx, row, left)
        elif row["state"] == SETTLED and len(said) > 1 and row["value"] in {each["value"] for each in said}:
            tx.update(_CONFLICT, row["id"], {"said": said})
            _strip(tx, row, left)
        else:
            _remove(tx, _CONFLICT, row)
    settled = []
    for row in tx.find(_DUPLICATE, where={"kind": kind}):
        if row["state"] == SETTLED:
            settled.append(row)
        else:
            _remove(tx, _DUPLICATE, row)
    known = set(left.known()) if settled else set()
    for row in settled:
        if known.issuperset(row["records"]):
            tx.update(_DUPLICATE, row["id"], {"said": dict.fromkeys(row["said"], "")})
            _strip(tx, row, left)
        else:
            _remove(tx, _DUPLICATE, row)


def _remove(tx: Transaction, table: str, row: Row) -> None:
    tx.delete_where(_STEP, {"item": row["id"]})
    tx.delete(table, row["id"])


def _strip(tx: Transaction, row: Row, left: Left) -> None:
    """Take out of the steps of an item what the source said in them."""
    for step in tx.find(_STEP, where={"item": row["id"]}):
        detail = dict(step["detail"])
        said = detail.get("said")
        if isinstance(said, list):
            detail["said"] = [each for each in said if left.holds(each)]
        elif said:
            detail["said"] = dict.fromkeys(said, "")
        if detail.get("organisation") == left.organisation:
            for quoted in ("value", "salt"):
                detail.pop(quoted, None)
        if detail != step["detail"]:
            tx.update(_STEP, step["id"], {"detail": detail})
