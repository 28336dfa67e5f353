"""Routes of the catalogue: look at a dataset, its refused rows, where it comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.app import OpenDataset
from lifang.catalogue import ACTIVITIES, EXISTING, Bilingual
from lifang.core import NotFound, format_instant
from lifang.doors.api.bodies.catalogue import (
    CardBody,
    DatasetBody,
    LineageBody,
    LineageEdge,
    LineageNode,
    RefusedPage,
)
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.dataset_view import name_of, refused_row, whole_dataset
from lifang.doors.api.listing import After, Limit, RecordedMoment, moment, one_way
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, decode_cursor, encode_cursor
from lifang.guard import Action, Resource

Reads = Annotated[Asker, asking(Action.READ, Resource("dataset"))]
ReadsOne = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]


def _body(asker: Asker, dataset: OpenDataset, at: datetime | None) -> DatasetBody:
    releases = dataset.releases(at=at)
    if at is not None and not releases:
        raise NotFound(f"{dataset.id} had no release then.", where="at", mend="Choose a later moment.")
    harvested = asker.city.harvests.of([dataset.id]).get(dataset.id)
    return whole_dataset(dataset, releases, asker.city.catalogue.themes, harvested)


def router() -> APIRouter:
    """Return the routes that show datasets."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["datasets"], responses=PROBLEMS)
    routes.add_api_route("/datasets/{dataset_id}", one, response_model=DatasetBody)
    routes.add_api_route("/datasets/{dataset_id}/refused", refused, response_model=RefusedPage)
    routes.add_api_route("/datasets/{dataset_id}/card", card, response_model=CardBody)
    routes.add_api_route("/datasets/{dataset_id}/lineage", lineage, response_model=LineageBody)
    return routes


def one(dataset_id: str, request: Request, asker: ReadsOne, at: RecordedMoment = None) -> Response:
    """Give a dataset in full: metadata by GB/T 21063, columns, releases, quality; with `at` as it was released then."""
    return answer(request, _body(asker, asker.dataset(dataset_id), moment(at)))


def refused(
    dataset_id: str,
    request: Request,
    asker: ReadsOne,
    number: Annotated[int | None, Query(alias="release", ge=1, le=2**31 - 1)] = None,
    at: RecordedMoment = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List what was not admitted, with row, column, value, the rule and how to mend it.

    Of the newest release, of one by number, or of the one that was the newest at a moment.
    """
    key = decode_cursor("refused", after, int, int)
    one_way(number, at)
    dataset = asker.dataset(dataset_id)
    release = dataset.release(key[0] if key else number, at=moment(at))
    offset = max(0, key[1]) if key else 0
    table = dataset.refused_of(release).select(limit=limit + 1, offset=offset)
    rows = [refused_row(row) for row in table.slice(0, limit).to_pylist()]
    following = encode_cursor("refused", release.number, offset + limit) if len(table) > limit else None
    return answer(request, RefusedPage(items=rows, next=following))


def card(dataset_id: str, request: Request, asker: ReadsOne, at: RecordedMoment = None) -> Response:
    """Give a dataset's card with the columns as they were found, to correct and to send with the file again."""
    found = asker.dataset(dataset_id).found_card(at=moment(at))
    return answer(request, CardBody(card=found.to_mapping(), toml=found.to_toml()))


def lineage(dataset_id: str, request: Request, asker: ReadsOne, at: RecordedMoment = None) -> Response:
    """Say where a dataset comes from and what is made from it."""
    asker.dataset(dataset_id)
    links = asker.lineage(f"dataset:{dataset_id}", at=moment(at))
    ends = dict.fromkeys([f"dataset:{dataset_id}", *(end for link in links for end in (link.source, link.target))])
    edges = [
        LineageEdge(
            source=link.source,
            target=link.target,
            activity=link.activity,
            activity_name=name_of(ACTIVITIES.get(link.activity, Bilingual(link.activity, link.activity))),
            recorded=format_instant(link.recorded),
        )
        for link in links
    ]
    return answer(request, LineageBody(nodes=[_node(asker, end) for end in ends], edges=edges))


def _node(asker: Asker, end: str) -> LineageNode:
    kind, _, name = end.partition(":")
    city = asker.city
    if kind == "dataset":
        return LineageNode(id=end, kind=kind, name=name_of(city.catalogue.dataset(name, states=EXISTING).card.name))
    if kind == "indicator":
        spec = city.indicators.spec(name)
        return LineageNode(id=end, kind=kind, name=Name(zh=spec.zh, en=spec.en))
    return LineageNode(id=end, kind=kind, name=None)
