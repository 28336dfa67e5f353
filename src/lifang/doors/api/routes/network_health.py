"""Routes of the network's health: the city and its groups, data gaps, the rules by which values are judged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from lifang.app import Asker
from lifang.catalogue import write_rows
from lifang.core import BadInput, NotFound, TooLarge, format_instant, from_micros
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.network import (
    CoverageBody,
    Figures,
    GapBody,
    GapReport,
    Group,
    HealthBody,
    Lacking,
    QualityRulePage,
    RuleBody,
)
from lifang.doors.api.bodies.sensing import unit_body
from lifang.doors.api.listing import Moment, day_before, moment
from lifang.doors.api.routes.network import Form, IdText, seen_device
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking
from lifang.guard import Action, Resource
from lifang.sensing import QUALITY_RULES, QualityRule, network
from lifang.standards import code_list

_STREAMS_MOST = 5_000
_GAPS_MOST = 10_000
_GAP_COLUMNS = pa.schema([*((name, pa.string()) for name in ("datastream", "start", "end")), ("missing", pa.int64())])
By = Annotated[Literal["district", "type", "organisation", "link"], Query()]
Reads = Annotated[Asker, asking(Action.READ, Resource("device"))]


def router() -> APIRouter:
    """Return the routes of health and gaps."""
    routes = APIRouter(prefix="/api/v1/network", route_class=GuardedRoute, tags=["network"], responses=PROBLEMS)

    @routes.get("/health", response_model=HealthBody)
    def health(request: Request, asker: Reads, by: By = "district") -> Response:
        """Say how the network is: the whole city, and by district, type, bureau or link."""
        engine = asker.city.network
        state = engine.state()
        rows = engine.find(network.Wanted(), classes=asker.classes(Action.READ, "device"))
        column, names = _groups(engine, state, by)
        nothing = np.zeros(len(column), np.int64)
        city = network.summed_up(state.devices, state.network.simulated, nothing, 1, rows)
        groups = network.summed_up(state.devices, state.network.simulated, column, len(names), rows)
        told = [
            Group(code=code, name=name, **groups.as_json(row))
            for row, (code, name) in enumerate(names)
            if groups.devices[row]
        ]
        body = HealthBody(
            moment=format_instant(from_micros(state.now_us)),
            by=by,
            city=Figures(**city.as_json(0)),
            links_down=engine.links_down(asker.classes(Action.READ, "link")),
            groups=told,
            rules=[_rule(name, rule) for name, rule in network.RULES.items()],
        )
        return answer(request, body)

    @routes.get("/coverage", response_model=CoverageBody)
    def coverage(request: Request, asker: Reads) -> Response:
        """Tell the figures of the dual-gigabit plan, each with its formula, its sources and what it lacks."""
        found = asker.city.scenes.view("gigabit_city")
        items = [{**each, "unit": unit_body(each["unit"])} for each in found["items"]]
        return answer(request, CoverageBody.model_validate({**found, "items": items}))

    @routes.get("/quality-rules", response_model=QualityRulePage)
    def quality_rules(request: Request, asker: Reads, datastream: IdText = None) -> Response:
        """Tell the rules that flag values; for a ``datastream`` those that judge it, with their parameters."""
        limits = None
        if datastream is not None:
            limits = asker.city.sensing.limits_of(asker.datastream(_reference(datastream)).number)
        items = [_quality(rule, limits) for rule in QUALITY_RULES]
        shown = [each for each in items if limits is None or each.parameters]
        return answer(request, QualityRulePage(items=shown, next=None))

    routes.add_api_route(
        "/gaps",
        _gaps,
        response_model=GapReport,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
        summary="Data gaps of a datastream, device or district over a period",
    )
    return routes


def _rule(name: str, rule: Any) -> RuleBody:
    return RuleBody(rule=name, text=Name(zh=rule["zh"], en=rule["en"]), parameters=dict(rule["parameters"]))


def _quality(rule: QualityRule, limits: dict[str, float] | None) -> RuleBody:
    names = rule.properties
    told = dict.fromkeys(names) if limits is None else {name: limits[name] for name in names if name in limits}
    return RuleBody(rule=rule.quality.word, text=Name(zh=rule.zh, en=rule.en), parameters=told)


def _reference(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _groups(engine: network.SensorNetwork, state: network.State, by: str) -> tuple[Any, list[tuple[str, Name]]]:
    """Return each device's group, and the code and name of every group."""
    columns = state.network
    if by == "district":
        told = [engine.districts.names(number) for number in range(len(engine.districts) + 1)]
        return columns.district, [(code, Name(zh=zh, en=en)) for code, zh, en in told]
    if by == "type":
        types = code_list("device_types")
        codes = [(code, types.get(code) if code else None) for code in columns.kinds.texts]
        return columns.kind, [(code, Name(zh=each.zh, en=each.en) if each else _none()) for code, each in codes]
    if by == "organisation":
        names = columns.organisations.texts
        return columns.organisation, [(text, Name(zh=text, en=text) if text else _none()) for text in names]
    links = {each.id: Name(zh=each.zh, en=each.en) for each in engine.links()}
    return columns.link, [(name, links.get(name) or _none()) for name in columns.links.ids]


