"""Commands on clashes between models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, follow, show
from lifang.doors.cli.twin import At

One = Annotated[str, typer.Argument(help="A model's id.")]
Other = Annotated[str, typer.Argument(help="Another model's id.")]
_CLASH = ("one", "other", "gap_m", "at")


def clashes(
    one: One,
    other: Other,
    folder: Dir,
    tolerance: Annotated[float, typer.Option(help="They clash if deeper in each other than this, in metres.")] = 0.01,
    clearance: Annotated[float, typer.Option(help="They also clash if nearer than this, in metres.")] = 0.0,
    at: At = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Find which objects of two models clash, and show the report."""
    body = {"one": one, "other": other, "tolerance_m": tolerance, "clearance_m": clearance, "at": at}
    with Client(folder, purpose=purpose) as client:
        follow(client, client.post("/api/v1/twin/clashes", body), f"comparing {one} and {other}")
        found = client.get(_address(one, other))
    show(found if as_json else found["items"], as_json=as_json, columns=_CLASH)


def clash_report(
    one: One,
    other: Other,
    folder: Dir,
    bcf: Annotated[Path | None, typer.Option(help="Write it as BCF 2.1 into this file, too.")] = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Show the report on clashes that was made last."""
    with Client(folder, purpose=purpose) as client:
        if bcf is not None:
            client.download(f"{_address(one, other)}/bcf", bcf)
        found = client.get(_address(one, other))
    show(found if as_json else found["items"], as_json=as_json, columns=_CLASH)


def _address(one: str, other: str) -> str:
    return f"/api/v1/twin/clashes/{quote(one, safe='')}/{quote(other, safe='')}"


def add_to(app: typer.Typer) -> None:
    """Add these commands to those of the twin."""
    for command in (clashes, clash_report):
        app.command()(command)
