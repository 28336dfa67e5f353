"""Routes of the rules that link objects to rows and sensors: kept, applied, taken away."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import Response

from lifang.core import format_instant
from lifang.doors.api.bodies.kinds import Asked, Said
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.routes.twin import Admits
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import PROBLEMS, GuardedRoute, answer
from lifang.twin import LINK_KINDS, WAYS, LinkRule

RuleId = Annotated[str, Path(alias="rule", max_length=64)]
Words = Annotated[str, Field(max_length=200)]


class LinkRuleBody(Asked):
    """How links come about: from objects of models and classes (none: of all) to rows of a dataset, or to `things`."""

    kind: str = Field(description=", ".join(LINK_KINDS))
    way: str = Field(description="; ".join(f"`{way}` {told}" for way, told in WAYS.items()))
    to: Words = Field(description="A dataset, or `things`.")
    valid_from: str = Field(max_length=64, description="Since when it links, ISO 8601 with an offset.")
    models: list[str] = Field([], max_length=100)
    classes: list[str] = Field([], max_length=100)
    within_m: float = Field(0.0, ge=0)
    attribute: Words = ""
    column: Words = ""
    role: Words = ""
    thing_kind: Words = Field("", description="Of `things`, those of this kind only.")


class LinkRuleState(Said):
    """A rule, how many links it makes now, and up to which moment in the city it was applied."""

    id: str
    rule: dict[str, Any]
    source: str
    links: int
    applied: str | None


class LinkRuleList(Said):
    """Rules by id."""

    items: list[LinkRuleState]


def router() -> APIRouter:
    """Return the routes of the rules."""
    routes = APIRouter(prefix="/api/v1/twin/link-rules", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    routes.add_api_route("", listing, response_model=LinkRuleList, summary="The rules that link objects")
    routes.add_api_route("/{rule}", put, methods=["PUT"], status_code=202, response_model=JobBody, summary="Keep one")
    routes.add_api_route("/{rule}", remove, methods=["DELETE"], status_code=204, summary="Take one away")
    return routes


def listing(request: Request, asker: Admits) -> Response:
    """List the rules, with how many links each makes and up to which moment."""
    items = [
        LinkRuleState(
            id=each.rule.id,
            rule=each.rule.as_json(),
            source=each.rule.source,
            links=each.links,
            applied=format_instant(each.applied) if each.applied else None,
        )
        for each in asker.city.linker.states()
    ]
    return answer(request, LinkRuleList(items=items))


def put(rule: RuleId, request: Request, asker: Admits, body: LinkRuleBody) -> Response:
    """Keep a rule, and have all rules applied: the answer is the job that does it."""
    asker.city.linker.put(LinkRule.from_mapping(rule, body.model_dump()), by=asker.subject)
    job = asker.city.jobs.submit("link_objects", {}, subject=asker.subject)
    return answer(request, job_body(job, asker), status=202)


def remove(rule: RuleId, asker: Admits) -> Response:
    """Take a rule away; its links end at the city's present."""
    asker.city.linker.remove(rule, by=asker.subject)
    return Response(status_code=204)
