"""Routes of devices: what there is, whose it is, where it hangs, how it is; registered one by one or in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import orjson
import pyarrow as pa
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from lifang.app import Asker
from lifang.catalogue import write_rows
from lifang.core import BadInput, Box, format_instant, parse_instant
from lifang.doors.api.bodies.devices import device_bodies
from lifang.doors.api.bodies.network import (
    DeviceBody,
    DeviceDetail,
    DeviceEventBody,
    DeviceHistory,
    DevicePage,
    DeviceReport,
    FromDataset,
    HealthWord,
    ImportedBody,
    NewDevices,
)
from lifang.doors.api.listing import After, Limit, after_number, moment, paged
from lifang.doors.api.tables import read_table
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking, decode_cursor, encode_cursor, read_body
from lifang.guard import Action, Resource
from lifang.sensing import network

_PIECE = 1000
_MAPPING_MAX = 4000
_TEXTS = (
    "id zh en device_type model organisation mounted_on gateway link district state firmware certificate_expires "
    "health last"
)
_COLUMNS = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS.split()),
        *((name, pa.float64()) for name in ("lon", "lat", "battery", "uptime", "lag_s", "loss")),
        ("simulated", pa.bool_()),
    ]
)
_CSV: dict[str, Any] = {"content": {"text/csv": {"schema": {"type": "string"}}}}
Reads = Annotated[Asker, asking(Action.READ, Resource("device"), per_item=True)]
Registers = Annotated[Asker, asking(Action.OBSERVE, Resource("device"))]
IdText = Annotated[str | None, Query(max_length=128)]
BoxText = Annotated[str | None, Query(max_length=200, description="west,south,east,north in degrees.")]
Form = Annotated[Literal["json", "csv"], Query(alias="format")]
MappingText = Annotated[str, Query(max_length=_MAPPING_MAX, description="JSON: which column is which field.")]


def wanted_devices(
    health: HealthWord | None = None,
    device_type: Annotated[str | None, Query(alias="type", max_length=128)] = None,
    organisation: IdText = None,
    link: IdText = None,
    mounted_on: IdText = None,
    district: IdText = None,
    bbox: BoxText = None,
    simulated: bool | None = None,
) -> network.Wanted:
    """Return which devices an address asks for; ``type`` may be a group of types."""
    box = Box.parse(bbox) if bbox else None
    state = network.Health[health.upper()] if health else None
    return network.Wanted(state, device_type, organisation, link, mounted_on, district, box, simulated)


def seen_device(asker: Asker, device_id: str) -> network.Device:
    """Return a device that the asker may read, or ``NotFound``."""
    return asker.see("device", device_id, lambda: asker.city.network.device(device_id), lambda each: each.resource)


def router() -> APIRouter:
    """Return the routes of devices."""
    routes = APIRouter(prefix="/api/v1/network", route_class=GuardedRoute, tags=["network"], responses=PROBLEMS)
    routes.add_api_route(
        "/devices", _every, response_model=DevicePage, responses={200: _CSV}, summary="Devices and how they are"
    )
    routes.add_api_route("/devices", _register, methods=["POST"], response_model=ImportedBody, summary="Register")
    routes.add_api_route(
        "/device-imports",
        _import,
        methods=["POST"],
        response_model=ImportedBody,
        openapi_extra={
            "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}},
        },
        summary="Register the devices of a CSV file; again changes nothing",
    )
    routes.add_api_route(
        "/device-imports/dataset",
        _from_dataset,
        methods=["POST"],
        response_model=ImportedBody,
        summary="Register the devices of a dataset; again changes nothing",
    )
    routes.add_api_route("/devices/{device_id}", _one, response_model=DeviceDetail, summary="One device")
    routes.add_api_route("/devices/{device_id}/history", _history, response_model=DeviceHistory, summary="Its changes")
    routes.add_api_route(
        "/devices/{device_id}/report", _report, methods=["POST"], response_model=DeviceBody, summary="Its upkeep"
    )
    return routes


def _every(
    request: Request,
    asker: Reads,
    wanted: Annotated[network.Wanted, Depends(wanted_devices)],
    after: After = None,
    limit: Limit = 100,
    form: Form = "json",
) -> Response:
    """List devices by number, those that meet every condition; as CSV all of them."""
    engine = asker.city.network
    classes = asker.classes(Action.EXPORT if form == "csv" else Action.READ, "device")
    last = after_number("devices", after)
    found = engine.find(wanted, classes=classes, after=last, limit=None if form == "csv" else limit + 1)
    if form == "csv":
        asker.seen(*(each.resource for each in engine.devices(found[:_PIECE].tolist())), action="export")
        name = {"Content-Disposition": 'attachment; filename="devices.csv"'}
        return StreamingResponse(_csv(asker, found.tolist()), media_type="text/csv; charset=utf-8", headers=name)
    numbers, following = paged("devices", found.tolist(), limit, int)
    devices = engine.devices(numbers)
    asker.seen(*(each.resource for each in devices))
    return answer(request, DevicePage(items=device_bodies(asker, devices), next=following))


def _csv(asker: Asker, numbers: Sequence[int]) -> Iterator[bytes]:
    for start in range(0, max(1, len(numbers)), _PIECE):
        devices = asker.city.network.devices(numbers[start : start + _PIECE])
        table = pa.Table.from_pylist(flat_rows(device_bodies(asker, devices)), schema=_COLUMNS)
        whole = b"".join(write_rows(table, "csv"))
        yield whole if start == 0 else whole.partition(b"\n")[2]


def _one(device_id: str, request: Request, asker: Reads) -> Response:
    """Give one device with what hangs on it and its datastreams."""
    engine = asker.city.network
    device = seen_device(asker, device_id)
    mounted = [each for each in engine.mounted(device.id) if asker.may(Action.READ, each.resource)]
    asker.seen(*(each.resource for each in mounted))
    first, *others = device_bodies(asker, [device, *mounted])
    streams = asker.datastreams(thing=device.id, limit=1000)
    detail = DeviceDetail(**first.model_dump(), mounted=others, datastreams=[each.id for each in streams])
    return answer(request, detail)


def _history(
    device_id: str, request: Request, asker: Reads, kind: IdText = None, after: After = None, limit: Limit = 100
) -> Response:
    """Tell what changed on a device, newest first."""
    device = seen_device(asker, device_id)
    key = decode_cursor("history", after, str, str)
    past = (parse_instant(key[0]), key[1]) if key else None
    found = asker.city.network.history(device.id, kind=kind, after=past, limit=limit + 1)
    events = found[:limit]
    last = encode_cursor("history", format_instant(events[-1].moment), events[-1].id) if len(found) > limit else None
    items = [DeviceEventBody.model_validate(each.as_json()) for each in events]
    return answer(request, DeviceHistory(items=items, next=last))


def _register(request: Request, body: NewDevices, asker: Registers) -> Response:
    """Register devices and the things that they are."""
    rows = [each.model_dump() for each in body.devices]
    return _imported(request, asker, pa.Table.from_pylist([_flat(row) for row in rows]), {}, {})


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "roles": " ".join(row["roles"])}


async def _import(
    request: Request, asker: Registers, mapping: MappingText = "{}", defaults: MappingText = "{}"
) -> Response:
    """Register the devices of a CSV file with a header."""
    body = await read_body(request)
    told, lacking = _object(mapping, "mapping"), _object(defaults, "defaults")
    return await run_sync(lambda: _imported(request, asker, read_table(body), told, lacking))


def _from_dataset(request: Request, body: FromDataset, asker: Registers) -> Response:
    """Register the devices of a dataset that the asker may read."""
    rows = asker.dataset(body.dataset).rows()
    columns = [each.name for each in rows.columns]
    named = {*map(str, body.mapping.values()), *(each for each in network.FIELDS if each in columns)}
    table = rows.select([each for each in columns if each in named])
    mapping = {str(name): str(column) for name, column in body.mapping.items()}
    return _imported(request, asker, table, mapping, body.defaults)


def _imported(
    request: Request, asker: Asker, table: pa.Table, mapping: Mapping[str, str], defaults: Mapping[str, Any]
) -> Response:
    made = asker.city.network.import_devices(table, mapping, by=asker.subject, defaults=defaults)
    return answer(request, ImportedBody.model_validate(made.as_json()))


def _report(device_id: str, request: Request, body: DeviceReport, asker: Registers) -> Response:
    """Take a report of a device's firmware, battery, certificate, link or state; it is kept in its history."""
    device = seen_device(asker, device_id)
    given = {name: value for name, value in body.model_dump(exclude={"moment"}).items() if value is not None}
    if not given:
        raise BadInput("Nothing is reported.", where="body", mend="Send firmware, battery, certificate or state.")
    if "certificate_expires" in given:
        given["certificate_expires"] = moment(given["certificate_expires"])
    made = asker.city.network.report(device.id, given, by=asker.subject, moment=moment(body.moment))
    return answer(request, device_bodies(asker, [made])[0])


def _object(text: str, where: str) -> dict[str, str]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"This is no JSON: {error}.", where=where, mend='Write {"id": "编号"}.') from error
    if not isinstance(found, dict):
        raise BadInput("This is no JSON object.", where=where, mend='Write {"id": "编号"}.')
    return {str(name): str(value) for name, value in found.items()}


def flat_rows(bodies: Sequence[DeviceBody]) -> list[dict[str, Any]]:
    """Return devices as rows of a table."""
    return [
        {
            "id": each.id,
            "zh": each.name.zh,
            "en": each.name.en,
            "device_type": each.device_type.code,
            "model": each.model,
            "organisation": each.organisation,
            "mounted_on": each.mounted_on,
            "gateway": each.gateway,
            "link": each.link,
            "lon": each.lon,
            "lat": each.lat,
            "district": each.district.code,
            "state": each.state,
            "firmware": each.firmware,
            "battery": each.battery,
            "certificate_expires": each.certificate_expires,
            "simulated": each.simulated,
            "health": each.health.state,
            "uptime": each.health.uptime,
            "lag_s": each.health.lag_s,
            "loss": each.health.loss,
            "last": each.health.last,
        }
        for each in bodies
    ]
