"""CQL2 over records: a condition as a clause of the catalogue's index, which finds records without reading them.

Comparisons with a value that a record does not have are neither true nor false (OGC 21-065r2, clause 6.2): ``not`` is
carried down to them. Texts are found by their words, as ``q`` finds them: any part of Chinese, the beginnings of words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import shapely

from lifang.catalogue import DEGREE
from lifang.core import BadInput, to_micros
from lifang.store import (
    Begins,
    Call,
    Clause,
    Either,
    Every,
    Expression,
    Field,
    Geometry,
    Having,
    Literal,
    Span,
    Without,
    Words,
)

INTERVALS = {"time": ("start", "end")}  # a property that is an interval, and what its ends are called in the index
_NUMBERS = frozenset({"created", "updated", "start", "end"})
_TEXTS = {"title": "name", "description": "summary"}
_SIDES = ("west", "south", "east", "north")
_TYPE = "dataset"


@dataclass(frozen=True)
class _Keyword:
    """Where the values of a property are in the index: as they are, and in small letters if there too."""

    exact: str
    small: str = ""


_KEYWORDS: Mapping[str, _Keyword] = {
    "id": _Keyword("id"),
    "externalIds": _Keyword("id"),
    "theme": _Keyword("theme", "group"),
    "provider": _Keyword("provider_name", "author"),
    "keywords": _Keyword("tag", "word"),
    "license": _Keyword("licence", "licence_id"),
    "formats": _Keyword("format"),
    "classification": _Keyword("classification"),
}
_AGAINST = {"eq": "ne", "ne": "eq", "lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
_TURNED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
QUERYABLE: Mapping[str, dict[str, Any]] = {
    **{name: {"type": "string"} for name in (*_TEXTS, *_KEYWORDS)},
    "type": {"type": "string", "enum": [_TYPE]},
    "created": {"type": "string", "format": "date-time"},
    "updated": {"type": "string", "format": "date-time"},
    "time": {"type": "array", "items": {"type": "string", "format": "date-time"}, "minItems": 2, "maxItems": 2},
    "geometry": {"format": "geometry-polygon", "x-ogc-role": "primary-geometry"},
}


def clause_of(condition: Expression, *, holds: bool = True) -> Clause:
    """Return what finds the records for which a condition holds, or does not; ``BadInput`` for what is not offered."""
    if isinstance(condition, Literal) and isinstance(condition.value, bool):
        return Every() if condition.value is holds else Either()
    if not isinstance(condition, Call):
        raise _refused("This is no condition.")
    if condition.name == "not":
        return clause_of(condition.args[0], holds=not holds)
    if condition.name in {"and", "or"}:
        parts = [clause_of(each, holds=holds) for each in condition.args]
        return Every(parts) if (condition.name == "and") is holds else Either(parts)
    if condition.name == "in":
        same = [Call("eq", (condition.args[0], each)) for each in condition.args[1:]]
        return clause_of(Call("or", tuple(same)), holds=holds)
    read = _READERS.get(condition.name)
    if read is None or len(condition.args) != 2:
        raise _refused(f"{condition.name} is not offered over records.")
    return read(condition, holds)


def _compared(condition: Call, holds: bool) -> Clause:
    left, right = map(_plain, condition.args)
    sign = condition.name
    if isinstance(left, Literal) and not isinstance(right, Literal):
        left, right, sign = right, left, _TURNED.get(sign, sign)
    if not holds:
        sign = _AGAINST[sign]
    field, small = _field(left)
    if not isinstance(right, Literal):
        raise _refused("A property is compared with a value.")
    if right.value is None:
        return _known(field) if sign == "ne" else Without(_known(field))
    if field in _NUMBERS:
        return _number(field, sign, right.value)
    if field in _TEXTS or sign not in {"eq", "ne"}:
        raise _refused(f"{field} is not compared by this.")
    return _valued(field, str(right.value), small, equal=sign == "eq")


def _plain(node: Expression) -> Expression:
    """Return a text in small letters for what asks for its small letters; anything else as it is."""
    if isinstance(node, Call) and node.name == "tolower" and isinstance(node.args[0], Literal):
        value = node.args[0].value
        return Literal(value.lower()) if isinstance(value, str) else node
    return node


def _number(field: str, sign: str, value: Any) -> Clause:
    first, last = _ends(value)
    if sign in {"eq", "ne"}:
        same = Span(field, first, last)
        return same if sign == "eq" else Every([Span(field), Without(same)])
    spans = {
        "lt": Span(field, None, first - 1),
        "le": Span(field, None, last),
        "gt": Span(field, last + 1, None),
        "ge": Span(field, first, None),
    }
    return spans[sign]


def _ends(value: Any) -> tuple[int, int]:
    """Return the first and the last microsecond of a moment or a day."""
    if isinstance(value, datetime):
        return to_micros(value), to_micros(value)
    if isinstance(value, date):
        first, last = (to_micros(datetime.combine(value, each, UTC)) for each in (time.min, time.max))
        return first, last
    raise _refused(f"{str(value)[:40]!r} is no date or moment.")


def _valued(field: str, value: str, small: bool, *, equal: bool) -> Clause:
    if field == "type":
        return Every() if (value == _TYPE) is equal else Either()
    where = _KEYWORDS[field]
    same = Having(where.small if small else where.exact, [value.lower() if small else value])
    return same if equal else Every([Begins(where.exact), Without(same)])


def _like(condition: Call, holds: bool) -> Clause:
    field, small = _field(condition.args[0])
    pattern = _plain(condition.args[1])
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
        raise _refused("A pattern is a text.")
    inside = pattern.value.strip("%")
    if {"%", "_", "\\"} & set(inside):
        raise _refused("A pattern has % at its ends only.")
    if field in _TEXTS:
        found: Clause = Words(inside, _TEXTS[field])
    elif field in _KEYWORDS and not pattern.value.startswith("%"):
        where = _KEYWORDS[field]
        name, text = (where.small, inside.lower()) if small else (where.exact, inside)
        found = Begins(name, text) if pattern.value.endswith("%") else Having(name, [text])
    else:
        raise _refused(f"{field} is looked for from its beginning: {field} LIKE 'abc%'.")
    return found if holds else Every([_known(field), Without(found)])


def _spatial(condition: Call, holds: bool) -> Clause:
    """Return what finds records by their box: exact, since a record's geometry is a box, for a box or a point."""
    field, shape = condition.args
    if isinstance(field, Literal):
        field, shape = shape, field
    if not (isinstance(field, Field) and field.name == "geometry" and isinstance(shape, Literal)
            and isinstance(shape.value, Geometry)):  # fmt: skip
        raise _refused("The geometry of records is compared with a geometry.")
    told = shapely.from_wkt(shape.value.wkt)
    if told.is_empty or not (told.geom_type == "Point" or told.equals(shapely.envelope(told))):
        raise _refused("Records are looked for in a box or at a point: BBOX(west, south, east, north).")
    west, south, east, north = (round(each * DEGREE) for each in told.bounds)
    if condition.name == "st_within":
        spans = [Span("west", low=west), Span("east", high=east), Span("south", low=south), Span("north", high=north)]
    elif condition.name == "st_contains":
        spans = [Span("west", high=west), Span("east", low=east), Span("south", high=south), Span("north", low=north)]
    else:
        spans = [Span("west", high=east), Span("east", low=west), Span("south", high=north), Span("north", low=south)]
    inside: Clause = Every(spans)
    if holds is (condition.name != "st_disjoint"):
        return inside
    return Every([Span("west"), Without(inside)])


