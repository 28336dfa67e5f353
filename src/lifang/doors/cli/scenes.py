"""Commands on scenes: list, show, run."""

from __future__ import annotations

from typing import Annotated

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, show

app = typer.Typer(no_args_is_help=True, help="Scenes: what the city watches, advises and does.")
Scene = Annotated[str, typer.Argument(help="The scene's id.")]
At = Annotated[str | None, typer.Option(help="For this moment, ISO 8601; now if not given.")]


@app.command("list")
def listing(folder: Dir, purpose: Purpose = "", as_json: Json = False) -> None:
    """List scenes."""
    with Client(folder, purpose=purpose) as client:
        found = client.listing("/api/v1/scenes", limit=1000)
    show(found, as_json=as_json, columns=("id", "name", "reads", "writes", "citation"))


@app.command("show")
def view(scene: Scene, folder: Dir, at: At = None, purpose: Purpose = "", as_json: Json = False) -> None:
    """Show what a scene shows, changing nothing."""
    with Client(folder, purpose=purpose) as client:
        show(client.get(f"/api/v1/scenes/{scene}", at=at), as_json=as_json)


@app.command()
def run(scene: Scene, folder: Dir, at: At = None, purpose: Purpose = "", as_json: Json = False) -> None:
    """Run a scene: evaluate its rules, write its indicators."""
    with Client(folder, purpose=purpose) as client:
        show(client.post(f"/api/v1/scenes/{scene}/run", at=at), as_json=as_json)
