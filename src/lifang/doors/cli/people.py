"""Commands on people and machines: add, list, set, token."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

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


@app.command()
def organisation(
    organisation_id: Annotated[str, typer.Argument(help="Its id, such as water_bureau.")],
    zh: Annotated[str, typer.Option(help="Its Chinese name.")],
    en: Annotated[str, typer.Option(help="Its English name.")],
    folder: Dir,
    as_json: Json = False,
) -> None:
    """Add an organisation, such as a bureau."""
    with Client(folder) as client:
        show(client.post("/api/v1/organisations", {"id": organisation_id, "zh": zh, "en": en}), as_json=as_json)


@app.command("list")
def listing(folder: Dir, limit: Annotated[int, typer.Option(min=1)] = 100, as_json: Json = False) -> None:
    """List people."""
    with Client(folder) as client:
        found = client.listing("/api/v1/people", limit=limit)
    show(found, as_json=as_json, columns=("id", "name", "roles", "organisation", "active"))


@app.command("set")
def change(
    name: Annotated[str, typer.Argument(help="The person's name or id.")],
    folder: Dir,
    roles: Annotated[list[Role] | None, typer.Option("--role", help="Their roles from now on; repeat it.")] = None,
    deactivate: Annotated[bool, typer.Option("--deactivate", help="End their sessions and tokens for good.")] = False,
    password: Annotated[bool, typer.Option("--password", help="Set a new password; it is asked for.")] = False,
    as_json: Json = False,
) -> None:
    """Set a person's roles or password, or deactivate them."""
    body: dict[str, Any] = {}
    if roles:
        body["roles"] = list(roles)
    if deactivate:
        body["active"] = False
    if password:
        body["password"] = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with Client(folder) as client:
        show(client.patch(f"/api/v1/people/{quote(name, safe='')}", body), as_json=as_json)


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
