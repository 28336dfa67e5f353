"""Commands on data shared on conditions: offers, request, list, approve, refuse, end."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from lifang.core import BadInput
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, show

app = typer.Typer(no_args_is_help=True, help="Data shared on conditions: ask for it, review, agree, end.")
Which = Annotated[str, typer.Argument(help="The id of the request or agreement.")]
Reasons = Annotated[str, typer.Option("--reasons", help="Why; kept on record.")]
Fields = Annotated[list[str] | None, typer.Option("--field", help="A column; repeat it.")]
Rows = Annotated[list[str] | None, typer.Option("--rows", help="A condition column:op:value; repeat it.")]
_COLUMNS = ("id", "dataset", "applicant", "organisation", "purpose", "fields", "rows", "until", "status", "due")


def _path(agreement: str, step: str = "") -> str:
    return f"/api/v1/sharing/agreements/{quote(agreement, safe='')}{step}"


@app.command()
def offers(folder: Dir, as_json: Json = False) -> None:
    """List the datasets that are shared on conditions, with the fields that may be asked for."""
    with Client(folder) as client:
        found = client.get("/api/v1/sharing/offers")["items"]
    if not as_json:
        found = [{**each, "fields": ", ".join(field["name"] for field in each["fields"])} for each in found]
    show(found, as_json=as_json, columns=("id", "name", "provider", "classification", "condition", "fields"))


@app.command()
def request(
    dataset: Annotated[str, typer.Argument(help="The dataset's id.")],
    folder: Dir,
    purpose: Annotated[str, typer.Option("--purpose", help="What for, 2 to 200 characters.")],
    until: Annotated[str, typer.Option("--until", help="The end of the term, ISO 8601 with an offset.")],
    field: Fields = None,
    rows: Rows = None,
    organisation: Annotated[bool, typer.Option("--organisation", help="For all of your organisation.")] = False,
    as_json: Json = False,
) -> None:
    """Ask for fields and rows of a dataset."""
    body = {"dataset": dataset, "purpose": purpose, "until": until, "fields": field or [], "rows": rows or []}
    with Client(folder) as client:
        made = client.post("/api/v1/sharing/requests", {**body, "for_organisation": organisation})
    show(made, as_json=as_json)


@app.command("list")
def listing(
    folder: Dir,
    dataset: Annotated[str | None, typer.Option(help="Only for this dataset.")] = None,
    status: Annotated[str | None, typer.Option(help="asked, in_force, expired, refused, withdrawn or ended.")] = None,
    as_json: Json = False,
) -> None:
    """List requests and agreements, the newest first."""
    with Client(folder) as client:
        found = client.get("/api/v1/sharing/agreements", dataset=dataset, status=status)["items"]
    show(found, as_json=as_json, columns=_COLUMNS)


@app.command()
def approve(
    agreement: Which,
    folder: Dir,
    reasons: Reasons,
    field: Fields = None,
    rows: Rows = None,
    until: Annotated[str | None, typer.Option(help="An earlier end.")] = None,
    as_json: Json = False,
) -> None:
    """Approve a request, as it is or narrowed to these fields, rows and term."""
    body: dict[str, Any] = {"reasons": reasons, "fields": field or [], "rows": rows or []}
    with Client(folder) as client:
        show(client.post(_path(agreement, "/approve"), {**body, "until": until}), as_json=as_json)


@app.command()
def assess(
    agreement: Which,
    file: Annotated[Path, typer.Argument(help="TOML: an answer to each question of `lifang share form`.")],
    folder: Dir,
    acceptable: Annotated[bool, typer.Option("--acceptable/--not-acceptable", help="Whether the risk is.")],
    as_json: Json = False,
) -> None:
    """Write the impact assessment of a request; it is needed before sensitive data are agreed on."""
    try:
        answers = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The answers cannot be read: {error}.", where=str(file), mend="Correct that line.") from error
    with Client(folder) as client:
        made = client.post(_path(agreement, "/assessments"), {"answers": answers, "acceptable": acceptable})
    show(made, as_json=as_json)


@app.command()
def form(folder: Dir, as_json: Json = False) -> None:
    """Show the questions of an impact assessment."""
    with Client(folder) as client:
        found = client.get("/api/v1/ethics/form")
    show(found if as_json else found["questions"], as_json=as_json, columns=("id", "question", "law"))


@app.command()
def register(folder: Dir, as_json: Json = False) -> None:
    """Show the published register: who uses what for what."""
    with Client(folder) as client:
        found = client.get("/api/v1/ethics/register")["items"]
    columns = ("agreement", "dataset", "user", "purpose", "fields", "whole", "since", "until", "status")
    show(found, as_json=as_json, columns=columns)


@app.command()
def usage(
    folder: Dir,
    dataset: Annotated[str | None, typer.Option(help="Only of this dataset.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only by this person's id.")] = None,
    as_json: Json = False,
) -> None:
    """Show what was taken: by whom, of what, how many rows and bytes, when."""
    with Client(folder) as client:
        found = client.get("/api/v1/usage", dataset=dataset, subject=subject)["items"]
    columns = ("day", "dataset", "subject", "agreement", "action", "requests", "rows", "bytes", "last")
    show(found, as_json=as_json, columns=columns)


@app.command()
def refuse(agreement: Which, folder: Dir, reasons: Reasons, as_json: Json = False) -> None:
    """Refuse a request."""
    with Client(folder) as client:
        show(client.post(_path(agreement, "/refuse"), {"reasons": reasons}), as_json=as_json)


@app.command()
def end(agreement: Which, folder: Dir, reasons: Reasons, as_json: Json = False) -> None:
    """End an agreement at once, or withdraw a request."""
    with Client(folder) as client:
        show(client.post(_path(agreement, "/end"), {"reasons": reasons}), as_json=as_json)
