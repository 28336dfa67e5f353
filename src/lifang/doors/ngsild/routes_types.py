"""The routes of types, attributes and the context (CIM 009 clauses 6.25 to 6.30)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from lifang.core import NotFound
from lifang.doors.http import json_answer
from lifang.doors.ngsild.answering import ld_answer
from lifang.doors.ngsild.asked import JSON, LD, check_parameters, media_of, truth_of
from lifang.doors.ngsild.column import Bools
from lifang.doors.ngsild.context import Context, context_of
from lifang.doors.ngsild.core_context import core_context
from lifang.doors.ngsild.describing import described
from lifang.doors.ngsild.facts import RELATIONSHIPS, Facts
from lifang.doors.ngsild.names import URN
from lifang.doors.ngsild.problems import LdRoute
from lifang.doors.ngsild.roll import Rows
from lifang.doors.ngsild.routes_entities import PREFIX, Reads, projection_of

Name = Annotated[str, Path(max_length=300)]
_MEDIA = (JSON, LD)
_GIVEN = {"location": "GeoProperty", "name": "LanguageProperty", "description": "Property"} | {
    "classification": "Property"
}


def router() -> APIRouter:
    """Return the routes of types and attributes."""
    routes = APIRouter(prefix=PREFIX, route_class=LdRoute, tags=["ngsi-ld"])
    told = described("details", "local", media=_MEDIA)
    routes.add_api_route("/types", _types, summary="List entity types", **told)
    routes.add_api_route("/types/{name}", _type, summary="Tell of an entity type", **described("local", media=_MEDIA))
    routes.add_api_route("/attributes", _attributes, summary="List attributes", **told)
    routes.add_api_route("/attributes/{name}", _attribute, summary="Tell of an attribute",
                         **described("local", media=_MEDIA))  # fmt: skip
    routes.add_api_route("/jsonldContexts/core", _context, summary="The core context, bundled",
                         **described(media=(LD,)))  # fmt: skip
    return routes


def _types(request: Request, asker: Reads) -> Response:
    """List the types of the entities there are; with ``details`` what attributes each has."""
    given = check_parameters(request.query_params, "details", "local")
    context, facts = context_of(request), projection_of(request).facts(asker)
    rows = facts.seen(np.arange(len(facts.roll)))
    there = sorted({facts.roll.types[code] for code in np.unique(facts.roll.kind[rows]).tolist()})
    if not truth_of(given, "details"):
        shown = [context.shown(each) for each in there]
        body: Any = {"id": _list_id("EntityTypeList", shown), "type": "EntityTypeList", "typeList": shown}
    else:
        body = [_told_type(facts, rows, each, context) for each in there]
    return ld_answer(request, body, media_of(request, *_MEDIA), context=context)


def _told_type(facts: Facts, rows: Rows, name: str, context: Context) -> dict[str, Any]:
    found = _of_type(facts, rows, name)
    names = sorted(context.shown(each) for each in _attributes_of(facts, found))
    return {"id": context.uri(name), "type": "EntityType", "typeName": context.shown(name), "attributeNames": names}


def _of_type(facts: Facts, rows: Rows, name: str) -> Rows:
    if name not in facts.roll.types:
        return rows[:0]
    of_type: Rows = rows[facts.roll.kind[rows] == facts.roll.types.index(name)]
    return of_type


def _type(name: Name, request: Request, asker: Reads) -> Response:
    """Tell how many entities of a type there are, and what attributes they have."""
    check_parameters(request.query_params, "local")
    context, facts = context_of(request), projection_of(request).facts(asker)
    inner = context.inner(name)
    rows = _of_type(facts, facts.seen(np.arange(len(facts.roll))), inner)
    if not len(rows):
        raise NotFound(f"There is no entity of type {name[:80]!r}.", mend=f"{PREFIX}/types lists the types.")
    details = [
        {
            "id": context.uri(each),
            "type": "Attribute",
            "attributeName": context.shown(each),
            "attributeTypes": [kind],
        }
        for each, kind in sorted(_attributes_of(facts, rows).items())
    ]
    body = {
        "id": context.uri(inner),
        "type": "EntityTypeInfo",
        "typeName": context.shown(inner),
        "entityCount": len(rows),
        "attributeDetails": details,
    }
    return ld_answer(request, body, media_of(request, *_MEDIA), context=context)


def _attributes(request: Request, asker: Reads) -> Response:
    """List the attributes that entities have; with ``details`` the types that have each."""
    given = check_parameters(request.query_params, "details", "local")
    context, facts = context_of(request), projection_of(request).facts(asker)
    rows = facts.seen(np.arange(len(facts.roll)))
    there = sorted(_attributes_of(facts, rows))
    if not truth_of(given, "details"):
        shown = [context.shown(each) for each in there]
        body: Any = {"id": _list_id("AttributeList", shown), "type": "AttributeList", "attributeList": shown}
    else:
        body = [{"id": context.uri(each), "type": "Attribute", "attributeName": context.shown(each),
                 "typeNames": _types_with(facts, rows, each, context)} for each in there]  # fmt: skip
    return ld_answer(request, body, media_of(request, *_MEDIA), context=context)


def _attribute(name: Name, request: Request, asker: Reads) -> Response:
    """Tell of an attribute: how many entities have it, of which types."""
    check_parameters(request.query_params, "local")
    context, facts = context_of(request), projection_of(request).facts(asker)
    inner = context.inner(name)
    rows = facts.seen(np.arange(len(facts.roll)))
    kind = _attributes_of(facts, rows).get(inner)
    if kind is None:
        raise NotFound(f"No entity has an attribute {name[:80]!r}.", mend=f"{PREFIX}/attributes lists them.")
    body = {
        "id": context.uri(inner),
        "type": "Attribute",
        "attributeName": context.shown(inner),
        "attributeTypes": [kind],
        "attributeCount": int(_having(facts, rows, inner).sum()),
        "typeNames": _types_with(facts, rows, inner, context),
    }
    return ld_answer(request, body, media_of(request, *_MEDIA), context=context)


def _attributes_of(facts: Facts, rows: Rows) -> dict[str, str]:
    """Return the attributes that these entities may have, each with its kind; measured ones with or without a value."""
    among = np.zeros(len(facts.roll) + 1, np.bool_)
    among[rows] = True
    roll = facts.roll
    numbers = np.flatnonzero(among[roll.stream_row] & (roll.stream_row >= 0) & facts.sight.streams[roll.stream_class])
    measured = np.unique(roll.stream_attribute[numbers]).tolist()
    found = dict(_GIVEN) if len(rows) else {}
    found |= dict.fromkeys(facts.property_names(rows), "Property")
    found |= {name: "Relationship" for name in RELATIONSHIPS if facts.column(name, rows).present().any()}
    return found | {roll.attributes[code]: "Property" for code in measured}


def _having(facts: Facts, rows: Rows, name: str) -> Bools:
    """Return which of ``rows`` have the attribute, or a datastream that may give it a value."""
    roll = facts.roll
    numbers = roll.named(name)
    numbers = numbers[facts.sight.streams[roll.stream_class[numbers]]]
    found: Bools = np.isin(rows, roll.stream_row[numbers])
    if name == "location":
        return found | ~np.isnan(roll.lon[rows])
    if name == "name":
        return found | facts.column("name[zh]", rows).present() | facts.column("name[en]", rows).present()
    return found | facts.column(name, rows).present()


def _types_with(facts: Facts, rows: Rows, name: str, context: Context) -> list[str]:
    codes = np.unique(facts.roll.kind[rows[_having(facts, rows, name)]]).tolist()
    return sorted({context.shown(facts.roll.types[code]) for code in codes})


def _list_id(kind: str, names: list[str]) -> str:
    """Return the id of a list: of equal lists the same."""
    return f"{URN}{kind}:{hashlib.blake2b(' '.join(names).encode(), digest_size=8).hexdigest()}"


def _context(request: Request, asker: Reads) -> Response:
    """Give the core context, for who cannot reach the published one."""
    del asker
    check_parameters(request.query_params)
    response = json_answer(request, {"@context": core_context()})
    if response.status_code == 200:
        response.headers["Content-Type"] = LD
    return response
