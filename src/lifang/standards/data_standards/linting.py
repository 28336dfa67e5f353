"""What is wrong with the text of a data standard: each fault with its line and how to mend it."""

from __future__ import annotations

import datetime as dt
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifang.core import BadInput, Problem, check_slug, unit
from lifang.standards.check_digits import check_digit
from lifang.standards.codes import code_list
from lifang.standards.data_standards.lines import line_at, lines_of
from lifang.standards.data_standards.model import GRADES, GRADING, KINDS, PERSONAL, TYPES, DataStandard, Element

_HEAD = tuple(each.name for each in fields(DataStandard))
_ELEMENT = tuple(each.name for each in fields(Element) if each.name != "id")
_MUST = ("id", "edition", "title_zh", "title_en", "kind", "theme", "source", "elements")
_TEXTS = ("id", "title_zh", "title_en", "kind", "theme", "source", "summary_zh", "summary_en", "note")
_TRUTHS = ("key", "required", "unique")
_BOUNDS = ("minimum", "maximum")
_ELEMENTS_MAX = 500
_BYTES_MAX = 1_000_000
_NUMERIC = ("integer", "number")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_TOML_LINE = re.compile(r"\(?at line (\d+), column \d+\)?")
_NOT_A_CODE = "0" * 18


@dataclass(frozen=True)
class Fault:
    """One fault: on which line, of which key, what it is, how to mend it; a ``warning`` does not bar the standard."""

    line: int
    where: str
    what: str
    mend: str
    warning: bool = False

    def __str__(self) -> str:
        told = "warning: " if self.warning else ""
        return f"line {self.line}, {self.where}: {told}{self.what} {self.mend}"


@dataclass(frozen=True)
class _Found:
    """A fault before its line is known."""

    where: str
    what: str
    mend: str
    warning: bool = False


def lint(text: str) -> list[Fault]:
    """Return every fault of the text of a data standard, by line; none of them a warning only if it may not be read."""
    if len(text.encode("utf-8", "replace")) > _BYTES_MAX:
        return [Fault(1, "file", "It is larger than a megabyte.", "Split it into several standards.")]
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = _TOML_LINE.search(str(error))
        what = _TOML_LINE.sub("", str(error)).strip().rstrip(".")
        return [Fault(int(match[1]) if match else 1, "file", f"This is not TOML: {what}.", "Correct that line.")]
    lines = lines_of(text)
    faults = [Fault(line_at(lines, each.where), each.where, each.what, each.mend, each.warning) for each in _all(table)]
    return sorted(faults, key=lambda each: (each.line, each.where))


def read_standard(text: str, *, where: str = "standard") -> DataStandard:
    """Return the data standard of a TOML text; ``BadInput`` names its faults, the first one's line in ``where``."""
    faults = [each for each in lint(text) if not each.warning]
    if faults:
        more = f" (and {len(faults) - 1} more faults: lint it)" if len(faults) > 1 else ""
        first = faults[0]
        raise BadInput(f"{first.what}{more}", where=f"{where}, line {first.line}: {first.where}", mend=first.mend)
    table = tomllib.loads(text)
    elements = tuple(Element(id=name, **_plain(each)) for name, each in table.pop("elements").items())
    return DataStandard(**table, elements=elements)


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, dt.date) else value for key, value in table.items()}


def _all(table: Mapping[str, Any]) -> Iterator[_Found]:
    yield from _unknown(table, _HEAD, "")
    for name in _MUST:
        if name not in table:
            yield _Found(name, f"There is no {name}.", f"Write {name} = … at the top.")
    for name in _TEXTS:
        if name in table and not isinstance(table[name], str):
            yield _Found(name, f"{name} is not a text.", "Write it in quotes.")
        elif name in _MUST and not str(table.get(name, "x")).strip():
            yield _Found(name, f"{name} is empty.", "Say it in a few words.")
    yield from _head(table)
    yield from _grading(table.get("grading", {}))
    elements = table.get("elements", {})
    if not isinstance(elements, Mapping) or (not elements and "elements" in table):
        yield _Found("elements", "There is no element.", "Write one table [elements.<id>] each.")
        return
    if len(elements) > _ELEMENTS_MAX:
        yield _Found("elements", f"There are {len(elements)} elements.", f"Write at most {_ELEMENTS_MAX}.")
    for name, element in elements.items():
        yield from _element(str(name), element)
    if not any(isinstance(each, Mapping) and each.get("key") is True for each in elements.values()):
        yield _Found("elements", "No element is a key.", "Mark those that tell rows apart: key = true.", warning=True)


def _head(table: Mapping[str, Any]) -> Iterator[_Found]:
    if isinstance(table.get("id"), str):
        yield from _tried("id", check_slug, table["id"])
    edition = table.get("edition", 1)
    if not isinstance(edition, int) or isinstance(edition, bool) or not 1 <= edition < 10**6:
        yield _Found("edition", f"{edition!r} is not an edition.", "Write a whole number, the first edition is 1.")
    yield from _among(table.get("kind", "base"), KINDS, "kind")
    if isinstance(table.get("theme"), str) and table["theme"]:
        yield from _tried("theme", check_slug, table["theme"])


