"""Commands on sensors: list, latest, series, replay."""

from __future__ import annotations

from typing import Annotated

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, show

app = typer.Typer(no_args_is_help=True, help="Sensors: what there is, what they say now, what they said.")
Limit = Annotated[int, typer.Option(min=1)]
At = Annotated[str | None, typer.Option(help="At this moment in the city, ISO 8601; now if not given.")]
Box = Annotated[str | None, typer.Option(help="west,south,east,north in degrees.")]


@app.command("list")
def listing(folder: Dir, box: Box = None, limit: Limit = 100, purpose: Purpose = "", as_json: Json = False) -> None:
    """List datastreams."""
    with Client(folder, purpose=purpose) as client:
        found = client.listing("/api/v1/datastreams", limit=limit, bbox=box)
    show(found, as_json=as_json, columns=("number", "id", "name", "thing.id", "observed_property", "unit.symbol"))


@app.command()
def latest(
    folder: Dir, box: Box = None, limit: Limit = 100, at: At = None, purpose: Purpose = "", as_json: Json = False
) -> None:
    """Show the latest value of each datastream."""
    with Client(folder, purpose=purpose) as client:
        found = client.listing("/api/v1/datastreams", limit=limit, bbox=box, at=at)
    show(found, as_json=as_json, columns=("id", "latest.value", "unit.symbol", "latest.time", "latest.quality"))


@app.command()
def series(
    datastream: Annotated[str, typer.Argument(help="The datastream's id.")],
    folder: Dir,
    start: Annotated[str | None, typer.Option(help="From this moment, ISO 8601.")] = None,
    end: Annotated[str | None, typer.Option(help="To this moment, not included.")] = None,
    points: Annotated[int | None, typer.Option(help="At most so many points.", min=2)] = None,
    at: Annotated[str | None, typer.Option(help="As recorded by this moment, ISO 8601.")] = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Show a datastream's values over time."""
    with Client(folder, purpose=purpose) as client:
        found = client.get("/api/v1/observations", datastream=datastream, start=start, end=end, points=points, at=at)
    show(found if as_json else found["items"], as_json=as_json, columns=("time", "value", "quality"))


@app.command()
def replay(
    folder: Dir,
    speed: Annotated[float | None, typer.Option(help="City seconds a second.")] = None,
    pause: Annotated[bool | None, typer.Option("--pause/--go", help="Hold or let go.")] = None,
    as_json: Json = False,
) -> None:
    """Show or change the replay of the recorded series."""
    with Client(folder) as client:
        if speed is None and pause is None:
            state = client.get("/api/v1/replay")
        else:
            state = client.post("/api/v1/replay", {"speed": speed, "paused": pause})
    show(state, as_json=as_json)
