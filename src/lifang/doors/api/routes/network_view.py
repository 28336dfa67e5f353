"""Routes of the network as a picture needs it: all devices in columns at once, and how values flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from numpy.typing import NDArray
from starlette.responses import Response

from lifang.app import Asker
from lifang.core import BadInput, format_instant, from_micros
from lifang.doors.api.bodies.network_view import DevicePicture, FlowBody
from lifang.doors.api.routes.network import wanted_devices
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking, json_answer
from lifang.guard import Action, Classification, Resource, strictest
from lifang.sensing import NEVER, network
from lifang.standards import code_list

MOST = 50_000  # devices told one by one; more are told in cells
_ACROSS = 96
_NAMES = ("zh", "en")
_NONE = {"code": "", "name": {"zh": "未登记", "en": "not registered"}}
_LONGEST_EXPIRY_US = 253_402_300_800_000_000  # the year 10000: no expiry is known
Reads = Annotated[Asker, asking(Action.READ, Resource("device"))]
Column = Callable[[network.State, NDArray[np.int64]], Any]


def _rounded(values: Any, digits: int) -> NDArray[np.float64]:
    return np.asarray(np.round(values, digits), np.float64)


def _millis(micros: NDArray[np.int64], unknown: NDArray[np.bool_]) -> list[int | None]:
    return [None if none else each // 1000 for each, none in zip(micros.tolist(), unknown.tolist(), strict=True)]


def _poles(state: network.State, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    numbers, place = np.unique(np.append(0, state.network.pole[rows]), return_inverse=True)
    return place[1:], [state.network.ids[each] for each in numbers.tolist()]


_COLUMNS: Mapping[str, Column] = {
    "lon": lambda state, rows: _rounded(state.network.lon[rows], 6),
    "lat": lambda state, rows: _rounded(state.network.lat[rows], 6),
    "health": lambda state, rows: state.devices.health[rows],
    "type": lambda state, rows: state.network.kind[rows],
    "organisation": lambda state, rows: state.network.organisation[rows],
    "district": lambda state, rows: state.network.district[rows],
    "link": lambda state, rows: state.network.link[rows],
    "pole": lambda state, rows: _poles(state, rows)[0],
    "state": lambda state, rows: state.network.state[rows],
    "battery": lambda state, rows: state.network.battery[rows],
    "battery_low": lambda state, rows: state.network.battery_low[rows],
    "certificate": lambda state, rows: _millis(
        state.network.expires[rows], state.network.expires[rows] > _LONGEST_EXPIRY_US
    ),
    "uptime": lambda state, rows: _rounded(state.devices.uptime[rows], 4),
    "lag_s": lambda state, rows: _rounded(state.devices.lag_s[rows], 2),
    "loss": lambda state, rows: _rounded(state.devices.loss[rows], 4),
    "last": lambda state, rows: _millis(state.devices.last[rows], state.devices.last[rows] == NEVER),
}
_ALL = (*_NAMES, *_COLUMNS)
Columns = Annotated[
    str | None, Query(max_length=400, description=f"Some of {', '.join(_ALL)}; all of them if left out.")
]
Most = Annotated[int, Query(ge=0, le=MOST, description="How many devices are told one by one, and not in cells.")]


def router() -> APIRouter:
    """Return the routes of the network's picture and flow."""
    routes = APIRouter(prefix="/api/v1/network", route_class=GuardedRoute, tags=["network"], responses=PROBLEMS)
    routes.add_api_route(
        "/picture", _picture, response_model=DevicePicture, summary="All devices at once, in columns, for a map"
    )
    routes.add_api_route(
        "/flow", _flow, response_model=FlowBody, summary="How fast values come, how late, and who is silent"
    )
    return routes


