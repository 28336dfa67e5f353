"""Routes of the house: people, tokens, the ledger, the doctor."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import forget_first_login
from lifang.core import BadInput, Denied, NotFound, Unauthenticated, format_instant
from lifang.doors.api.bodies.house import (
    Finding,
    FindingPage,
    IssuedToken,
    LedgerPage,
    LedgerRecord,
    LedgerVerdict,
    NewPerson,
    NewToken,
    PersonBody,
    PersonChange,
    PersonPage,
    TokenBody,
    TokenPage,
)
from lifang.doors.api.listing import After, Limit, after_id, after_number, moment, paged
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking
from lifang.guard import Action, Classification, Resource, Role
from lifang.identity import Person, Token
from lifang.store import Record

_FIRST = "admin"  # whose password the first start printed
_PEOPLE = Resource("person", "*", Classification.RESTRICTED)
_LEDGER = Resource("ledger", "*", Classification.RESTRICTED)
ReadsPeople = Annotated[Asker, asking(Action.READ, _PEOPLE)]
ManagesPeople = Annotated[Asker, asking(Action.MANAGE, _PEOPLE)]
OwnPerson = Annotated[Asker, asking(Action.MANAGE, _PEOPLE, per_item=True)]
OwnToken = Annotated[Asker, asking(Action.MANAGE, Resource("token"), per_item=True)]
Audits = Annotated[Asker, asking(Action.AUDIT, _LEDGER)]
Whose = Annotated[str | None, Query(max_length=200, description="A person's name or id; oneself if left out.")]
PersonName = Annotated[str, Path(max_length=200, description="A person's name or id.")]
Operates = Annotated[Asker, asking(Action.OPERATE, Resource("store"))]


def _person(person: Person) -> PersonBody:
    return PersonBody(
        id=person.id,
        name=person.name,
        display_name=person.display_name,
        roles=sorted(person.roles),
        organisation=person.organisation,
        active=person.active,
    )


def _token(token: Token) -> TokenBody:
    return TokenBody(
        id=token.id,
        person=token.person,
        label=token.label,
        roles=sorted(token.roles),
        created=format_instant(token.created),
        expires=format_instant(token.expires) if token.expires else None,
        revoked=format_instant(token.revoked) if token.revoked else None,
    )


def _record(record: Record) -> LedgerRecord:
    return LedgerRecord(
        seq=record.seq,
        recorded=format_instant(record.recorded),
        **{**asdict(record.entry), "detail": dict(record.entry.detail)},
        previous=record.previous,
        hash=record.hash,
    )


def _person_id(asker: Asker, name: str | None) -> str:
    """Return the id of the person called ``name`` (or with that id); the asker's own if none is named."""
    if name is None or name in {asker.subject.id, asker.subject.name}:
        return asker.subject.id
    asker.must(Action.MANAGE, Resource("token", name))
    return asker.city.identity.person(name).id


def _to_change(asker: Asker, reference: str, change: PersonChange) -> str:
    """Return the id of the person to change once every part of the change is allowed."""
    given = {"password": change.password, "role": change.roles, "person": change.active}
    kinds = [kind for kind, value in given.items() if value is not None] or ["person"]
    own = reference == asker.subject.id
    if not own and kinds == ["password"] and not asker.subject.is_anonymous:
        own = _is_called(asker, reference)
    for kind in kinds:
        asker.must(Action.MANAGE, Resource(kind, asker.subject.id if own else reference))
    if not any(value is not None for value in given.values()):
        raise BadInput("Nothing is to change.", where="body", mend="Send roles, active or password.")
    person = asker.city.identity.person(asker.subject.id if own else reference)
    if change.password is not None and not asker.may(Action.MANAGE, Resource("password")):
        _prove(asker, person, change.current_password or "")
    return person.id


def _is_called(asker: Asker, name: str) -> bool:
    try:
        return asker.city.identity.person(name).id == asker.subject.id
    except NotFound:
        return False


def _prove(asker: Asker, person: Person, password: str) -> None:
    """Raise ``Denied`` unless ``password`` is the person's: a token alone must not become the whole account."""
    identity = asker.city.identity
    try:
        identity.log_out(identity.log_in(person.name, password).token)
    except Unauthenticated as error:
        raise Denied(error.what, where="current_password", mend="Send the password used until now.") from error


