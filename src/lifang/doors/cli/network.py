"""Commands on the network: devices, links, health, gaps; devices registered from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from lifang.core import BadInput
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, show

Limit = Annotated[int, typer.Option(min=1)]
District = Annotated[str | None, typer.Option(help="Only in this district: its code.")]
Start = Annotated[str | None, typer.Option(help="From this moment, ISO 8601; a day before the end if not given.")]
End = Annotated[str | None, typer.Option(help="To this moment, not included; now if not given.")]


def add_to(app: typer.Typer) -> None:
    """Hang this module's commands into ``app``."""
    for command in (devices, links, health, gaps, coverage):
        app.command()(command)
    app.command("import-devices")(import_devices)
    app.command()(simulate)


def simulate(folder: Dir) -> None:
    """Run the gateway of the simulated network against a served city, until Ctrl-C; its values are made up."""
    from lifang.doors.cli.simulate import run  # noqa: PLC0415 - loaded by the command that needs it only

    run(folder)


def devices(
    folder: Dir,
    state: Annotated[str | None, typer.Option("--health", help="ok, silent, partial, suspect, explained …")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="A type of device, or a group of types.")] = None,
    link: Annotated[str | None, typer.Option(help="Only what hangs on this link.")] = None,
    district: District = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """List devices and how they are."""
    asked = {"health": state, "type": kind, "link": link, "district": district}
    with Client(folder) as client:
        found = client.listing("/api/v1/network/devices", limit=limit, **asked)
    columns = ("id", "name", "device_type.name", "district.name", "link", "health.name", "health.last", "battery")
    show(found, as_json=as_json, columns=columns)


def links(folder: Dir, limit: Limit = 100, as_json: Json = False) -> None:
    """List communication links and what hangs on them."""
    with Client(folder) as client:
        found = client.listing("/api/v1/network/links", limit=limit)
    columns = ("id", "name", "kind.name", "capacity_mbps", "latency_ms", "uplink", "down", "devices", "lag_s", "loss")
    show(found, as_json=as_json, columns=columns)


def health(
    folder: Dir,
    by: Annotated[str, typer.Option(help="district, type, organisation or link.")] = "district",
    as_json: Json = False,
) -> None:
    """Show how the network is: the city, and by group."""
    with Client(folder) as client:
        found = client.get("/api/v1/network/health", by=by)
    columns = ("code", "name", "devices", "health.ok", "health.silent", "health.explained", "uptime", "lag_s", "loss")
    whole = {"code": "", "name": {"zh": "全市", "en": "city"}, **found["city"]}
    show(found if as_json else [whole, *found["groups"]], as_json=as_json, columns=columns)


def gaps(
    folder: Dir,
    datastream: Annotated[str | None, typer.Option(help="Of this datastream.")] = None,
    device: Annotated[str | None, typer.Option(help="Of this device's datastreams.")] = None,
    district: District = None,
    start: Start = None,
    end: End = None,
    as_json: Json = False,
) -> None:
    """Show which values are missing, from when to when."""
    asked = {"datastream": datastream, "device": device, "district": district, "start": start, "end": end}
    with Client(folder) as client:
        found = client.get("/api/v1/network/gaps", **asked)
    show(found if as_json else found["items"], as_json=as_json, columns=("datastream", "start", "end", "missing"))


def coverage(folder: Dir, as_json: Json = False) -> None:
    """Show the figures of the dual-gigabit plan, and what is missing for them."""
    with Client(folder) as client:
        found = client.get("/api/v1/network/coverage")
    rows = [{**each, "lacks": ", ".join(one["id"] for one in each["lacking"])} for each in found["items"]]
    show(found if as_json else rows, as_json=as_json, columns=("id", "name", "value", "unit", "lacks"))


def import_devices(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header, in UTF-8.", exists=True, dir_okay=False)],
    folder: Dir,
    mapping: Annotated[list[str] | None, typer.Option("--map", help="FIELD=COLUMN; repeat it.")] = None,
    defaults: Annotated[list[str] | None, typer.Option("--set", help="FIELD=VALUE for all rows; repeat it.")] = None,
    as_json: Json = False,
) -> None:
    """Register the devices of a file; those there are already are changed, again changes nothing."""
    asked = {"mapping": json.dumps(_pairs(mapping)), "defaults": json.dumps(_pairs(defaults))}
    with Client(folder) as client:
        found = client.send("/api/v1/network/device-imports", file.read_bytes(), media_type="text/csv", **asked)
    show(found, as_json=as_json)


def _pairs(texts: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign:
            raise BadInput(f"{text!r} is no pair.", mend="Write FIELD=COLUMN, such as id=编号.")
        found[name] = value
    return found
