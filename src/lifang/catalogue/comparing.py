"""What makes one release of another: columns, counts, and the rows and cells that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import shapely

from lifang.catalogue.model import Release
from lifang.store import Difference, DifferenceTally, Relation

_TOLD = ("type", "unit", "code_list", "zh", "en")
_GEOMETRY = "geometry"


@dataclass(frozen=True)
class ColumnChange:
    """One column that differs: ``kind`` is added, removed, retyped (type, unit or code list) or renamed (its titles).

    ``told`` gives for each fact of the column that differs the pair (before, after).
    """

    kind: str
    name: str
    told: Mapping[str, tuple[Any, Any]]


class Comparison:
    """How ``new`` differs from ``old``: two releases of one dataset, each with its rows."""

    def __init__(self, old: Release, new: Release, *, rows: tuple[Relation, Relation], key: Sequence[str]) -> None:
        self.old, self.new = old, new
        self._difference: Difference = rows[1].compared_with(rows[0], key=key)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns by which rows are told apart; none where they do not name each row once."""
        return self._difference.key

    @cached_property
    def columns(self) -> list[ColumnChange]:
        """The columns that differ, in the order of the new release, those removed last."""
        were = {each["name"]: each for each in self.old.columns}
        are = {each["name"]: each for each in self.new.columns}
        found = [_column_change(name, were.get(name), column) for name, column in are.items()]
        gone = [_column_change(name, column, None) for name, column in were.items() if name not in are]
        return [each for each in (*found, *gone) if each]

    def tally(self) -> DifferenceTally:
        """Return how many rows and cells differ."""
        return self._difference.tally()

    def rows(self, *, kinds: Sequence[str], limit: int, offset: int = 0) -> list[dict[str, Any]]:
        """Return the rows that differ, by key: ``change``, ``key``, and ``cells`` with each value before and after.

        Of a changed row only the cells that differ; of one that was added or removed all that are filled. Geometry is
        GeoJSON.
        """
        found = self._difference.rows(kinds=kinds, limit=limit, offset=offset).to_pylist()
        return [_item(row) for row in found]


def _column_change(name: str, was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> ColumnChange | None:
    told = {
        fact: pair
        for fact in _TOLD
        if (pair := ((was or {}).get(fact) or None, (now or {}).get(fact) or None))[0] != pair[1]
    }
    if was is None or now is None:
        return ColumnChange("added" if was is None else "removed", name, told)
    if not told:
        return None
    return ColumnChange("retyped" if told.keys() & {"type", "unit", "code_list"} else "renamed", name, told)


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    change = row["_change"]
    parts: dict[str, dict[str, Any]] = {"key": {}, "from": {}, "to": {}}
    for name, value in row.items():
        part, dot, column = name.partition(".")
        if dot:
            parts[part][column] = value
    cells = {}
    for column in dict.fromkeys((*parts["to"], *parts["from"])):
        was, now = parts["from"].get(column), parts["to"].get(column)
        if was is not now and was != now:
            cells[column] = {"from": _shown(column, was), "to": _shown(column, now)}
    return {"change": change, "key": parts["key"], "cells": cells}


def _shown(column: str, value: Any) -> Any:
    if column == _GEOMETRY and isinstance(value, bytes):
        return shapely.geometry.mapping(shapely.from_wkb(value))
    return value