def _grading(grading: Any) -> Iterator[_Found]:
    if not isinstance(grading, Mapping):
        yield _Found("grading", "grading is not a table.", "Write it as [grading].")
        return
    yield from _unknown(grading, tuple(GRADING), "grading.")
    for name, value in grading.items():
        if not isinstance(value, str):
            yield _Found(f"grading.{name}", "This is not a text.", "Write it in quotes.")


def _element(name: str, element: Any) -> Iterator[_Found]:
    where = f"elements.{name}"
    if not _NAME.fullmatch(name):
        yield _Found(where, f"{name[:80]!r} cannot be an element's id.", "Use a-z, 0-9 and _, a letter first.")
    if not isinstance(element, Mapping):
        yield _Found(where, "An element is a table.", f"Write it as [{where}].")
        return
    yield from _unknown(element, _ELEMENT, f"{where}.")
    for key in ("zh", "en"):
        if not element.get(key):
            yield _Found(where, f"The element has no {key} name.", f'Write {key} = "…".')
    for key in _ELEMENT:
        if key in element and key not in (*_TRUTHS, *_BOUNDS) and not isinstance(element[key], str):
            yield _Found(f"{where}.{key}", f"{key} is not a text.", "Write it in quotes.")
            return
        if key in element and key in _TRUTHS and not isinstance(element[key], bool):
            yield _Found(f"{where}.{key}", f"{key} is not true or false.", "Write true or false.")
    for key in ("definition_zh", "definition_en", "source"):
        if not element.get(key):
            mend = "Say what it means." if key != "source" else "Name the clause, or say whose it is."
            yield _Found(where, f"The element has no {key}.", mend, warning=True)
    yield from _rules(element, where)


def _rules(element: Mapping[str, Any], where: str) -> Iterator[_Found]:
    kind = element.get("type", "text")
    if kind not in TYPES:
        yield from _among(kind, TYPES, f"{where}.type")
        return
    yield from _among(element.get("grade", "general"), GRADES, f"{where}.grade")
    yield from _among(element.get("personal", ""), PERSONAL, f"{where}.personal")
    for key, check in (("unit", unit), ("code_list", code_list)):
        if element.get(key):
            yield from _tried(f"{where}.{key}", check, element[key])
    if element.get("check_digit"):
        yield from _tried(f"{where}.check_digit", check_digit, element["check_digit"], _NOT_A_CODE)
    if element.get("unit") and kind not in _NUMERIC:
        yield _Found(f"{where}.unit", f"A {kind} has no unit.", "Leave it out, or declare a number.")
    yield from _forms(element, kind, where)
    yield from _range(element, kind, where)


def _forms(element: Mapping[str, Any], kind: str, where: str) -> Iterator[_Found]:
    for key in ("pattern", "check_digit"):
        if element.get(key) and kind not in ("text", "category"):
            yield _Found(f"{where}.{key}", f"A {kind} has no {key}.", "Leave it out, or declare a text.")
    if kind == "geometry" and (element.get("key") or element.get("unique")):
        yield _Found(where, "A geometry cannot be a key.", "Use an id.")
    if element.get("pattern"):
        try:
            pc.match_substring_regex(pa.array([""]), pattern=element["pattern"])
        except (pa.ArrowInvalid, UnicodeEncodeError) as error:
            yield _Found(f"{where}.pattern", f"This is not a regular expression: {error}.", "Write it in RE2 syntax.")


def _range(element: Mapping[str, Any], kind: str, where: str) -> Iterator[_Found]:
    bounds = {key: element[key] for key in _BOUNDS if element.get(key) is not None}
    for key, value in bounds.items():
        if not _fits(value, kind):
            yield _Found(f"{where}.{key}", f"{value!r} cannot bound a {kind}.", "Write a value of the element's type.")
            return
    if len(bounds) == len(_BOUNDS) and _comparable(bounds["minimum"]) > _comparable(bounds["maximum"]):
        yield _Found(f"{where}.minimum", "The minimum is above the maximum.", "Exchange them, or correct one.")


def _comparable(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _fits(value: Any, kind: str) -> bool:
    if kind in _NUMERIC:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return number and (kind == "number" or value == int(value))
    if kind not in ("date", "time"):
        return False
    if isinstance(value, dt.date):
        return True
    try:
        dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _unknown(table: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> Iterator[_Found]:
    for key in table:
        if key not in known:
            near = get_close_matches(str(key), known, 1)
            mend = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
            yield _Found(f"{prefix}{key}", f"There is no key {str(key)[:80]!r}.", mend)


def _among(value: Any, known: Mapping[str, Any] | tuple[str, ...], where: str) -> Iterator[_Found]:
    if not isinstance(value, str) or value not in known:
        words = ", ".join(each for each in known if each)
        yield _Found(where, f"{str(value)[:40]!r} is none of them.", f"Use one of {words}.")


def _tried(where: str, check: Callable[..., Any], *values: str) -> Iterator[_Found]:
    try:
        check(*values)
    except Problem as error:
        yield _Found(where, error.what, error.mend)
