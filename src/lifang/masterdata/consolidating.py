"""From what bureaus say to one record each: resolved by key or name, an element from whom precedence says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.core import format_instant, from_micros, to_micros
from lifang.masterdata.model import COMPLETE, NEWEST, Source
from lifang.masterdata.names import plain_name
from lifang.standards import DataStandard, check_digits

Integers = NDArray[np.int64]
_KEY, _ORGANISATION, _MOMENT = "_key", "_organisation", "_moment"
SEPARATOR = "/"  # between the parts of a key of several elements


@dataclass(frozen=True)
class Told:
    """One source's rows, as text, under the names of elements, and when they were recorded."""

    source: Source
    rows: pa.Table
    recorded: datetime


@dataclass(frozen=True)
class Difference:
    """One element of one record of which bureaus say different things."""

    record: str
    element: str
    said: tuple[dict[str, Any], ...]
    ruled: bool


@dataclass(frozen=True)
class Consolidation:
    """One row a record, the differences, the rows that cannot be resolved, and records that may be one."""

    records: pa.Table
    differences: tuple[Difference, ...]
    unresolved: tuple[dict[str, Any], ...]
    duplicates: tuple[dict[str, Any], ...]


def consolidate(
    standard: DataStandard,
    told: Sequence[Told],
    rules: Mapping[str, Sequence[str]],
    decided: Mapping[tuple[str, str], str],
) -> Consolidation:
    """Return the records that ``told`` come to.

    ``rules`` gives for an element, or ``*`` for all, who goes first: organisations, ``newest``, ``most_complete``;
    ``decided`` the values that persons chose, by record and element.
    """
    elements = [each.id for each in standard.elements if each.type != "geometry"]
    table = _stacked(standard, told, elements)
    table, unresolved = _resolved(standard, table)
    keys, codes = _codes(table[_KEY])
    chosen: dict[str, Any] = {}
    differences: list[Difference] = []
    for element in elements:
        order = _order(table, codes, elements, rules.get(element, rules.get("*", ())))
        values, found = _element(table, element, order, codes, len(keys))
        ruled = element in rules or "*" in rules
        differences += [_difference(table, keys, element, *each, ruled=ruled) for each in found]
        chosen[element] = _with_decisions(values, keys, element, decided)
    organisations = _joined(table, codes, len(keys))
    records = pa.table({**chosen, "sources": organisations})
    return Consolidation(records, tuple(differences), tuple(unresolved), tuple(_duplicates(standard, records, keys)))


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
        key = _key(standard, columns, count)
        columns |= {
            _KEY: key,
            _ORGANISATION: pa.repeat(pa.scalar(each.source.organisation), count),
            _MOMENT: pa.repeat(pa.scalar(to_micros(each.recorded)), count),
        }
        parts.append(pa.table(columns))
    return pa.concat_tables(parts).combine_chunks()


def _key(standard: DataStandard, columns: dict[str, Any], count: int) -> Any:
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


def _resolved(standard: DataStandard, table: pa.Table) -> tuple[pa.Table, list[dict[str, Any]]]:
    """Return the rows with the key that each belongs to: its own, else that of the one record of the same name."""
    lacking = np.flatnonzero(table[_KEY].is_null().to_numpy())
    if not len(lacking):
        return table, []
    keys = table[_KEY].to_pylist()
    by_name: dict[str, set[str]] = defaultdict(set)
    names = table["name"].to_pylist() if "name" in table.column_names and standard.id == "legal_entity" else []
    for key, name in zip(keys, names, strict=False):
        if key and name:
            by_name[plain_name(name)].add(key)
    unresolved = []
    for row in lacking.tolist():
        meant = by_name.get(plain_name(names[row]), set()) if names and names[row] else set()
        if len(meant) == 1:
            keys[row] = next(iter(meant))
        else:
            given = {
                name: table[name][row].as_py() for name in (*key_of(standard), "name") if name in table.column_names
            }
            why = "several records have this name" if meant else "neither a right key nor a known name"
            unresolved.append({"organisation": table[_ORGANISATION][row].as_py(), "why": why, **given})
    index = table.column_names.index(_KEY)
    known = table.set_column(index, _KEY, pa.array(keys, pa.string()))
    for name in key_of(standard):  # what is wrong in a key is not what the record says of itself
        if len(key_of(standard)) == 1:
            known = known.set_column(known.column_names.index(name), name, known[_KEY])
    return known.filter(pc.is_valid(known[_KEY])).combine_chunks(), unresolved


