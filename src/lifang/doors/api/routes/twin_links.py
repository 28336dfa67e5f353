"""Routes of links: everything about an object, its links and live state; links come in singly and in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import pyarrow as pa
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.app import LinkView, Live, SeenLink, TwinView
from lifang.core import BadInput, format_instant, from_micros, to_micros, unit
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.twin_links import (
    EndBody,
    EndedLink,
    EverythingBody,
    LinkChangeBody,
    LiveBody,
    NewObjectLinks,
    ObjectFigures,
    ObjectFiguresBody,
    ObjectLinkBody,
    ObjectLinkPage,
    RowBody,
    StatePage,
)
from lifang.doors.api.listing import After, CityMoment, Limit, RecordedMoment, moment
from lifang.doors.api.routes.twin import Admits, object_body
from lifang.doors.api.routes.twin_places import Conditions, Sees
from lifang.doors.api.tables import read_table
from lifang.doors.http import PROBLEMS, GuardedRoute, SlashedRoute, answer, decode_cursor, encode_cursor, read_body
from lifang.guard import Classification
from lifang.sensing import QUALITY_NAMES, Quality
from lifang.store import ObjectChange
from lifang.twin import LINK_KINDS

_CURSOR = "states"
_IMPORT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
Source = Annotated[str, Query(max_length=200, description="Who says so: a survey, a register, a rule.")]
Since = Annotated[str, Query(max_length=64, description="Since when they hold: ISO 8601 with an offset.")]


def router() -> APIRouter:
    """Return the routes of links and states."""
    routes = APIRouter(prefix="/api/v1/twin", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    named: dict[str, Any] = {"route_class_override": SlashedRoute}
    routes.add_api_route(
        "/objects/{object_id}/everything",
        everything,
        response_model=EverythingBody,
        summary="Everything about it",
        **named,
    )
    routes.add_api_route(
        "/objects/{object_id}/links", links, response_model=ObjectLinkPage, summary="Its links", **named
    )
    routes.add_api_route("/states", states, response_model=StatePage, summary="Live values of many objects")
    routes.add_api_route("/statistics", figures, response_model=ObjectFiguresBody, summary="Counts and heights")
    routes.add_api_route("/links", add, methods=["POST"], response_model=LinkChangeBody, summary="Add links")
    routes.add_api_route("/links/end", end, methods=["POST"], response_model=LinkChangeBody, summary="End a link")
    routes.add_api_route(
        "/link-imports",
        bring,
        methods=["POST"],
        response_model=LinkChangeBody,
        openapi_extra=_IMPORT,
        summary="Add links in bulk: CSV with a header, or an Arrow IPC stream",
    )
    return routes


def everything(
    object_id: str, request: Request, asker: Sees, at: CityMoment = None, recorded: RecordedMoment = None
) -> Response:
    """Tell all about an object at a moment in the city that the asker may know, in one answer."""
    when = moment(at) or asker.city.now
    found = LinkView(asker).everything(object_id, at=moment(at), recorded=moment(recorded))
    whole = object_body(found.about.whole) if found.about.whole else None
    body = EverythingBody(
        object=object_body(found.about.object),
        whole=whole,
        parts=[object_body(each) for each in found.about.parts],
        versions=[object_body(each) for each in found.versions],
        links=[_link_body(each) for each in found.links],
        live=[_live_body(each, when) for each in found.live],
        rows=_rows(found.links),
    )
    return answer(request, body)


def links(
    object_id: str, request: Request, asker: Sees, at: CityMoment = None, recorded: RecordedMoment = None
) -> Response:
    """List the links of an object, out of it and into it, whose other end the asker may know."""
    found = LinkView(asker).links(object_id, at=moment(at) or asker.city.now, recorded=moment(recorded))
    return answer(request, ObjectLinkPage(items=[_link_body(each) for each in found]))


def states(
    request: Request,
    asker: Sees,
    model: Annotated[str | None, Query(max_length=64, description="Objects of this model.")] = None,
    parent: Annotated[str | None, Query(max_length=300, description="Parts of this object, such as a storey.")] = None,
    object_id: Annotated[list[str] | None, Query(alias="object", max_length=1000)] = None,
    observed_property: Annotated[str | None, Query(alias="property", max_length=200)] = None,
    at: CityMoment = None,
    after: After = None,
    limit: Limit = 1000,
) -> Response:
    """List the latest values of the datastreams bound to objects, as of a moment in the city, by object."""
    when = moment(at) or asker.city.now
    key = decode_cursor(_CURSOR, after, str, str, str)
    live, last = LinkView(asker).states(
        at=moment(at),
        ids=object_id,
        model=model,
        parent=parent,
        observed_property=observed_property,
        after=(str(key[0]), str(key[1]), str(key[2])) if key else None,
        limit=limit,
    )
    following = encode_cursor(_CURSOR, *last) if last else None
    return answer(request, StatePage(items=[_live_body(each, when) for each in live], next=following))


def figures(
    request: Request,
    asker: Sees,
    wanted: Conditions,
    by: Literal["class", "level", "model", "category", "stage"] = "class",
    of_property: Annotated[
        str | None, Query(alias="property", max_length=100, description="By the values of this property instead.")
    ] = None,
    at: CityMoment = None,
) -> Response:
    """Count the objects that held at a moment in the city and meet every condition, with their heights, by group.

    By a property the 1,000 commonest values are told, the commonest first; the group of those without it is empty.
    """
    when = moment(at) or asker.city.now
    found = TwinView(asker).statistics(
        by if of_property is None else of_property,
        at=when,
        is_property=of_property is not None,
        **wanted(asker, when),
    )
    return answer(request, ObjectFiguresBody(items=[ObjectFigures(**each) for each in found.to_pylist()]))


def add(request: Request, asker: Admits, body: NewObjectLinks) -> Response:
    """Add links that hold in a valid time; the same again changes nothing, a fault in one refuses all."""
    rows = pa.Table.from_pylist([each.model_dump() for each in body.links])
    change = asker.city.twin.links.add(
        rows,
        source=body.source,
        classification=body.classification,
        valid_from=_moment(body.valid_from, "valid_from"),
        valid_to=moment(body.valid_to),
        whole=body.whole,
        by=asker.subject,
    )
    return answer(request, _change_body(change))


def end(request: Request, asker: Admits, body: EndedLink) -> Response:
    """Have a link hold no more from a moment in the city on; what was before stays."""
    when = _moment(body.at, "at")
    change = asker.city.twin.links.end(body.object, body.kind, body.target, at=when, by=asker.subject)
    return answer(request, _change_body(change))


async def bring(
    request: Request,
    asker: Admits,
    source: Source,
    valid_from: Since,
    valid_to: Annotated[str | None, Query(max_length=64)] = None,
    classification: Classification = Classification.SHARED,
    whole: Annotated[bool, Query(description="The source says no others: those end.")] = False,
) -> Response:
    """Add links in bulk: columns object, kind, target, and role and name if known; a fault in one refuses all."""
    body = await read_body(request)

    def work() -> ObjectChange:
        return asker.city.twin.links.add(
            read_table(body),
            source=source,
            classification=classification,
            valid_from=_moment(valid_from, "valid_from"),
            valid_to=moment(valid_to),
            whole=whole,
            by=asker.subject,
        )

    return answer(request, _change_body(await run_sync(work)))


def _moment(text: str, where: str) -> datetime:
    found = moment(text)
    if found is None:
        raise BadInput("A moment is lacking.", where=where, mend="Write ISO 8601 with an offset.")
    return found


def _change_body(change: ObjectChange) -> LinkChangeBody:
    return LinkChangeBody(links=change.rows, replaced=change.replaced, unchanged=change.unchanged, ended=change.ended)


def _link_body(seen: SeenLink) -> ObjectLinkBody:
    link = seen.link
    zh, en, zh_back, en_back = LINK_KINDS[link.kind]
    kind, name = seen.end
    return ObjectLinkBody(
        kind=link.kind,
        kind_name=Name(zh=zh, en=en) if seen.out else Name(zh=zh_back, en=en_back),
        out=seen.out,
        end=EndBody(kind=kind, id=name, name=Name(zh=seen.linked.zh, en=seen.linked.en)),
        role=link.role,
        source=link.source,
        classification=link.classification.value,
        valid_from=format_instant(link.valid_from),
        valid_to=format_instant(link.valid_to) if link.valid_to else None,
        recorded=format_instant(link.recorded),
    )


def _live_body(live: Live, when: datetime) -> LiveBody:
    stream, latest = live.current.datastream, live.current.value
    micros, value, code = latest or (None, None, None)
    word = None if code is None else Quality(code)
    zh, en = QUALITY_NAMES[word] if word is not None else ("", "")
    return LiveBody(
        object=live.object,
        role=live.role,
        datastream=stream.id,
        name=Name(zh=stream.zh, en=stream.en),
        observed_property=stream.observed_property,
        unit=stream.unit,
        unit_symbol=unit(stream.unit).symbol,
        time=None if micros is None else format_instant(from_micros(micros)),
        value=value,
        quality=None if word is None else word.word,
        quality_name=None if word is None else Name(zh=zh, en=en),
        age_s=None if micros is None else (to_micros(when) - micros) / 1e6,
        simulated=bool(stream.properties.get("simulated")),
    )


def _rows(found: Sequence[SeenLink]) -> list[RowBody]:
    rows = {each.end[1]: each.linked.row for each in found if each.linked.row}
    told = []
    for name, row in rows.items():
        dataset, _, key = name.partition("/")
        plain = {column: _plain(value) for column, value in row.items()}
        told.append(RowBody(dataset=dataset, key=key, row=plain))
    return told


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
