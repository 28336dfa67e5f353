"""What a request asks: its query string or its Query body, read into one shape (CIM 009 clauses 5.2.23 and 6.4.3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import QueryParams

from lifang.core import BadInput
from lifang.doors.ngsild.context import Context
from lifang.doors.ngsild.geo import read_geo
from lifang.doors.ngsild.names import check_uri
from lifang.doors.ngsild.problems import NotAcceptable, NotSupported, TooMuch
from lifang.doors.ngsild.query import Query, is_pattern, read_query, renamed
from lifang.doors.ngsild.selection import Chosen, Selection, names_in, read_types
from lifang.doors.ngsild.shapes import Form, Shape

JSON, LD, GEOJSON = "application/json", "application/ld+json", "application/geo+json"
LIMIT, LIMIT_MAX, OFFSET_MAX = 20, 1000, 10_000_000
TIMES_LIMIT = 50  # entities of a page whose attributes are told with their moments of change
_IDS_MAX = 1000
_PATTERN_MAX = 1000
_FORMS = {
    "normalized": Form.NORMALIZED,
    "concise": Form.CONCISE,
    "keyValues": Form.SIMPLIFIED,
    "simplified": Form.SIMPLIFIED,
}
_TRUTHS = {"true": True, "false": False}
SELECTING = ("type", "id", "idPattern", "attrs", "q", "georel", "geometry", "coordinates", "geoproperty")
SHAPING = ("pick", "omit", "options", "format", "lang", "geometryProperty", "count", "limit", "offset", "local")
Given = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A question for entities: which, which of their attributes, how they are written, which page of them."""

    selection: Selection
    shape: Shape
    media: str = JSON
    wanted: frozenset[str] | None = None
    omitted: frozenset[str] = frozenset()
    times: bool = False
    count: bool = False
    limit: int = LIMIT
    offset: int = 0
    options: frozenset[str] = frozenset()


def check_parameters(given: QueryParams, *known: str) -> dict[str, str]:
    """Return the parameters of a query string; ``BadInput`` for one that is not known or comes twice."""
    found: dict[str, str] = {}
    for name, text in given.multi_items():
        if name not in known and name != "purpose":
            raise BadInput(f"There is no parameter {name[:40]!r} here.", where=name[:40], mend=f"{', '.join(known)}.")
        if name in found:
            raise BadInput(f"{name} is given twice.", where=name, mend="Give it once, with values parted by commas.")
        found[name] = text
    return found


def media_of(request: Request, *offered: str) -> str:
    """Return the kind of answer that a request prefers among those ``offered``; ``NotAcceptable`` if none fits."""
    header = request.headers.get("accept") or "*/*"
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")):
        kind, *settings = (each.strip().lower() for each in part.split(";"))
        quality = next((_quality(each) for each in settings if each.startswith("q=")), 1.0)
        fits = next((each for each in offered if kind in {each, "*/*", each.partition("/")[0] + "/*"}), None)
        if fits and quality > 0:
            weighed.append((-quality, place, fits))
    if not weighed:
        raise NotAcceptable(f"{header[:80]!r} is not made here.", where="header Accept", mend=f"{', '.join(offered)}.")
    return min(weighed)[2]


def _quality(text: str) -> float:
    try:
        return float(text.removeprefix("q="))
    except ValueError:
        return 0.0


def read_selection(given: Given, context: Context, *, needed: bool = True) -> Selection:
    """Return which entities a query string asks for; ``BadInput`` if it names no condition at all (clause 5.7.2.4)."""
    chosen = Chosen(
        read_types(given["type"], context) if "type" in given else None,
        _ids(given.get("id", "")),
        pattern_of(given.get("idPattern", "")),
    )
    attributes = names_in(given["attrs"].split(","), context, where="attrs") if "attrs" in given else frozenset()
    found = Selection(
        (chosen,) if given.keys() & {"type", "id", "idPattern"} else (),
        attributes,
        query_of(given["q"], context) if "q" in given else None,
        read_geo(given),
    )
    if needed and found == Selection() and given.get("local") != "true":
        raise BadInput(
            "Nothing says which entities are wanted.",
            where="type",
            mend="Give type, id, idPattern, attrs, q or a geo-query; local=true asks for all.",
        )
    return found


def query_of(text: str, context: Context, *, where: str = "q") -> Query:
    """Return what ``q`` asks, with the names of this door."""
    return renamed(read_query(text, where=where), context.inner)


def pattern_of(text: str, *, where: str = "idPattern") -> str:
    """Return a pattern of ids, or ``BadInput``."""
    if len(text) > _PATTERN_MAX or not is_pattern(text):
        raise BadInput(f"{text[:80]!r} is no regular expression.", where=where, mend="Write RE2, such as Station:cn.*")
    return text


def _ids(text: str) -> tuple[str, ...]:
    ids = tuple(check_uri(each, where="id") for each in text.split(",")) if text else ()
    if len(ids) > _IDS_MAX:
        raise TooMuch(f"More than {_IDS_MAX} ids are asked for.", where="id", mend="Ask for fewer at once.")
    return ids


