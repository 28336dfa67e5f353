"""The query language: what ``q`` says, as data (CIM 009 clause 4.9).

``;`` is and, ``|`` is or; and binds closer. Texts stand in double quotes; numbers, truth values, moments and URIs need
none. A term is an attribute alone (it is there), or ``attribute operator value``, where the attribute may go on with
``.sub`` and ``[path]``, and the value may be a range ``a..b`` or a list ``a,b``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from lifang.core import BadInput, has_offset, parse_instant
from lifang.doors.ngsild.problems import NotSupported

LENGTH_MAX, TERMS_MAX, DEPTH_MAX, LIST_MAX = 8000, 200, 30, 1000
_OPERATORS = ("!~=", "~=", "==", "!=", ">=", "<=", ">", "<")
PATTERNS = frozenset({"~=", "!~="})
_ORDERED = frozenset({">", ">=", "<", "<="})
_NAME = re.compile(r"[^\W\d_][\w:-]*")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\"<>]+")
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_TRUTHS = {"true": True, "false": False}

Value = float | bool | str | datetime


@dataclass(frozen=True)
class Range:
    """Values from ``low`` to ``high``, both among them."""

    low: Value
    high: Value


@dataclass(frozen=True)
class Term:
    """A condition on one attribute: ``path`` its name and those of sub-attributes, ``inside`` the way into its value.

    Without ``operator`` it asks whether there is such an attribute. ``values`` are alternatives.
    """

    path: tuple[str, ...]
    inside: tuple[str, ...] = ()
    operator: str = ""
    values: tuple[Value | Range, ...] = ()


@dataclass(frozen=True)
class Every:
    """All of ``parts`` hold."""

    parts: tuple[Query, ...]


@dataclass(frozen=True)
class Either:
    """One of ``parts`` holds."""

    parts: tuple[Query, ...]


Query = Term | Every | Either


def terms(query: Query) -> Iterator[Term]:
    """Yield each term of a query."""
    if isinstance(query, Term):
        yield query
    else:
        for part in query.parts:
            yield from terms(part)


def read_query(text: str, *, where: str = "q") -> Query:
    """Return what ``text`` asks; ``BadInput`` tells at which sign it cannot be read."""
    if len(text) > LENGTH_MAX:
        raise BadInput(f"A query has at most {LENGTH_MAX:,} signs.", where=where, mend="Ask for less at once.")
    reader = _Reader(text, where)
    found = reader.either(0)
    if not reader.ended:
        raise reader.unread("something else")
    return found


@lru_cache(maxsize=512)
def is_pattern(text: str) -> bool:
    """Return whether ``text`` is a regular expression as RE2 reads it: in time that grows with the text only."""
    try:
        pc.match_substring_regex(pa.array([""]), text)
    except pa.ArrowInvalid:
        return False
    return True


class _Reader:
    """Reads one query from left to right."""

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where, self._at, self._count = text, where, 0, 0

    @property
    def ended(self) -> bool:
        return self._at >= len(self._text)

    def unread(self, wanted: str) -> BadInput:
        """Return the problem of finding something that is not ``wanted``."""
        rest = self._text[self._at : self._at + 20]
        found = f"{rest!r} at sign {self._at + 1}" if rest else "the end"
        return BadInput(
            f"The query cannot be read: {wanted} does not fit, found {found}.",
            where=self._where,
            mend='Write for example PM2_5>35;(quality=="good"|name~="^No").',
        )

    def _take(self, sign: str) -> bool:
        if self._text.startswith(sign, self._at):
            self._at += len(sign)
            return True
        return False

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if found is None or not found[0]:
            return None
        self._at = found.end()
        return found[0]

    def either(self, depth: int) -> Query:
        """Return parts joined by ``|``."""
        parts = [self._every(depth)]
        while self._take("|"):
            parts.append(self._every(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _every(self, depth: int) -> Query:
        parts = [self._one(depth)]
        while self._take(";"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self, depth: int) -> Query:
        if depth > DEPTH_MAX:
            raise BadInput(f"The query has more than {DEPTH_MAX} levels.", where=self._where, mend="Nest less.")
        if not self._take("("):
            return self._term()
        inner = self.either(depth + 1)
        if not self._take(")"):
            raise self.unread("a closing bracket")
        return inner

    def _term(self) -> Term:
        self._count += 1
        if self._count > TERMS_MAX:
            raise BadInput(f"A query has at most {TERMS_MAX} terms.", where=self._where, mend="Ask for less at once.")
        path = [self._name()]
        while self._text.startswith(".", self._at) and not self._text.startswith("..", self._at):
            self._at += 1
            path.append(self._name())
        inside = self._inside()
        operator = next((each for each in _OPERATORS if self._take(each)), "")
        if not operator:
            return Term(tuple(path), inside)
        return Term(tuple(path), inside, operator, self._values(operator))

    def _name(self) -> str:
        if self._text.startswith("{", self._at):
            raise NotSupported("Linked entities are not followed here.", where=self._where, mend="Ask them by id.")
        name = self._match(_NAME)
        if name is None:
            raise self.unread("the name of an attribute")
        return name

    def _inside(self) -> tuple[str, ...]:
        if not self._take("["):
            return ()
        end = self._text.find("]", self._at)
        way = self._text[self._at : end] if end >= 0 else ""
        if not way or not all(way.split(".")):
            raise self.unread("a path in square brackets")
        self._at = end + 1
        return tuple(way.split("."))

    def _values(self, operator: str) -> tuple[Value | Range, ...]:
        if operator in PATTERNS:
            return (self._pattern(),)
        first = self._value()
        if operator in _ORDERED:
            if isinstance(first, bool):
                raise self.unread("true or false beside an order")
            return (first,)
        if self._take(".."):
            return (self._range(first),)
        found: list[Value | Range] = [first]
        while self._take(","):
            found.append(self._value())
            if len(found) > LIST_MAX:
                raise BadInput(f"A list has at most {LIST_MAX} values.", where=self._where, mend="Ask for less.")
        return tuple(found)

    def _range(self, low: Value) -> Range:
        high = self._value()
        if type(low) is not type(high) or isinstance(low, bool):
            raise self.unread("a range between two kinds of values")
        return Range(low, high)

    def _value(self) -> Value:
        quoted = self._match(_QUOTED)
        if quoted is not None:
            return self._unquoted(quoted)
        moment = self._match(_MOMENT)
        if moment is not None:
            return self._moment(moment)
        number = self._match(_NUMBER)
        if number is not None:
            if not math.isfinite(float(number)):
                raise self.unread("a number beyond all bounds")
            return float(number)
        for word, truth in _TRUTHS.items():
            if re.compile(rf"{word}\b").match(self._text, self._at):
                self._at += len(word)
                return truth
        return self._uri()

    def _uri(self) -> str:
        end = self._at
        while end < len(self._text) and self._text[end] not in ";|,)" and not self._text.startswith("..", end):
            end += 1
        text = self._text[self._at : end]
        if not _URI.fullmatch(text):
            raise self.unread("a value (texts stand in double quotes)")
        self._at = end
        return text

    def _unquoted(self, quoted: str) -> str:
        try:
            return str(orjson.loads(quoted))
        except orjson.JSONDecodeError:
            self._at -= len(quoted)
            raise self.unread("a text with such signs") from None

    def _moment(self, text: str) -> datetime:
        try:
            return parse_instant(text.replace(",", "."))
        except BadInput:
            self._at -= len(text)
            raise self.unread("a moment") from None

    def _pattern(self) -> str:
        quoted = self._match(_QUOTED)
        found = self._unquoted(quoted) if quoted is not None else self._bare_pattern()
        if not found or not is_pattern(found):
            raise self.unread("a regular expression")
        return found

    def _bare_pattern(self) -> str:
        """Return a pattern without quotes: up to the next ``;`` or ``|``, or a bracket that it did not open."""
        end, opened = self._at, 0
        while end < len(self._text) and self._text[end] not in ";|":
            opened += {"(": 1, ")": -1}.get(self._text[end], 0)
            if opened < 0:
                break
            end += 1
        found, self._at = self._text[self._at : end], end
        return found


def moment_of(text: str) -> datetime | None:
    """Return the moment that a text tells with its zone, or ``None``."""
    try:
        return parse_instant(text) if has_offset(text) else None
    except BadInput:
        return None


def renamed(query: Query, rename: Callable[[str], str]) -> Query:
    """Return the query with the attributes called as ``rename`` has it."""
    if isinstance(query, Term):
        return replace(query, path=(rename(query.path[0]), *query.path[1:]))
    return replace(query, parts=tuple(renamed(part, rename) for part in query.parts))
