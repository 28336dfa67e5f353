"""Routes of the twin: its objects as features of any moment, a collection a model and class; models as 3D GeoVolumes.

Features by OGC 17-069r4, ``datetime`` in its clause 7.15.4: an instant, or an interval in which objects held. Volumes
by the draft of OGC API - 3D GeoVolumes (OGC 22-029): a collection with the content ``3dtiles``, whose root holds ours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import TwinView
from lifang.core import BadInput, Box, NotFound, format_instant
from lifang.doors.http import Asker, asking, city_of, json_answer
from lifang.doors.ogcapi.asked import check_known, filter_of, span_of
from lifang.doors.ogcapi.crs import CRS84, OFFERED, Crs, crs_of, sides_of
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import GEOJSON, JSON, REL, ROOT, SCHEMA, address, again, link
from lifang.doors.ogcapi.parameters import FeatureId, Limit, Text
from lifang.doors.ogcapi.representing import OgcRoute, media_of
from lifang.guard import Action, Resource
from lifang.twin import CLASSES, ModelCard

TILES_3D = "application/json+3dtiles"
_CRS84H = "http://www.opengis.net/def/crs/OGC/0/CRS84h"
_PAGE, _PAGE_MAX = 10, 10_000
_ASKED = ("class", "level", "stage", "q")
_SYSTEMS, _FILTERS = ("crs", "bbox-crs"), ("filter", "filter-lang", "filter-crs")
Sees = Annotated[Asker, asking(Action.READ, Resource("object"), per_item=True)]
Name = Annotated[str, Path(max_length=129, description="A model, or a model and a class: `delft`, `delft.Building`.")]
When = Annotated[str | None, Query(alias="datetime", max_length=100, description="A moment or an interval; now.")]


def router() -> APIRouter:
    """Return the routes of the twin's collections."""
    routes = APIRouter(prefix=f"{ROOT}/collections", route_class=OgcRoute, tags=["ogcapi"], responses=ANSWERS)
    one = "/twin.{name}"
    features: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {}}}}
    routes.add_api_route(one, a_collection, summary="A model of the twin", response_model=dict[str, Any])
    routes.add_api_route(f"{one}/queryables", queryables, summary="What its objects are filtered by",
                         responses={200: {"content": {SCHEMA: {}}}})  # fmt: skip
    routes.add_api_route(f"{one}/3dtiles", volume, summary="A model as 3D Tiles", response_model=dict[str, Any])
    routes.add_api_route(f"{one}/items", items, summary="Objects of a model as features", responses=features)
    routes.add_api_route(f"{one}/items/{{feature_id:path}}", item, summary="An object", responses=features)
    return routes


def described(request: Request, asker: Asker, bbox: str | None = None) -> list[dict[str, Any]]:
    """Return each model of the twin that stands now, and each class in it, as a collection.

    With ``bbox``, of four or six numbers, those only whose objects reach into it.
    """
    view, now = TwinView(asker), asker.city.now
    found = []
    for model, _, card in view.models(at=now):
        names = (model, *(f"{model}.{each}" for each in view.kinds(model, at=now)))
        found += [_collection(request, name, card) for name in names if bbox is None or _reaches(view, name, now, bbox)]
    return found


def _reaches(view: TwinView, name: str, now: datetime, bbox: str) -> bool:
    model, _, kind = name.partition(".")
    bounds = view.extent(at=now, model=model, kind=kind or None)
    if bounds is None:
        return False
    box, numbers = Box(*sides_of(bbox)), bbox.split(",")
    low, high = (float(numbers[2]), float(numbers[5])) if len(numbers) == 6 else (bounds[4], bounds[5])
    west, south, east, north, bottom, top = bounds
    flat = west <= box.east and east >= box.west and south <= box.north and north >= box.south
    return flat and bottom <= high and top >= low


def a_collection(name: Name, request: Request, asker: Sees) -> Response:
    """Describe a model of the twin, or one class of it, as a collection; with where it lies and its 3D Tiles."""
    check_known(request)
    media_of(request, {"json": JSON})
    model, kind = _known(name, asker)
    view = TwinView(asker)
    told = _collection(request, name, view.card(model))
    bounds = view.extent(at=asker.city.now, model=model, kind=kind)
    if bounds is not None:
        west, south, east, north, bottom, top = bounds
        told["extent"] = {"spatial": {"bbox": [[west, south, east, north]], "crs": CRS84}}
        if kind is None:
            parts = (f"{name}.{each}" for each in view.kinds(model, at=asker.city.now))
            told["children"] = [_collection(request, each, view.card(model)) for each in parts]
        told["contentExtent"] = {"bbox": [west, south, bottom, east, north, top], "crs": _CRS84H}
    return json_answer(request, told)


