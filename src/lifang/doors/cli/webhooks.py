"""Commands on webhooks: add, list, show deliveries, test, pause, resume, remove."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, show

app = typer.Typer(no_args_is_help=True, help="Webhooks: addresses that are told of changes in the catalogue.")
Id = Annotated[str, typer.Argument(help="The webhook's id.")]
_COLUMNS = ("id", "url", "datasets", "state", "told", "failures", "last_status", "last_success")
_SENT = ("sent", "kind", "first", "last", "status", "arrived", "took_ms")


def _path(webhook: str = "", step: str = "") -> str:
    return "/api/v1/webhooks" + (f"/{quote(webhook, safe='')}" if webhook else "") + step


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="The address, https; deliveries are POST of JSON, signed.")],
    folder: Dir,
    dataset: Annotated[list[str] | None, typer.Option("--dataset", help="Only changes of this one; repeat it.")] = None,
    as_json: Json = False,
) -> None:
    """Have an address told of changes from now on; the secret that deliveries are signed with is shown once."""
    with Client(folder) as client:
        show(client.post(_path(), {"url": url, "datasets": dataset or []}), as_json=as_json)


@app.command("list")
def listing(folder: Dir, as_json: Json = False) -> None:
    """List webhooks, and how their deliveries go."""
    with Client(folder) as client:
        show(client.get(_path())["items"], as_json=as_json, columns=_COLUMNS)


@app.command()
def deliveries(
    webhook: Id, folder: Dir, limit: Annotated[int, typer.Option(min=1)] = 20, as_json: Json = False
) -> None:
    """List the newest attempts to tell a webhook, and their outcomes."""
    with Client(folder) as client:
        show(client.listing(_path(webhook, "/deliveries"), limit=limit), as_json=as_json, columns=_SENT)


@app.command("test")
def try_out(webhook: Id, folder: Dir, as_json: Json = False) -> None:
    """Send a delivery without changes, signed like any other, at once. Exit 1 if it does not arrive."""
    with Client(folder) as client:
        sent = client.post(_path(webhook, "/test"))
    show(sent, as_json=as_json)
    if not sent["arrived"]:
        raise typer.Exit(1)


@app.command()
def pause(webhook: Id, folder: Dir, as_json: Json = False) -> None:
    """Pause a webhook."""
    _set(folder, webhook, "paused", as_json=as_json)


@app.command()
def resume(webhook: Id, folder: Dir, as_json: Json = False) -> None:
    """Have a webhook go on where it stopped."""
    _set(folder, webhook, "active", as_json=as_json)


@app.command()
def secret(webhook: Id, folder: Dir, as_json: Json = False) -> None:
    """Give a webhook a new secret in place of the one it had; it is shown once."""
    with Client(folder) as client:
        show(client.post(_path(webhook, "/secret")), as_json=as_json)


@app.command()
def remove(webhook: Id, folder: Dir, as_json: Json = False) -> None:
    """End a webhook for good."""
    with Client(folder) as client:
        client.delete(_path(webhook))
    show({"removed": webhook}, as_json=as_json)


def _set(folder: Dir, webhook: str, state: str, *, as_json: bool) -> None:
    with Client(folder) as client:
        show(client.patch(_path(webhook), {"state": state}), as_json=as_json)
