"""Commands on links: everything about an object, live states; links come in singly and from a file."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from lifang.core import NotFound
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, follow, show
from lifang.doors.cli.twin import At, Since

Source = Annotated[str, typer.Option(help="Who says so: a survey, a register.")]
Until = Annotated[str | None, typer.Option(help="Until when they hold, if that is known: ISO 8601.")]
Grade = Annotated[str, typer.Option("--classification", help="open, shared or restricted.")]
ObjectId = Annotated[str, typer.Argument(metavar="OBJECT", help="The object's id.")]
_LIVE = ("object", "role", "datastream", "value", "unit", "quality", "time", "age_s")


def everything(object_id: ObjectId, folder: Dir, at: At = None, purpose: Purpose = "", as_json: Json = False) -> None:
    """Show everything about an object: parts, versions, links, live values, rows of datasets."""
    with Client(folder, purpose=purpose) as client:
        show(client.get(f"/api/v1/twin/objects/{quote(object_id, safe=':')}/everything", at=at), as_json=as_json)


def state(
    folder: Dir,
    model: Annotated[str | None, typer.Option(help="Objects of this model.")] = None,
    parent: Annotated[str | None, typer.Option(help="Parts of this object, such as a storey.")] = None,
    object_id: Annotated[list[str] | None, typer.Option("--object", help="This object; may be repeated.")] = None,
    observed: Annotated[str | None, typer.Option("--property", help="This observed property alone.")] = None,
    at: At = None,
    limit: Annotated[int, typer.Option(min=1)] = 1000,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Show the latest values of the datastreams bound to objects, as of a moment."""
    asked: dict[str, Any] = {"model": model, "parent": parent, "object": object_id, "property": observed, "at": at}
    with Client(folder, purpose=purpose) as client:
        found = client.listing("/api/v1/twin/states", limit=limit, **asked)
    show(found, as_json=as_json, columns=_LIVE)


def link(
    object_id: ObjectId,
    kind: Annotated[str, typer.Argument(help="parcel, address, owner, occupant, licence, sensor, case, project, …")],
    target: Annotated[str, typer.Argument(help="object:ID, row:DATASET/KEY, datastream:ID, thing:ID, outside:ID.")],
    folder: Dir,
    source: Source,
    valid_from: Since,
    valid_to: Until = None,
    role: Annotated[str, typer.Option(help="What it is for the object.")] = "",
    name: Annotated[str, typer.Option(help="What it is called, if it is kept elsewhere.")] = "",
    classification: Grade = "shared",
    end: Annotated[bool, typer.Option("--end", help="It holds no more from then on instead.")] = False,
    as_json: Json = False,
) -> None:
    """Link an object to what it belongs to, who has it, what senses it; or end a link."""
    key = {"object": object_id, "kind": kind, "target": target}
    more = {"source": source, "classification": classification, "valid_from": valid_from, "valid_to": valid_to}
    with Client(folder) as client:
        if end:
            made = client.post("/api/v1/twin/links/end", {**key, "at": valid_from})
        else:
            made = client.post("/api/v1/twin/links", {**more, "links": [{**key, "role": role, "name": name}]})
    show(made, as_json=as_json)


def links_add(
    file: Annotated[Path, typer.Argument(help="CSV, or an Arrow IPC stream: object, kind, target, role, name.")],
    folder: Dir,
    source: Source,
    valid_from: Since,
    valid_to: Until = None,
    whole: Annotated[bool, typer.Option("--whole", help="The source says no others: those end.")] = False,
    classification: Grade = "shared",
    as_json: Json = False,
) -> None:
    """Add the links of a file; a fault in one refuses all."""
    if not file.is_file():
        raise NotFound(f"{file} does not exist.", mend="Check the path.")
    asked = {"source": source, "valid_from": valid_from, "valid_to": valid_to, "classification": classification}
    with Client(folder) as client:
        made = client.send(
            "/api/v1/twin/link-imports",
            file.read_bytes(),
            media_type="text/csv",
            whole=str(whole).lower(),
            **asked,
        )
    show(made, as_json=as_json)


def link_rules(
    folder: Dir,
    put: Annotated[Path | None, typer.Option(help="TOML: keep this rule, named as its file, and apply all.")] = None,
    remove: Annotated[str | None, typer.Option(help="Take this rule away; its links end now.")] = None,
    as_json: Json = False,
) -> None:
    """Show the rules that link objects to rows and sensors, with how many links each makes."""
    with Client(folder) as client:
        if put is not None:
            if not put.is_file():
                raise NotFound(f"{put} does not exist.", mend="Check the path.")
            told = tomllib.loads(put.read_text("utf-8"))
            job = client.put(f"/api/v1/twin/link-rules/{put.stem}", json.loads(json.dumps(told, default=str)))
            follow(client, job, "linking")
        if remove is not None:
            client.delete(f"/api/v1/twin/link-rules/{quote(remove, safe='')}")
        found = client.get("/api/v1/twin/link-rules")["items"]
    shown = found if as_json else [{**each, **each["rule"]} for each in found]
    show(shown, as_json=as_json, columns=("id", "kind", "way", "to", "links", "applied"))


def add_to(app: typer.Typer) -> None:
    """Add these commands to those of the twin."""
    for name, command in (("everything", everything), ("state", state), ("link", link), ("links-add", links_add)):
        app.command(name)(command)
    app.command("link-rules")(link_rules)
