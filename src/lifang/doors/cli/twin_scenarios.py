"""Commands on scenarios of the twin."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, show

_COLUMNS = ("id", "name", "models", "removes", "classification", "adopted")


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


def adopt(
    name: Annotated[str, typer.Argument(metavar="ID", help="The scenario's id.")],
    folder: Dir,
    since: Annotated[str, typer.Option(help="Since when the city is planned to be so: ISO 8601 with an offset.")],
    stage: Annotated[str, typer.Option(help="The stage of its objects then.")] = "planned",
    as_json: Json = False,
) -> None:
    """Adopt a scenario into the plan: its models stand and what it removes is gone, from a moment on."""
    with Client(folder) as client:
        show(client.post(_adoption(name), {"valid_from": since, "stage": stage}), as_json=as_json)


def take_back(
    name: Annotated[str, typer.Argument(metavar="ID", help="The scenario's id.")], folder: Dir, as_json: Json = False
) -> None:
    """Take the adoption of a scenario back: the city is as it was known before, the scenario stands beside it."""
    with Client(folder) as client:
        show(client.delete(_adoption(name)), as_json=as_json)


def _adoption(scenario: str) -> str:
    return f"/api/v1/twin/scenarios/{quote(scenario, safe='')}/adoption"


def add_to(app: typer.Typer) -> None:
    """Add these commands to those of the twin."""
    for command in (scenario, scenarios, adopt, take_back):
        app.command()(command)