def read_asked(request: Request, given: Given, context: Context, selection: Selection) -> Asked:
    """Return the whole question."""
    options = options_of(given)
    media = media_of(request, *((LD, JSON) if not context.is_core else (JSON, LD)), GEOJSON)
    times = "sysAttrs" in options
    limit = number_of(given, "limit", LIMIT, LIMIT_MAX)
    count = truth_of(given, "count") or "count" in options
    if times and limit > TIMES_LIMIT:
        raise TooMuch(f"With sysAttrs a page has at most {TIMES_LIMIT}.", where="limit", mend="Ask for fewer.")
    if not limit and not count:
        raise BadInput("A page of none tells nothing.", where="limit", mend="Add count=true, or ask for more.")
    geometry = context.inner(given.get("geometryProperty", "location"))
    shape = Shape(form_of(given, options), context, media == GEOJSON, geometry, given.get("lang", ""))
    return Asked(
        selection,
        shape,
        media,
        _wanted(given, context, selection, shape),
        names_in(given["omit"].split(","), context, where="omit") if "omit" in given else frozenset(),
        times,
        count,
        limit,
        number_of(given, "offset", 0, OFFSET_MAX),
        options,
    )


def _wanted(given: Given, context: Context, selection: Selection, shape: Shape) -> frozenset[str] | None:
    picked = names_in(given["pick"].split(","), context, where="pick") if "pick" in given else selection.attributes
    if not picked:
        return None
    return picked | ({shape.geometry} if shape.is_geojson else set())


_OPTIONS = frozenset({*_FORMS, "sysAttrs", "count", "temporalValues", "aggregatedValues"})


def options_of(given: Given) -> frozenset[str]:
    """Return the options of a request; ``BadInput`` for one that is not known."""
    found = frozenset(filter(None, (each.strip() for each in given.get("options", "").split(","))))
    unknown = sorted(found - _OPTIONS)
    if unknown:
        raise BadInput(f"There is no option {unknown[0][:40]!r}.", where="options", mend=f"{', '.join(_OPTIONS)}.")
    return found


def form_of(given: Given, options: frozenset[str]) -> Form:
    """Return the form asked for by ``format`` or among the options."""
    named = given.get("format")
    if named is not None and named not in _FORMS:
        raise BadInput(f"There is no format {named[:40]!r}.", where="format", mend=f"{', '.join(_FORMS)}.")
    asked = {_FORMS[each] for each in (*options, *([named] if named else [])) if each in _FORMS}
    if len(asked) > 1:
        raise BadInput("Two forms are asked for at once.", where="options", mend="Choose one.")
    return next(iter(asked), Form.NORMALIZED)


def number_of(given: Given, name: str, otherwise: int, most: int) -> int:
    """Return a whole number from 0 to ``most``; more is ``TooMuch`` (clause 5.5.9)."""
    text = str(given.get(name, otherwise))
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise BadInput(f"{text[:40]!r} is no number.", where=name, mend="Write 0 or more.")
    if int(text) > most:
        raise TooMuch(f"{name} is at most {most:,}.", where=name, mend="Ask page by page, or narrow the question.")
    return int(text)


def truth_of(given: Given, name: str) -> bool:
    """Return true or false as it is written, false without."""
    text = str(given.get(name, "false")).lower()
    if text not in _TRUTHS:
        raise BadInput(f"{text[:40]!r} is neither true nor false.", where=name, mend=f"Write {name}=true.")
    return _TRUTHS[text]


def read_body_query(body: Given, context: Context) -> Selection:
    """Return which entities a Query asks for (clause 5.2.23): ``entities``, ``attrs``, ``q``, ``geoQ``."""
    if body.get("type") != "Query":
        raise BadInput("The body is no Query.", where="type", mend='Write "type": "Query".')
    found = selection_of_body(body, context, attributes="attrs")
    if found == Selection():
        raise BadInput("Nothing says which entities are wanted.", where="body", mend="Give entities, attrs, q or geoQ.")
    return found


def selection_of_body(body: Given, context: Context, *, attributes: str = "") -> Selection:
    """Return the selection that the members of a Query or Subscription make."""
    for name in ("csf", "scopeQ", "datasetId"):
        if name in body:
            raise NotSupported(f"{name} is not offered.", where=name, mend="Leave it out.")
    names = _texts(body.get(attributes, []), attributes) if attributes else []
    q = body.get("q")
    geo = body.get("geoQ")
    if geo is not None and not isinstance(geo, dict):
        raise BadInput("geoQ is no object.", where="geoQ", mend="Write georel, geometry, coordinates.")
    return Selection(
        _entities(body.get("entities"), context),
        names_in(names, context, where=attributes),
        query_of(_text(q, "q"), context) if q is not None else None,
        read_geo(geo, where="geoQ") if geo is not None else None,
    )


def _entities(told: Any, context: Context) -> tuple[Chosen, ...]:
    """Return the entity selectors (clause 5.2.33)."""
    if told is None:
        return ()
    if (
        not isinstance(told, list)
        or not told
        or len(told) > _IDS_MAX
        or not all(isinstance(each, dict) for each in told)
    ):
        raise BadInput("entities is no list of selectors.", where="entities", mend='Write [{"type": "Thing"}].')
    return tuple(_selector(each, context) for each in told)


def _selector(told: Given, context: Context) -> Chosen:
    if "type" not in told:
        raise BadInput("A selector has a type.", where="entities", mend='Write [{"type": "Thing"}], or "type": "*".')
    ids = told.get("id", [])
    return Chosen(
        read_types(_text(told["type"], "entities.type"), context),
        tuple(check_uri(each, where="entities.id") for each in _texts(ids, "entities.id")),
        pattern_of(_text(told.get("idPattern", ""), "entities.idPattern"), where="entities.idPattern"),
    )


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{where} is no text.", where=where, mend="Write it in quotes.")
    return value


def _texts(value: Any, where: str) -> Sequence[str]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or len(values) > _IDS_MAX:
        raise BadInput(f"{where} is no list of texts.", where=where, mend='Write ["a", "b"].')
    return [_text(each, where) for each in values]