def _change(asker: Asker, person_id: str, change: PersonChange) -> Person:
    identity, by = asker.city.identity, asker.subject
    if change.password is not None:
        identity.set_password(person_id, change.password, by=by)
        if identity.person(person_id).name == _FIRST:
            forget_first_login(asker.city.folder)
    if change.roles is not None:
        identity.set_roles(person_id, [Role(each) for each in change.roles], by=by)
    if change.active is False:
        identity.deactivate(person_id, by=by)
    return identity.person(person_id)


def people() -> APIRouter:
    """Return the routes of people and tokens."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["people"], responses=PROBLEMS)

    @routes.get("/people", response_model=PersonPage)
    def every(request: Request, asker: ReadsPeople, after: After = None, limit: Limit = 100) -> Response:
        """List who may log in."""
        known = sorted(asker.city.identity.people(), key=lambda person: person.id)
        later = after_id("people", after) or ""
        found = [person for person in known if person.id > later][: limit + 1]
        items, following = paged("people", found, limit, lambda person: person.id)
        asker.seen(_PEOPLE)
        return answer(request, PersonPage(items=[_person(each) for each in items], next=following))

    @routes.post("/people", status_code=201, response_model=PersonBody)
    def add(request: Request, body: NewPerson, asker: ManagesPeople) -> Response:
        """Add a person."""
        person = asker.city.identity.add_person(
            body.name,
            body.password,
            roles=frozenset(Role(each) for each in body.roles),
            by=asker.subject,
            display_name=body.display_name,
            organisation=body.organisation,
        )
        return answer(request, _person(person), status=201)

    @routes.patch("/people/{person_id}", response_model=PersonBody)
    def change(person_id: PersonName, request: Request, body: PersonChange, asker: OwnPerson) -> Response:
        """Change a person's password (one's own too), set their roles, or deactivate them for good."""
        return answer(request, _person(_change(asker, _to_change(asker, person_id, body), body)))

    return routes


def tokens() -> APIRouter:
    """Return the routes of machines' tokens."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["people"], responses=PROBLEMS)

    @routes.get("/tokens", response_model=TokenPage)
    def every(request: Request, asker: OwnToken, person: Whose = None) -> Response:
        """List a person's tokens, without their secrets."""
        holder = _person_id(asker, person)
        asker.must(Action.MANAGE, Resource("token", holder))
        items = [_token(each) for each in asker.city.identity.tokens(holder)]
        return answer(request, TokenPage(items=items, next=None))

    @routes.post("/tokens", status_code=201, response_model=IssuedToken)
    def issue(request: Request, body: NewToken, asker: OwnToken) -> Response:
        """Issue a token; its secret is shown this once."""
        holder = _person_id(asker, body.person)
        asker.must(Action.MANAGE, Resource("token", holder))
        roles = None if body.roles is None else frozenset(Role(each) for each in body.roles)
        token, secret = asker.city.identity.issue_token(
            holder, body.label, roles=roles, expires=moment(body.expires), by=asker.subject
        )
        return answer(request, IssuedToken(token=_token(token), secret=secret), status=201)

    @routes.delete("/tokens/{token_id}", status_code=204, response_class=Response)
    def revoke(token_id: str, asker: OwnToken) -> Response:
        """Revoke a token; it is refused from here on."""
        asker.must(Action.MANAGE, Resource("token", asker.subject.id))
        asker.city.identity.revoke_token(token_id, by=asker.subject)
        return Response(status_code=204)

    return routes


def ledger() -> APIRouter:
    """Return the routes of the ledger and the doctor."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["house"], responses=PROBLEMS)

    @routes.get("/ledger", response_model=LedgerPage)
    def records(request: Request, asker: Audits, after: After = None, limit: Limit = 100) -> Response:
        """List records, oldest first; reading them is recorded too."""
        found = asker.city.store.ledger.records(after=after_number("ledger", after), limit=limit + 1)
        items, following = paged("ledger", found, limit, lambda record: record.seq)
        asker.seen(_LEDGER)
        return answer(request, LedgerPage(items=[_record(each) for each in items], next=following))

    @routes.get("/ledger/verify", response_model=LedgerVerdict)
    def verify(request: Request, asker: Audits, head: Annotated[str | None, Query(max_length=64)] = None) -> Response:
        """Verify the chain of every record, against a head noted earlier if one is given."""
        verdict = asker.city.store.ledger.verify(head)
        return answer(request, LedgerVerdict.model_validate(verdict, from_attributes=True))

    @routes.get("/doctor", response_model=FindingPage)
    def doctor(request: Request, asker: Operates) -> Response:
        """Look the city over."""
        items = [Finding(**asdict(finding)) for finding in asker.city.examine()]
        return answer(request, FindingPage(items=items, next=None))

    return routes
