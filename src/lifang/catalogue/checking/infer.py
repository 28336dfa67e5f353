"""The type of a column found by looking at its cells, and what to tell a person where some cells do not fit it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.catalogue.card import Column
from lifang.catalogue.checking.convert import INTEGER, NOT_FINITE, NUMBER
from lifang.catalogue.checking.finding import Mask, as_mask
from lifang.catalogue.checking.moments import to_dates, to_times

NEARLY = 0.95
LEAST = 20
MOSTLY = 0.5
TOKENS = ("NA", "N/A", "null", "NULL", "-", "--", "—", "/", "…", "缺测", "无数据")  # no value where the rest is no text
_CODE = r"^0\d+$|^\d{16,}$"
_BOOLEANS = ("true", "false", "yes", "no", "是", "否")
_CATEGORIES_MAX = 50
_GLANCE = 2_000
_WORDS = {"integer": "whole numbers", "number": "numbers", "boolean": "yes or no", "date": "dates", "time": "times"}
_UNTYPED = ("integer", "number", "boolean")


@dataclass(frozen=True)
class Inferred:
    """A column as found, and a note for the quality report where cells differ from what most of them are."""

    column: Column
    note: str = ""


@dataclass(frozen=True)
class _Fit:
    """Which cells are of a kind, and which have its form but no value of it: NaN, infinity, 2019-02-30."""

    kind: str
    good: Mask
    alike: Mask

    @property
    def count(self) -> int:
        return int(self.good.sum() + self.alike.sum())

    @property
    def odd(self) -> Mask:
        return ~self.good


def infer_column(
    name: str,
    values: Any,
    *,
    zone: tzinfo,
    rows: NDArray[np.int64] | None = None,
    header: str = "",
    is_text: bool = False,
) -> Inferred:
    """Return the column that nearly all of these texts (of source rows ``rows``) fit, with a note on those that do not.

    A column has a type if every cell has at least its form (2019-02-30 has a date's, NaN a number's), or if of 20 or
    more cells at least 95 % are of it: at one odd cell in twenty these are slips of single rows, which are refused and
    told cell by cell, while text would silently lose every sum and chart; among fewer cells one slip cannot be told
    from a habit. If fewer fit, but more than half, the column stays text, and the note says which cells differ. Codes
    with leading zeros, or 16 and more digits, stay text. ``is_text``: the format says these are texts, so they are
    dates, categories or texts, never numbers.
    """
    plain = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    numbers = np.arange(1, len(plain) + 1) if rows is None else rows
    tokens = tuple(each for each in TOKENS if pc.any(pc.equal(plain, each)).as_py())
    kept = as_mask(plain.is_valid())
    if tokens:
        kept &= ~as_mask(pc.is_in(plain, value_set=pa.array(tokens)))
    filled = plain.filter(pa.array(kept))
    if not len(filled):
        return Inferred(Column(name))
    fit, told = _best(filled, zone, is_text=is_text)
    note = _note(fit, filled, numbers[kept], name=name, header=header or name, told=told) if fit and told else ""
    if fit and not told.startswith("text"):
        return Inferred(Column(name, type=fit.kind, missing=tokens), note)
    if note:
        return Inferred(Column(name), note)
    distinct = pc.count_distinct(plain).as_py()
    repeated = len(filled) >= 20 and distinct <= min(_CATEGORIES_MAX, len(filled) // 5)
    return Inferred(Column(name, type="category" if repeated else "text"))


def _best(filled: Any, zone: tzinfo, *, is_text: bool) -> tuple[_Fit | None, str]:
    """Return the kind that most cells are of, and what is to be told of it: nothing, ``kept`` or why it is text."""
    codes = as_mask(pc.match_substring_regex(filled, pattern=_CODE))
    if codes.any():
        few = not is_text and codes.mean() <= MOSTLY and _fit("number", filled, zone).count == len(filled)
        return (_Fit("integer", ~codes, codes & False), "text: codes") if few else (None, "")
    if max(fit.count for fit in _fits(_glance(filled), zone)) <= MOSTLY * min(len(filled), _GLANCE):
        return None, ""
    fit = max(_fits(filled, zone), key=lambda each: each.count)
    good, count = int(fit.good.sum()), len(filled)
    if is_text and fit.kind in _UNTYPED:
        return (fit, "text: stored") if good == count and fit.kind != "boolean" else (None, "")
    if good == count:
        return fit, ""
    if (fit.count == count and good > MOSTLY * count) or (count >= LEAST and good >= NEARLY * count):
        return fit, "kept"
    return (fit, "text: mixed") if fit.count > MOSTLY * count else (None, "")


def _glance(filled: Any) -> Any:
    if len(filled) <= _GLANCE:
        return filled
    return filled.take(pa.array(np.linspace(0, len(filled) - 1, _GLANCE).astype(np.int64)))


def _fits(filled: Any, zone: tzinfo) -> list[_Fit]:
    """Return how the cells fit each kind, the narrower kinds first, up to the first that all of them fit."""
    result: list[_Fit] = []
    for kind in _WORDS:
        result.append(_fit(kind, filled, zone))
        if result[-1].good.all():
            break
    return result


def _fit(kind: str, filled: Any, zone: tzinfo) -> _Fit:
    none = np.zeros(len(filled), bool)
    if kind in ("integer", "number"):
        pattern = NUMBER if kind == "number" else INTEGER.replace(r"(?:\.0*)?", "")
        good = as_mask(pc.match_substring_regex(filled, pattern=pattern))
        return _Fit(kind, good, as_mask(pc.match_substring_regex(filled, pattern=NOT_FINITE)))
    if kind == "boolean":
        return _Fit(kind, as_mask(pc.is_in(pc.utf8_lower(filled), value_set=pa.array(_BOOLEANS))), none)
    values, findings = to_dates(filled) if kind == "date" else to_times(filled, zone=zone)
    alike = [each.mask for each in findings if each.rule in ("date", "zone")]
    return _Fit(kind, as_mask(values.is_valid()), np.logical_or.reduce([none, *alike]))


def _note(fit: _Fit, filled: Any, rows: NDArray[np.int64], *, name: str, header: str, told: str) -> str:
    odd = np.flatnonzero(fit.odd)
    words, count = _WORDS[fit.kind], len(filled)
    if told == "text: stored":
        return f"Inferred text for {header!r}: the file stores its {words} as text. {_declare(name, fit.kind)}"
    first = f"first at row {rows[odd[0]]}: {str(filled[int(odd[0])])[:40]!r}"
    share = f"{len(odd)} of the {count} cells looked at ({_percent(len(odd) / count)})"
    if told == "kept":
        return (
            f"Inferred {fit.kind} for {header!r}: {share} are not {words}, {first}; "
            f"rows with such cells are refused. {_declare(name, 'text')}"
        )
    if told == "text: codes":
        return (
            f"Inferred text for {header!r}: {share} begin with 0 or have 16 and more digits, as codes do, {first}. "
            f"{_declare(name, fit.kind)}"
        )
    return f"Inferred text for {header!r}: {share} are not {words}, {first}. {_declare(name, fit.kind)}"


def _declare(name: str, kind: str) -> str:
    return f'If that is wrong, declare type = "{kind}" for {name!r} in dataset.toml.'


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else f"{share:.2%}" if share >= 0.0001 else "under 0.01%"