def _field(node: Expression) -> tuple[str, bool]:
    """Return the property, and whether it is compared whatever its letters are."""
    small = isinstance(node, Call) and node.name == "tolower"
    inner = node.args[0] if isinstance(node, Call) and small else node
    known = isinstance(inner, Field) and (inner.name in _NUMBERS or inner.name in QUERYABLE)
    if not isinstance(inner, Field) or not known or inner.name in {*INTERVALS, "geometry"}:
        name = inner.name if isinstance(inner, Field) else "?"
        raise BadInput(
            f"{name[:60]!r} is no property of records to compare.",
            where="filter",
            mend=f"Known: {', '.join(QUERYABLE)}.",
        )
    if small and inner.name in _KEYWORDS and not _KEYWORDS[inner.name].small:
        raise _refused(f"CASEI does not take {inner.name}.")
    return inner.name, small


def _known(field: str) -> Clause:
    """Return what finds the records that have a value of a property."""
    if field in _NUMBERS:
        return Span(field)
    if field in _KEYWORDS:
        return Begins(_KEYWORDS[field].exact)
    return Every()


def _refused(what: str) -> BadInput:
    mend = "See /ogc/collections/catalogue.records/queryables; theme = 'health' AND title LIKE '%water%' is understood."
    return BadInput(what, where="filter", mend=mend)


_READERS: Mapping[str, Callable[[Call, bool], Clause]] = {
    **dict.fromkeys(_AGAINST, _compared),
    "like": _like,
    **dict.fromkeys(("st_intersects", "st_within", "st_contains", "st_disjoint"), _spatial),
}
