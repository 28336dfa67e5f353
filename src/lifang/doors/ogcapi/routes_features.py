"""Routes of collections and their features (OGC 17-069r4, 18-058, 19-079r2)."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.catalogue import Features, Form
from lifang.core import format_instant
from lifang.doors.http import Asker, bytes_answer, city_of, entity_tag, json_answer
from lifang.doors.ogcapi.asked import PARAMETERS, Asked, asked_of, check_known, release_of, time_column
from lifang.doors.ogcapi.crs import CRS84, Crs, crs_of, sides_of
from lifang.doors.ogcapi.describing import collection, schema
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import GEOJSON, JSON, JSONFG, ROOT, SCHEMA, Link, address, again, link
from lifang.doors.ogcapi.parameters import CollectionId, FeatureId, Limit, Lists, Number, Offset, Reads, Text
from lifang.doors.ogcapi.representing import OgcRoute, media_of
from lifang.doors.ogcapi.routes_edr import described as described_observations
from lifang.doors.ogcapi.routes_objects import described as described_objects
from lifang.doors.ogcapi.routes_records import described as described_records

_COLLECTIONS, _COLLECTIONS_MAX = 1000, 10_000
_FEATURE_MEDIA = {"json": GEOJSON, "geojson": GEOJSON, "jsonfg": JSONFG, "plain": JSON}
_SCHEMA_MEDIA = {"schema": SCHEMA, "json": JSON}
_FG = tuple(f"http://www.opengis.net/spec/json-fg-1/1.0/conf/{name}" for name in ("core", "types-schemas"))


def router() -> APIRouter:
    """Return the routes of collections and features."""
    routes = APIRouter(prefix=f"{ROOT}/collections", route_class=OgcRoute, tags=["ogcapi"], responses=ANSWERS)
    one = "/{collection_id}"
    features: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {}, JSONFG: {}}}}
    schemas: dict[int | str, dict[str, Any]] = {200: {"content": {SCHEMA: {}}}}
    routes.add_api_route("", collections, summary="The datasets as collections", response_model=dict[str, Any])
    routes.add_api_route(one, a_collection, summary="A dataset as a collection", response_model=dict[str, Any])
    routes.add_api_route(f"{one}/schema", the_schema, summary="The schema of features", responses=schemas)
    routes.add_api_route(f"{one}/queryables", queryables, summary="What features are filtered by", responses=schemas)
    routes.add_api_route(f"{one}/sortables", sortables, summary="What features are ordered by", responses=schemas)
    read = {"parameters": PARAMETERS}
    address = f"{one}/items"
    routes.add_api_route(address, items, summary="Features of a dataset", responses=features, openapi_extra=read)
    routes.add_api_route(f"{address}/{{feature_id:path}}", item, summary="A feature", responses=features)
    return routes


def collections(
    request: Request, asker: Lists, limit: Limit = None, offset: Offset = None, bbox: Text = None
) -> Response:
    """List the datasets that the asker may read, then records, observations and the twin's models and classes.

    With `bbox` the 3D volumes that reach into it, and nothing else. `limit` holds for all of them together.
    """
    check_known(request, "limit", "offset", "bbox")
    media_of(request, {"json": JSON})
    size, start = min(limit or _COLLECTIONS, _COLLECTIONS_MAX), offset or 0
    links = [link("self", str(request.url), title="this document")]
    told: list[dict[str, Any]] = []
    before = 0  # how many are listed before those that are no datasets
    if bbox is None:
        page = asker.datasets(offset=start, limit=size)
        told = [collection(request, each.card, each.release, each.extent) for each in page if each.release is not None]
        before = page.total
        others = [
            described_records(request),
            described_observations(request, asker),
            *described_objects(request, asker),
        ]
    else:
        sides_of(bbox)
        others = described_objects(request, asker, bbox)
    end = start + size - before
    told += others[max(start - before, 0) : max(end, 0)]
    if end < len(others):
        links.append(link("next", again(request, {"offset": start + size, "limit": size})))
    return json_answer(request, {"links": links, "collections": told, "crs": [CRS84]})


def a_collection(collection_id: CollectionId, request: Request, asker: Reads) -> Response:
    """Describe one collection."""
    check_known(request)
    media_of(request, {"json": JSON})
    dataset = asker.dataset(collection_id)
    release = dataset.release()
    return json_answer(request, collection(request, dataset.card, release, dataset.extent_of(release)))


def _schema(request: Request, asker: Asker, collection_id: str, place: str, *, geometry: bool = True) -> Response:
    check_known(request)
    media = media_of(request, _SCHEMA_MEDIA)
    dataset = asker.dataset(collection_id)
    response = json_answer(request, schema(request, dataset.features(), dataset.card, place, geometry=geometry))
    response.headers["Content-Type"] = media
    return response


def the_schema(collection_id: CollectionId, request: Request, asker: Reads) -> Response:
    """Give the schema of a collection's features."""
    return _schema(request, asker, collection_id, "schema")


