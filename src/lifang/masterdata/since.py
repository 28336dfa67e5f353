"""Which records a consolidation has to look at, of what changed since the last one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue import Release
from lifang.core import NotFound, to_micros
from lifang.masterdata.consolidating import Naming, Ruling
from lifang.masterdata.memory import Basis
from lifang.masterdata.model import Source
from lifang.masterdata.names import plain_names
from lifang.masterdata.sayings import Sayings

Names = Mapping[str, Sequence[str]]
_FEW = 1_000  # rows that may differ between two releases, however small they are


@dataclass(frozen=True)
class Touched:
    """The keys of the records to do again, those whose rows are to be read for it, and whom plain names mean."""

    keys: set[str]
    read: set[str]
    names: Names


@dataclass
class _Said:
    """What changed rows say: keys, (key, plain name) before and after, plain names of rows without a right key."""

    keys: set[str] = field(default_factory=set)
    named: tuple[set[tuple[str, str]], set[tuple[str, str]]] = field(default_factory=lambda: (set(), set()))
    nameless: set[str] = field(default_factory=set)


def meant(keys: pa.Array, texts: pa.Array, asked: pa.Array) -> dict[str, list[str]]:
    """Return by plain name, of those ``asked``, the keys of the records that ``texts`` name so."""
    wanted = plain_names(asked).unique().drop_null()
    plain = plain_names(texts)
    among = pc.fill_null(pc.is_in(plain, wanted), False)
    found: dict[str, set[str]] = {name: set() for name in wanted.to_pylist()}
    for name, key in zip(plain.filter(among).to_pylist(), keys.filter(among).to_pylist(), strict=True):
        found[name].add(key)
    return {name: sorted(each) for name, each in found.items()}


class Since:
    """Compares the sources of a kind as they are with what the last consolidation was made of."""

    def __init__(
        self,
        sayings: Sayings,
        told: Sequence[tuple[Source, Release]],
        ruling: Ruling,
        naming: Naming | None,
        basis: Basis,
        *,
        by_name: bool,
    ) -> None:
        """``by_name`` tells that rows without a right key are known by their plain name, and by nothing else."""
        self._sayings, self._told, self._ruling, self._basis = sayings, told, ruling, basis
        self._naming, self._by_name = naming, by_name
        self._old = Ruling(merged=basis.merged)

    def touched(self, decided: Collection[str]) -> Touched | None:
        """Return what is to be done again, records of which a person ``decided`` too; ``None``: all of it."""
        said = self._changes()
        if said is None:
            return None
        if all(now.number == number for (_, now), (_, number, *_) in zip(self._told, self._basis.sources, strict=True)):
            return self.among({*decided, *self._merged_otherwise()}, self._basis.names)
        keys = said.keys | set(decided) | self._merged_otherwise() | self._in_another_order()
        names = self._names(said, keys)
        return None if names is None else self.among(keys, names)

    def among(self, keys: Collection[str], names: Names) -> Touched:
        """Return what is to be done again where what is said of ``keys`` changed."""
        kept = {ruling.kept(key) for key in keys for ruling in (self._ruling, self._old)}
        read = kept | {key for key in self._ruling.merged if self._ruling.kept(key) in kept}
        return Touched({*keys, *kept}, read, names)

    def _changes(self) -> _Said | None:
        said = _Said()
        for (source, now), (_, number, *_) in zip(self._told, self._basis.sources, strict=True):
            if now.number == number:
                continue
            try:
                before = self._sayings.release(source, number)
                changed = self._sayings.changed(source, before, now, most=max(_FEW, now.rows // 2))
            except NotFound:
                return None
            if changed is None:
                return None
            for side, table in enumerate(changed):
                self._hear(said, side, table)
        return said

    def _hear(self, said: _Said, side: int, table: pa.Table) -> None:
        keys = self._sayings.keys(table)
        said.keys.update(keys.drop_null().to_pylist())
        if self._naming is None or self._naming.element not in table.column_names:
            return
        names = plain_names(pc.cast(table[self._naming.element], pa.string()).combine_chunks())
        for key, name in zip(keys.to_pylist(), names.to_pylist(), strict=True):
            if key and name is not None:
                said.named[side].add((key, name))
            elif name is not None:
                said.nameless.add(name)

    def _merged_otherwise(self) -> set[str]:
        moved = {*self._ruling.merged, *self._old.merged}
        return {key for key in moved if self._ruling.kept(key) != self._old.kept(key)}

    def _in_another_order(self) -> set[str]:
        """Return the records of which two sources tell otherwise, of which now another is the newer one."""
        then = [to_micros(self._sayings.release(source, number).recorded) for (source, _), (_, number, *_)
                in zip(self._told, self._basis.sources, strict=True)]  # fmt: skip
        now = [to_micros(release.recorded) for _, release in self._told]
        turned = [(one, other) for one, other in combinations(range(len(now)), 2)
                  if (then[one] >= then[other]) != (now[one] >= now[other])]  # fmt: skip
        if not turned:
            return set()
        tables = {each: self._sayings.whole(*self._told[each]).rows for pair in turned for each in pair}
        found = {key for pair in turned for key in _told_otherwise(self._sayings, *(tables[each] for each in pair))}
        return found.union(self._ruling.merged, self._old.merged, *self._basis.names.values())

    def _names(self, said: _Said, keys: set[str]) -> Names | None:
        """Return whom plain names mean now, and add to ``keys`` those that are meant otherwise; ``None``: unknown."""
        if self._naming is None:
            return {}
        asked = [name for source, release in self._told for name in self._nameless(source, release)]
        if not self._by_name:
            return None if asked or self._basis.names else {}
        names = {each for each in plain_names(pa.array(asked, pa.string())).to_pylist() if each is not None}
        old = self._basis.names
        moved = {name for _, name in said.named[0] ^ said.named[1]}
        unsure = {name for name in names if name not in old or name in moved}
        fresh = self._meant(unsure) if unsure else {}
        found = {name: fresh[name] if name in unsure else old[name] for name in names}
        for name in unsure | said.nameless:
            keys.update(old.get(name, ()), found.get(name, ()))
        return found

    def _nameless(self, source: Source, release: Release) -> Iterator[str]:
        rows = self._sayings.of(source, release, ()).rows
        element = self._naming.element if self._naming else ""
        return iter(()) if element not in rows.column_names else filter(None, rows[element].to_pylist())

    def _meant(self, names: Collection[str]) -> dict[str, list[str]]:
        element = self._naming.element if self._naming else ""
        parts = [self._sayings.texts(source, release, element) for source, release in self._told]
        keys, texts = (pa.concat_arrays(each) for each in zip(*parts, strict=True))
        return meant(keys, texts, pa.array(names, pa.string()))


def _told_otherwise(sayings: Sayings, one: pa.Table, other: pa.Table) -> set[str]:
    """Return the keys of the records of which both tell and differ in how an element is written, or tell twice."""
    mine, theirs = sayings.keys(one), sayings.keys(other)
    place = pc.index_in(mine, value_set=theirs.drop_null(), skip_nulls=True)
    both = np.flatnonzero(pc.is_valid(place).to_numpy(zero_copy_only=False))
    there = np.flatnonzero(theirs.is_valid().to_numpy(zero_copy_only=False))
    rows = there[place.take(pa.array(both)).to_numpy()] if len(both) else both
    differs = np.zeros(len(both), bool)
    for element in set(one.column_names) & set(other.column_names):
        here = pc.cast(one[element], pa.string()).take(pa.array(both))
        beside = pc.cast(other[element], pa.string()).take(pa.array(rows))
        differs |= pc.fill_null(pc.not_equal(here, beside), False).to_numpy()
    found = set(mine.take(pa.array(both[differs])).to_pylist())
    for keys in (mine, theirs):
        counted = keys.drop_null().value_counts()
        found.update(counted.filter(pc.greater(counted.field("counts"), 1)).field("values").to_pylist())
    return found
