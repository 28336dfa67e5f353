"""Routes of the catalogue as records (OGC 20-004r1): every dataset that the asker may know of, with facets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import Listed, OpenDataset
from lifang.catalogue import Search, named
from lifang.core import BadInput, Box, format_instant
from lifang.doors.http import Asker, json_answer
from lifang.doors.ogcapi.asked import check_known, span_of
from lifang.doors.ogcapi.cql import read_filter
from lifang.doors.ogcapi.crs import CRS84, boxes_of, crs_of
from lifang.doors.ogcapi.describing import worded
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import GEOJSON, JSON, REL, ROOT, SCHEMA, Link, address, again, link
from lifang.doors.ogcapi.parameters import Limit, Lists, Offset, Reads, Text
from lifang.doors.ogcapi.records_filter import INTERVALS, QUERYABLE, clause_of
from lifang.doors.ogcapi.representing import OgcRoute, media_of
from lifang.store import Clause, Either, Having, Words

RECORDS = "catalogue.records"  # no dataset can be called so: their ids have no point
_LIMIT, _LIMIT_MAX = 10, 1000
_IDS_MAX = 100
_TYPE = "dataset"
_CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
_KNOWN = ("q", "bbox", "datetime", "type", "ids", "externalIds", "theme", "provider", "filter", "filter-lang",
          "filter-crs", "limit", "offset", "sortby")  # fmt: skip
_SORTED = ("title", "updated", "created", "id")
_MEDIA = {"json": GEOJSON, "geojson": GEOJSON, "plain": JSON}
RecordId = Annotated[str, Path(max_length=64)]


def router() -> APIRouter:
    """Return the routes of records."""
    routes = APIRouter(prefix=f"{ROOT}/collections/{RECORDS}", route_class=OgcRoute, tags=["ogcapi"], responses=ANSWERS)
    told: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {}}}}
    schema: dict[int | str, dict[str, Any]] = {200: {"content": {SCHEMA: {}}}}
    routes.add_api_route("", catalogue, summary="The catalogue of datasets", response_model=dict[str, Any])
    routes.add_api_route("/queryables", queryables, summary="What records are looked for by", responses=schema)
    routes.add_api_route("/sortables", sortables, summary="What records are ordered by", responses=schema)
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
            link("data", f"{here}/items", GEOJSON, "the records"),
            link(f"{REL}queryables", f"{here}/queryables", SCHEMA),
            link(f"{REL}sortables", f"{here}/sortables", SCHEMA),
        ],
    }


def catalogue(request: Request, asker: Lists) -> Response:
    """Describe the catalogue as a collection of records."""
    del asker
    check_known(request)
    media_of(request, {"json": JSON})
    return json_answer(request, described(request))


def queryables(request: Request, asker: Lists) -> Response:
    """Give what records are looked for by; `title` and `description` with LIKE, by their words."""
    del asker
    return _schema(request, "queryables", {"q": {"type": "string"}, **QUERYABLE})


def sortables(request: Request, asker: Lists) -> Response:
    """Give what records are ordered by."""
    del asker
    return _schema(request, "sortables", {name: QUERYABLE[name] for name in _SORTED})


def _schema(request: Request, place: str, properties: Mapping[str, Any]) -> Response:
    check_known(request)
    media = media_of(request, {"schema": SCHEMA, "json": JSON})
    body = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address(request, "collections", RECORDS, place),
        "type": "object",
        "properties": properties,
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
    external_ids: Annotated[str | None, Query(alias="externalIds", max_length=2000)] = None,
    theme: Text = None,
    provider: Text = None,
    filter_: Annotated[
        str | None, Query(alias="filter", max_length=16_000, description="CQL2, as text or as JSON.")
    ] = None,
    filter_lang: Annotated[str | None, Query(alias="filter-lang", max_length=20)] = None,
    filter_crs: Annotated[str | None, Query(alias="filter-crs", max_length=200)] = None,
    sortby: Text = None,
    limit: Limit = None,
    offset: Offset = None,
) -> Response:
    """Look for datasets by words, place, time, type, theme, provider, ids and CQL2; with facets of what was found."""
    check_known(request, *_KNOWN)
    media = media_of(request, _MEDIA)
    start, size = offset or 0, min(limit or _LIMIT, _LIMIT_MAX)
    found: list[Listed] = []
    total, facets = 0, dict[str, list[tuple[str, int]]]()
    also = [*_any_of(q), *_named(ids, "ids"), *_named(external_ids, "externalIds")]
    also += _filtered(filter_, filter_lang, filter_crs)
    chosen = {key: (value,) for key, value in (("theme", theme), ("provider", provider)) if value}
    search = _search(request, "" if "," in q else q, bbox, datetime_, sortby, chosen, also)
    if type_ is None or _TYPE in type_.split(","):
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
    sortby: str | None,
    chosen: Mapping[str, tuple[str, ...]],
    also: Sequence[Clause],
) -> Search:
    """Return the question to the catalogue."""
    if "\0" in q:
        raise BadInput("A text has no NUL.", where="q", mend="Leave it out.")
    boxes = boxes_of(bbox) if bbox else ()
    if len(boxes) > 1:
        raise BadInput("This box crosses the antimeridian.", where="bbox", mend="Ask for its two sides one by one.")
    ends = _ends(when)
    name = (sortby or "").lstrip("+-")
    if sortby is not None and name not in _SORTED:
        mend = f"Use one of {', '.join(_SORTED)}, with - to descend."
        raise BadInput(f"{sortby[:40]!r} orders nothing.", where="sortby", mend=mend)
    chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    order = {"": "relevance", "title": "title" if chinese else "title_en"}.get(name, name)
    box = boxes[0] if boxes else None
    down = (sortby or "").startswith("-")
    return Search(q, chosen, box=box, start=ends[0], end=ends[1], sort=order, descending=down, also=also)


def _ends(when: str | None) -> list[str]:
    """Return the first and the last day or moment of a ``datetime`` as it writes them, empty where it is open."""
    if when is None:
        return ["", ""]
    span = span_of(when)
    first, _, last = when.partition("/")
    if "P" in when:  # a duration
        return [format_instant(each) if each else "" for each in span]
    return ["" if each == ".." else each for each in (first, last if "/" in when else first)]


def _any_of(q: str) -> list[Clause]:
    """Return what finds one of several terms, which stand between commas (20-004r1, recommendation of ``q``)."""
    if "," not in q:
        return []
    return [Either([Words(term, "full") for term in q.split(",") if term.strip()])]


def _named(text: str | None, where: str) -> list[Clause]:
    if text is None:
        return []
    names = list(dict.fromkeys(each.strip() for each in text.split(",")))
    if len(names) > _IDS_MAX:
        raise BadInput(f"At most {_IDS_MAX} ids are looked for.", where=where, mend="Ask for fewer.")
    return [Having("id", names)]


def _filtered(text: str | None, lang: str | None, crs: str | None) -> list[Clause]:
    system = crs_of(crs or CRS84, where="filter-crs")
    if lang not in {None, "cql2-text", "cql2-json"}:
        raise BadInput(f"{lang!r} is no filter language.", where="filter-lang", mend="cql2-text or cql2-json.")
    if text is None:
        return []
    return [clause_of(read_filter(text, lang or "cql2-text", system.to_wgs84, INTERVALS))]


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
        "keywords": list(card.keywords) or None,
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
