"""The addresses under ``/dcat``: the catalogue page by page, all of it as a stream, one dataset."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import ceil
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from lifang.app import Shelf, Shown, shown
from lifang.core import NotFound
from lifang.doors.dcat.describing import Names, describe_catalogue, describe_dataset
from lifang.doors.dcat.routes_plain import names_of
from lifang.doors.dcat.triples import RDF, XSD, Graph, Literal, URIRef
from lifang.doors.dcat.vocabulary import DCAT, HYDRA
from lifang.doors.dcat.writing import FORMS, HTML, by_accept, by_suffix, streamed, written
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, asking, bytes_answer
from lifang.guard import Action, Resource

PAGE_SIZE = 100
_AT_ONCE = 50  # datasets in one piece of a stream
_BODIES: dict[int | str, dict[str, Any]] = {
    200: {"content": {name.partition(";")[0]: {"schema": {"type": "string"}} for name, _ in FORMS.values()}},
    303: {"description": "To the page, for browsers."},
}
Reads = Annotated[Asker, asking(Action.READ, Resource("dataset"))]
ReadsOne = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]
Page = Annotated[int, Query(ge=1, le=1_000_000, description="Which page, from 1.")]


def router() -> APIRouter:
    """Return the routes of RDF."""
    routes = APIRouter(prefix="/dcat", route_class=GuardedRoute, tags=["dcat"], responses=PROBLEMS)
    routes.add_api_route("", negotiated, responses=_BODIES)
    routes.add_api_route("/catalog.{suffix}", catalogue, responses=_BODIES)
    routes.add_api_route("/export.{suffix}", export, responses=_BODIES)
    routes.add_api_route("/datasets/{name}", dataset, responses=_BODIES)
    return routes


def negotiated(request: Request, asker: Reads, page: Page = 1) -> Response:
    """Give a page of the catalogue as DCAT-AP 3, in the form that Accept prefers."""
    form = by_accept(request.headers.get("accept", ""))
    if form == HTML:
        return RedirectResponse(f"{names_of(request).root}/?room=data", 303, headers={"Vary": "Accept"})
    return _answer(request, _page(request, asker, page, form), form)


def catalogue(suffix: str, request: Request, asker: Reads, page: Page = 1) -> Response:
    """Give a page of the catalogue as DCAT-AP 3, in the form of the suffix: ttl, jsonld, rdf, nt."""
    form = by_suffix(suffix)
    return _answer(request, _page(request, asker, page, form), form)


def export(suffix: str, request: Request, asker: Reads) -> Response:
    """Give the whole catalogue as a stream, in the form of the suffix: ttl, jsonld, rdf, nt."""
    form = by_suffix(suffix)
    return StreamingResponse(streamed(_graphs(names_of(request), asker), form), media_type=FORMS[form][0])


def dataset(name: str, request: Request, asker: ReadsOne) -> Response:
    """Give one dataset as DCAT-AP 3, in the form of its suffix or of Accept."""
    dataset_id, dot, suffix = name.partition(".")
    form = by_suffix(suffix) if dot else by_accept(request.headers.get("accept", ""))
    found = shown(asker, asker.dataset(dataset_id))
    names = names_of(request)
    if form == HTML:
        return RedirectResponse(str(names.page(dataset_id)), 303, headers={"Vary": "Accept"})
    graph = Graph()
    describe_dataset(graph, names, found)
    return _answer(request, graph, form)


def _answer(request: Request, graph: Graph, form: str) -> Response:
    response = bytes_answer(request, written(graph, form), media_type=FORMS[form][0])
    response.headers["Vary"] = "Accept, Cookie, Authorization, Accept-Encoding"
    return response


def _page(request: Request, asker: Asker, page: int, form: str) -> Graph:
    shelf, names, graph = Shelf(asker), names_of(request), Graph()
    total = shelf.total
    last = max(1, ceil(total / PAGE_SIZE))
    if page > last:
        raise NotFound(f"There is no page {page}.", where="page", mend=f"The last one is {last}.")
    describe_catalogue(graph, names, asker.city.settings, asker.city.catalogue)
    for each in shelf.page((page - 1) * PAGE_SIZE, PAGE_SIZE):
        graph.add((names.catalogue, DCAT.dataset, describe_dataset(graph, names, each)))
    _paging(graph, names, f"{names.root}/dcat/catalog.{form}", page, last, total)
    return graph


def _paging(graph: Graph, names: Names, address: str, page: int, last: int, total: int) -> None:
    """Say where the other pages are, as hydra does; harvesters know one or the other of its two classes."""
    here = URIRef(f"{address}?page={page}")
    graph.add((here, RDF.type, HYDRA.PartialCollectionView))
    graph.add((here, RDF.type, HYDRA.PagedCollection))
    graph.add((names.catalogue, HYDRA.view, here))
    graph.add((here, HYDRA.totalItems, Literal(str(total), datatype=XSD.integer)))
    graph.add((here, HYDRA.itemsPerPage, Literal(str(PAGE_SIZE), datatype=XSD.integer)))
    links = {"first": 1, "last": last, "previous": page - 1, "next": page + 1}
    for name, number in links.items():
        if 1 <= number <= last:
            graph.add((here, HYDRA[name], URIRef(f"{address}?page={number}")))


def _graphs(names: Names, asker: Asker) -> Iterator[Graph]:
    """Yield the whole catalogue, a few datasets at a time."""
    shelf, first = Shelf(asker), Graph()
    describe_catalogue(first, names, asker.city.settings, asker.city.catalogue)
    yield first
    datasets: Iterator[Shown] = shelf.stream()
    while chosen := list(islice(datasets, _AT_ONCE)):
        graph = Graph()
        for each in chosen:
            graph.add((names.catalogue, DCAT.dataset, describe_dataset(graph, names, each)))
        yield graph
