"""Commands on scenarios of the twin."""

from __future__ import annotations

from typing import Annotated

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, show

_COLUMNS = ("id", "name", "models", "removes", "classification")


def scenario(
    name: Annotated[str, typer.Argument(metavar="ID", help="The scenario's id.")],
    folder: Dir,
    zh: Annotated[str, typer.Option(help="Its name in Chinese.")],
    en: Annotated[str, typer.Option(help="Its name in English.")],
    model: Annotated[list[str] | None, typer.Option(help="A model that stands in it alone; may be repeated.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="An object that is gone in it; may be repeated.")] = None,
    classification: Annotated[str, typer.Option(help="open, shared or restricted.")] = "shared",
    as_json: Json = False,
) -> None:
    """Put a scenario: name its models first, then add them; what it removes stays in the city as it is."""
    body = {
        "id": name,
        "name": {"zh": zh, "en": en},
        "models": model or [],
        "removes": remove or [],
        "classification": classification,
    }
    with Client(folder) as client:
        show(client.post("/api/v1/twin/scenarios", body), as_json=as_json)


def scenarios(folder: Dir, purpose: Purpose = "", as_json: Json = False) -> None:
    """List the scenarios."""
    with Client(folder, purpose=purpose) as client:
        show(client.get("/api/v1/twin/scenarios")["items"], as_json=as_json, columns=_COLUMNS)


def add_to(app: typer.Typer) -> None:
    """Add these commands to those of the twin."""
    for command in (scenario, scenarios):
        app.command()(command)
