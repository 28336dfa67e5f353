"""Commands on topics of the twin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, show

_COLUMNS = ("created", "status", "kind", "title", "author", "guid")


def topics(
    folder: Dir,
    bcf: Annotated[Path | None, typer.Option(help="Write them as BCF 2.1 into this file, too.")] = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """List what is said about views of the twin."""
    with Client(folder, purpose=purpose) as client:
        if bcf is not None:
            client.download("/api/v1/twin/topics/bcf", bcf)
        show(client.get("/api/v1/twin/topics")["items"], as_json=as_json, columns=_COLUMNS)


def topics_add(
    file: Annotated[Path, typer.Argument(help="A BCF 2.1 file.", exists=True, dir_okay=False)],
    folder: Dir,
    crs: Annotated[str, typer.Option(help="Where its cameras stand, if it does not say so: EPSG:4544.")] = "",
    classification: Annotated[str, typer.Option(help="open, shared or restricted.")] = "shared",
    as_json: Json = False,
) -> None:
    """Bring topics in from a BCF file, in place of those of the same GUID."""
    with Client(folder) as client:
        asked = {"crs": crs or None, "classification": classification}
        found = client.send("/api/v1/twin/topics/bcf", file.read_bytes(), media_type="application/zip", **asked)
        show(found["items"], as_json=as_json, columns=_COLUMNS)


def add_to(app: typer.Typer) -> None:
    """Add these commands to those of the twin."""
    for command in (topics, topics_add):
        app.command()(command)
