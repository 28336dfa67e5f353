"""What sources say: all of a release, the rows of some records, or what one release says otherwise than another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue import Catalogue, Release
from lifang.core import BadInput, NotFound
from lifang.masterdata.consolidating import Told, key_of, row_keys
from lifang.masterdata.model import Source
from lifang.standards import DataStandard
from lifang.store import Relation


class Sayings:
    """Reads what the sources of one city say of one kind of record."""

    def __init__(self, catalogue: Catalogue, standard: DataStandard) -> None:
        self._catalogue, self._standard = catalogue, standard
        self._keyed: dict[tuple[str, int], tuple[pa.Table, pa.Array]] = {}

    def newest(self, source: Source) -> Release:
        """Return the newest release of a source; ``NotFound`` if it has none."""
        return self._catalogue.dataset(source.id).release()

    def release(self, source: Source, number: int) -> Release:
        """Return a release of a source; ``NotFound`` if it is not there any more."""
        return self._catalogue.dataset(source.id).release(number)

    def known(self, sources: Sequence[Source]) -> set[str]:
        """Return the keys of all records of which the newest releases of sources tell, as far as they are in use."""
        found: set[str] = set()
        for source in sources:
            try:
                relation, chosen = self._rows(source, self.newest(source))
            except NotFound:
                continue
            named = {element: column for element, column in chosen.items() if element in key_of(self._standard)}
            if named:
                read = relation.select(list(dict.fromkeys(named.values())))
                found.update(self.keys(self._named(read, named)).drop_null().to_pylist())
        return found

    def whole(self, source: Source, release: Release) -> Told:
        """Return all that a release says."""
        relation, chosen = self._rows(source, release)
        return self._told(source, release, relation.select(list(dict.fromkeys(chosen.values()))), chosen)

    def of(self, source: Source, release: Release, keys: Collection[str]) -> Told:
        """Return what a release says of the records with these keys, and its rows without a right key."""
        relation, chosen = self._rows(source, release)
        named = {element: column for element, column in chosen.items() if element in key_of(self._standard)}
        if not named:
            return self.whole(source, release)
        if (source.id, release.number) not in self._keyed:
            read = relation.select(list(dict.fromkeys(named.values())))
            self._keyed[source.id, release.number] = (read, self.keys(self._named(read, named)))
        found, row = self._keyed[source.id, release.number]
        asked = found.filter(pc.or_(pc.is_null(row), pc.is_in(row, pa.array(keys, pa.string()))))
        asked = asked.group_by(asked.column_names).aggregate([])
        rows = relation.matching(asked).sort_by("_position")
        return self._told(source, release, rows, chosen)

    def texts(self, source: Source, release: Release, element: str) -> tuple[pa.Array, pa.Array]:
        """Return the keys of the rows of a release that have a right one, and what they say of an element."""
        relation, chosen = self._rows(source, release)
        if element not in chosen:
            return pa.array([], pa.string()), pa.array([], pa.string())
        wanted = {each: chosen[each] for each in (*key_of(self._standard), element) if each in chosen}
        table = self._named(relation.select(list(dict.fromkeys(wanted.values()))), wanted)
        row = self.keys(table)
        there = pc.is_valid(row)
        return row.filter(there), pc.cast(table[element], pa.string()).combine_chunks().filter(there)

    def changed(self, source: Source, old: Release, new: Release, *, most: int) -> tuple[pa.Table, pa.Table] | None:
        """Return the rows that only the old, and only the new release has, under the names of elements.

        ``None`` where they tell of other elements, or more than ``most`` rows differ.
        """
        before, was = self._rows(source, old)
        now, chosen = self._rows(source, new)
        if was != chosen:
            return None
        rows = now.compared_with(before).rows(limit=most + 1)
        if len(rows) > most:
            return None
        sides = ((side, rows.filter(pc.equal(rows["_change"], what))) for side, what in _SIDES)
        gone, come = ({each: part[f"{side}.{chosen[each]}"] for each in chosen} for side, part in sides)
        return pa.table(gone), pa.table(come)

    def keys(self, table: pa.Table) -> pa.Array:
        """Return the key of each row, empty where it is not given or is wrong."""
        texts: dict[str, Any] = {
            each: pc.cast(table[each], pa.string()) if each in table.column_names else pa.nulls(len(table), pa.string())
            for each in key_of(self._standard)
        }
        return row_keys(self._standard, texts, len(table))

    def _rows(self, source: Source, release: Release) -> tuple[Relation, dict[str, str]]:
        """Return the rows of a release, and which of its columns tells of an element."""
        relation = self._catalogue.dataset(source.id).rows_of(release)
        there = {column.name for column in relation.columns}
        elements = [each.id for each in self._standard.elements if each.type != "geometry"]
        named = {element: source.columns.get(element, element) for element in elements}
        if lacking := [name for name in source.columns.values() if name not in there]:
            raise BadInput(f"{source.id} has no column {lacking[0]!r}.", where=source.id, mend="Correct the source.")
        return relation, {element: column for element, column in named.items() if column in there}

    def _told(self, source: Source, release: Release, rows: pa.Table, chosen: Mapping[str, str]) -> Told:
        return Told(source, self._named(rows, chosen), release.recorded, release.number)

    def _named(self, rows: pa.Table, chosen: Mapping[str, str]) -> pa.Table:
        return pa.table({each: rows[column] for each, column in chosen.items() if column in rows.column_names})


_SIDES = (("from", "removed"), ("to", "added"))
