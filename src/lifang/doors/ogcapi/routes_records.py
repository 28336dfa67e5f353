"""Routes of the catalogue as records (OGC 20-004r1): every dataset that the asker may know of, with facets."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import Listed, OpenDataset
from lifang.catalogue import Search, named
from lifang.core import BadInput, Box, NeedsPurpose, NotFound, format_instant
from lifang.doors.http import Asker, json_answer
from lifang.doors.ogcapi.asked import check_known, span_of
from lifang.doors.ogcapi.crs import CRS84, boxes_of
from lifang.doors.ogcapi.describing import worded
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import GEOJSON, JSON, REL, ROOT, SCHEMA, Link, address, again, link
from lifang.doors.ogcapi.parameters import Limit, Lists, Offset, Reads, Text
from lifang.doors.ogcapi.representing import OgcRoute, media_of

RECORDS = "catalogue.records"  # no dataset can be called so: their ids have no point
_LIMIT, _LIMIT_MAX = 10, 1000
_IDS_MAX = 100
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
    start, size = offset or 0, min(limit or _LIMIT, _LIMIT_MAX)
    found: list[Listed] = []
    total, facets = 0, dict[str, list[tuple[str, int]]]()
    if ids is not None and type_ in (None, _TYPE):
        every = _by_id(asker, ids)
        found, total = every[start : start + size], len(every)
    elif type_ in (None, _TYPE):
        search = _search(request, q, bbox, datetime_, theme, provider, sortby)
        page = asker.datasets(search, offset=start, limit=size)
        found, total, facets = list(page), page.total, asker.facets(search)
    body = {
        "type": "FeatureCollection",
        "numberMatched": total,
        "numberReturned": len(found),
        "timeStamp": format_instant(asker.city.clock.now()),
        "facets": {name: _facet(name, counts) for name, counts in facets.items()},
        "links": _page_links(request, media, (start, size, len(found), total)),
        "features": [_record(request, asker, each) for each in found],
    }
    response = json_answer(request, body)
    response.headers["Content-Type"] = media
    return response


def _page_links(request: Request, media: str, counts: tuple[int, int, int, int]) -> list[Link]:
    start, size, returned, total = counts
    links = [
        link("self", again(request, {}), media, "this document"),
        link("collection", address(request, "collections", RECORDS)),
    ]
    if returned and start + returned < total:
        links.append(link("next", again(request, {"offset": start + size, "limit": size}), media))
    if start:
        links.append(link("prev", again(request, {"offset": max(0, start - size), "limit": size}), media))
    return links


def _search(
    request: Request,
    q: str,
    bbox: str | None,
    when: str | None,
    theme: str | None,
    provider: str | None,
    sortby: str | None,
) -> Search:
    """Return the question to the catalogue."""
    if "\0" in q:
        raise BadInput("A text has no NUL.", where="q", mend="Leave it out.")
    boxes = boxes_of(bbox) if bbox else ()
    if len(boxes) > 1:
        raise BadInput("This box crosses the antimeridian.", where="bbox", mend="Ask for its two sides one by one.")
    if when is not None:
        span_of(when)
    first, _, last = (when or "").partition("/")
    ends = ["" if each == ".." else each for each in (first, last if "/" in (when or "") else first)]
    name = (sortby or "").lstrip("+-")
    if sortby is not None and name not in {"title", "updated"}:
        raise BadInput(
            f"{sortby[:40]!r} orders nothing.", where="sortby", mend="Use title or updated, with - to descend."
        )
    chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    order = {"": "relevance", "title": "title" if chinese else "title_en"}.get(name, name)
    chosen = {key: (value,) for key, value in (("theme", theme), ("provider", provider)) if value}
    box = boxes[0] if boxes else None
    down = (sortby or "").startswith("-")
    return Search(q, chosen, box=box, start=ends[0], end=ends[1], sort=order, descending=down)


def _by_id(asker: Asker, ids: str) -> list[Listed]:
    names = list(dict.fromkeys(ids.split(",")))
    if len(names) > _IDS_MAX:
        raise BadInput(f"At most {_IDS_MAX} ids are looked for.", where="ids", mend="Ask for fewer.")
    found = []
    for name in names:
        with suppress(NotFound, NeedsPurpose):
            found.append(_listed(asker.dataset(name)))
    return found


def _listed(dataset: OpenDataset) -> Listed:
    newest = next(iter(dataset.releases()), None)
    return Listed(dataset.card, newest, dataset.extent_of(newest), dataset.standing.state)


def _facet(name: str, counts: list[tuple[str, int]]) -> dict[str, Any]:
    buckets = [{"value": value, "count": count} for value, count in counts]
    return {"type": "term", "property": name, "buckets": buckets}


def record(record_id: RecordId, request: Request, asker: Reads) -> Response:
    """Give the record of one dataset."""
    check_known(request)
    media = media_of(request, _MEDIA)
    response = json_answer(request, _record(request, asker, _listed(asker.dataset(record_id))))
    response.headers["Content-Type"] = media
    return response


def _updated(listed: Listed) -> str | None:
    return format_instant(listed.release.recorded) if listed.release else None


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
    if listed.needs is not None:
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