def _codes(keys: pa.ChunkedArray) -> tuple[list[str], Integers]:
    encoded = keys.combine_chunks().dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)


def _order(table: pa.Table, codes: Integers, elements: Sequence[str], precedence: Sequence[str]) -> Integers:
    """Return the rows, record by record, those that go first at the beginning of each."""
    organisations = np.array(table[_ORGANISATION].to_pylist())
    newest = -table[_MOMENT].to_numpy()
    ranks: list[Any] = []
    for each in precedence:
        if each == NEWEST:
            ranks.append(newest)
        elif each == COMPLETE:
            ranks.append(-sum(table[name].is_valid().to_numpy().astype(np.int64) for name in elements))
        else:
            ranks.append((organisations != each).astype(np.int64))
    order: Integers = np.lexsort([*reversed([*ranks, newest]), codes])
    return order


def _element(
    table: pa.Table, element: str, order: Integers, codes: Integers, count: int
) -> tuple[Any, list[tuple[int, Integers]]]:
    """Return the first value of each record, and which records have several, with their rows."""
    column = table[element].combine_chunks()
    filled = order[column.is_valid().to_numpy(zero_copy_only=False)[order]]
    groups = codes[filled]
    first = np.full(count, -1, np.int64)
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    first[groups[starts]] = filled[starts]
    values = column.take(pa.array(first, mask=first < 0))
    same = _compared(column)[filled]
    differs = np.zeros(count, bool)
    differs[groups[same != np.repeat(same[starts], np.diff([*starts, len(groups)]))]] = True
    ends = (
        np.searchsorted(groups, np.flatnonzero(differs), side="left"),
        np.searchsorted(groups, np.flatnonzero(differs), side="right"),
    )
    found = zip(np.flatnonzero(differs).tolist(), ends[0].tolist(), ends[1].tolist(), strict=True)
    return values, [(record, filled[low:high]) for record, low, high in found]


def _compared(column: Any) -> Integers:
    """Return one number for each value: equal for those that differ in blanks, width or case only."""
    encoded = column.dictionary_encode()
    plain = pa.array([plain_name(text) for text in encoded.dictionary.to_pylist()], pa.string()).dictionary_encode()
    lookup = plain.indices.to_numpy().astype(np.int64)
    rows = pc.fill_null(encoded.indices, 0).to_numpy()
    return lookup[rows] if len(lookup) else np.zeros(len(column), np.int64)


def _difference(
    table: pa.Table, keys: Sequence[str], element: str, record: int, rows: Integers, *, ruled: bool
) -> Difference:
    said = [
        {
            "organisation": table[_ORGANISATION][row].as_py(),
            "value": table[element][row].as_py(),
            "recorded": format_instant(from_micros(table[_MOMENT][row].as_py())),
        }
        for row in rows.tolist()
    ]
    return Difference(keys[record], element, tuple(said), ruled)


def _with_decisions(values: Any, keys: Sequence[str], element: str, decided: Mapping[tuple[str, str], str]) -> Any:
    here = {record: value for (record, name), value in decided.items() if name == element}
    if not here:
        return values
    listed = values.to_pylist()
    return pa.array([here.get(key, value) for key, value in zip(keys, listed, strict=True)], pa.string())


def _joined(table: pa.Table, codes: Integers, count: int) -> Any:
    """Return for each record which bureaus know it."""
    organisations = table[_ORGANISATION].to_pylist()
    known: list[set[str]] = [set() for _ in range(count)]
    for code, organisation in zip(codes.tolist(), organisations, strict=True):
        known[code].add(organisation)
    return pa.array([", ".join(sorted(each)) for each in known], pa.string())


def _duplicates(standard: DataStandard, records: pa.Table, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Return records of legal entities that have one name: they may be one, which a person decides."""
    if standard.id != "legal_entity":
        return []
    by_name: dict[str, list[str]] = defaultdict(list)
    for key, name in zip(keys, records["name"].to_pylist(), strict=True):
        if name:
            by_name[plain_name(name)].append(key)
    return [{"name": name, "records": sorted(found)} for name, found in sorted(by_name.items()) if len(found) > 1]
