"""The card of a dataset (``dataset.toml``): its metadata, its columns and how its file is read."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import orjson

from lifang.core import BadInput, NotFound, UnknownCode, check_crs, check_slug, unit, zone
from lifang.guard import Classification
from lifang.standards import code_list

TYPES = ("text", "integer", "number", "boolean", "date", "time", "category", "geometry")
_NUMERIC = frozenset({"integer", "number"})
_CHECK_DIGITS = ("", "uscc", "ric")
_RESERVED = frozenset({"_row", "_xmin", "_ymin", "_xmax", "_ymax"})  # what a release keeps beside its columns
_BOUND_MAX = sys.float_info.max
_MEND_BOUND = "Write a number that the column can hold, or leave it out."
_SKIP_MAX = 100_000
_COLUMNS_MAX = 2_000
_WRITTEN = {"str": (str, "Write a text in quotes."), "bool": (bool, "Write true or false."),
            "int": (int, "Write a whole number.")}  # fmt: skip


@dataclass(frozen=True)
class Bilingual:
    """One text in Chinese and English."""

    zh: str = ""
    en: str = ""


@dataclass(frozen=True)
class Column:
    """One column as declared: titles, type, unit and the rules its values must keep.

    ``source`` is the header in the file; ``template`` builds the value from several (``{year}-{month}-{day}``).
    ``unit`` is what is stored, ``source_unit`` what the file holds; ``format`` is a strptime pattern for times.
    """

    name: str
    zh: str = ""
    en: str = ""
    type: str = "text"
    unit: str = ""
    source_unit: str = ""
    minimum: float | str | None = None
    maximum: float | str | None = None
    code_list: str = ""
    check_digit: str = ""
    required: bool = False
    unique: bool = False
    pattern: str = ""
    source: str = ""
    template: str = ""
    format: str = ""
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        where = f"columns.{self.name}"
        if self.name.casefold() in _RESERVED or not self.name.strip():
            raise BadInput(f"A column cannot be called {self.name!r}.", where=where, mend="Choose another name.")
        if self.type not in TYPES:
            mend = f"Use one of {', '.join(TYPES)}."
            raise BadInput(f"{self.type[:40]!r} is not a column type.", where=f"{where}.type", mend=mend)
        if self.check_digit not in _CHECK_DIGITS:
            what = f"{self.check_digit[:40]!r} is not a check digit."
            raise BadInput(what, where=f"{where}.check_digit", mend="Use uscc or ric.")
        for name, check in (("unit", unit), ("source_unit", unit), ("code_list", code_list)):
            if getattr(self, name):
                _at(f"{where}.{name}", check, getattr(self, name))
        for name in ("minimum", "maximum"):
            _check_bound(getattr(self, name), self.type, f"{where}.{name}")


@dataclass(frozen=True)
class Geometry:
    """Where the geometry comes from and what is asked of it: the columns, the extent, and who vouches for the system.

    ``extent`` is ``city`` (every position inside the city's extent) or ``none``.
    """

    lon: str = ""
    lat: str = ""
    wkt: str = ""
    extent: str = "city"
    required: bool = False
    crs_confirmed: bool = False
    zh: str = "位置"
    en: str = "Position"

    def __post_init__(self) -> None:
        if self.extent not in ("city", "none"):
            raise BadInput(f"{self.extent!r} is not an extent.", where="geometry.extent", mend="Use city or none.")
        if bool(self.lon) != bool(self.lat):
            raise BadInput("lon and lat are declared together.", where="geometry", mend="Name both columns.")


@dataclass(frozen=True)
class Card:
    """What is known of a dataset before its file is read. Fields by GB/T 21063.3-2007, plus how to read the file.

    ``header_row`` is the row of the column names, as a spreadsheet shows it (0: found by looking in a workbook, the
    first line elsewhere); ``layer`` is the sheet or layer. ``undeclared`` says what becomes of columns that the card
    does not name, while it names some: ``leave_out`` or ``infer``.
    """

    id: str
    name: Bilingual
    provider: Bilingual = Bilingual()
    provider_code: str = ""
    summary: Bilingual = Bilingual()
    theme: str = ""
    classification: Classification = Classification.SHARED
    sharing: str = ""
    opening: str = ""
    update_cycle: str = ""
    published: str = ""
    licence: str = ""
    attribution: Bilingual = Bilingual()
    source_url: str = ""
    source_text: str = ""
    file: str = ""
    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    layer: str = ""
    header: tuple[str, ...] = ()
    skip_lines: int = 0
    header_row: int = 0
    crs: str = ""
    time_zone: str = ""
    duplicates: str = "refuse"
    missing: tuple[str, ...] = ("",)
    key: tuple[str, ...] = ()
    undeclared: str = "leave_out"
    columns: tuple[Column, ...] = field(default=())
    geometry: Geometry = Geometry()

    def __post_init__(self) -> None:
        _at("id", check_slug, self.id, what="dataset id")
        if self.crs:
            _at("crs", check_crs, self.crs)
        if self.time_zone:
            _at("time_zone", zone, self.time_zone)
        if self.duplicates not in ("refuse", "keep"):
            raise BadInput(f"duplicates = {self.duplicates!r}.", where="duplicates", mend="Use refuse or keep.")
        if self.undeclared not in ("leave_out", "infer"):
            mend = "Use leave_out or infer."
            raise BadInput(f"undeclared = {self.undeclared[:40]!r}.", where="undeclared", mend=mend)
        self._check_lines()
        if self.delimiter not in ("", "tab", "\\t") and not _is_delimiter(self.delimiter):
            mend = 'Give one character, such as ";", or "tab".'
            raise BadInput(f"{self.delimiter[:40]!r} cannot separate cells.", where="delimiter", mend=mend)
        if self.published and not _is_date(self.published):
            mend = "Write it as 2026-01-31, 2026-01 or 2026."
            raise BadInput(f"{self.published[:40]!r} is not a date.", where="published", mend=mend)
        if max(len(self.columns), len(self.header)) > _COLUMNS_MAX:
            raise BadInput("There are too many columns.", where="columns", mend=f"Declare at most {_COLUMNS_MAX}.")
        names = [column.name for column in self.columns]
        if absent := [name for name in self.key if names and name not in names]:
            raise BadInput(
                f"The key names a column that is not declared: {absent[0]!r}.",
                where="key",
                mend="Name declared columns.",
            )

    def _check_lines(self) -> None:
        for name in ("skip_lines", "header_row"):
            if not 0 <= getattr(self, name) <= _SKIP_MAX:
                mend = f"Give a number from 0 to {_SKIP_MAX}."
                raise BadInput(f"{name} = {getattr(self, name)} is out of range.", where=name, mend=mend)
        if self.header_row and (self.header or self.skip_lines):
            other = "header" if self.header else "skip_lines"
            raise BadInput(
                f"header_row and {other} say two things of one table.", where=other, mend="Keep one of them."
            )

    @classmethod
    def load(cls, path: Path) -> Card:
        """Return the card written in the ``dataset.toml`` at ``path``; ``BadInput`` names what is wrong in it."""
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"The card cannot be read: {error}.", where=str(path), mend="Correct that line.") from error
        try:
            return cls.from_mapping(table)
        except BadInput as error:
            raise BadInput(error.what, where=f"{path.name}: {error.where}".rstrip(": "), mend=error.mend) from error

    @classmethod
    def from_mapping(cls, table: Mapping[str, Any]) -> Card:
        """Return the card of a parsed ``dataset.toml`` (or of ``to_mapping``)."""
        values: dict[str, Any] = dict(_known(cls, table, "the card"))
        if not isinstance(values.get("id"), str):
            raise BadInput("The card has no id.", where="id", mend='Write id = "some_name".')
        for name in ("name", "provider", "summary", "attribution"):
            if name in values:
                values[name] = _bilingual(values[name], name)
        values.setdefault("name", Bilingual(values["id"], values["id"]))
        if "classification" in values:
            values["classification"] = _classification(values["classification"])
        if "columns" in values:
            values["columns"] = _columns(values["columns"])
        if "geometry" in values:
            geometry = _known(Geometry, values["geometry"], "geometry")
            _check_types(Geometry, geometry, "geometry.")
            values["geometry"] = Geometry(**geometry)
        for name in ("header", "missing", "key"):
            if name in values:
                values[name] = _texts(values[name], name)
        if isinstance(values.get("published"), dt.date):
            values["published"] = values["published"].isoformat()
        _check_types(cls, values)
        return cls(**values)

    def to_mapping(self) -> dict[str, Any]:
        """Return the card as plain values that ``from_mapping`` reads; fields left at their default are left out."""
        result: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "columns":
                result["columns"] = {column.name: _plain(column, skip=("name",)) for column in value}
            elif isinstance(value, Bilingual | Geometry):
                result[each.name] = _plain(value)
            elif value != each.default:
                result[each.name] = list(value) if isinstance(value, tuple) else value
        return {name: value for name, value in result.items() if value not in ({}, [])}

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the card's content."""
        return hashlib.sha256(orjson.dumps(self.to_mapping(), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def to_toml(self) -> str:
        """Return the card as a ``dataset.toml`` that a person can correct."""
        mapping = self.to_mapping()
        lines = [f"{name} = {_toml(value)}" for name, value in mapping.items() if not isinstance(value, dict)]
        for name, value in mapping.items():
            if name != "columns" and isinstance(value, dict):
                lines += ["", f"[{name}]", *(f"{key} = {_toml(each)}" for key, each in value.items())]
        for column, value in mapping.get("columns", {}).items():
            lines += ["", f"[columns.{_toml(column)}]", *(f"{key} = {_toml(each)}" for key, each in value.items())]
        return "\n".join(lines) + "\n"


def _known(kind: type[Any], table: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(table, Mapping):
        raise BadInput(f"{where} must be a table.", where=where, mend=f"Write it as a table [{where}].")
    names = [each.name for each in fields(kind)]
    if unknown := [str(key) for key in table if key not in names]:
        near = get_close_matches(unknown[0], names, 1)
        mend = f"Did you mean {near[0]!r}? " if near else ""
        place = unknown[0][:80] if kind is Card else f"{where}.{unknown[0][:80]}"
        raise BadInput(
            f"{where} has an unknown field {unknown[0][:80]!r}.",
            where=place,
            mend=f"{mend}Known: {', '.join(names)}.",
        )
    return table


def _at(where: str, check: Callable[..., Any], *values: str, **words: str) -> None:
    """Raise what ``check`` finds wrong as ``BadInput`` at ``where`` in the card."""
    try:
        check(*values, **words)
    except (BadInput, NotFound, UnknownCode) as error:
        raise BadInput(error.what, where=where, mend=error.mend) from error


def _bilingual(value: Any, where: str) -> Bilingual:
    if isinstance(value, str):
        return Bilingual(value, value)
    both = _known(Bilingual, value, where)
    _check_types(Bilingual, both, f"{where}.")
    return Bilingual(**both)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise BadInput(f"{where} must be a list of texts.", where=where, mend=f'Write {where} = ["a", "b"].')
    return tuple(value)


def _check_bound(value: Any, kind: str, where: str) -> None:
    if value is None:
        return
    if kind not in _NUMERIC:
        if not isinstance(value, str):
            mend = "Declare it number or integer."
            raise BadInput(f"A {kind} column has no numeric range.", where=where, mend=mend)
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_BOUND_MAX <= value <= _BOUND_MAX:
        raise BadInput(f"{repr(value)[:40]} is not a finite number.", where=where, mend=_MEND_BOUND)
    if kind == "integer" and (value != int(value) or not -(2**63) <= value < 2**63):
        raise BadInput(f"{repr(value)[:40]} is not an integer of 64 bits.", where=where, mend=_MEND_BOUND)


def _is_delimiter(text: str) -> bool:
    return len(text) == 1 and text.isascii() and text not in '"\r\n\0'


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat((text + "-01-01")[:10] if re.fullmatch(r"\d{4}(-\d{2})?", text) else text)
    except ValueError:
        return False
    return True


def _classification(value: Any) -> Classification:
    try:
        return Classification(value)
    except ValueError as error:
        known = ", ".join(Classification)
        raise BadInput(f"{value!r} is not a classification.", where="classification", mend=f"Use {known}.") from error


def _columns(table: Any) -> tuple[Column, ...]:
    if not isinstance(table, Mapping):
        raise BadInput("columns must be tables.", where="columns", mend="Write [columns.<name>].")
    result = []
    for name, value in table.items():
        known = dict(_known(Column, value, f"columns.{name}"))
        if "name" in known:
            mend = f"Leave it out of [columns.{name}]."
            raise BadInput("A column's name is that of its table.", where=f"columns.{name}.name", mend=mend)
        known["missing"] = _texts(known.get("missing", ()), f"columns.{name}.missing")
        for bound in ("minimum", "maximum"):
            if isinstance(known.get(bound), dt.date):
                known[bound] = known[bound].isoformat()
        _check_types(Column, known, f"columns.{name}.")
        result.append(Column(name=name, **known))
    return tuple(result)


def _check_types(kind: type[Any], values: Mapping[str, Any], prefix: str = "") -> None:
    for each in fields(kind):
        if each.name not in values or str(each.type) not in _WRITTEN:
            continue
        wanted, mend = _WRITTEN[str(each.type)]
        value = values[each.name]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise BadInput(f"{each.name} must be {each.type}.", where=f"{prefix}{each.name}", mend=mend)


def _plain(value: Any, *, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        each.name: list(present) if isinstance(present := getattr(value, each.name), tuple) else present
        for each in fields(value)
        if each.name not in skip and getattr(value, each.name) != each.default
    }


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")