def queryables(collection_id: CollectionId, request: Request, asker: Reads) -> Response:
    """Give what a collection's features can be filtered by (OGC 19-079r2, clause 6.2)."""
    return _schema(request, asker, collection_id, "queryables")


def sortables(collection_id: CollectionId, request: Request, asker: Reads) -> Response:
    """Give what a collection's features can be ordered by."""
    return _schema(request, asker, collection_id, "sortables", geometry=False)


def items(collection_id: CollectionId, request: Request, asker: Reads) -> Response:
    """Give features: narrowed by place, time, properties by their names, CQL2; `numberMatched` is exact."""
    media = media_of(request, _FEATURE_MEDIA)
    features = asker.dataset(collection_id).features(release_of(request))
    asked = asked_of(request, features)
    tag = entity_tag(f"{features.release.sha256}{features.release.agreement}{asked!r}{media}{request.url}")
    body = _page(request, features, asked, media)
    return _told(bytes_answer(request, body, media_type=media, tag=tag), asked.crs)


def item(
    collection_id: CollectionId,
    feature_id: FeatureId,
    request: Request,
    asker: Reads,
    crs: Text = None,
    release: Number = None,
) -> Response:
    """Give one feature."""
    check_known(request, "crs", "release")
    media = media_of(request, _FEATURE_MEDIA)
    system = crs_of(crs or CRS84)
    dataset = asker.dataset(collection_id)
    features = dataset.features(release)
    found = features.one(feature_id, form=_form(features, system, media))
    tag = feature_tag(found, media, system)
    links = [
        link("self", again(request, {}), media, "this feature"),
        *_alternates(request, media),
        link("collection", address(request, "collections", collection_id), title="its collection"),
    ]
    head = {"conformsTo": _FG, **_fg_head(features, system)} if media == JSONFG else {}
    told = {**head, "links": links}
    body = found[:-1] + b"," + orjson.dumps(told)[1:]
    return _told(bytes_answer(request, body, media_type=media, tag=tag), system)


def feature_tag(feature: bytes, media: str, crs: Crs) -> str:
    """Return the entity tag of a feature in one representation: what it holds, not where it was asked for."""
    return entity_tag(b"%b %b %b" % (media.encode(), crs.uri.encode(), feature))


def _told(response: Response, crs: Crs) -> Response:
    response.headers["Content-Crs"] = f"<{crs.uri}>"
    if "vary" in response.headers:
        response.headers["Vary"] += ", Accept"
    return response


def _form(features: Features, crs: Crs, media: str) -> Form:
    return Form(crs.move, fg=True, time=time_column(features)) if media == JSONFG else Form(crs.move)


def _fg_head(features: Features, crs: Crs) -> dict[str, Any]:
    return {"featureType": features.release.dataset, "coordRefSys": crs.uri}


def _page(request: Request, features: Features, asked: Asked, media: str) -> bytes:
    question = asked.question
    page = features.page(question, form=_form(features, asked.crs, media))
    matched, found = page.matched, page.features
    head: dict[str, Any] = {
        "type": "FeatureCollection",
        **({"conformsTo": _FG, **_fg_head(features, asked.crs)} if media == JSONFG else {}),
        "numberMatched": matched,
        "numberReturned": len(found),
        "timeStamp": format_instant(city_of(request).clock.now()),
        "links": _page_links(request, features, asked, (matched, len(found)), media),
    }
    return orjson.dumps(head)[:-1] + b',"features":[' + b",\n".join(found) + b"]}"


def _alternates(request: Request, media: str) -> list[Link]:
    others = (("geojson", GEOJSON), ("jsonfg", JSONFG))
    return [link("alternate", again(request, {"f": short}), kind) for short, kind in others if kind != media]


def _page_links(request: Request, features: Features, asked: Asked, counts: tuple[int, int], media: str) -> list[Link]:
    """Return the links of a page; those to other pages name the release, so that they fit together."""
    matched, returned = counts
    question, number = asked.question, features.release.number
    found = [
        link("self", again(request, {}), media, "this document"),
        *_alternates(request, media),
        link("collection", address(request, "collections", features.release.dataset), title="the collection"),
    ]
    if question.offset + returned < matched and returned:
        after = {"offset": question.offset + returned, "limit": question.limit, "release": number}
        found.append(link("next", again(request, after), media, "the next page"))
    if question.offset:
        start = max(0, question.offset - question.limit)
        before = {"offset": start, "limit": question.limit, "release": number}
        found.append(link("prev", again(request, before), media, "the page before"))
    return found
