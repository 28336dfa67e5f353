"""The addresses beside RDF: data.json, the dataset for search engines, feeds, sitemaps, robots.txt."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from lifang.app import Shelf, Shown, shown
from lifang.catalogue import Bilingual, Search
from lifang.core import NotFound
from lifang.doors.dcat import feeds
from lifang.doors.dcat.describing import Names
from lifang.doors.dcat.plain_json import data_json, schema_org
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, asking, bytes_answer, json_answer
from lifang.guard import Action, Resource

_NEWEST = 100
Reads = Annotated[Asker, asking(Action.READ, Resource("dataset"))]
ReadsOne = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]


def names_of(request: Request) -> Names:
    """Return the names of things, below the city's address as the client calls it."""
    return Names(str(request.base_url).rstrip("/"))


def router() -> APIRouter:
    """Return the routes beside RDF."""
    routes = APIRouter(route_class=GuardedRoute, tags=["dcat"], responses=PROBLEMS)
    routes.add_api_route("/data.json", whole, responses={200: {"content": {"application/json": {}}}})
    routes.add_api_route(
        "/dcat/datasets/{dataset_id}/schema.org", for_search_engines, responses=_of("application/ld+json")
    )
    routes.add_api_route("/dcat/feed.atom", atom_feed, responses=_of(feeds.ATOM))
    routes.add_api_route("/dcat/feed.rss", rss_feed, responses=_of(feeds.RSS))
    routes.add_api_route("/sitemap.xml", sitemap, responses=_of(feeds.SITEMAP))
    routes.add_api_route("/sitemap-{number}.xml", part_of_sitemap, responses=_of(feeds.SITEMAP))
    routes.add_api_route("/robots.txt", robots, responses=_of("text/plain"))
    return routes


def whole(request: Request, asker: Reads) -> Response:
    """Give the whole catalogue as DCAT-US 1.1 (Project Open Data), as a stream."""
    return StreamingResponse(data_json(Shelf(asker).stream(), names_of(request)), media_type="application/json")


def for_search_engines(dataset_id: str, request: Request, asker: ReadsOne) -> Response:
    """Give a dataset in the words of schema.org, as JSON-LD."""
    found = shown(asker, asker.dataset(dataset_id))
    response = json_answer(request, schema_org(found, names_of(request), city_name(asker)))
    response.headers["Content-Type"] = "application/ld+json"
    return response


def atom_feed(request: Request, asker: Reads) -> Response:
    """Give the datasets that changed lately as Atom."""
    content = feeds.atom(_newest(asker), names_of(request), city_name(asker), asker.city.clock.now())
    return bytes_answer(request, content, media_type=feeds.ATOM)


def rss_feed(request: Request, asker: Reads) -> Response:
    """Give the datasets that changed lately as RSS."""
    return bytes_answer(request, feeds.rss(_newest(asker), names_of(request), city_name(asker)), media_type=feeds.RSS)


def sitemap(request: Request, asker: Reads) -> Response:
    """Give the addresses of the pages of datasets; of an index of parts where they are too many for one file."""
    parts = ceil(Shelf(asker).total / feeds.URLS_MAX)
    if parts > 1:
        root = names_of(request).root
        content = feeds.sitemap_index(f"{root}/sitemap-{number}.xml" for number in range(1, parts + 1))
        return bytes_answer(request, content, media_type=feeds.SITEMAP)
    return _sitemap(request, asker, 1)


def part_of_sitemap(number: Annotated[int, Path(ge=1, le=10_000)], request: Request, asker: Reads) -> Response:
    """Give one part of the addresses of the pages of datasets."""
    return _sitemap(request, asker, number)


def robots(request: Request, asker: Reads) -> Response:
    """Tell search engines where the sitemap is."""
    del asker
    text = f"User-agent: *\nAllow: /\nSitemap: {names_of(request).root}/sitemap.xml\n"
    return bytes_answer(request, text.encode(), media_type="text/plain; charset=utf-8")


def _of(kind: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {"schema": {"type": "string"}}}}}


def city_name(asker: Asker) -> Bilingual:
    """Return what the city is called."""
    return Bilingual(asker.city.settings.name_zh, asker.city.settings.name_en)


def _newest(asker: Asker) -> list[Shown]:
    return Shelf(asker, Search(sort="updated", descending=True)).page(0, _NEWEST)


def _sitemap(request: Request, asker: Asker, number: int) -> Response:
    names = names_of(request)
    part = Shelf(asker).moments((number - 1) * feeds.URLS_MAX, feeds.URLS_MAX)
    if not part and number > 1:
        raise NotFound(f"There is no part {number} of the sitemap.", mend="Read /sitemap.xml.")
    pages = ((str(names.page(each)), changed) for each, changed in part)
    return bytes_answer(request, feeds.sitemap(pages), media_type=feeds.SITEMAP)
