"""Columns of values of any kind, each kind in an array of its own, and what holds of them: one pass, no loop.

A value is a number, a text, a truth value, a moment, or something compound (which few entities have: those are looked
at one by one).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.core import to_micros
from lifang.doors.ngsild.query import PATTERNS, Range, Value, moment_of

Bools = NDArray[np.bool_]
_NO_TEXT = pa.array([], pa.string())
_NONE = np.iinfo(np.int64).min
_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_ARROW = {operator.eq: "equal", operator.gt: "greater", operator.ge: "greater_equal"} | {
    operator.lt: "less",
    operator.le: "less_equal",
}


@dataclass(frozen=True, eq=False)
class Column:
    """The values of one attribute; NaN, null, -1 and the least whole number stand for none of that kind."""

    size: int
    number: NDArray[np.float64] | None = None
    text: pa.StringArray | None = None
    truth: NDArray[np.int8] | None = None
    moment: NDArray[np.int64] | None = None
    compound: Mapping[int, Any] = field(default_factory=dict)
    there: Bools | None = None

    def present(self) -> Bools:
        """Return where there is a value."""
        if self.there is not None:
            return self.there
        found = np.zeros(self.size, np.bool_)
        if self.number is not None:
            found |= ~np.isnan(self.number)
        if self.text is not None:
            found |= _plain(pc.is_valid(self.text))
        if self.truth is not None:
            found |= self.truth >= 0
        if self.moment is not None:
            found |= self.moment != _NONE
        found[list(self.compound)] = True
        return found

    def take(self, rows: NDArray[np.int64]) -> Column:
        """Return the column of these rows, in their order."""
        place = {row: at for at, row in enumerate(rows.tolist())} if self.compound else {}
        return Column(
            len(rows),
            None if self.number is None else self.number[rows],
            None if self.text is None else self.text.take(pa.array(rows)),
            None if self.truth is None else self.truth[rows],
            None if self.moment is None else self.moment[rows],
            {place[row]: value for row, value in self.compound.items() if row in place},
            None if self.there is None else self.there[rows],
        )

    def inside(self, way: Sequence[str]) -> Column:
        """Return the column of what the compound values hold at the end of ``way``."""
        if not way:
            return self
        found = {row: part for row, value in self.compound.items() if (part := _part(value, way)) is not None}
        return column_of([found.get(row) for row in range(self.size)]) if found else Column(self.size)

    def holds(self, sign: str, values: Sequence[Value | Range]) -> Bools:
        """Return where the value meets an operator and one of the alternatives; not where there is none."""
        if sign in PATTERNS:
            hits = self._matches(str(values[0]))
        else:
            hits = reduce(np.logical_or, (self._meets(_COMPARE[sign], each) for each in values))
        return self.present() & ~hits if sign.startswith("!") else hits

    def _matches(self, pattern: str) -> Bools:
        found = np.zeros(self.size, np.bool_)
        if self.text is not None:
            found = _plain(pc.match_substring_regex(self.text, pattern).fill_null(False))
        for row, value in self.compound.items():
            texts = [each for each in _listed(value) if isinstance(each, str)]
            found[row] = bool(texts) and bool(pc.any(pc.match_substring_regex(pa.array(texts), pattern)).as_py())
        return found

    def _meets(self, compare: Callable[[Any, Any], Any], value: Value | Range) -> Bools:
        if isinstance(value, Range):
            return self._meets(operator.ge, value.low) & self._meets(operator.le, value.high)
        if isinstance(value, bool):
            found = np.zeros(self.size, np.bool_) if self.truth is None else self.truth == int(value)
        elif isinstance(value, float):
            found = np.zeros(self.size, np.bool_) if self.number is None else compare(self.number, value)
        else:
            found = self._worded(compare, value)
        for row, whole in self.compound.items():
            found[row] = any(_same_kind(each, value) and compare(each, value) for each in _listed(whole))
        return found

    def _worded(self, compare: Callable[[Any, Any], Any], value: str | datetime) -> Bools:
        """Return where texts and moments compare so; a text that tells a moment is compared as one."""
        moment = value if isinstance(value, datetime) else moment_of(value)
        found = np.zeros(self.size, np.bool_)
        if self.moment is not None and moment is not None:
            found = compare(self.moment, to_micros(moment)) & (self.moment != _NONE)
        if self.text is not None and isinstance(value, datetime):
            found = found | _told(self.text, compare, to_micros(value))
        elif self.text is not None:
            found = found | _plain(pc.call_function(_ARROW[compare], [self.text, pa.scalar(value)]).fill_null(False))
        return found


def _told(texts: pa.StringArray, compare: Callable[[Any, Any], Any], micros: int) -> Bools:
    """Return where texts tell a moment that compares so; each different text is read once."""
    coded = texts.dictionary_encode()
    moments = [moment_of(each) for each in coded.dictionary.to_pylist()]
    hits = pa.array([each is not None and bool(compare(to_micros(each), micros)) for each in moments], pa.bool_())
    return _plain(hits.take(coded.indices).fill_null(False))


def _plain(found: pa.BooleanArray) -> Bools:
    return np.array(found.to_numpy(zero_copy_only=False), np.bool_)


def _part(value: Any, way: Sequence[str]) -> Any:
    for name in way:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _same_kind(one: Any, other: Value) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    return isinstance(one, int | float) if isinstance(other, float) else isinstance(one, type(other))


def column_of(values: Iterable[Any]) -> Column:
    """Return the column of values as JSON has them; ``None`` stands for none."""
    found = list(values)
    numbers = [float(each) if _is_number(each) else np.nan for each in found]
    texts = [each if isinstance(each, str) else None for each in found]
    truths = [int(each) if isinstance(each, bool) else -1 for each in found]
    compound = {row: each for row, each in enumerate(found) if isinstance(each, dict | list)}
    return Column(len(found), np.array(numbers, np.float64), pa.array(texts, pa.string()), np.array(truths, np.int8),
                  compound=compound)  # fmt: skip


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