def _picture(
    request: Request,
    asker: Reads,
    wanted: Annotated[network.Wanted, Depends(wanted_devices)],
    columns: Columns = None,
    most: Most = MOST,
) -> Response:
    """Tell every device that is asked for in columns; more than ``most`` are counted in cells of their box."""
    names = _ALL if columns is None else tuple(columns.split(","))
    if not set(names) <= set(_ALL):
        raise BadInput("A column is not known.", where="columns", mend=f"Name some of {', '.join(_ALL)}.")
    engine = asker.city.network
    rows = engine.find(wanted, classes=asker.classes(Action.READ, "device"))
    state = engine.state()
    _record(asker, state, rows)
    cells, told = None, rows
    if len(rows) > most:
        found = network.in_cells(
            state.network.lon[rows], state.network.lat[rows], state.devices.health[rows], across=_ACROSS
        )
        cells = {"lon": _rounded(found.lon, 6), "lat": _rounded(found.lat, 6), "health": found.by_health}
        told = rows[:0]
    ids = [state.network.ids[each] for each in told.tolist()]
    body = {
        "moment": format_instant(from_micros(state.now_us)),
        "total": len(rows),
        "id": ids,
        "columns": {
            **_named(engine, ids, names),
            **{name: read(state, told) for name, read in _COLUMNS.items() if name in names},
        },
        "cells": cells,
        **_lists(asker, state, told),
    }
    return json_answer(request, body)


def _named(engine: network.SensorNetwork, ids: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
    wanted = [each for each in _NAMES if each in names]
    if not wanted:
        return {}
    known = engine.names(ids)
    found = [known.get(each, (each, each)) for each in ids]
    return {each: [pair[_NAMES.index(each)] for pair in found] for each in wanted}


def _lists(asker: Asker, state: network.State, rows: NDArray[np.int64]) -> dict[str, Any]:
    engine, columns, types = asker.city.network, state.network, code_list("device_types")
    kinds = [types.get(code) if code else None for code in columns.kinds.texts]
    links = {
        each.id: {"zh": each.zh, "en": each.en} for each in engine.links() if asker.may(Action.READ, each.resource)
    }
    districts = [engine.districts.names(number) for number in range(len(engine.districts) + 1)]
    return {
        "healths": [
            {"code": each.word, "name": dict(zip(_NAMES, network.HEALTH_NAMES[each], strict=True))}
            for each in network.Health
        ],
        "types": [{"code": each.code, "name": {"zh": each.zh, "en": each.en}} if each else _NONE for each in kinds],
        "organisations": list(columns.organisations.texts),
        "districts": [{"code": code, "name": {"zh": zh, "en": en}} for code, zh, en in districts],
        "links": [
            {"code": each, "name": links.get(each, {"zh": each, "en": each})} if each else _NONE
            for each in columns.links.ids
        ],
        "poles": _poles(state, rows)[1],
        "states": list(network.DEVICE_STATES),
    }


def _record(asker: Asker, state: network.State, rows: NDArray[np.int64]) -> None:
    """Record in the ledger that devices were told that are not open."""
    every = list(Classification)
    classes = [every[each] for each in np.unique(state.network.classification[rows]).tolist()]
    if classes:
        asker.seen(Resource("device", "*", strictest(*classes)), detail={"devices": len(rows)})


def _flow(request: Request, asker: Reads) -> Response:
    """Tell the values a second of the last ten seconds, the lags of the last minute, and the silent share now."""
    engine = asker.city.network
    rows = engine.find(network.Wanted(), classes=asker.classes(Action.READ, "device"))
    state, flowing = engine.state(), engine.flow.told()
    heard = rows[state.devices.streams[rows] > 0]
    silent = int((state.devices.silent[heard] == state.devices.streams[heard]).sum())
    body = FlowBody(
        moment=format_instant(from_micros(state.now_us)),
        rate=round(flowing.rate, 2),
        rate_s=flowing.rate_s,
        values=flowing.values,
        window_s=flowing.window_s,
        lag_p50_s=network.known(flowing.lag_p50_s, 3),
        lag_p99_s=network.known(flowing.lag_p99_s, 3),
        devices=len(heard),
        silent=silent,
        silent_share=round(silent / len(heard), 6) if len(heard) else None,
    )
    return answer(request, body)
