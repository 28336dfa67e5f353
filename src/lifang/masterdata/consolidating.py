"""From what bureaus say to one record each: resolved by key or name, an element from whom precedence says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.core import format_instant, from_micros, to_micros
from lifang.masterdata.duplicates import compared_as
from lifang.masterdata.model import COMPLETE, NEWEST, Source
from lifang.masterdata.names import Plain, plain_names
from lifang.standards import DataStandard, check_digits

Integers = NDArray[np.int64]
_KEY, _ORGANISATION, _MOMENT = "_key", "_organisation", "_moment"
SEPARATOR = "/"  # between the parts of a key of several elements


@dataclass(frozen=True)
class Told:
    """One source's rows, as text, under the names of elements, when they were recorded, and as which release."""

    source: Source
    rows: pa.Table
    recorded: datetime
    number: int


@dataclass(frozen=True)
class Difference:
    """One element of one record of which bureaus say different things."""

    record: str
    element: str
    said: tuple[dict[str, Any], ...]
    ruled: bool


@dataclass(frozen=True)
class Naming:
    """By which element a row without a right key is known.

    ``meant`` gives the keys of the records that each text (third) may mean, of keys (first) and their texts (second).
    """

    element: str
    meant: Callable[[pa.Array, pa.Array, pa.Array], Sequence[Collection[str]]]


@dataclass(frozen=True)
class Ruling:
    """What decides between bureaus: ``rules`` say who goes first, ``merged`` which records persons said are one.

    ``rules`` gives for an element, or ``*`` for all, organisations, ``newest``, ``most_complete``; ``merged`` the
    record of which another is a duplicate, by its key.
    """

    rules: Mapping[str, Sequence[str]] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)

    def of(self, element: str) -> tuple[str, ...]:
        """Return who goes first in an element."""
        return tuple(self.rules.get(element, self.rules.get("*", ())))

    def kept(self, key: str) -> str:
        """Return the key of the record that a record is a duplicate of, in the end."""
        seen = {key}
        while (following := self.merged.get(key)) and following not in seen:
            seen.add(following)
            key = following
        return key


@dataclass(frozen=True)
class Consolidation:
    """One row a record with the keys of the rows, the differences, and the rows that cannot be resolved."""

    records: pa.Table
    keys: list[str]
    differences: tuple[Difference, ...]
    unresolved: tuple[dict[str, Any], ...]

    def decided(self, values: Mapping[tuple[str, str], str]) -> Consolidation:
        """Return the records with the values that persons chose, by record and element."""
        records = self.records
        for element in {name for _, name in values}:
            place = records.column_names.index(element)
            chosen = _with_decisions(records[element], self.keys, element, values)
            records = records.set_column(place, element, chosen)
        return replace(self, records=records)


