"""Commands on the synthetic population."""

from __future__ import annotations

from typing import Annotated

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, follow, show

app = typer.Typer(no_args_is_help=True, help="The synthetic population: made from published figures, nobody real.")


@app.callback()
def _group() -> None:
    """Keep `population` a group of commands, of which there is one."""


@app.command()
def synthesise(
    folder: Dir,
    persons: Annotated[int, typer.Option(min=1_000, help="How many persons.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same persons.")] = 2020,
    as_json: Json = False,
) -> None:
    """Make synthetic persons, households, firms and what they hold from the census and WPP."""
    with Client(folder) as client:
        job = client.post("/api/v1/population/synthesis", {"persons": persons, "seed": seed})
        show(follow(client, job, f"making {persons:,} persons"), as_json=as_json)
