"""Routes of the life of datasets: drafts and their cards, moves, legal holds, destructions and their certificates."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.app import OpenDataset
from lifang.catalogue import Card, CatalogueChange, Destruction, LifeMove, Placed, check_certificate, move_of
from lifang.core import BadInput, format_instant
from lifang.doors.api.bodies.catalogue import DatasetBody
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.lifecycle import (
    CardAsked,
    CertificateAsked,
    CheckBody,
    DestructionBody,
    DestructionPage,
    HistoryBody,
    HoldBody,
    LifeBody,
    MoveAsked,
    MoveBody,
    VerdictBody,
)
from lifang.doors.api.dataset_view import whole_dataset
from lifang.doors.api.listing import After, Limit, after_id, paged
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking
from lifang.guard import Action, Resource

Admits = Annotated[Asker, asking(Action.ADMIT, Resource("dataset"))]
ReadsOne = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]
ReadsEvidence = Annotated[Asker, asking(Action.READ, Resource("ledger"))]


def router() -> APIRouter:
    """Return the routes of the life of datasets."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["life of datasets"], responses=PROBLEMS)
    routes.add_api_route("/drafts", draft, methods=["POST"], status_code=201, response_model=DatasetBody)
    routes.add_api_route("/datasets/{dataset_id}/card", set_card, methods=["PUT"], response_model=DatasetBody)
    routes.add_api_route("/datasets/{dataset_id}/life", life, response_model=LifeBody)
    routes.add_api_route("/datasets/{dataset_id}/life", move, methods=["POST"], response_model=LifeBody)
    routes.add_api_route("/destructions", destructions, response_model=DestructionPage)
    routes.add_api_route("/certificates/verify", verify, methods=["POST"], response_model=VerdictBody)
    routes.add_api_route("/destructions/{destruction_id}", destruction, response_model=DestructionBody)
    return routes


def draft(body: CardAsked, request: Request, asker: Admits) -> Response:
    """Begin a dataset without a file: a draft that only those see who prepare data, until it is published."""
    card = Card.from_mapping(body.card)
    asker.must(Action.ADMIT, Resource("dataset", card.id, card.classification))
    asker.city.catalogue.draft(card, by=asker.subject)
    return answer(request, _dataset(asker, card.id), status=201)


def set_card(dataset_id: str, body: CardAsked, request: Request, asker: ReadsOne) -> Response:
    """Put a card in place of the one a dataset has; what was released stays as it was."""
    found = asker.dataset(dataset_id)
    _must(asker, found, Action.ADMIT)
    card = Card.from_mapping(body.card)
    if card.id != dataset_id:
        raise BadInput("A dataset's id does not change.", where="card.id", mend=f"Write {dataset_id}.")
    asker.must(Action.ADMIT, Resource("dataset", card.id, card.classification))
    asker.city.catalogue.set_card(card, by=asker.subject)
    return answer(request, _dataset(asker, dataset_id))


def life(dataset_id: str, request: Request, asker: ReadsOne) -> Response:
    """Say where a dataset is in its life, what it went through, and what the asker may do with it."""
    return answer(request, _life(asker, asker.dataset(dataset_id)))


def move(dataset_id: str, body: MoveAsked, request: Request, asker: ReadsOne) -> Response:
    """LifeMove a dataset through its life.

    By submit, withdraw, return, approve, publish, retract, deprecate, reinstate, archive, restore, hold, lift,
    ask_destruction, refuse_destruction or destroy. What is destroyed is gone: the answer tells its last state, and the
    certificate is among the destructions.
    """
    found = asker.dataset(dataset_id)
    _must(asker, found, move_of(body.move).action)
    asker.city.catalogue.lifecycle.move(dataset_id, **body.model_dump(), by=asker.subject)
    return answer(request, _life(asker, found))


def destructions(request: Request, asker: ReadsEvidence, after: After = None, limit: Limit = 100) -> Response:
    """List destructions: what was asked for, by whom, what was decided, and the certificates."""
    start = after_id("destructions", after)
    found = asker.city.catalogue.lifecycle.destructions.all(after=start, limit=limit + 1)
    items, following = paged("destructions", found, limit, lambda each: each.id)
    return answer(request, DestructionPage(items=[_destruction(each) for each in items], next=following))