def consolidate(
    standard: DataStandard,
    told: Sequence[Told],
    ruling: Ruling,
    *,
    naming: Naming | None = None,
    plain: Mapping[str, Plain] = MappingProxyType({}),
    only: Collection[str] | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> Consolidation:
    """Return the records that ``told`` come to, ``only`` those with these keys if any are given.

    ``plain`` says as what texts of an element are compared, where not as names are; ``progress`` is told the done
    share, and may raise to end it.
    """
    elements = [each.id for each in standard.elements if each.type != "geometry"]
    table = _stacked(standard, told, elements)
    table, unresolved = _resolved(standard, table, naming)
    table = _merged(standard, table, ruling)
    if only is not None:
        table = table.filter(pc.is_in(table[_KEY], pa.array(only, pa.string()))).combine_chunks()
    keys, codes = _codes(table[_KEY])
    chosen: dict[str, Any] = {}
    differences: list[Difference] = []
    orders: dict[tuple[str, ...], Integers] = {}
    for number, element in enumerate(elements):
        progress(number / len(elements))
        first = ruling.of(element)
        if first not in orders:
            orders[first] = _order(table, codes, elements, first)
        values, found = _element(table, element, orders[first], codes, len(keys), plain.get(element, plain_names))
        differences += _differences(table, keys, element, found, ruled=bool(first))
        chosen[element] = values
    organisations = _joined(table, codes, len(keys))
    records = pa.table({**chosen, "sources": organisations})
    return Consolidation(records, keys, tuple(differences), tuple(unresolved))


def key_of(standard: DataStandard) -> list[str]:
    """Return the elements that tell records of a kind apart."""
    return [each.id for each in standard.elements if each.key]


def _stacked(standard: DataStandard, told: Sequence[Told], elements: Sequence[str]) -> pa.Table:
    parts = []
    for each in told:
        count = len(each.rows)
        columns = {
            name: pc.cast(each.rows[name], pa.string())
            if name in each.rows.column_names
            else pa.nulls(count, pa.string())
            for name in elements
        }
        columns |= {
            _KEY: row_keys(standard, columns, count),
            _ORGANISATION: pa.repeat(pa.scalar(each.source.organisation), count),
            _MOMENT: pa.repeat(pa.scalar(to_micros(each.recorded)), count),
        }
        parts.append(pa.table(columns))
    return pa.concat_tables(parts).combine_chunks()


def row_keys(standard: DataStandard, columns: dict[str, Any], count: int) -> Any:
    """Return the key of each row, empty where it is not given or its check digit is wrong; write it in one form."""
    parts = []
    for element in standard.elements:
        if element.key:
            text = columns[element.id] = pc.utf8_upper(pc.utf8_trim_whitespace(columns[element.id]))
            if element.check_digit:
                right = check_digits(element.check_digit, text)
                text = pc.if_else(pa.array(right), text, pa.scalar(None, pa.string()))
            parts.append(text)
    joined = pc.binary_join_element_wise(*parts, SEPARATOR) if parts else pa.nulls(count, pa.string())
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def _resolved(standard: DataStandard, table: pa.Table, naming: Naming | None) -> tuple[pa.Table, list[dict[str, Any]]]:
    """Return the rows with the key that each belongs to: its own, else that of the one record its name means."""
    lacking = pc.is_null(table[_KEY]).combine_chunks()
    if not pc.any(lacking).as_py():
        return table, []
    rows = table.filter(lacking).combine_chunks()
    meant: Sequence[Collection[str]] = [()] * len(rows)
    if naming:
        known = table.filter(pc.invert(lacking)).combine_chunks()
        meant = naming.meant(*(_whole(each) for each in (known[_KEY], known[naming.element], rows[naming.element])))
    told = [_ORGANISATION, *(each for each in (*key_of(standard), "name") if each in table.column_names)]
    unresolved = []
    for found, given in zip(meant, rows.select(dict.fromkeys(told)).to_pylist(), strict=True):
        if len(found) != 1:
            why = "several records have this name" if found else "neither a right key nor a known name"
            unresolved.append({"organisation": given.pop(_ORGANISATION), "why": why, **given})
    found_keys = pa.array([next(iter(found)) if len(found) == 1 else None for found in meant], pa.string())
    known = _with_keys(standard, table, pc.replace_with_mask(_whole(table[_KEY]), lacking, found_keys))
    return known.filter(pc.is_valid(known[_KEY])).combine_chunks(), unresolved


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _merged(standard: DataStandard, table: pa.Table, ruling: Ruling) -> pa.Table:
    """Return the rows under the keys of the records that persons said they are of."""
    if not ruling.merged:
        return table
    keys = _whole(table[_KEY])
    moved = pc.is_in(keys, pa.array(ruling.merged, pa.string()))
    kept = pa.array([ruling.kept(key) for key in keys.filter(moved).to_pylist()], pa.string())
    return _with_keys(standard, table, pc.replace_with_mask(keys, moved, kept))


def _with_keys(standard: DataStandard, table: pa.Table, keys: pa.Array) -> pa.Table:
    """Return the rows under ``keys``: what is wrong in a key is not what the record says of itself."""
    named = [_KEY, *(key_of(standard) if len(key_of(standard)) == 1 else ())]
    for name in named:
        table = table.set_column(table.column_names.index(name), name, keys)
    return table


def _codes(keys: pa.ChunkedArray) -> tuple[list[str], Integers]:
    encoded = keys.combine_chunks().dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)


