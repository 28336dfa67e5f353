"""What a request asks of features: limit, place, time, properties, filter, order, coordinate system."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import shapely
from fastapi import Request
from starlette.datastructures import QueryParams

from lifang.catalogue import FeatureQuestion, Features
from lifang.core import BadInput, Box, parse_duration, parse_instant
from lifang.doors.ogcapi.cql import read_filter
from lifang.doors.ogcapi.crs import CRS84, Crs, boxes_of, crs_of, sides_of
from lifang.store import Call, Expression, Field, Geometry, Literal, all_of

LIMIT, LIMIT_MAX = 10, 10_000
KNOWN = frozenset({"limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs",
                   "sortby", "f", "release", "purpose", "at"})  # fmt: skip
_MAX = 2**31 - 1
_LENGTHS = {name: 16_000 if name == "filter" else 500 for name in KNOWN}
_GEOMETRY = "geometry"
_SORT_MAX = 8
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Asked:
    """What is asked of a collection, and the coordinate system of the answer."""

    question: FeatureQuestion
    crs: Crs


def _parameter(name: str, description: str = "", **schema: str | int) -> dict[str, Any]:
    schema = schema or {"type": "string", "maxLength": _LENGTHS[name]}
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


PARAMETERS = [  # for OpenAPI: declared to FastAPI, which would read them once more, they cost a seventh of a page
    _parameter("limit", f"At most {LIMIT_MAX:,} are given.", type="integer", minimum=1, maximum=_MAX),
    _parameter("offset", type="integer", minimum=0, maximum=_MAX),
    _parameter("bbox", "West, south, east, north."),
    _parameter("bbox-crs"),
    _parameter("crs"),
    _parameter("datetime"),
    _parameter("filter", "CQL2, as text or as JSON."),
    _parameter("filter-lang"),
    _parameter("filter-crs"),
    _parameter("sortby"),
    _parameter("release", "The number of a release; else the newest.", type="integer", minimum=1, maximum=_MAX),
]


def release_of(request: Request) -> int | None:
    """Return the number of the release that ``request`` asks for, if it does."""
    return _whole(request.query_params, "release", 1)


def asked_of(request: Request, features: Features) -> Asked:
    """Return what the query of ``request`` asks of ``features``; ``BadInput`` for what they do not have."""
    given = request.query_params
    _bounded(given)
    parts = [*_properties(given, features), *_time(given.get("datetime"), features), *_filter(given)]
    boxes, region = _bbox(given)
    if (boxes or region) and not features.release.has_geometry:
        boxes, region, parts = (), None, [*parts, _never(features)]
    where = all_of(*parts, *([region] if region else []))
    question = FeatureQuestion(
        boxes,
        where,
        _order(given.get("sortby"), features),
        min(_whole(given, "limit", 1) or LIMIT, LIMIT_MAX),
        _whole(given, "offset", 0) or 0,
    )
    return Asked(question, crs_of(given.get("crs", CRS84)))


def check_known(request: Request, *known: str) -> None:
    """Raise ``BadInput`` for a parameter that the address does not take (OGC 17-069r4, requirement 9)."""
    for name in request.query_params:
        if name not in {*known, "f", "purpose"}:
            raise BadInput(
                f"There is no parameter {name[:80]!r} here.", where=name[:80], mend=f"Known: {', '.join(known) or 'f'}."
            )


def _bounded(given: QueryParams) -> None:
    if len(given.multi_items()) != len(set(given)):
        raise BadInput("A parameter is given twice.", where="query", mend="Give each of them once.")
    for name, text in given.items():
        if name in _LENGTHS and len(text) > _LENGTHS[name]:
            raise BadInput(f"The {name} is too long.", where=name, mend=f"At most {_LENGTHS[name]:,} characters.")


def _whole(given: QueryParams, name: str, least: int) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= _MAX):
        raise BadInput(f"{text[:40]!r} is no {name}.", where=name, mend=f"Give a whole number from {least}.")
    return int(text)


def _bbox(given: QueryParams) -> tuple[tuple[Box, ...], Expression | None]:
    text, crs = given.get("bbox"), crs_of(given.get("bbox-crs", CRS84), where="bbox-crs")
    if text is None:
        return (), None
    if crs.plain:
        return boxes_of(text), None
    first, second, third, fourth = sides_of(text)
    if crs.name in {"EPSG:4326", "EPSG:4490"}:
        return boxes_of(f"{second},{first},{fourth},{third}"), None
    if first >= third or second >= fourth:
        raise BadInput(f"{text[:80]!r} is no bbox.", where="bbox", mend="Give its lower corner, then its upper one.")
    shape = crs.region(first, second, third, fourth)
    return (), Call(
        "st_intersects", (Field(_GEOMETRY), Literal(Geometry(shapely.to_wkt(shape, rounding_precision=-1))))
    )


def _never(features: Features) -> Expression:
    """Return a condition that no row meets: without geometry none lies in a box."""
    name = next(iter(features.columns))
    return all_of(*(Call(op, (Field(name), Literal(None))) for op in ("eq", "ne"))) or Literal(False)


def _properties(given: QueryParams, features: Features) -> list[Expression]:
    parts: list[Expression] = []
    for name, text in given.items():
        if name in KNOWN:
            continue
        column = features.columns.get(name)
        if column is None or name == _GEOMETRY:
            known = ", ".join(
                [*sorted(KNOWN - {"release", "at"}), *(each for each in features.columns if each != _GEOMETRY)]
            )
            raise BadInput(f"There is no parameter {name[:80]!r}.", where=name[:80], mend=f"Known: {known}.")
        parts.append(_equal(name, str(column["type"]), text))
    return parts


def _equal(name: str, kind: str, text: str) -> Expression:
    if kind in {"text", "category"} and "*" in text:
        pattern = "".join("%" if sign == "*" else f"\\{sign}" if sign in "%_\\" else sign for sign in text)
        return Call("like", (Field(name), Literal(pattern)))
    try:
        value = _READ.get(kind, str)(text)
    except (ValueError, KeyError) as error:
        raise BadInput(f"{text[:80]!r} is no {kind}.", where=name[:80], mend=f"Write a value of {name}.") from error
    return Call("eq", (Field(name), Literal(value)))


_READ: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
    "date": date.fromisoformat,
    "time": parse_instant,
}


def time_column(features: Features) -> str | None:
    """Return the property that tells when a feature is: the first that holds dates or moments."""
    return next((name for name, each in features.columns.items() if each["type"] in {"date", "time"}), None)


def _time(text: str | None, features: Features) -> list[Expression]:
    """Return the conditions of ``datetime``; a collection that tells no time is not narrowed by it."""
    if text is None:
        return []
    start, end = span_of(text)
    name = time_column(features)
    if name is None:
        return []
    dates = features.columns[name]["type"] == "date"
    parts: list[Expression] = []
    if start is not None:
        parts.append(Call("ge", (Field(name), Literal(start.date() if dates else start))))
    if end is not None:
        parts.append(Call("le", (Field(name), Literal(end.date() if dates else end))))
    return parts


def span_of(text: str) -> tuple[datetime | None, datetime | None]:
    """Return the first and last moment of a ``datetime``: an instant, or ``start/end`` with ``..`` for an open end.

    One end may be a duration from or to the other (ISO 8601), which 17-069r4 left out and its executable tests ask for.
    """
    ends = text.split("/")
    if len(ends) > 2 or set(ends) <= {"", ".."}:
        raise _bad_time(text)
    lasting = [each.startswith("P") for each in ends]
    if any(lasting):
        return _lasting(ends, lasting, text)
    first, last = _moment(ends[0], text, late=False), _moment(ends[-1], text, late=True)
    if first is not None and last is not None and first > last:
        raise _bad_time(text)
    return first, last


def _lasting(ends: list[str], lasting: list[bool], whole: str) -> tuple[datetime, datetime]:
    other = None if len(ends) < 2 or all(lasting) else _moment(ends[lasting.index(False)], whole, late=False)
    if other is None:
        raise _bad_time(whole)
    months, seconds = parse_duration(ends[lasting.index(True)])
    sign = 1 if lasting[1] else -1
    year, month = divmod(other.year * 12 + other.month - 1 + sign * months, 12)
    try:
        day = min(other.day, monthrange(year, month + 1)[1])
        away = other.replace(year=year, month=month + 1, day=day) + sign * timedelta(seconds=seconds)
    except (ValueError, OverflowError) as error:
        raise _bad_time(whole) from error
    return min(other, away), max(other, away)


def _moment(text: str, whole: str, *, late: bool) -> datetime | None:
    if text in {"", ".."}:
        return None
    try:
        if len(text) <= 10:
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + _DAY - _TICK if late else day
        return parse_instant(text.replace(" ", "+"))
    except (ValueError, OverflowError) as error:
        raise _bad_time(whole) from error


def _bad_time(text: str) -> BadInput:
    mend = "Write 2020-01-31T12:00:00Z, 2020-01-01/2020-02-01 or 2020-01-01/.."
    return BadInput(f"{text[:80]!r} is no moment or interval.", where="datetime", mend=mend)


def filter_of(given: QueryParams) -> Expression | None:
    """Return the condition that ``filter`` writes in CQL2, if there is one."""
    return all_of(*_filter(given))


def _filter(given: QueryParams) -> list[Expression]:
    text = given.get("filter")
    crs = crs_of(given.get("filter-crs", CRS84), where="filter-crs")
    lang = given.get("filter-lang", "cql2-text")
    if text is None:
        if "filter-lang" in given and lang not in {"cql2-text", "cql2-json"}:
            raise BadInput(f"{lang[:40]!r} is no filter language.", where="filter-lang", mend="cql2-text or cql2-json.")
        return []
    return [read_filter(text, lang, crs.to_wgs84)]


def _order(text: str | None, features: Features) -> tuple[tuple[str, bool], ...]:
    if text is None:
        return ()
    found: list[tuple[str, bool]] = []
    for part in text.split(","):
        name = part.strip().removeprefix("+").removeprefix("-")
        if name not in features.columns or name == _GEOMETRY:
            known = ", ".join(each for each in features.columns if each != _GEOMETRY)
            raise BadInput(f"There is no property {name[:80]!r}.", where="sortby", mend=f"Known: {known}.")
        found.append((name, part.strip().startswith("-")))
    if len(found) > _SORT_MAX:
        raise BadInput(f"At most {_SORT_MAX} properties order.", where="sortby", mend="Name fewer.")
    return tuple(found)
