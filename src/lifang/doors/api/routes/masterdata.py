"""Routes of master data: sources, rules, consolidation, conflicts, records with their links and history."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from lifang.app import Asker
from lifang.core import NotFound, format_instant
from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said
from lifang.doors.api.listing import After, Limit, RecordedMoment, after_id, moment, paged
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking
from lifang.guard import Action, Resource
from lifang.masterdata import dataset_of, kinds
from lifang.standards import DataStandard

Asks = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]
Sets = Annotated[Asker, asking(Action.ADMIT, Resource("dataset"))]
Kind = Annotated[str, Path(max_length=64, description="The base database: legal_entity, person, address …")]
Key = Annotated[list[str], Query(min_length=1, max_length=5, description="The record's key, part by part.")]
Text = Annotated[str, Field(min_length=1, max_length=500)]


class MasterSource(Asked):
    """A dataset that tells of a kind of record for a bureau; ``columns`` maps elements to its columns."""

    organisation: Text
    columns: dict[str, str] = Field(default_factory=dict, max_length=200)


class MasterRule(Asked):
    """Who goes first: organisations, ``newest``, ``most_complete``; an empty one takes the rule away."""

    precedence: Annotated[list[Text], Field(max_length=50)]


class Settlement(Asked):
    """Whose word holds, and why."""

    organisation: Text
    reason: Text


class ConflictBody(Said):
    """What bureaus differ in of one element of one record."""

    id: str
    kind: str
    record: str
    element: str
    said: list[Json]
    state: str
    value: str | None
    reason: str
    settled_by: str
    opened: str
    settled: str | None


class ConflictPage(Said):
    """Conflicts, by record and element."""

    items: list[ConflictBody]
    next: str | None


class ConsolidatedBody(Said):
    """What a consolidation came to."""

    kind: str
    release: str
    records: int
    inserted: int
    updated: int
    deleted: int
    conflicts: int
    unresolved: list[Json]
    duplicates: list[Json]


class BaseDatabase(Said):
    """A base database: its key and elements; ``there``: it holds records that the asker may read.

    ``sources`` (organisations) and ``rules`` (who goes first, by element) are for those who settle conflicts.
    """

    id: str
    name: Name
    key: list[str]
    elements: dict[str, Name]
    there: bool
    sources: list[str]
    rules: dict[str, list[str]]


class BaseDatabases(Said):
    """The six base databases."""

    items: list[BaseDatabase]
    next: str | None


class LinkedBody(Said):
    """A record that another leads to (``out``), or that leads to it."""

    link: str
    name: Name
    out: bool
    kind: str
    record: Json


class StateBody(Said):
    """A record as it was recorded at a moment; ``None``: it had gone."""

    recorded: str
    record: Json | None


class RecordBody(Said):
    """The one record of its key, with what it is linked to and every state it had."""

    record: Json
    links: list[LinkedBody]
    history: list[StateBody]


def settings() -> APIRouter:
    """Return the routes that set master data up and consolidate it."""
    routes = APIRouter(prefix="/api/v1/masterdata", route_class=GuardedRoute, tags=["masterdata"], responses=PROBLEMS)

    @routes.put("/{kind}/sources/{dataset}", status_code=204, response_class=Response)
    def put_source(kind: Kind, dataset: str, body: MasterSource, asker: Sets) -> Response:
        """Have a dataset tell of a kind of record, for a bureau."""
        asker.city.masterdata.put_source(dataset, kind, body.organisation, body.columns, by=asker.subject)
        return Response(status_code=204)

    @routes.put("/{kind}/rules/{element}", status_code=204, response_class=Response)
    def put_rule(kind: Kind, element: str, body: MasterRule, asker: Sets) -> Response:
        """Say who goes first in an element, or (``*``) in all without a rule of their own."""
        asker.city.masterdata.put_rule(kind, element, body.precedence, by=asker.subject)
        return Response(status_code=204)

    @routes.post("/{kind}/consolidation", response_model=ConsolidatedBody)
    def consolidate(kind: Kind, request: Request, asker: Sets) -> Response:
        """Make one record of what the bureaus say of each, and list what they differ in."""
        done = asker.city.masterdata.consolidate(kind, by=asker.subject)
        return answer(request, ConsolidatedBody.model_validate(done.as_json()))

    return routes


def records() -> APIRouter:
    """Return the routes of conflicts and records."""
    routes = APIRouter(prefix="/api/v1/masterdata", route_class=GuardedRoute, tags=["masterdata"], responses=PROBLEMS)

    @routes.get("", response_model=BaseDatabases)
    def databases(request: Request, asker: Asks) -> Response:
        """List the base databases: what each record is known by and says, and which of them are there for the asker."""
        return answer(request, BaseDatabases(items=[_database(asker, each) for each in kinds().values()], next=None))

    @routes.get("/{kind}/conflicts", response_model=ConflictPage)
    def conflicts(
        kind: Kind,
        request: Request,
        asker: Sets,
        state: Literal["open", "settled", "gone"] = "open",
        after: After = None,
        limit: Limit = 100,
    ) -> Response:
        """List what bureaus differ in, for a person to settle."""
        asker.dataset(dataset_of(kind))
        found = asker.city.masterdata.conflicts(kind, state=state, after=after_id("conflicts", after), limit=limit + 1)
        items, following = paged("conflicts", found, limit, lambda each: each.id)
        told = [ConflictBody.model_validate(each.as_json()) for each in items]
        return answer(request, ConflictPage(items=told, next=following))

    @routes.post("/conflicts/{conflict_id}", response_model=ConflictBody)
    def settle(conflict_id: str, request: Request, body: Settlement, asker: Sets) -> Response:
        """Settle a conflict: whose word holds, and why; it is on record."""
        city = asker.city
        asker.dataset(dataset_of(city.masterdata.conflict(conflict_id).kind))
        done = city.masterdata.settle(conflict_id, body.organisation, body.reason, by=asker.subject)
        return answer(request, ConflictBody.model_validate(done.as_json()))

    @routes.get("/{kind}/record", response_model=RecordBody)
    def record(kind: Kind, request: Request, asker: Asks, key: Key, at: RecordedMoment = None) -> Response:
        """Give the one record of a key, as recorded by a moment, with its links and its history."""
        asker.dataset(dataset_of(kind)).release(at=moment(at))
        room, when = asker.city.masterdata, moment(at)
        plain = room.record(kind, key, at=when)
        links = [
            LinkedBody(link=link.id, name=Name(zh=link.zh, en=link.en), out=out, kind=other, record=_json(found))
            for link, out, found in room.links(kind, key, at=when)
            if _may(asker, other := link.to if out else link.kind)
        ]
        states = [
            StateBody(recorded=format_instant(recorded), record=_json(state) if state else None)
            for recorded, state in room.history(kind, key)
            if when is None or recorded <= when
        ]
        return answer(request, RecordBody(record=_json(plain), links=links, history=states))

    return routes


def _database(asker: Asker, standard: DataStandard) -> BaseDatabase:
    room, kind = asker.city.masterdata, standard.id
    settles = asker.may(Action.ADMIT, Resource("dataset"))
    try:
        card = asker.city.catalogue.dataset(dataset_of(kind)).card
        whole = Resource("dataset", card.id, card.classification)
        there = any(asker.may(action, whole) for action in (Action.READ, Action.LIST))
    except NotFound:
        there = False
    return BaseDatabase(
        id=kind,
        name=Name(zh=standard.title_zh, en=standard.title_en),
        key=list(standard.key),
        elements={each.id: Name(zh=each.zh, en=each.en) for each in standard.elements},
        there=there,
        sources=sorted({each.organisation for each in room.sources(kind)}) if settles else [],
        rules=room.rules(kind) if settles else {},
    )


def _may(asker: Asker, kind: str) -> bool:
    """Return whether the asker may read the other base database; what is read of it is on record."""
    resource = Resource("dataset", dataset_of(kind), asker.city.catalogue.dataset(dataset_of(kind)).card.classification)
    allowed = asker.may(Action.READ, resource)
    if allowed:
        asker.seen(resource)
    return allowed


def _json(record: dict[str, Any]) -> Json:
    return {name: value if isinstance(value, str | int | float | bool | None) else str(value)
            for name, value in record.items() if not name.startswith("_")}  # fmt: skip
