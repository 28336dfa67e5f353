"""The card of a dataset (``dataset.toml``): its metadata, its columns and how its file is read."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import orjson

from lifang.catalogue.card.code import parse_code
from lifang.catalogue.card.lists import BASES, OPENING, SHARING, SHARING_MODES, check_listed
from lifang.catalogue.card.parts import Bilingual, Column, Contact, Coverage, Geometry, at, check_date
from lifang.catalogue.card.reading import values_of
from lifang.catalogue.card.writing import as_toml, plain
from lifang.catalogue.retention import check_retention
from lifang.core import BadInput, check_crs, check_slug, zone
from lifang.guard import Classification
from lifang.standards import split_reference

_SKIP_MAX = 100_000
_COLUMNS_MAX = 2_000
_NO_TEXT, _NO_GEOMETRY, _NO_COVERAGE, _NO_CONTACT = Bilingual(), Geometry(), Coverage(), Contact()
_KEYWORDS_MAX, _KEYWORD_MAX = 100, 80
_AT_ODDS = frozenset({(Classification.OPEN, "none"), (Classification.RESTRICTED, "unconditional")})


@dataclass(frozen=True)
class Card:
    """What is known of a dataset before its file is read. Fields by GB/T 21063.3-2007, plus how to read the file.

    ``header_row`` is the row of the column names, as a spreadsheet shows it (0: found by looking in a workbook, the
    first line elsewhere); ``layer`` is the sheet or layer. ``standard`` is the data standard that the dataset follows
    (``legal_entity@1``): the card need not restate its rules. ``undeclared`` says what becomes of columns that neither
    names, while one names some: ``leave_out`` (the default), ``infer``, or ``refuse`` (the default with a standard).

    ``code`` is the resource code 信息资源代码: in full (``211000/000042``), its front, or left to the catalogue.
    ``base`` is one of the six bases. ``sharing`` 共享类型 and ``opening`` 开放属性 are unconditional, conditional or
    none, by the classification if not given; ``sharing_mode`` 共享方式 is interface, file, exchange, database or media.
    ``keywords`` are the tags, ``related`` the datasets or codes it belongs with. ``retention`` is for how long the data
    are kept after their last release: an ISO 8601 duration of years, months or days (``P10Y``), or ``permanent``.
    """

    id: str
    name: Bilingual
    provider: Bilingual = _NO_TEXT
    code: str = ""
    provider_code: str = ""
    summary: Bilingual = _NO_TEXT
    base: str = ""
    theme: str = ""
    keywords: tuple[str, ...] = ()
    classification: Classification = Classification.SHARED
    sharing: str = ""
    sharing_condition: Bilingual = _NO_TEXT
    sharing_mode: str = ""
    opening: str = ""
    opening_condition: Bilingual = _NO_TEXT
    related: tuple[str, ...] = ()
    update_cycle: str = ""
    retention: str = ""
    published: str = ""
    licence: str = ""
    attribution: Bilingual = _NO_TEXT
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
    standard: str = ""
    undeclared: str = ""
    columns: tuple[Column, ...] = field(default=())
    geometry: Geometry = _NO_GEOMETRY
    coverage: Coverage = _NO_COVERAGE
    contact: Contact = _NO_CONTACT

    def __post_init__(self) -> None:
        at("id", check_slug, self.id, what="dataset id")
        self._check_catalogued()
        if self.retention:
            at("retention", check_retention, self.retention)
        if self.crs:
            at("crs", check_crs, self.crs)
        if self.time_zone:
            at("time_zone", zone, self.time_zone)
        if self.duplicates not in ("refuse", "keep"):
            raise BadInput(f"duplicates = {self.duplicates!r}.", where="duplicates", mend="Use refuse or keep.")
        if self.undeclared not in ("", "leave_out", "infer", "refuse"):
            mend = "Use leave_out, infer or refuse."
            raise BadInput(f"undeclared = {self.undeclared[:40]!r}.", where="undeclared", mend=mend)
        self._check_lines()
        if self.delimiter not in ("", "tab", "\\t") and not _is_delimiter(self.delimiter):
            mend = 'Give one character, such as ";", or "tab".'
            raise BadInput(f"{self.delimiter[:40]!r} cannot separate cells.", where="delimiter", mend=mend)
        check_date(self.published, "published")
        if max(len(self.columns), len(self.header)) > _COLUMNS_MAX:
            raise BadInput("There are too many columns.", where="columns", mend=f"Declare at most {_COLUMNS_MAX}.")
        names = [column.name for column in self.columns]
        if absent := [name for name in self.key if names and name not in names and not self.standard]:
            raise BadInput(
                f"The key names a column that is not declared: {absent[0]!r}.",
                where="key",
                mend="Name declared columns.",
            )

    def _check_catalogued(self) -> None:
        if self.code:
            parse_code(self.code)
        if self.standard and split_reference(self.standard)[1] is None:
            mend = f"Add the edition: {self.standard}@1."
            raise BadInput(f"{self.standard!r} names no edition.", where="standard", mend=mend)
        lists = {"base": BASES, "sharing": SHARING, "sharing_mode": SHARING_MODES, "opening": OPENING}
        for name, table in lists.items():
            check_listed(getattr(self, name), table, name)
        for where in ("sharing", "opening"):
            if (self.classification, getattr(self, where)) in _AT_ODDS:
                grade = self.classification.value
                what = f"{where} = {getattr(self, where)!r} is at odds with classification = {grade!r}."
                raise BadInput(what, where=where, mend="Correct one of them.")
        if len(self.keywords) > _KEYWORDS_MAX or any(
            not 0 < len(each.strip()) <= _KEYWORD_MAX for each in self.keywords
        ):
            mend = f"Give at most {_KEYWORDS_MAX}, each of 1 to {_KEYWORD_MAX} characters."
            raise BadInput("The keywords cannot be used.", where="keywords", mend=mend)

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
        return cls(**values_of(cls, table))

    def to_mapping(self) -> dict[str, Any]:
        """Return the card as plain values that ``from_mapping`` reads; fields left at their default are left out."""
        result: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "columns":
                result["columns"] = {column.name: plain(column, skip=("name",)) for column in value}
            elif isinstance(value, Bilingual | Geometry | Contact | Coverage):
                result[each.name] = plain(value)
            elif value != each.default:
                result[each.name] = list(value) if isinstance(value, tuple) else value
        return {name: value for name, value in result.items() if value not in ({}, [])}

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the card's content."""
        return hashlib.sha256(orjson.dumps(self.to_mapping(), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def to_toml(self) -> str:
        """Return the card as a ``dataset.toml`` that a person can correct."""
        return as_toml(self.to_mapping())


def _is_delimiter(text: str) -> bool:
    return len(text) == 1 and text.isascii() and text not in '"\r\n\0'
