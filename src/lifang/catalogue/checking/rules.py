"""The rules a typed column must keep, each vectorised over a batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue.card import Bilingual, Column
from lifang.catalogue.checking.convert import ARROW_TYPES
from lifang.catalogue.checking.finding import Finding, as_mask, found
from lifang.catalogue.checking.moments import to_dates, to_times
from lifang.core import BadInput
from lifang.standards import check_digits, code_list

RULES: dict[str, Bilingual] = {
    "columns": Bilingual("列数与表头不符", "wrong number of columns"),
    "geojson": Bilingual("不符合 RFC 7946", "not valid GeoJSON"),
    "type": Bilingual("类型不符", "wrong type"),
    "finite": Bilingual("非有限数值", "not a finite number"),
    "date": Bilingual("日期不存在", "no such date"),
    "zone": Bilingual("该时区无此时刻", "no such local time"),
    "required": Bilingual("缺少必填值", "missing value"),
    "range": Bilingual("超出取值范围", "out of range"),
    "pattern": Bilingual("格式不符", "wrong form"),
    "code_list": Bilingual("代码不在代码表中", "not in the code list"),
    "check_digit": Bilingual("校验位错误", "wrong check digit"),
    "key": Bilingual("主键重复", "repeated key"),
    "unknown_key": Bilingual("没有此主键", "no such key"),
    "unique": Bilingual("取值重复", "repeated value"),
    "duplicate": Bilingual("整行重复", "repeated row"),
    "geometry": Bilingual("几何无效", "invalid geometry"),
    "position": Bilingual("坐标不在地球上", "no position on earth"),
    "extent": Bilingual("超出城市范围", "outside the city"),
    "swapped": Bilingual("经纬度颠倒", "longitude and latitude swapped"),
}


def column_findings(values: Any, text: Any, column: Column, *, zone: tzinfo, in_key: bool) -> list[Finding]:
    """Return which values of a typed column break its declared rules; ``text`` is as received."""
    findings: list[Finding] = []
    if column.required or in_key:
        findings += found(text.is_null(), "required", "Fill in this cell: the column is required.")
    for rule in _RULES:
        findings += rule(values, column, zone)
    return findings


def _range(values: Any, column: Column, zone: tzinfo) -> list[Finding]:
    findings = []
    for bound, compare, words in (
        (column.minimum, pc.less, "The value must be at least"),
        (column.maximum, pc.greater, "The value must be at most"),
    ):
        if bound is not None:
            broken = compare(values, _bound(bound, column, zone))
            unit = f" {column.unit}" if column.unit else ""
            findings += found(
                broken,
                "range",
                f"{words} {bound:g}{unit}." if isinstance(bound, int | float) else f"{words} {bound}{unit}.",
            )
    return findings


def _bound(bound: float | str, column: Column, zone: tzinfo) -> Any:
    if isinstance(bound, str):
        text = pa.array([bound])
        values, wrong = to_dates(text) if column.type == "date" else to_times(text, zone=zone)
        if wrong or column.type not in ("date", "time"):
            raise BadInput(
                f"{bound!r} cannot bound a {column.type} column.",
                where=f"columns.{column.name}",
                mend="Write it as 2026-01-31, or leave it out.",
            )
        return values[0]
    return pa.scalar(float(bound)) if column.type == "number" else pa.scalar(bound, ARROW_TYPES[column.type])


def _pattern(values: Any, column: Column, _zone: tzinfo) -> list[Finding]:
    if not column.pattern:
        return []
    try:
        matched = pc.match_substring_regex(values, pattern=f"^(?:{column.pattern})$")
    except pa.ArrowInvalid as error:
        raise BadInput(
            f"The pattern is not a regular expression: {error}.",
            where=f"columns.{column.name}.pattern",
            mend="Write it in RE2 syntax.",
        ) from error
    return found(pc.invert(matched), "pattern", f"Write it in the form {column.pattern}")


def _code_list(values: Any, column: Column, _zone: tzinfo) -> list[Finding]:
    if not column.code_list:
        return []
    codes = code_list(column.code_list)
    mend = f"Use a code of {codes.title_en} ({codes.edition})."
    return _by_distinct(values, lambda texts: ~np.asarray(codes.contains(texts)), "code_list", mend)


def _check_digit(values: Any, column: Column, _zone: tzinfo) -> list[Finding]:
    if not column.check_digit:
        return []
    mend = "Compare with the certificate: a character is wrong or two are swapped."
    return _by_distinct(values, lambda texts: ~np.asarray(check_digits(column.check_digit, texts)), "check_digit", mend)


def _by_distinct(values: Any, broken: Callable[[list[str]], Any], rule: str, mend: str) -> list[Finding]:
    """Return a finding from a test of the distinct texts only."""
    encoded = pc.cast(values, pa.string()).dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    if not texts:
        return []
    marked = np.asarray(broken(texts), bool)
    index = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
    return found(marked[index] & as_mask(encoded.indices.is_valid()), rule, mend)


_RULES: tuple[Callable[[Any, Column, tzinfo], list[Finding]], ...] = (_range, _pattern, _code_list, _check_digit)
