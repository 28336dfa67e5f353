"""The parts of a card: texts in two languages, columns, geometry, contact, coverage; each checks itself."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lifang.core import BadInput, Box, NotFound, UnknownCode, unit
from lifang.standards import code_list

TYPES = ("text", "integer", "number", "boolean", "date", "time", "category", "geometry")
_NUMERIC = frozenset({"integer", "number"})
_CHECK_DIGITS = ("", "uscc", "ric")
_RESERVED = frozenset({"_row", "_xmin", "_ymin", "_xmax", "_ymax"})  # what a release keeps beside its columns
_BOUND_MAX = sys.float_info.max
_MEND_BOUND = "Write a number that the column can hold, or leave it out."
_MEND_DATE = "Write it as 2026-01-31, 2026-01 or 2026."


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
    ``element`` is the element of the card's standard that it follows, if that has another name. ``references`` is the
    ``dataset.column`` whose values its own are taken from: a standing check looks for those that name nothing there.
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
    element: str = ""
    references: str = ""

    def __post_init__(self) -> None:
        where = f"columns.{self.name}"
        if self.references and not all(self.references.rpartition(".")[::2]):
            mend = "Write dataset.column."
            raise BadInput(f"{self.references[:80]!r} names no column.", where=f"{where}.references", mend=mend)
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
                at(f"{where}.{name}", check, getattr(self, name))
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
class Contact:
    """Whom to ask about a dataset: the office, its address for mail, telephone and page."""

    zh: str = ""
    en: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if self.email and not re.fullmatch(r"[^@\s<>]{1,64}@[^@\s<>]{1,190}", self.email):
            raise BadInput(
                f"{self.email[:80]!r} is not an address for mail.", where="contact.email", mend="Correct it."
            )
        if self.url:
            at("contact.url", check_web_address, self.url)


@dataclass(frozen=True)
class Coverage:
    """What place and time a dataset covers, where its rows do not say it themselves.

    ``zh`` and ``en`` name the place; ``bbox`` is west, south, east, north in degrees; ``start`` and ``end`` are dates
    (the whole of a year or a month where no more is written). What is left out is worked out from the release.
    """

    zh: str = ""
    en: str = ""
    bbox: tuple[float, ...] = ()
    start: str = ""
    end: str = ""

    def __post_init__(self) -> None:
        if self.bbox:
            if len(self.bbox) != 4:
                mend = "Write west, south, east, north in degrees."
                raise BadInput("bbox must have four numbers.", where="coverage.bbox", mend=mend)
            at("coverage.bbox", Box, *self.bbox)
        for name in ("start", "end"):
            check_date(getattr(self, name), f"coverage.{name}")
        if self.start and self.end and self.start[: len(self.end)] > self.end:
            raise BadInput("The coverage ends before it starts.", where="coverage.end", mend="Exchange start and end.")


def check_date(text: str, where: str) -> None:
    """Raise ``BadInput`` unless ``text`` is empty, a year, a month or a day."""
    if text and not _is_date(text):
        raise BadInput(f"{text[:40]!r} is not a date.", where=where, mend=_MEND_DATE)


def check_web_address(text: str) -> None:
    """Raise ``BadInput`` unless ``text`` is an address that a browser may follow: http or https."""
    if not re.fullmatch(r"https?://[^\s<>\"'`\\^{|}]{1,2000}", text):
        raise BadInput(f"{text[:80]!r} is not a web address.", mend="Write it with https:// in front.")


def at(where: str, check: Callable[..., Any], *values: Any, **words: str) -> None:
    """Raise what ``check`` finds wrong as ``BadInput`` at ``where`` in the card."""
    try:
        check(*values, **words)
    except (BadInput, NotFound, UnknownCode) as error:
        raise BadInput(error.what, where=where, mend=error.mend) from error


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


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat((text + "-01-01")[:10] if re.fullmatch(r"\d{4}(-\d{2})?", text) else text)
    except ValueError:
        return False
    return True
