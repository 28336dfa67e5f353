"""Commands on people and machines: add, list, token."""

from __future__ import annotations

from typing import Annotated

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, show
from lifang.guard import Role

app = typer.Typer(no_args_is_help=True, help="People, and the tokens of their machines.")
Roles = Annotated[list[Role], typer.Option("--role", help="May be given more than once.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name to log in with.")],
    folder: Dir,
    roles: Roles,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    organisation: Annotated[str, typer.Option(help="Their bureau.")] = "",
    as_json: Json = False,
) -> None:
    """Add a person."""
    body = {"name": name, "password": password, "roles": list(roles), "organisation": organisation}
    with Client(folder) as client:
        show(client.post("/api/v1/people", body), as_json=as_json)


@app.command("list")
def listing(folder: Dir, limit: Annotated[int, typer.Option(min=1)] = 100, as_json: Json = False) -> None:
    """List people."""
    with Client(folder) as client:
        found = client.listing("/api/v1/people", limit=limit)
    show(found, as_json=as_json, columns=("id", "name", "roles", "organisation", "active"))


@app.command()
def token(
    person: Annotated[str, typer.Argument(help="The person's name.")],
    label: Annotated[str, typer.Argument(help="What the token is for.")],
    folder: Dir,
    as_json: Json = False,
) -> None:
    """Issue a bearer token for a machine; its secret is shown once."""
    with Client(folder) as client:
        show(client.post("/api/v1/tokens", {"person": person, "label": label}), as_json=as_json)
