"""What a change comes to against the release it amends: rows to insert, to replace and to leave out, and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.catalogue.amending.incoming import Incoming
from lifang.catalogue.amending.model import Method
from lifang.catalogue.card import Card
from lifang.catalogue.checking import REFUSED, refusals
from lifang.catalogue.reading import ROW
from lifang.catalogue.spool import shown
from lifang.core import BadInput, Conflict
from lifang.store import Relation

Places = NDArray[np.int64]
_NEW = -1  # the position of a row that the release does not have
_VALUE_MAX = 200
_MENDS = {
    "insert": ("key", "A row with this key is there already: update it."),
    "update": ("unknown_key", "There is no row with this key: insert it."),
    "delete": ("unknown_key", "There is no row with this key to delete: leave it out."),
    "required": ("required", "Fill in this cell: the column is required in a new row."),
    "unique": ("unique", "Another row of the dataset has the same value: it must be unique."),
    "duplicate": ("duplicate", 'The dataset has this row already: remove it, or set duplicates = "keep".'),
}


@dataclass(frozen=True)
class Plan:
    """Whole rows, with the positions in the old release of those that are replaced and left out (both ascending)."""

    inserts: pa.Table
    updates: pa.Table
    update_at: Places
    deletes: pa.Table
    delete_at: Places
    same: int
    refused: pa.Table

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (len(self.inserts) or len(self.updates) or len(self.deletes))


class Planner:
    """Compares what came with the rows of one release."""

    def __init__(self, base: Relation, schema: pa.Schema, card: Card) -> None:
        self._base = base
        self._schema = schema
        self._card = card
        self._key = list(card.key)
        self._refused: list[pa.Table] = []

    def plan(self, upserts: Incoming | None, deletes: Incoming | None, method: Method) -> Plan:
        """Return what is to be done; ``BadInput`` if the dataset has no key and the change needs one."""
        if not self._key and (deletes is not None or method != "insert"):
            mend = "Declare the key in its card, or only insert."
            raise BadInput(f"{self._card.id} has no key to find rows by.", where="key", mend=mend)
        gone, gone_at = self._deletes(deletes)
        rows, at, alive, same = self._upserts(upserts, method, gone_at)
        if both := np.intersect1d(at[alive], gone_at).size:
            raise BadInput(f"{both} rows are both written and deleted.", where="deletes", mend="Say one of the two.")
        fresh, changed = np.flatnonzero(alive & (at == _NEW)), np.flatnonzero(alive & (at != _NEW) & ~same)
        changed = changed[np.argsort(at[changed])]
        order = np.argsort(gone_at)
        refused = pa.concat_tables([REFUSED.empty_table(), *self._refused])
        return Plan(
            rows.take(fresh),
            rows.take(changed),
            at[changed],
            gone.take(order),
            gone_at[order],
            int((alive & same).sum()),
            refused.combine_chunks().sort_by("row"),
        )

    def _deletes(self, incoming: Incoming | None) -> tuple[pa.Table, Places]:
        if incoming is None:
            return self._schema.empty_table(), np.empty(0, np.int64)
        found, at, place = self._found(incoming.rows)
        self._refuse(incoming, at == _NEW, "delete", self._key)
        known = place[place != _NEW]
        return found.take(known), at[at != _NEW]

    def _upserts(
        self, incoming: Incoming | None, method: Method, gone: Places
    ) -> tuple[pa.Table, Places, NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the rows made whole, their positions, which are still good, and which differ in nothing."""
        if incoming is None:
            none = np.empty(0, bool)
            return self._schema.empty_table(), np.empty(0, np.int64), none, none
        found, at, place = self._found(incoming.rows)
        alive = np.ones(len(at), bool)
        if method in ("insert", "update"):
            self._refuse(incoming, (at != _NEW) if method == "insert" else (at == _NEW), method, self._key, alive)
        lacking = alive & (at == _NEW)
        for name in self._absent_required(incoming.rows.column_names):
            self._refuse(incoming, lacking, "required", [name])
            alive = alive & ~lacking
        rows, same = self._completed(incoming.rows, found, place)
        if not self._key and self._card.duplicates == "refuse":
            whole = [name for name in self._schema.names if not name.startswith("_")]
            there = self._base.matching(rows.select(whole))["_key"].to_numpy()
            self._refuse(incoming, np.isin(np.arange(len(rows)), there), "duplicate", whole, alive)
        for column in self._card.columns:
            if column.unique and column.name in incoming.rows.column_names:
                self._keep_unique(incoming, column.name, at, gone, alive)
        return rows, at, alive, same

    def _found(self, rows: pa.Table) -> tuple[pa.Table, Places, Places]:
        """Return the old rows with the keys of ``rows``, and for each row its position and its place among them."""
        at, place = np.full(len(rows), _NEW, np.int64), np.full(len(rows), _NEW, np.int64)
        if not self._key:
            return self._schema.empty_table(), at, place
        found = self._base.matching(self._cast(rows.select(self._key)))
        keys = found["_key"].to_numpy()
        if (repeated := keys[1:][keys[1:] == keys[:-1]]).size:
            value = rows.select(self._key).slice(int(repeated[0]), 1).to_pylist()[0]
            what = f"Several rows of {self._card.id} have the key {value}."
            raise Conflict(what, where="key", mend="Add a whole file in which the key is unique.")
        at[keys] = found["_position"].to_numpy()
        place[keys] = np.arange(len(keys))
        return self._cast(found.select(self._schema.names)), at, place

    def _completed(self, rows: pa.Table, found: pa.Table, place: Places) -> tuple[pa.Table, NDArray[np.bool_]]:
        taken = found.take(pa.array(place, mask=place == _NEW))
        whole = {name: rows[name] if name in rows.column_names else taken[name] for name in self._schema.names}
        table = self._cast(pa.table(whole))
        same = place != _NEW
        for name in self._schema.names:
            if same.any() and name in rows.column_names:
                same &= _equal(table[name], taken[name])
        return table, same

    def _keep_unique(self, incoming: Incoming, name: str, at: Places, gone: Places, alive: NDArray[np.bool_]) -> None:
        """Refuse rows whose value another row has that stays as it is, until no more of them do."""
        filled = np.flatnonzero(incoming.rows[name].is_valid().to_numpy())
        values = self._cast(incoming.rows.select([name])).take(filled)
        owned = self._base.matching(values)
        asker, owner = filled[owned["_key"].to_numpy()], owned["_position"].to_numpy()
        while True:
            moved = np.concatenate([at[alive], gone])
            stays = alive[asker] & (owner != at[asker]) & ~np.isin(owner, moved)
            if not stays.any():
                return
            self._refuse(incoming, np.isin(np.arange(len(at)), asker[stays]), "unique", [name], alive)

    def _absent_required(self, names: Sequence[str]) -> list[str]:
        absent = [each.name for each in self._card.columns if each.required and each.name not in names]
        return absent + ["geometry"] * (self._card.geometry.required and "geometry" not in names)

    def _refuse(
        self,
        incoming: Incoming,
        mask: NDArray[np.bool_],
        why: str,
        columns: Sequence[str],
        alive: NDArray[np.bool_] | None = None,
    ) -> None:
        marked = np.flatnonzero(mask if alive is None else mask & alive)
        if not marked.size:
            return
        if alive is not None:
            alive[marked] = False
        rows = incoming.rows.take(marked).combine_chunks()
        given = [shown(rows[name].combine_chunks()) for name in columns if name in rows.column_names]
        joined = pc.binary_join_element_wise(*given, ", ") if given else pa.nulls(len(marked), pa.string())
        rule, mend = _MENDS[why]
        values = pc.utf8_slice_codeunits(joined, 0, _VALUE_MAX)
        label = "" if why == "duplicate" else ", ".join(columns)
        self._refused.append(refusals(rows[ROW].combine_chunks(), label, values, rule, mend))

    def _cast(self, table: pa.Table) -> pa.Table:
        fields = [self._schema.field(name) for name in table.column_names]
        return table.cast(pa.schema(fields))


def _equal(one: Any, other: Any) -> NDArray[np.bool_]:
    both_empty = pc.and_(pc.is_null(one), pc.is_null(other))
    equal = pc.fill_null(pc.equal(one, other), False)
    result: NDArray[np.bool_] = pc.or_(equal, both_empty).to_numpy()
    return result
