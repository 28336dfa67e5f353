"""Dates and times from text: ISO 8601 fast, the common written forms of Chinese files beside it, nothing guessed.

A time without an offset is read in the zone declared; a wall time that a change of clocks skips is refused.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.catalogue.checking.finding import Finding, as_mask, found

_UTC = pa.timestamp("us", tz="UTC")
_LOCAL = pa.timestamp("us")
_WRITTEN = (
    r"^\s*(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?"
    r"(?:[T\s]*(?P<h>\d{1,2})\s*[:时点](?:\s*(?P<n>\d{1,2})\s*分?"
    r"(?::?\s*(?P<s>\d{1,2})(?:[.,](?P<f>\d{1,12}))?\s*秒?)?)?)?"
    r"\s*(?P<z>[Zz]|[+-]\d{2}:?\d{2}|[+-]\d{2})?\s*$"
)
_COMPACT = (
    r"^\s*(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:T?(?P<h>\d{2})(?P<n>\d{2})?(?P<s>\d{2})?)?"
    r"(?P<f>)(?P<z>Z|[+-]\d{4})?\s*$"
)
_DAY = 86_400_000_000
_GLANCE = 1_000
_MEND_FORM = "Write ISO 8601, for example {}."
_MEND_DATE = "There is no such date or time; correct it."
_MEND_SKIPPED = "No clock in that zone showed this time (summer time began); give an offset."

Ints = NDArray[np.int64]


def to_dates(text: Any) -> tuple[Any, list[Finding]]:
    """Return ``date32`` values of a text array and what could not be read; a midnight after the date is dropped."""
    try:
        return pc.cast(text, pa.date32()), []
    except pa.ArrowInvalid:
        pass
    micros, known, impossible, _ = _written(text)
    with_time = known & (micros % _DAY != 0)
    days = pa.array((micros // _DAY).astype("datetime64[D]"), mask=~known | with_time)
    filled = as_mask(text.is_valid())
    mend = _MEND_FORM.format("2019-01-12")
    return days, [
        *found(impossible, "date", _MEND_DATE),
        *found(filled & ~known & ~impossible, "type", mend),
        *found(with_time, "type", f"This column holds dates without a time. {mend}"),
    ]


def to_times(text: Any, *, zone: tzinfo, pattern: str = "") -> tuple[Any, list[Finding]]:
    """Return UTC timestamps (microseconds) of a text array and what could not be read.

    ``pattern`` is a strptime format for files that write times their own way; ``zone`` is for times without an offset.
    A time that many rows share is read once.
    """
    if not _repeats(text):
        return _to_times(text, zone, pattern)
    encoded = text.dictionary_encode()
    moments, findings = _to_times(encoded.dictionary, zone, pattern)
    index = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
    filled = as_mask(encoded.indices.is_valid())
    spread = [found(each.mask[index] & filled, each.rule, each.mend) for each in findings]
    return moments.take(encoded.indices), [each for some in spread for each in some]


def _repeats(text: Any) -> bool:
    """Return whether the first values repeat each other so much that reading distinct ones is quicker."""
    glance = text.slice(0, _GLANCE)
    return len(glance) == _GLANCE and pc.count_distinct(glance).as_py() * 2 <= _GLANCE


def _to_times(text: Any, zone: tzinfo, pattern: str) -> tuple[Any, list[Finding]]:
    if pattern:
        local = pc.strptime(text, format=pattern, unit="us", error_is_null=True)
        unread = as_mask(pc.and_(text.is_valid(), local.is_null()))
        moments, findings = _in_zone(local, zone)
        return moments, [*found(unread, "type", f"Write it as {pattern}, as the card says."), *findings]
    for kind in (_LOCAL, _UTC):
        try:
            moments = pc.cast(text, kind)
        except pa.ArrowInvalid:
            continue
        return (moments, []) if kind == _UTC else _in_zone(moments, zone)
    return _written_times(text, zone)


def _written_times(text: Any, zone: tzinfo) -> tuple[Any, list[Finding]]:
    micros, known, impossible, offset = _written(text)
    has_offset = offset != _NO_OFFSET
    local = pa.array(micros, mask=~known | has_offset).view(_LOCAL)
    placed, findings = _in_zone(local, zone)
    absolute = pa.array(micros - np.where(has_offset, offset, 0), mask=~known | ~has_offset).view(_UTC)
    mend = _MEND_FORM.format("2019-01-12T09:00:00+08:00")
    unread = as_mask(text.is_valid()) & ~known & ~impossible
    return pc.coalesce(placed, absolute), [
        *found(impossible, "date", _MEND_DATE),
        *found(unread, "type", mend),
        *findings,
    ]


def _in_zone(local: Any, zone: tzinfo) -> tuple[Any, list[Finding]]:
    """Return UTC moments of wall times; a time shown twice is the earlier one, a skipped one is a finding."""
    name = str(zone) if not str(zone).startswith("UTC") else str(zone)[3:] or "+00:00"
    early = pc.cast(pc.assume_timezone(local, name, ambiguous="earliest", nonexistent="earliest"), _UTC)
    late = pc.cast(pc.assume_timezone(local, name, ambiguous="earliest", nonexistent="latest"), _UTC)
    skipped = as_mask(pc.not_equal(early, late))
    if not skipped.any():
        return early, []
    return pc.if_else(pa.array(skipped), pa.scalar(None, _UTC), early), found(skipped, "zone", _MEND_SKIPPED)


_NO_OFFSET = np.iinfo(np.int64).max


def _written(text: Any) -> tuple[Ints, NDArray[np.bool_], NDArray[np.bool_], Ints]:
    """Return wall microseconds, which were read, which name no date, and the offsets (``_NO_OFFSET`` for none)."""
    parts = pc.extract_regex(text, pattern=_WRITTEN)
    compact = pc.extract_regex(text, pattern=_COMPACT)
    matched = as_mask(parts.is_valid())
    both = {name: pc.coalesce(pc.struct_field(parts, [name]), pc.struct_field(compact, [name])) for name in "ymdhnsfz"}
    matched |= as_mask(compact.is_valid())
    year, month, day, hour, minute, second = (_number(both[name], matched) for name in "ymdhns")
    fraction = _number(pc.utf8_slice_codeunits(pc.utf8_rpad(both["f"], 6, padding="0"), 0, 6), matched)
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]")
    start = (first + (np.clip(month, 1, 12) - 1)).astype("datetime64[D]")
    length = ((first + np.clip(month, 1, 12)).astype("datetime64[D]") - start).astype(np.int64)
    end_of_day = (hour == 24) & (minute == 0) & (second == 0) & (fraction == 0)
    possible = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    possible &= ((hour <= 23) | end_of_day) & (minute <= 59) & (second <= 59)
    seconds = (hour * 60 + minute) * 60 + second
    micros = (start.astype(np.int64) + day - 1) * _DAY + seconds * 1_000_000 + fraction
    offset, offset_ok = _offsets(both["z"], matched)
    known = matched & possible & offset_ok
    return np.where(known, micros, 0), known, matched & ~known, offset


def _number(texts: Any, matched: NDArray[np.bool_]) -> Ints:
    digits = pc.if_else(pc.equal(texts, ""), "0", texts)
    values = pc.cast(pc.fill_null(digits, "0"), pa.int64()).to_numpy(zero_copy_only=False)
    return cast("Ints", np.where(matched, values, 1))


def _offsets(texts: Any, matched: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
    table = texts.dictionary_encode()
    known = [_offset(each) for each in table.dictionary.to_pylist()] or [_NO_OFFSET]
    index = pc.fill_null(table.indices, 0).to_numpy(zero_copy_only=False)
    present = as_mask(table.indices.is_valid()) & matched
    offset = np.where(present, np.array(known, np.int64)[index], _NO_OFFSET)
    usable = (offset == _NO_OFFSET) | (np.abs(np.where(offset == _NO_OFFSET, 0, offset)) <= 18 * 3_600_000_000)
    return offset, usable


def _offset(text: str) -> int:
    """Return an offset in microseconds; one with impossible minutes becomes a year, which no rule lets through."""
    if not text:
        return int(_NO_OFFSET)
    if text in "Zz":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    micros = minutes * 60_000_000 if int(digits[2:]) < 60 else 366 * _DAY
    return -micros if text[0] == "-" else micros