def queryables(name: Name, request: Request, asker: Sees) -> Response:
    """Give what the objects of a model can be narrowed by."""
    check_known(request)
    media_of(request, {"schema": SCHEMA, "json": JSON})
    model, _ = _known(name, asker)
    view = TwinView(asker)
    told = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address(request, "collections", f"twin.{name}", "queryables"),
        "type": "object",
        "properties": {
            **{key: {"type": "string"} for key in ("id", "class", "category", "stage", "parent", "name")},
            "geometry": {"format": "geometry-any"},
            "level": {"type": "integer", "minimum": 1, "maximum": 7},
            **{key: {"type": "number"} for key in ("bottom_m", "top_m", "height_m")},
            **{key: {"type": "string", "format": "date-time"} for key in ("valid_from", "valid_to")},
            **{each["name"]: _kind(each) for each in view.properties(at=asker.city.now, model=model).to_pylist()},
        },
        "additionalProperties": True,
    }
    response = json_answer(request, told)
    response.headers["Content-Type"] = SCHEMA
    return response


def _kind(told: dict[str, Any]) -> dict[str, str]:
    """Return the type of a property that objects have of their own, if they agree on it."""
    return {"type": "number"} if told["numbers"] == told["count"] else {}


def volume(name: Name, request: Request, asker: Sees, when: When = None) -> Response:
    """Give a tileset (OGC 22-025r4) whose root is the model's own tileset, as it was at a moment."""
    check_known(request, "datetime")
    model, kind = _known(name, asker)
    if kind is not None:
        raise NotFound("Only a whole model has 3D Tiles.", mend=f"Ask for {ROOT}/collections/twin.{model}/3dtiles.")
    at, until = _moments(when, asker.city.now)
    if until is not None:
        raise BadInput("A tileset tells of one moment.", where="datetime", mend="Write a moment, no interval.")
    own = TwinView(asker).tiles(at=at, model=model).source.tileset()
    root, moment = own["root"], format_instant(at) if when else "now"
    here = f"{str(request.base_url).rstrip('/')}/tiles/3d/{model}/{moment}/tileset.json"
    whole = {name: root[name] for name in ("boundingVolume", "geometricError", "refine") if name in root}
    body = {
        "asset": {"version": "1.1"},
        "geometricError": own["geometricError"],
        "root": {"refine": "ADD", **whole, "content": {"uri": here}},
    }
    return json_answer(request, body)


def items(
    name: Name,
    request: Request,
    asker: Sees,
    limit: Limit = None,
    bbox: Text = None,
    when: When = None,
    kind: Annotated[str | None, Query(alias="class", max_length=64)] = None,
    level: Annotated[int | None, Query(ge=1, le=7)] = None,
    stage: Annotated[str | None, Query(max_length=20)] = None,
    q: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str | None, Query(max_length=300, description="The id that the page before ended with.")] = None,
    scenario: Annotated[str | None, Query(max_length=64, description="As of this scenario.")] = None,
) -> Response:
    """Give the objects of a model that held at a moment (now), or in an interval, by id; `numberMatched` is exact.

    `filter` is CQL2, text or JSON, over the queryables and any property of the objects; `crs` and `bbox-crs` are those
    of the collection.
    """
    check_known(request, "limit", "bbox", "datetime", "after", "scenario", *_SYSTEMS, *_FILTERS, *_ASKED)
    system = crs_of(request.query_params.get("crs", CRS84))
    media_of(request, {"json": GEOJSON, "geojson": GEOJSON})
    model, only = _known(name, asker)
    if only is not None and kind not in {None, only}:
        raise BadInput(f"This collection holds {only} only.", where="class", mend=f"Ask twin.{model}.")
    size = min(limit or _PAGE, _PAGE_MAX)
    at, until = _moments(when, asker.city.now)
    found, matched = TwinView(asker).features(
        at=at, until=until, model=model, kind=only or kind, level=level, stage=stage, text=q,
        box=_box(bbox, request.query_params.get("bbox-crs", CRS84)), where=filter_of(request.query_params),
        move=system.move, scenario=scenario, after=after, limit=size + 1,
    )  # fmt: skip
    page = found[:size]
    links = [
        link("self", again(request, {}), GEOJSON, "this document"),
        link("collection", address(request, "collections", f"twin.{name}"), title="the collection"),
    ]
    if len(found) > size:
        links.append(link("next", again(request, {"after": page[-1]["id"], "limit": size}), GEOJSON, "the next page"))
    head: dict[str, Any] = {
        "type": "FeatureCollection",
        "numberMatched": matched,
        "numberReturned": len(page),
        "timeStamp": format_instant(city_of(request).clock.now()),
        "links": links,
    }
    return _geojson(request, {**head, "features": page}, system)