def destruction(destruction_id: str, request: Request, asker: ReadsEvidence) -> Response:
    """Give one destruction with its certificate."""
    return answer(request, _destruction(asker.city.catalogue.lifecycle.destructions.get(destruction_id)))


def verify(body: CertificateAsked, request: Request, asker: ReadsEvidence) -> Response:
    """Check a certificate of destruction against the ledger and the files."""
    checks = check_certificate(asker.city.store, body.certificate)
    told = [CheckBody(what=each.what, ok=each.ok, seen=each.seen) for each in checks]
    return answer(request, VerdictBody(ok=all(each.ok for each in checks), checks=told))


def _dataset(asker: Asker, dataset_id: str) -> DatasetBody:
    found = asker.dataset(dataset_id)
    harvested = asker.city.harvests.of([dataset_id]).get(dataset_id)
    return whole_dataset(found, found.releases(), asker.city.catalogue.themes, harvested)


def _must(asker: Asker, found: OpenDataset, action: Action) -> None:
    asker.must(action, Resource("dataset", found.id, found.card.classification))


def _may(asker: Asker, found: OpenDataset, action: Action) -> bool:
    return asker.may(action, Resource("dataset", found.id, found.card.classification))


def _life(asker: Asker, found: OpenDataset) -> LifeBody:
    catalogue = asker.city.catalogue
    lifecycle = catalogue.lifecycle
    standing = lifecycle.standing(found.id)
    holds_told, destruction_told = _may(asker, found, Action.HOLD), _may(asker, found, Action.DESTROY)
    moves = [each for each in lifecycle.open_moves(found.id, asker.subject.id) if _may(asker, found, each.action)]
    until = catalogue.retained_until(found.id)
    open_one = next(iter(lifecycle.destructions.all(dataset=found.id, limit=1)), None) if destruction_told else None
    return LifeBody(
        dataset=found.id,
        state=standing.state.value,
        since=format_instant(standing.since),
        reason=standing.reason,
        successor=_known(asker, standing.life.successor),
        retention=catalogue.retention(found.id),
        retained_until=_told(until),
        held=bool(standing.life.holds) if holds_told else None,
        moves=[_move(each) for each in moves],
        holds=[_hold(each) for each in lifecycle.holds(found.id)] if holds_told else [],
        destruction=open_one.id if open_one else None,
        made_from_it=lifecycle.destructions.made_from(found.id) if destruction_told else [],
        history=_history(asker, found, catalogue.changes.latest(found.id)),
    )


def _known(asker: Asker, successor: str) -> str | None:
    return successor if successor and asker.knows(f"dataset:{successor}") else None


def _history(asker: Asker, found: OpenDataset, changes: list[CatalogueChange]) -> list[HistoryBody]:
    inside = _may(asker, found, Action.ADMIT)
    return [
        HistoryBody(
            seq=each.seq,
            kind=each.kind,
            recorded=format_instant(each.recorded),
            by=each.by if inside else None,
            detail=dict(each.detail) if inside else each.for_readers(),
        )
        for each in changes
        if inside or each.is_for_readers
    ]


def _move(move: LifeMove) -> MoveBody:
    return MoveBody(id=move.id, name=Name(zh=move.zh, en=move.en), reasoned=move.reasoned)


def _hold(placed: Placed) -> HoldBody:
    told = {name: value for name, value in vars(placed).items() if name != "dataset"}
    return HoldBody(**{**told, "placed": format_instant(placed.placed), "lifted": _told(placed.lifted)})


def _destruction(found: Destruction) -> DestructionBody:
    told = {name: value for name, value in vars(found).items() if name not in {"manifest", "outcome"}}
    moments = {
        "asked": format_instant(found.asked),
        "decided": _told(found.decided),
        "completed": _told(found.completed),
    }
    made = {"with_derived": found.with_derived, "made_from_it": found.made_from_it}
    return DestructionBody(**{**told, **moments, **made, "state": found.state})


def _told(moment: datetime | None) -> str | None:
    return format_instant(moment) if moment else None
