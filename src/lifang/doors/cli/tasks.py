"""Commands to devices: what can be commanded, give a command, see what became of it, take it back."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from lifang.core import BadInput
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import ERR, Dir, Json, Purpose, show

app = typer.Typer(no_args_is_help=True, help="Commands to devices, and what became of them.")
Command = Annotated[str, typer.Argument(help="The command's id.")]
Limit = Annotated[int, typer.Option(min=1)]
_COLUMNS = ("id", "device", "capability", "parameters", "state_name", "reason.text", "created", "deadline")


@app.command()
def actuators(
    folder: Dir,
    thing: Annotated[str | None, typer.Option(help="Only of this thing.")] = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """List what can be commanded."""
    with Client(folder) as client:
        found = client.listing("/api/v1/tasking-capabilities", limit=limit, thing=thing)
    show(found, as_json=as_json, columns=("id", "thing", "name", "parameters", "limits"))


@app.command()
def give(
    capability: Annotated[str, typer.Argument(help="The tasking capability's id.")],
    values: Annotated[list[str], typer.Argument(help="NAME=VALUE; repeat it.")],
    folder: Dir,
    deadline: Annotated[str | None, typer.Option(help="Not after this moment, ISO 8601.")] = None,
    expect: Annotated[list[str] | None, typer.Option(help="DATASTREAM=VALUE that it rests on; repeat it.")] = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Command a device; exit 1 if the command is refused."""
    body: dict[str, Any] = {"capability": capability, "parameters": _pairs(values), "expect": _pairs(expect or [])}
    with Client(folder, purpose=purpose) as client:
        made = client.post("/api/v1/commands", {**body, "deadline": deadline})
    show(made, as_json=as_json)
    if made["state"] == "refused":
        ERR.print(f"lifang: refused: {made['reason']['text']['en']}", markup=False)
        raise typer.Exit(1)


@app.command("list")
def listing(
    folder: Dir,
    device: Annotated[str | None, typer.Option(help="Only to this device.")] = None,
    state: Annotated[str | None, typer.Option(help="accepted, sent, done, refused …")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List commands, newest first."""
    with Client(folder) as client:
        found = client.listing("/api/v1/commands", limit=limit, device=device, state=state)
    show(found, as_json=as_json, columns=_COLUMNS)


@app.command("show")
def view(command: Command, folder: Dir, as_json: Json = False) -> None:
    """Show one command with every step of its life."""
    with Client(folder) as client:
        show(client.get(f"/api/v1/commands/{command}"), as_json=as_json)


@app.command()
def cancel(command: Command, folder: Dir, note: Annotated[str, typer.Option()] = "", as_json: Json = False) -> None:
    """Take back a command that its device was not told of yet."""
    with Client(folder) as client:
        show(client.post(f"/api/v1/commands/{command}/cancel", {"note": note}), as_json=as_json)


@app.command()
def token(
    device: Annotated[str, typer.Argument(help="The device's id.")],
    label: Annotated[str, typer.Argument(help="What the token is for.")],
    folder: Dir,
    as_json: Json = False,
) -> None:
    """Issue a token with which a device sees and answers its own commands; its secret is shown once."""
    with Client(folder) as client:
        show(client.post(f"/api/v1/devices/{device}/tokens", {"label": label}), as_json=as_json)


def _pairs(texts: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise BadInput(f"{text!r} is no pair.", mend="Write NAME=VALUE, such as level=40.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