def item(name: Name, feature_id: FeatureId, request: Request, asker: Sees, when: When = None) -> Response:
    """Give one object as a feature, as it was at a moment (now)."""
    check_known(request, "datetime", "crs")
    system = crs_of(request.query_params.get("crs", CRS84))
    media_of(request, {"json": GEOJSON, "geojson": GEOJSON})
    model, kind = _known(name, asker)
    at, until = _moments(when, asker.city.now)
    found, _ = TwinView(asker).features(at=at, until=until, model=model, kind=kind, ids=[feature_id], limit=1,
                                           move=system.move)  # fmt: skip
    if not found:
        raise NotFound(
            f"There is no object {feature_id[:80]!r} then.",
            mend=f"List them: GET {ROOT}/collections/twin.{name}/items.",
        )
    collection = address(request, "collections", f"twin.{name}")
    links = [
        link("self", address(request, "collections", f"twin.{name}", "items", feature_id), GEOJSON, "this feature"),
        link("collection", collection, title="its collection"),
    ]
    return _geojson(request, {**found[0], "links": links}, system)


def _geojson(request: Request, body: Any, system: Crs) -> Response:
    response = json_answer(request, body)
    response.headers["Content-Type"] = GEOJSON
    response.headers["Content-Crs"] = f"<{system.uri}>"
    return response


def _known(name: str, asker: Asker) -> tuple[str, str | None]:
    """Return the model and the class, if one, that a collection is of; ``NotFound`` where it never held anything."""
    model, _, kind = name.partition(".")
    if TwinView(asker).knows(model) and (not kind or kind in CLASSES):
        return model, kind or None
    raise NotFound(f"There is no collection 'twin.{name[:80]}'.", mend=f"List them: GET {ROOT}/collections.")


def _moments(when: str | None, now: datetime) -> tuple[datetime, datetime | None]:
    """Return the moment asked for, and the last one of an interval if one is asked for."""
    if when is None:
        return now, None
    start, end = span_of(when)
    if "/" not in when and len(when) > 10 and start is not None:
        return start, None
    return start or datetime.min.replace(year=1900, tzinfo=now.tzinfo), end or datetime.max.replace(tzinfo=now.tzinfo)


def _box(text: str | None, crs: str) -> Box | None:
    """Return the box on WGS 84 about a bbox in a coordinate system."""
    if not text:
        return None
    system, sides = crs_of(crs, where="bbox-crs"), sides_of(text)
    if system.plain:
        return Box(*sides)
    return Box(*map(float, shapely.bounds(system.region(*sides))))


def _collection(request: Request, name: str, card: ModelCard) -> dict[str, Any]:
    kind = name.partition(".")[2]
    zh, en, _ = CLASSES.get(kind, ("", "", ""))
    here = address(request, "collections", f"twin.{name}")
    chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    title = f"{card.zh if chinese else card.en}{f' · {zh if chinese else en}' if kind else ''}"
    tiles = f"{here}/3dtiles"
    links = [
        link("self", here, title="this collection"),
        link("items", f"{here}/items", GEOJSON, "its objects as GeoJSON"),
        link("data", f"{here}/items", GEOJSON, "its objects"),
        link(f"{REL}queryables", f"{here}/queryables", SCHEMA, "what it is filtered by"),
    ]
    body: dict[str, Any] = {
        "id": f"twin.{name}",
        "title": title,
        "description": card.source,
        "itemType": "feature",
        "crs": list(OFFERED),
        "storageCrs": CRS84,
        "lifang:generated": card.generated,
        "links": links,
    }
    if not kind:
        content = {"rel": "original", "href": tiles, "type": TILES_3D, "title": "3D Tiles 1.1"}
        links.append(link("alternate", tiles, TILES_3D, "its 3D Tiles"))
        body |= {"collectionType": "3d-container", "content": [content]}
    return body