def _order(table: pa.Table, codes: Integers, elements: Sequence[str], precedence: Sequence[str]) -> Integers:
    """Return the rows, record by record, those that go first at the beginning of each."""
    encoded = _whole(table[_ORGANISATION]).dictionary_encode()
    names, organisations = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    newest = -table[_MOMENT].to_numpy()
    ranks: list[Any] = []
    for each in precedence:
        if each == NEWEST:
            ranks.append(newest)
        elif each == COMPLETE:
            ranks.append(-sum(table[name].is_valid().to_numpy().astype(np.int64) for name in elements))
        else:
            ranks.append((organisations != (names.index(each) if each in names else -1)).astype(np.int64))
    order: Integers = np.lexsort([*reversed([*ranks, newest]), codes])
    return order


def _element(
    table: pa.Table, element: str, order: Integers, codes: Integers, count: int, plain: Plain
) -> tuple[Any, list[tuple[int, Integers]]]:
    """Return the first value of each record, and which records have several, with their rows."""
    column = table[element].combine_chunks()
    filled = order[column.is_valid().to_numpy(zero_copy_only=False)[order]]
    groups = codes[filled]
    first = np.full(count, -1, np.int64)
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    first[groups[starts]] = filled[starts]
    values = column.take(pa.array(first, mask=first < 0))
    differs = np.zeros(count, bool)
    written = column.dictionary_encode().indices.fill_null(0).to_numpy()[filled]
    odd = written != np.repeat(written[starts], np.diff([*starts, len(groups)]))
    several = filled[np.isin(groups, groups[odd])]  # only what is written in several ways is compared
    same, of = compared_as(column.take(pa.array(several)), plain)[0], codes[several]
    first_of = np.flatnonzero(np.diff(of, prepend=-1))
    differs[of[same != np.repeat(same[first_of], np.diff([*first_of, len(of)]))]] = True
    ends = (
        np.searchsorted(groups, np.flatnonzero(differs), side="left"),
        np.searchsorted(groups, np.flatnonzero(differs), side="right"),
    )
    found = zip(np.flatnonzero(differs).tolist(), ends[0].tolist(), ends[1].tolist(), strict=True)
    return values, [(record, filled[low:high]) for record, low, high in found]


def _differences(
    table: pa.Table, keys: Sequence[str], element: str, found: Sequence[tuple[int, Integers]], *, ruled: bool
) -> list[Difference]:
    """Return the differences of an element, of the records found to differ in it, with their rows."""
    if not found:
        return []
    told = table.select([_ORGANISATION, element, _MOMENT]).take(pa.array(np.concatenate([rows for _, rows in found])))
    said = zip(*(column.to_pylist() for column in told.columns), strict=True)
    differences = []
    for record, rows in found:
        each = tuple(
            {"organisation": organisation, "value": value, "recorded": format_instant(from_micros(moment))}
            for organisation, value, moment in islice(said, len(rows))
        )
        differences.append(Difference(keys[record], element, each, ruled))
    return differences


def _with_decisions(values: Any, keys: Sequence[str], element: str, decided: Mapping[tuple[str, str], str]) -> Any:
    here = {record: value for (record, name), value in decided.items() if name == element}
    listed = values.to_pylist()
    return pa.array([here.get(key, value) for key, value in zip(keys, listed, strict=True)], pa.string())


def _joined(table: pa.Table, codes: Integers, count: int) -> Any:
    """Return for each record which bureaus know it."""
    if not count:
        return pa.array([], pa.string())
    encoded = _whole(table[_ORGANISATION]).dictionary_encode()
    names = encoded.dictionary.to_pylist()
    known = np.zeros((count, len(names)), bool)
    known[codes, encoded.indices.to_numpy()] = True
    kinds, which = np.unique(np.packbits(known, axis=1), axis=0, return_inverse=True)
    sets = np.unpackbits(kinds, axis=1, count=len(names)).astype(bool)
    texts = [
        ", ".join(sorted(name for name, there in zip(names, each, strict=True) if there)) for each in sets.tolist()
    ]
    return pa.array(texts, pa.string()).take(pa.array(which.reshape(-1)))
