"""Commands on pictures of the ground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from lifang.core import NotFound
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, follow, show

Imagery = Annotated[str, typer.Option("--id", help="The layer's id; one of that id is replaced.")]
_COLUMNS = ("id", "classification", "licence", "source", "zooms", "size")


def imagery(
    folder: Dir,
    file: Annotated[Path | None, typer.Argument(help="A GeoTIFF to add; without one, the layers are listed.")] = None,
    layer: Imagery = "",
    zh: Annotated[str, typer.Option(help="Its Chinese title; the id, if not told.")] = "",
    en: Annotated[str, typer.Option(help="Its English title; the id, if not told.")] = "",
    source: Annotated[str, typer.Option(help="Where it is from.")] = "",
    licence: Annotated[str, typer.Option(help="An SPDX identifier such as CC-BY-4.0, or words.")] = "",
    classification: Annotated[str, typer.Option(help="open, shared or restricted.")] = "shared",
    as_json: Json = False,
) -> None:
    """Add a GeoTIFF picture of the ground to the map, or list those that there are."""
    if file is not None and not file.is_file():
        raise NotFound(f"{file} does not exist.", mend="Check the path.")
    with Client(folder) as client:
        if file is not None:
            named = layer or file.stem
            asked = {"imagery": named, "zh": zh or named, "en": en or named, "source": source, "licence": licence}
            asked["classification"] = classification
            job = client.send("/api/v1/twin/imagery", file.read_bytes(), media_type="image/tiff", **asked)
            show(follow(client, job, f"adding {file.name}"), as_json=as_json)
            return
        found = client.get("/api/v1/twin/imagery")
    show(found if as_json else found["items"], as_json=as_json, columns=_COLUMNS)


def imagery_remove(
    layer: Annotated[str, typer.Argument(help="The layer's id.")], folder: Dir, as_json: Json = False
) -> None:
    """Take a picture from the map; the file that was sent is kept."""
    with Client(folder) as client:
        client.delete(f"/api/v1/twin/imagery/{quote(layer, safe='')}")
    show({"removed": layer}, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add these commands to those of the twin."""
    for command in (imagery, imagery_remove):
        app.command()(command)
