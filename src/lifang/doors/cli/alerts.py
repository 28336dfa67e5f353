"""Commands on alerts: list, ack, close."""

from __future__ import annotations

from typing import Annotated

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, show

app = typer.Typer(no_args_is_help=True, help="Alerts: what fires, and who took it up.")
Alert = Annotated[str, typer.Argument(help="The alert's id.")]
Note = Annotated[str, typer.Option(help="What was done or found.")]


@app.command("list")
def listing(
    folder: Dir,
    state: Annotated[str | None, typer.Option(help="pending, firing, cleared or closed.")] = None,
    at: Annotated[str | None, typer.Option(help="As they were at this moment in the city, ISO 8601.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """List alerts: what fires first, then the others; the newest first."""
    with Client(folder, purpose=purpose) as client:
        first = [] if state else client.listing("/api/v1/alerts", limit=limit, state="firing", at=at)
        others = client.listing("/api/v1/alerts", limit=limit, state=state, at=at)
    known = {each["id"] for each in first}
    found = [*first, *(each for each in others if each["id"] not in known)][:limit]
    columns = ("id", "severity", "state", "text", "opened", "cleared", "acknowledged_by", "acknowledged_at")
    show(found, as_json=as_json, columns=columns)


@app.command()
def ack(alert: Alert, folder: Dir, note: Note = "", purpose: Purpose = "", as_json: Json = False) -> None:
    """Acknowledge an alert: somebody has taken it up."""
    with Client(folder, purpose=purpose) as client:
        show(client.post(f"/api/v1/alerts/{alert}/acknowledge", {"note": note}), as_json=as_json)


@app.command()
def close(alert: Alert, folder: Dir, note: Note = "", purpose: Purpose = "", as_json: Json = False) -> None:
    """Close an alert that has cleared."""
    with Client(folder, purpose=purpose) as client:
        show(client.post(f"/api/v1/alerts/{alert}/close", {"note": note}), as_json=as_json)
