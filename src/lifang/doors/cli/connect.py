"""Commands on connectors: add, list, show, pause, resume, pull, test, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from lifang.core import BadInput, NotFound
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, show

app = typer.Typer(no_args_is_help=True, help="Connectors: feeds of others brought in.")
Which = Annotated[str, typer.Argument(help="The connector's id.")]
File = Annotated[Path, typer.Argument(help="Its file, TOML; docs/reference/connectors.md tells of every key.")]
Id = Annotated[str, typer.Option("--id", help="Its id; the file's name if not given.")]
SecretNames = Annotated[
    list[str] | None, typer.Option("--secret", help="A secret that the file refers to by ${name}; it is asked for.")
]


def _path(connector_id: str, more: str = "") -> str:
    return f"/api/v1/connectors/{quote(connector_id, safe='')}{more}"


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {file}.", where=str(file), mend="Correct the path.") from error
    except UnicodeDecodeError as error:
        raise BadInput("The file is not UTF-8.", where=str(file), mend="Save it as UTF-8.") from error


def _asked(names: list[str] | None) -> dict[str, str]:
    return {name: typer.prompt(f"Secret {name}", hide_input=True) for name in names or ()}


@app.command()
def add(
    file: File,
    folder: Dir,
    connector_id: Id = "",
    secret: SecretNames = None,
    replace: Annotated[bool, typer.Option("--replace", help="Give a connector that is there this file.")] = False,
    as_json: Json = False,
) -> None:
    """Add a connector; it begins to work when the city is served."""
    body: dict[str, Any] = {"id": connector_id or file.stem, "toml": _text(file), "secrets": _asked(secret)}
    with Client(folder) as client:
        show(client.post("/api/v1/connectors", {**body, "replace": replace}), as_json=as_json)


@app.command("list")
def listing(folder: Dir, limit: Annotated[int, typer.Option(min=1)] = 200, as_json: Json = False) -> None:
    """List connectors and how they do."""
    with Client(folder) as client:
        found = client.listing("/api/v1/connectors", limit=limit)
    columns = ("id", "kind", "state", "counts.values", "counts.refused", "lag_s", "last_success", "failures")
    show(found, as_json=as_json, columns=columns)


@app.command("show")
def one(connector_id: Which, folder: Dir, as_json: Json = False) -> None:
    """Show a connector: its file, how it does, its last failures, the cells it refused."""
    with Client(folder) as client:
        found = client.get(_path(connector_id))
        issues = client.get(_path(connector_id, "/issues"), limit=20)["items"]
    if as_json:
        show({**found, "issues": issues}, as_json=True)
        return
    text = found.pop("toml")
    show(found, as_json=False)
    if issues:
        show(issues, as_json=False, columns=("where", "row", "column", "value", "rule", "mend"))
    show(text.rstrip(), as_json=False)


@app.command()
def pause(connector_id: Which, folder: Dir, as_json: Json = False) -> None:
    """Let a connector rest; it keeps where it stopped."""
    with Client(folder) as client:
        show(client.patch(_path(connector_id), {"paused": True}), as_json=as_json)


@app.command()
def resume(connector_id: Which, folder: Dir, as_json: Json = False) -> None:
    """Let a connector go on where it stopped."""
    with Client(folder) as client:
        show(client.patch(_path(connector_id), {"paused": False}), as_json=as_json)


@app.command()
def pull(connector_id: Which, folder: Dir, as_json: Json = False) -> None:
    """Have a connector pull now, and show how it does."""
    with Client(folder) as client:
        found = client.post(_path(connector_id, "/pull"))
    show(found, as_json=as_json)
    if found["state"] != "running":
        raise typer.Exit(1)


@app.command("test")
def try_out(
    which: Annotated[str, typer.Argument(help="A connector's id, or a file to try out before it is added.")],
    folder: Dir,
    secret: SecretNames = None,
    as_json: Json = False,
) -> None:
    """Show what a connector would bring from its source now; nothing is stored. Exit 1 if it fails."""
    with Client(folder) as client:
        if which.endswith(".toml"):
            body = {"toml": _text(Path(which)), "secrets": _asked(secret)}
            found = client.post("/api/v1/connector-trials", body)
        else:
            found = client.post(_path(which, "/test"))
    show(found, as_json=as_json)
    if found["trouble"]:
        raise typer.Exit(1)


@app.command()
def remove(connector_id: Which, folder: Dir, as_json: Json = False) -> None:
    """Remove a connector with its secrets; the things and values it brought stay."""
    with Client(folder) as client:
        client.delete(_path(connector_id))
    show({"id": connector_id, "removed": True}, as_json=as_json)
