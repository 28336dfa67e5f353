"""Text to typed values, a column at a time: fast when all is well, exact about each cell when it is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue.card import Column
from lifang.catalogue.checking.finding import Finding, as_mask, found
from lifang.catalogue.checking.moments import to_dates, to_times
from lifang.core import convert

NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$"
INTEGER = r"^[+-]?\d{1,18}(?:\.0*)?$"
NOT_FINITE = r"(?i)^[+-]?(?:nan|inf|infinity)$"
_TRUE = ("true", "t", "yes", "y", "1", "是", "真")
_FALSE = ("false", "f", "no", "n", "0", "否", "假")
_MEND_NUMBER = "Write a plain number such as 12.5: no thousands separator, no unit."
_MEND_INTEGER = "Write a whole number such as 12: no thousands separator, no unit."
_MEND_FINITE = "NaN and infinity are no values: leave the cell empty or declare them as missing."
_MEND_BOOLEAN = "Write true or false."

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "category": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us", tz="UTC"),
}


def to_typed(text: Any, column: Column, *, zone: tzinfo) -> tuple[Any, list[Finding]]:
    """Return the column's values in its declared type (null where unreadable) and what could not be read."""
    if column.missing:
        absent = pc.is_in(text, value_set=pa.array(column.missing, pa.string()))
        text = pc.if_else(absent, pa.scalar(None, pa.string()), text)
    if column.type == "time":
        return to_times(text, zone=zone, pattern=column.format)
    if column.type == "date" and column.format:
        times, findings = to_times(text, zone=UTC, pattern=column.format)
        return pc.cast(times, pa.date32()), findings
    values, findings = _CONVERTERS[column.type](text)
    if column.source_unit and column.source_unit != column.unit:
        values = _in_unit(values, column)
    return values, findings


def _in_unit(values: Any, column: Column) -> Any:
    offset = convert(0.0, column.source_unit, column.unit)
    factor = convert(1.0, column.source_unit, column.unit) - offset
    return pc.add(pc.multiply(pc.cast(values, pa.float64()), factor), offset)


def _text(text: Any) -> tuple[Any, list[Finding]]:
    return text, []


def _number(text: Any) -> tuple[Any, list[Finding]]:
    try:
        values = pc.cast(text, pa.float64())
        findings: list[Finding] = []
    except pa.ArrowInvalid:
        trimmed = pc.utf8_trim_whitespace(text)
        readable = as_mask(pc.match_substring_regex(trimmed, pattern=NUMBER))
        strange = as_mask(pc.match_substring_regex(trimmed, pattern=NOT_FINITE))
        values = pc.cast(_where(readable, trimmed), pa.float64())
        unread = as_mask(text.is_valid()) & ~readable
        findings = [*found(unread & ~strange, "type", _MEND_NUMBER), *found(unread & strange, "finite", _MEND_FINITE)]
    infinite = as_mask(pc.invert(pc.is_finite(values)))
    if infinite.any():
        findings += found(infinite, "finite", _MEND_FINITE)
        values = pc.if_else(pa.array(infinite), pa.scalar(None, pa.float64()), values)
    return values, findings


def _integer(text: Any) -> tuple[Any, list[Finding]]:
    try:
        values = pc.cast(text, pa.int64())
        if not pc.any(pc.match_substring(text, "x")).as_py() and not pc.any(pc.match_substring(text, "X")).as_py():
            return values, []  # Arrow also reads 0x1F, which no statistic means
    except pa.ArrowInvalid:
        pass
    trimmed = pc.utf8_trim_whitespace(text)
    readable = as_mask(pc.match_substring_regex(trimmed, pattern=INTEGER))
    strange = as_mask(pc.match_substring_regex(trimmed, pattern=NOT_FINITE))
    digits = pc.replace_substring_regex(_where(readable, trimmed), pattern=r"^\+|\.0*$", replacement="")
    unread = as_mask(text.is_valid()) & ~readable
    return pc.cast(digits, pa.int64()), [
        *found(unread & ~strange, "type", _MEND_INTEGER),
        *found(unread & strange, "finite", _MEND_FINITE),
    ]


def _boolean(text: Any) -> tuple[Any, list[Finding]]:
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(text))
    true = as_mask(pc.is_in(plain, value_set=pa.array(_TRUE)))
    known = true | as_mask(pc.is_in(plain, value_set=pa.array(_FALSE)))
    return pa.array(true, mask=~known), found(as_mask(text.is_valid()) & ~known, "type", _MEND_BOOLEAN)


def _where(mask: Any, text: Any) -> Any:
    return pc.if_else(pa.array(mask), text, pa.scalar(None, pa.string()))


_CONVERTERS: dict[str, Callable[[Any], tuple[Any, list[Finding]]]] = {
    "text": _text,
    "category": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "date": to_dates,
}
