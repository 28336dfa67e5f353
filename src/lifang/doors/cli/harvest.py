"""Commands on the catalogue as a whole: harvest other portals."""

from __future__ import annotations

from typing import Annotated

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, follow, show

app = typer.Typer(no_args_is_help=True, help="The catalogue: harvest other portals.")
_Source = Annotated[str, typer.Argument(help="Its id, as `lifang catalogue sources` tells it.")]
_SHOWN = (
    *("id", "url", "kind", "every_days", "active", "harvested", "trouble.detail"),
    *("report.found", "report.added", "report.changed", "report.withdrawn"),
)


@app.command()
def harvest(
    url: Annotated[str, typer.Argument(help="A catalogue in DCAT, a data.json, or a portal of CKAN's.")],
    folder: Dir,
    kind: Annotated[str, typer.Option(help="dcat, data.json or ckan; auto asks the portal.")] = "auto",
    name: Annotated[str, typer.Option("--id", help="What its datasets' ids begin with.")] = "",
    title: Annotated[str, typer.Option(help="What the portal is called.")] = "",
    classification: Annotated[str, typer.Option(help="What its datasets are at least.")] = "open",
    every_days: Annotated[int, typer.Option(help="Again by itself, every so many days; 0: only when asked.")] = 0,
    as_json: Json = False,
) -> None:
    """Bring in the descriptions of a portal's datasets; again and again, only what has changed is written."""
    asked = {
        "url": url,
        "kind": kind,
        "id": name,
        "title": title,
        "classification": classification,
        "every_days": every_days,
    }
    with Client(folder) as client:
        report = follow(client, client.post("/api/v1/harvests", asked), f"harvesting {url}")
    if as_json:
        show(report, as_json=True)
        return
    show({key: value for key, value in report.items() if key != "reasons"}, as_json=False)
    if report["reasons"]:
        show(report["reasons"], as_json=False, columns=("identifier", "why"))


@app.command()
def sources(folder: Dir, as_json: Json = False) -> None:
    """List the portals that are harvested, with what came of it."""
    with Client(folder) as client:
        show(client.get("/api/v1/harvests")["items"], as_json=as_json, columns=_SHOWN)


@app.command(name="try")
def try_out(
    url: Annotated[str, typer.Argument(help="A catalogue in DCAT, a data.json, or a portal of CKAN's.")],
    folder: Dir,
    kind: Annotated[str, typer.Option(help="dcat, data.json or ckan; auto asks the portal.")] = "auto",
    as_json: Json = False,
) -> None:
    """Ask a portal what it speaks and lists; nothing of it is kept."""
    with Client(folder) as client:
        show(client.post("/api/v1/harvest-trials", {"url": url, "kind": kind}), as_json=as_json)


@app.command()
def rest(source: _Source, folder: Dir) -> None:
    """Let a portal rest: it is not read by itself until it goes on."""
    with Client(folder) as client:
        client.patch(f"/api/v1/harvests/{source}", {"active": False})


@app.command(name="go-on")
def go_on(source: _Source, folder: Dir) -> None:
    """Have a portal that rests read by itself again."""
    with Client(folder) as client:
        client.patch(f"/api/v1/harvests/{source}", {"active": True})


@app.command()
def remove(source: _Source, folder: Dir) -> None:
    """Have a portal read no more; its datasets stay."""
    with Client(folder) as client:
        client.delete(f"/api/v1/harvests/{source}")
