"""Commands on master data: sources, rules, consolidation, conflicts, records."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, follow, show

app = typer.Typer(no_args_is_help=True, help="Master data: one record of each person, firm, home, address, licence.")
Kind = Annotated[str, typer.Argument(help="The base database: legal_entity, person, address …")]
_CONSOLIDATED = ("kind", "release", "records", "inserted", "updated", "deleted", "conflicts", "duplicates")


def _path(*parts: str) -> str:
    return "/api/v1/masterdata/" + "/".join(quote(part, safe="") for part in parts)


@app.command()
def source(
    kind: Kind,
    dataset: Annotated[str, typer.Argument(help="The dataset that tells of it.")],
    organisation: Annotated[str, typer.Argument(help="The bureau that says so.")],
    folder: Dir,
    column: Annotated[list[str] | None, typer.Option("--column", help="element=column, where they differ.")] = None,
    as_json: Json = False,
) -> None:
    """Have a dataset tell of a kind of record, for a bureau."""
    columns = dict(each.split("=", 1) for each in column or () if "=" in each)
    with Client(folder) as client:
        client.put(_path(kind, "sources", dataset), {"organisation": organisation, "columns": columns})
    show({"kind": kind, "dataset": dataset, "organisation": organisation}, as_json=as_json)


@app.command()
def sources(kind: Kind, folder: Dir, as_json: Json = False) -> None:
    """List the datasets that tell of a kind of record."""
    with Client(folder) as client:
        found = client.get(_path(kind, "sources"))["items"]
    show(found, as_json=as_json, columns=("dataset", "organisation", "columns", "in_use"))


@app.command()
def remove_source(
    kind: Kind, dataset: Annotated[str, typer.Argument(help="The dataset that tells of it.")], folder: Dir
) -> None:
    """Have a dataset tell of a kind of record no more, from the next consolidation on."""
    with Client(folder) as client:
        client.delete(_path(kind, "sources", dataset))


@app.command()
def unresolved(kind: Kind, folder: Dir, purpose: Purpose = "", as_json: Json = False) -> None:
    """List rows of sources that mean no one record, with why: for their bureau to mend."""
    with Client(folder, purpose=purpose) as client:
        found = client.get(_path(kind, "unresolved"))["items"]
    show(found, as_json=as_json, columns=("organisation", "why", *dict.fromkeys(name for row in found for name in row)))


@app.command()
def rule(
    kind: Kind,
    element: Annotated[str, typer.Argument(help="The element, or * for all without a rule of their own.")],
    folder: Dir,
    first: Annotated[
        list[str] | None, typer.Argument(help="Organisations, newest, most_complete; none: no rule.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say who goes first where bureaus differ."""
    with Client(folder) as client:
        client.put(_path(kind, "rules", element), {"precedence": list(first or ())})
    show({"kind": kind, "element": element, "precedence": list(first or ())}, as_json=as_json)


@app.command()
def consolidate(
    folder: Dir,
    kind: Annotated[str | None, typer.Argument(help="The base database; all that have a source, if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Make one record of what the bureaus say of each, and list what they differ in. Ctrl-C cancels it."""
    with Client(folder) as client:
        job = client.post(_path(kind, "consolidation") if kind else _path("consolidation"))
        found = follow(client, job, "consolidating")["items"]
    show(found, as_json=as_json, columns=_CONSOLIDATED)


@app.command()
def conflicts(
    kind: Kind,
    folder: Dir,
    state: Annotated[str, typer.Option(help="open, settled or gone.")] = "open",
    limit: Annotated[int, typer.Option(min=1)] = 100,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """List what bureaus differ in."""
    with Client(folder, purpose=purpose) as client:
        found = client.listing(_path(kind, "conflicts"), limit=limit, state=state)
    show(found, as_json=as_json, columns=("id", "said", "state", "value", "reason"))


@app.command()
def settle(
    conflict: Annotated[str, typer.Argument(help="The conflict's id.")],
    organisation: Annotated[str, typer.Argument(help="Whose word holds.")],
    reason: Annotated[str, typer.Argument(help="Why: it is kept in the ledger.")],
    folder: Dir,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Settle a conflict; it shows in the record at once, and in the release that is then written."""
    body = {"organisation": organisation, "reason": reason}
    with Client(folder, purpose=purpose) as client:
        show(_decided(client, _path("conflicts", conflict), body), as_json=as_json)


@app.command()
def duplicates(
    kind: Kind,
    folder: Dir,
    state: Annotated[str, typer.Option(help="open, settled or gone.")] = "open",
    limit: Annotated[int, typer.Option(min=1)] = 100,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """List the records that may be one."""
    with Client(folder, purpose=purpose) as client:
        found = client.listing(_path(kind, "duplicates"), limit=limit, state=state)
    show(found, as_json=as_json, columns=("id", "records", "said", "state", "decision", "kept", "reason"))


@app.command()
def decide(
    case: Annotated[str, typer.Argument(help="The id of the case of duplicates.")],
    decision: Annotated[str, typer.Argument(help="same or different.")],
    reason: Annotated[str, typer.Argument(help="Why: it is kept in the ledger.")],
    folder: Dir,
    kept: Annotated[str, typer.Option(help="The same: the key of the record that stays.")] = "",
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Say whether records are one; it shows in the release that is then written, and may be said otherwise later."""
    body = {"decision": decision, "kept": kept, "reason": reason}
    with Client(folder, purpose=purpose) as client:
        show(_decided(client, _path("duplicates", case), body), as_json=as_json)


@app.command()
def steps(
    item: Annotated[str, typer.Argument(help="The id of a conflict or of a case of duplicates.")],
    folder: Dir,
    duplicate: Annotated[bool, typer.Option("--duplicate", help="It is a case of duplicates.")] = False,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Show every step of a conflict, or of a case of duplicates: what was said, who decided what, and why."""
    with Client(folder, purpose=purpose) as client:
        found = client.get(_path("duplicates" if duplicate else "conflicts", item))["steps"]
    show(found, as_json=as_json, columns=("recorded", "move", "by", "detail"))


@app.command()
def gazetteer(folder: Dir, as_json: Json = False) -> None:
    """Show which datasets and lists the names come from by which addresses are read."""
    with Client(folder) as client:
        show(client.get(_path("gazetteer"))["items"], as_json=as_json, columns=("part", "source", "names"))


@app.command()
def address(
    text: Annotated[str, typer.Argument(help="The address as somebody wrote it.")],
    folder: Dir,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Take an address apart, and find the standard address that it means."""
    with Client(folder, purpose=purpose) as client:
        show(client.get(_path("address-of"), text=text), as_json=as_json)


@app.command()
def record(
    kind: Kind,
    key: Annotated[list[str], typer.Argument(help="The record's key, part by part.")],
    folder: Dir,
    hops: Annotated[int, typer.Option(min=1, max=3, help="How far away a linked record may be.")] = 1,
    at: Annotated[str | None, typer.Option(help="As recorded by this moment, ISO 8601.")] = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Show the one record of a key, what it is linked to, and every state it had."""
    with Client(folder, purpose=purpose) as client:
        show(client.get(_path(kind, "record"), key=key, hops=hops, at=at), as_json=as_json)


def _decided(client: Client, path: str, body: dict[str, str]) -> Any:
    """Return what a decision came to, once the release that says so is written."""
    done = client.post(path, body)
    follow(client, client.get(f"/api/v1/jobs/{done['job']}"), "consolidating")
    return done
