"""Routes of master data: sources, rules, consolidation, conflicts, records with their links and history."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import Asker
from lifang.core import Conflict as Clash
from lifang.core import NotFound, format_instant
from lifang.doors.api.bodies.kinds import Json, Name
from lifang.doors.api.bodies.masterdata import (
    BaseDatabase,
    BaseDatabases,
    ConflictBody,
    ConflictPage,
    DuplicateBody,
    DuplicatePage,
    FeedBody,
    GazetteerBody,
    LinkedBody,
    MasterRule,
    MasterSource,
    MasterSourceBody,
    MasterSources,
    MeaningBody,
    RecordBody,
    Settlement,
    StateBody,
    StepBody,
    UnresolvedRows,
    Verdict,
)
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.listing import After, Limit, RecordedMoment, after_id, moment, paged
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking
from lifang.guard import Action, Resource
from lifang.masterdata import ADDRESS, HOPS_MAX, Conflict, DuplicateCase, LinkedRecord, Source, dataset_of, kinds
from lifang.standards import DataStandard

Asks = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]
Sets = Annotated[Asker, asking(Action.ADMIT, Resource("dataset"))]
Kind = Annotated[str, Path(max_length=64, description="The base database: legal_entity, person, address …")]
Key = Annotated[list[str], Query(min_length=1, max_length=5, description="The record's key, part by part.")]
Place = Annotated[str, Query(min_length=2, max_length=300, description="An address as somebody wrote it.")]
State = Literal["open", "settled", "gone"]


def settings() -> APIRouter:
    """Return the routes that set master data up and consolidate it."""
    routes = APIRouter(prefix="/api/v1/masterdata", route_class=GuardedRoute, tags=["masterdata"], responses=PROBLEMS)

    @routes.put("/{kind}/sources/{dataset}", status_code=204, response_class=Response)
    def put_source(kind: Kind, dataset: str, body: MasterSource, asker: Sets) -> Response:
        """Have a dataset tell of a kind of record, for a bureau."""
        asker.city.masterdata.put_source(dataset, kind, body.organisation, body.columns, by=asker.subject)
        return Response(status_code=204)

    @routes.delete("/{kind}/sources/{dataset}", status_code=204, response_class=Response)
    def remove_source(kind: Kind, dataset: str, asker: Sets) -> Response:
        """Have a dataset tell of a kind no more, from the next consolidation on."""
        asker.city.masterdata.remove_source(dataset, kind, by=asker.subject)
        asker.city.consolidator.wake()
        return Response(status_code=204)

    @routes.get("/{kind}/sources", response_model=MasterSources)
    def sources(kind: Kind, request: Request, asker: Sets) -> Response:
        """List the datasets that tell of a kind of record."""
        items = [_source(asker, each) for each in asker.city.masterdata.sources(kind) if _settable(asker, each)]
        return answer(request, MasterSources(items=items, next=None))

    @routes.get("/{kind}/unresolved", response_model=UnresolvedRows)
    def unresolved(kind: Kind, request: Request, asker: Sets) -> Response:
        """List rows that the last consolidation could not tell the record of: what they say, of whom, and why."""
        asker.dataset(dataset_of(kind))
        items = [dict(each) for each in asker.city.masterdata.unresolved(kind)]
        return answer(request, UnresolvedRows(items=items, next=None))

    @routes.put("/{kind}/rules/{element}", status_code=204, response_class=Response)
    def put_rule(kind: Kind, element: str, body: MasterRule, asker: Sets) -> Response:
        """Say who goes first in an element, or (``*``) in all without a rule of their own."""
        asker.city.masterdata.put_rule(kind, element, body.precedence, by=asker.subject)
        return Response(status_code=204)

    @routes.post("/consolidation", status_code=202, response_model=JobBody)
    def consolidate_all(request: Request, asker: Sets) -> Response:
        """Consolidate every base database that has a source, addresses first; answer with the job that does."""
        return _start(request, asker, asker.city.masterdata.sourced())

    @routes.post("/{kind}/consolidation", status_code=202, response_model=JobBody)
    def consolidate(kind: Kind, request: Request, asker: Sets) -> Response:
        """Make one record of what the bureaus say of each; answer with the job that does.

        What they differ in and what may be one is listed for a person.
        """
        if not asker.city.masterdata.sources(kind):
            raise Clash(f"{kind} has no source.", where=kind, mend="Name a dataset as its source first.")
        return _start(request, asker, [kind])

    return routes


def docket() -> APIRouter:
    """Return the routes of what waits for a person: conflicts and duplicates."""
    routes = APIRouter(prefix="/api/v1/masterdata", route_class=GuardedRoute, tags=["masterdata"], responses=PROBLEMS)

    @routes.get("/{kind}/conflicts", response_model=ConflictPage)
    def conflicts(kind: Kind, request: Request, asker: Sets, state: State = "open", after: After = None,
                  limit: Limit = 100) -> Response:  # fmt: skip
        """List what bureaus differ in, for a person to settle."""
        asker.dataset(dataset_of(kind))
        waiting = asker.city.masterdata.docket
        found = waiting.conflicts(kind, state=state, after=after_id("conflicts", after), limit=limit + 1)
        items, following = paged("conflicts", found, limit, lambda each: each.id)
        told = [ConflictBody.model_validate(each.as_json()) for each in items]
        return answer(request, ConflictPage(items=told, next=following))

    @routes.get("/conflicts/{conflict_id}", response_model=ConflictBody)
    def conflict(conflict_id: str, request: Request, asker: Sets) -> Response:
        """Give one conflict with every step it went through."""
        return _conflict(request, asker, asker.city.masterdata.docket.conflict(conflict_id))

    @routes.post("/conflicts/{conflict_id}", response_model=ConflictBody)
    def settle(conflict_id: str, request: Request, body: Settlement, asker: Sets) -> Response:
        """Settle a conflict: whose word holds, and why; the record says so at once, the next release by `job`."""
        room = asker.city.masterdata
        asker.dataset(dataset_of(room.docket.conflict(conflict_id).kind))
        done = room.settle_conflict(conflict_id, body.organisation, body.reason, by=asker.subject, release=False)
        return _conflict(request, asker, done, job=_begin(asker, done.kind))

    @routes.get("/{kind}/duplicates", response_model=DuplicatePage)
    def duplicates(kind: Kind, request: Request, asker: Sets, state: State = "open", after: After = None,
                   limit: Limit = 100) -> Response:  # fmt: skip
        """List the records that may be one, for a person to say."""
        asker.dataset(dataset_of(kind))
        waiting = asker.city.masterdata.docket
        found = waiting.duplicates(kind, state=state, after=after_id("duplicates", after), limit=limit + 1)
        items, following = paged("duplicates", found, limit, lambda each: each.id)
        told = [DuplicateBody.model_validate(each.as_json()) for each in items]
        return answer(request, DuplicatePage(items=told, next=following))

    @routes.get("/duplicates/{case_id}", response_model=DuplicateBody)
    def duplicate(case_id: str, request: Request, asker: Sets) -> Response:
        """Give one case of duplicates with every step it went through."""
        return _duplicate(request, asker, asker.city.masterdata.docket.duplicate(case_id))

    @routes.post("/duplicates/{case_id}", response_model=DuplicateBody)
    def decide(case_id: str, request: Request, body: Verdict, asker: Sets) -> Response:
        """Say whether records are the same or different, and why: they are, in the release that `job` writes."""
        room = asker.city.masterdata
        asker.dataset(dataset_of(room.docket.duplicate(case_id).kind))
        done = room.settle_duplicate(
            case_id, body.decision, body.reason, kept=body.kept, by=asker.subject, release=False
        )
        return _duplicate(request, asker, done, job=_begin(asker, done.kind))

    return routes


def records() -> APIRouter:
    """Return the routes of base databases, their records, and addresses."""
    routes = APIRouter(prefix="/api/v1/masterdata", route_class=GuardedRoute, tags=["masterdata"], responses=PROBLEMS)

    @routes.get("", response_model=BaseDatabases)
    def databases(request: Request, asker: Asks) -> Response:
        """List the base databases: what each record is known by and says, and which of them are there for the asker."""
        return answer(request, BaseDatabases(items=[_database(asker, each) for each in kinds().values()], next=None))

    @routes.get("/gazetteer", response_model=GazetteerBody)
    def gazetteer(request: Request, asker: Sets) -> Response:
        """Say which datasets and lists the names come from by which addresses are read."""
        items = [FeedBody(**vars(each)) for each in asker.city.masterdata.places.feeds()]
        return answer(request, GazetteerBody(items=items, next=None))

    @routes.get("/address-of", response_model=MeaningBody)
    def address_of(
        request: Request, asker: Asks, text: Annotated[str, Query(min_length=2, max_length=300)]
    ) -> Response:
        """Take an address apart, and find the standard address that it means."""
        asker.dataset(dataset_of(ADDRESS))
        found = asker.city.masterdata.places.meaning(text)
        return answer(request, MeaningBody(parts=found.address.parts, code=found.code, score=found.score))

    @routes.get("/{kind}/record", response_model=RecordBody)
    def record(
        kind: Kind,
        request: Request,
        asker: Asks,
        key: Key,
        hops: Annotated[int, Query(ge=1, le=HOPS_MAX, description="How far away a linked record may be.")] = 1,
        at: RecordedMoment = None,
    ) -> Response:
        """Give the one record of a key, as recorded by a moment, with its history and what it is linked to.

        Who owns it, who lives there, what stands where, which licence: with `hops` also what those are linked to.
        """
        asker.dataset(dataset_of(kind)).release(at=moment(at))
        room, when = asker.city.masterdata.records, moment(at)
        plain = room.record(kind, key, at=when)
        readable = {each: found for each in kinds() if (found := _readable(asker, each))}
        linked = room.links(kind, key, at=when, hops=hops, may=readable.__contains__)
        asker.seen(*(readable[each] for each in sorted(_told(linked))))
        states = [
            StateBody(recorded=format_instant(recorded), record=_json(state) if state else None)
            for recorded, state in room.history(kind, key)
            if when is None or recorded <= when
        ]
        return answer(request, RecordBody(record=_json(plain), links=list(map(_linked, linked)), history=states))

    return routes


def _settable(asker: Asker, source: Source) -> bool:
    grade = asker.city.catalogue.classification(source.id)
    return asker.may(Action.ADMIT, Resource("dataset", source.id, grade))


def _source(asker: Asker, source: Source) -> MasterSourceBody:
    catalogue = asker.city.catalogue
    try:
        in_use = bool(catalogue.dataset(source.id).releases())
    except NotFound:
        in_use = False
    return MasterSourceBody(
        dataset=source.id, organisation=source.organisation, columns=dict(source.columns), in_use=in_use
    )


def _start(request: Request, asker: Asker, kinds_asked: list[str]) -> Response:
    job = asker.city.jobs.submit("consolidate", {"kinds": kinds_asked}, subject=asker.subject)
    return answer(request, job_body(job, asker), status=202)


def _steps(asker: Asker, item: str) -> list[StepBody]:
    return [StepBody.model_validate(each.as_json()) for each in asker.city.masterdata.docket.steps(item)]


def _begin(asker: Asker, kind: str) -> str:
    """Return the id of the job that writes the next release of a kind."""
    return asker.city.consolidator.begin([kind], by=asker.subject).id


def _conflict(request: Request, asker: Asker, found: Conflict, job: str = "") -> Response:
    asker.dataset(dataset_of(found.kind))
    return answer(request, ConflictBody(**found.as_json(), steps=_steps(asker, found.id), job=job))


def _duplicate(request: Request, asker: Asker, found: DuplicateCase, job: str = "") -> Response:
    asker.dataset(dataset_of(found.kind))
    return answer(request, DuplicateBody(**found.as_json(), steps=_steps(asker, found.id), job=job))


def _linked(found: LinkedRecord) -> LinkedBody:
    return LinkedBody(
        link=found.link.id,
        name=Name(zh=found.link.zh, en=found.link.en),
        out=found.out,
        kind=found.kind,
        record=_json(found.record),
        links=[_linked(each) for each in found.links],
    )


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


def _readable(asker: Asker, kind: str) -> Resource | None:
    """Return a base database as the guard knows it, ``None`` if it is not there or the asker may not read it."""
    try:
        card = asker.city.catalogue.dataset(dataset_of(kind)).card
    except NotFound:
        return None
    resource = Resource("dataset", card.id, card.classification)
    return resource if asker.may(Action.READ, resource) else None


def _told(links: list[LinkedRecord]) -> set[str]:
    """Return the kinds of the linked records."""
    return {each.kind for each in links}.union(*(_told(each.links) for each in links))


def _json(record: dict[str, Any]) -> Json:
    return {name: value if isinstance(value, str | int | float | bool | None) else str(value)
            for name, value in record.items() if not name.startswith("_")}  # fmt: skip