def _none() -> Name:
    return Name(zh="未登记", en="not registered")


def _gaps(
    request: Request,
    asker: Reads,
    datastream: IdText = None,
    device: IdText = None,
    district: IdText = None,
    start: Moment = None,
    end: Moment = None,
    form: Form = "json",
) -> Response:
    """Tell from when to when how many values are missing (the last day if no bounds are given)."""
    until = moment(end) or asker.city.now
    since = moment(start) or day_before(until)
    action = Action.EXPORT if form == "csv" else Action.READ
    streams = _streams(asker, datastream, device, district, action)
    found = asker.city.network.gaps(np.array(sorted(streams), dtype=np.int32), since, until)
    if form == "csv":
        table = pa.Table.from_pylist(
            [each.model_dump() for each in _items(found, streams, len(found.datastream))],
            schema=pa.schema(
                [(name, pa.string()) for name in ("datastream", "start", "end")] + [("missing", pa.int64())]
            ),
        )
        return StreamingResponse(write_rows(table, "csv"), media_type="text/csv; charset=utf-8")
    return answer(request, _report(found, streams, since, until))


def _streams(
    asker: Asker, datastream: str | None, device: str | None, district: str | None, action: Action
) -> dict[int, str]:
    """Return the datastreams asked about that the asker may read (or export): id by number."""
    if sum(each is not None for each in (datastream, device, district)) != 1:
        raise BadInput("Name one datastream, device or district.", where="address", mend="Give ?device=… for example.")
    if datastream is not None:
        stream = asker.datastream(_reference(datastream))
        asker.must(action, Resource("datastream", stream.id, stream.classification))
        return {stream.number: stream.id}
    engine = asker.city.network
    if device is not None:
        numbers = engine.streams_of(seen_device(asker, device).id)
    else:
        wanted = network.Wanted(district=district)
        devices = engine.find(wanted, classes=asker.classes(Action.READ, "device"))
        if not len(devices):
            raise NotFound(f"There is no device in {str(district)[:80]!r}.", mend="See /api/v1/network/health.")
        of = engine.state().network.stream_device
        numbers = np.flatnonzero(np.isin(of, devices)).astype(np.int32)
    if len(numbers) > _STREAMS_MOST:
        raise TooLarge(f"These are {len(numbers):,} datastreams.", mend="Name a device, or a smaller district.")
    found = (asker.city.sensing.datastream(int(number)) for number in numbers)
    shown = [each for each in found if asker.may(action, Resource("datastream", each.id, each.classification))]
    asker.seen(*(Resource("datastream", each.id, each.classification) for each in shown))
    return {each.number: each.id for each in shown}


def _items(found: network.Gaps, streams: dict[int, str], most: int) -> list[GapBody]:
    rows = zip(found.datastream[:most], found.start[:most], found.end[:most], found.missing[:most], strict=True)
    return [
        GapBody(
            datastream=streams[int(number)],
            start=format_instant(from_micros(int(start))),
            end=format_instant(from_micros(int(end))),
            missing=int(missing),
        )
        for number, start, end, missing in rows
    ]


def _report(found: network.Gaps, streams: dict[int, str], start: datetime, end: datetime) -> GapReport:
    if len(found.datastream) > _GAPS_MOST:
        raise TooLarge(f"These are {len(found.datastream):,} gaps.", where="start, end", mend="Use format=csv.")
    rows = zip(found.numbers.tolist(), found.expected.tolist(), found.lacking.tolist(), strict=True)
    return GapReport(
        start=format_instant(start),
        end=format_instant(end),
        expected=int(found.expected.sum()),
        missing=int(found.lacking.sum()),
        share=round(found.share, 6),
        datastreams=[
            Lacking(
                datastream=streams[number],
                expected=expected,
                missing=lacking,
                share=round(lacking / expected, 6) if expected else 0.0,
            )
            for number, expected, lacking in rows
        ],
        items=_items(found, streams, _GAPS_MOST),
        next=None,
    )
