"""Routes of the catalogue as records (OGC 20-004r1): every dataset that the asker may know of, with facets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import Listed
from lifang.catalogue import named
from lifang.core import BadInput, Box, NotFound, format_instant
from lifang.doors.http import Asker, json_answer
from lifang.doors.ogcapi.asked import check_known, span_of
from lifang.doors.ogcapi.crs import CRS84, boxes_of
from lifang.doors.ogcapi.describing import worded
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import GEOJSON, JSON, REL, ROOT, SCHEMA, address, again, link
from lifang.doors.ogcapi.parameters import Limit, Lists, Offset, Reads, Text
from lifang.doors.ogcapi.representing import OgcRoute, media_of

RECORDS = "catalogue.records"  # no dataset can be called so: their ids have no point
_LIMIT, _LIMIT_MAX = 10, 1000
_TYPE = "dataset"
_CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
_KNOWN = ("q", "bbox", "datetime", "type", "ids", "theme", "provider", "limit", "offset", "sortby")
_MEDIA = {"json": GEOJSON, "geojson": GEOJSON, "plain": JSON}
RecordId = Annotated[str, Path(max_length=64)]


def router() -> APIRouter:
    """Return the routes of records."""
    routes = APIRouter(prefix=f"{ROOT}/collections/{RECORDS}", route_class=OgcRoute, tags=["ogcapi"], responses=ANSWERS)
    told: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {}}}}
    schema: dict[int | str, dict[str, Any]] = {200: {"content": {SCHEMA: {}}}}
    routes.add_api_route("", catalogue, summary="The catalogue of datasets", response_model=dict[str, Any])
    routes.add_api_route("/queryables", queryables, summary="What records are looked for by", responses=schema)
    routes.add_api_route("/items", records, summary="Datasets as records", responses=told)
    routes.add_api_route("/items/{record_id}", record, summary="A dataset as a record", responses=told)
    return routes


def described(request: Request) -> dict[str, Any]:
    """Return the catalogue as a collection of records."""
    here = address(request, "collections", RECORDS)
    return {
        "id": RECORDS,
        "title": "Catalogue of datasets / 数据目录",
        "description": "A record for every dataset.",
        "itemType": "record",
        "type": "Collection",
        "crs": [CRS84],
        "links": [
            link("self", here),
            link("items", f"{here}/items", GEOJSON, "the records"),
            link(f"{REL}queryables", f"{here}/queryables", SCHEMA),
        ],
    }


def catalogue(request: Request, asker: Lists) -> Response:
    """Describe the catalogue as a collection of records."""
    del asker
    check_known(request)
    media_of(request, {"json": JSON})
    return json_answer(request, described(request))


def queryables(request: Request, asker: Lists) -> Response:
    """Give what records are looked for by."""
    del asker
    check_known(request)
    media = media_of(request, {"schema": SCHEMA, "json": JSON})
    text = {"type": "string"}
    body = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address(request, "collections", RECORDS, "queryables"),
        "type": "object",
        "properties": {"q": text, "type": {"type": "string", "enum": [_TYPE]}, "theme": text, "provider": text},
        "additionalProperties": False,
    }
    response = json_answer(request, body)
    response.headers["Content-Type"] = media
    return response


def records(
    request: Request,
    asker: Lists,
    q: Annotated[str, Query(max_length=200, description="Words, Chinese or English.")] = "",
    bbox: Text = None,
    datetime_: Annotated[str | None, Query(alias="datetime", max_length=100)] = None,
    type_: Annotated[str | None, Query(alias="type", max_length=100)] = None,
    ids: Text = None,
    theme: Text = None,
    provider: Text = None,
    sortby: Text = None,
    limit: Limit = None,
    offset: Offset = None,
) -> Response:
    """Look for datasets by words, place, time, type, theme and provider; with facets of what was found."""
    check_known(request, *_KNOWN)
    media = media_of(request, _MEDIA)
    if "\0" in q:
        raise BadInput("A text has no NUL.", where="q", mend="Leave it out.")
    found = [] if type_ not in (None, _TYPE) else list(asker.datasets(text=q, theme=theme, provider=provider))
    if ids is not None:
        wanted = set(ids.split(","))
        found = [each for each in found if each.card.id in wanted]
    found = _there(found, bbox, datetime_)
    found = _ordered(request, found, sortby)
    start, size = offset or 0, min(limit or _LIMIT, _LIMIT_MAX)
    page = found[start : start + size]
    links = [link("self", again(request, {}), media, "this document"),
             link("collection", address(request, "collections", RECORDS))]  # fmt: skip
    if start + len(page) < len(found) and page:
        links.append(link("next", again(request, {"offset": start + size, "limit": size}), media))
    if start:
        links.append(link("prev", again(request, {"offset": max(0, start - size), "limit": size}), media))
    body = {
        "type": "FeatureCollection",
        "numberMatched": len(found),
        "numberReturned": len(page),
        "timeStamp": format_instant(asker.city.clock.now()),
        "facets": _facets(request, asker, found),
        "links": links,
        "features": [_record(request, asker, each) for each in page],
    }
    response = json_answer(request, body)
    response.headers["Content-Type"] = media
    return response


def record(record_id: RecordId, request: Request, asker: Reads) -> Response:
    """Give the record of one dataset."""
    check_known(request)
    media = media_of(request, _MEDIA)
    dataset = asker.dataset(record_id)
    listed = next((each for each in asker.datasets(text="") if each.card.id == dataset.id), None)
    if listed is None:
        raise NotFound(f"There is no record {record_id!r}.", mend=f"List them: GET /ogc/collections/{RECORDS}/items.")
    response = json_answer(request, _record(request, asker, listed))
    response.headers["Content-Type"] = media
    return response


def _there(found: list[Listed], bbox: str | None, when: str | None) -> list[Listed]:
    if bbox is not None:
        boxes = boxes_of(bbox)
        found = [each for each in found if each.extent.box and any(_meet(each.extent.box, box) for box in boxes)]
    if when is not None:
        first, last = span_of(when)
        found = [each for each in found if _meets_time(each, first, last)]
    return found


def _meet(one: Box, other: Box) -> bool:
    return one.west <= other.east and one.east >= other.west and one.south <= other.north and one.north >= other.south


def _meets_time(listed: Listed, first: datetime | None, last: datetime | None) -> bool:
    if not listed.extent.start:
        return False
    start, _ = span_of(listed.extent.start)
    _, end = span_of(listed.extent.end)
    low, high = start or datetime.min.replace(tzinfo=UTC), end or datetime.max.replace(tzinfo=UTC)
    return (last is None or low <= last) and (first is None or high >= first)


def _ordered(request: Request, found: list[Listed], sortby: str | None) -> list[Listed]:
    if sortby is None:
        return found
    name, down = sortby.lstrip("+-"), sortby.startswith("-")
    if name == "title":
        return sorted(found, key=lambda each: worded(request, each.card.name) or each.card.id, reverse=down)
    if name == "updated":
        return sorted(found, key=lambda each: _updated(each) or "", reverse=down)
    raise BadInput(
        f"{sortby[:40]!r} orders nothing.", where="sortby", mend="Use title or updated, - before it to descend."
    )


def _updated(listed: Listed) -> str | None:
    return format_instant(listed.release.recorded) if listed.release else None


def _facets(request: Request, asker: Asker, found: list[Listed]) -> dict[str, Any]:
    del request, asker
    told: dict[str, Any] = {}
    values: Mapping[str, Any] = {
        "theme": lambda each: each.card.theme or "other",
        "provider": lambda each: each.card.provider.zh or each.card.provider.en,
        "classification": lambda each: each.card.classification.value,
    }
    for name, value in values.items():
        counts: dict[str, int] = {}
        for each in found:
            if key := value(each):
                counts[key] = counts.get(key, 0) + 1
        buckets = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        told[name] = {"type": "term", "property": name,
                      "buckets": [{"value": key, "count": count} for key, count in buckets]}  # fmt: skip
    return told


def _record(request: Request, asker: Asker, listed: Listed) -> dict[str, Any]:
    """Return a dataset as a record; of one that needs a purpose its name, theme and provider only."""
    card, name = listed.card, listed.card.id
    theme = named(asker.city.catalogue.themes, card.theme or "other")
    properties: dict[str, Any] = {
        "type": _TYPE,
        "title": worded(request, card.name) or name,
        "themes": [{"concepts": [{"id": card.theme or "other", "title": worded(request, theme)}], "scheme": "theme"}],
        "contacts": [{"organization": worded(request, card.provider), "roles": ["publisher"]}]
        if card.provider.zh or card.provider.en
        else [],
    }
    links = [link("self", address(request, "collections", RECORDS, "items", name), GEOJSON)]
    links.append(link("collection", address(request, "collections", RECORDS)))
    if listed.needs_purpose:
        return _feature(name, None, None, properties, links)
    properties |= {
        "description": worded(request, card.summary),
        "updated": _updated(listed),
        "license": card.licence or None,
        "formats": [{"name": card.format}] if card.format else [],
        "externalIds": [{"value": name}],
        "language": {"code": "zh"},
    }
    links.append(link("describedby", f"{str(request.base_url).rstrip('/')}/api/v1/datasets/{name}", JSON))
    if listed.release is not None:
        links.append(link("item", address(request, "collections", name), JSON, "its features"))
    return _feature(
        name, listed.extent.box, _interval(listed), {k: v for k, v in properties.items() if v is not None}, links
    )


def _interval(listed: Listed) -> dict[str, Any] | None:
    extent = listed.extent
    return {"interval": [extent.start, extent.end or ".."]} if extent.start else None


def _feature(
    name: str, box: Box | None, time: dict[str, Any] | None, properties: dict[str, Any], links: list[dict[str, Any]]
) -> dict[str, Any]:
    ring = [[box.west, box.south], [box.east, box.south], [box.east, box.north], [box.west, box.north],
            [box.west, box.south]] if box else None  # fmt: skip
    return {
        "id": name,
        "type": "Feature",
        "conformsTo": [_CORE],
        "geometry": {"type": "Polygon", "coordinates": [ring]} if ring else None,
        "time": time,
        "properties": properties,
        "links": links,
    }
