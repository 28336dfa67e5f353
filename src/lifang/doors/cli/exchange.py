"""Commands of the exchange: feeds, deliveries, receipts, keys."""

from __future__ import annotations

import json
import time
import tomllib
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from lifang.core import BadInput, NotFound
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, show

app = typer.Typer(no_args_is_help=True, help="The exchange: what bureaus deliver, and the receipts of it.")
FeedId = Annotated[str, typer.Argument(help="The feed's id.")]
DeliveryId = Annotated[str, typer.Argument(help="The delivery's id.")]
SecretNames = Annotated[list[str] | None, typer.Option("--secret", help="A secret of the source; it is asked for.")]
_COLUMNS = (
    "id",
    "feed",
    "reference",
    "kind",
    "state",
    "counts.received",
    "counts.admitted",
    "counts.refused",
    "release",
)
_POLL_S = 0.1


def _path(*parts: str) -> str:
    return "/api/v1/exchange/" + "/".join(quote(part, safe="") for part in parts)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {file}.", where=str(file), mend="Correct the path.") from error


@app.command()
def feed(file: Annotated[Path, typer.Argument(help="The feed, TOML.")], folder: Dir, secret: SecretNames = None,
         as_json: Json = False) -> None:  # fmt: skip
    """Add a feed, or write it anew: its id, organisation, dataset, the tables card and source (its kind)."""
    try:
        table = tomllib.loads(_read(file).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The feed cannot be read: {error}.", where=str(file), mend="Correct that line.") from error
    secrets = {name: typer.prompt(f"Secret {name}", hide_input=True) for name in secret or ()}
    with Client(folder) as client:
        found = client.put(_path("feeds", str(table.pop("id", file.stem))), {"feed": table, "secrets": secrets})
    show(found, as_json=as_json)


@app.command()
def feeds(folder: Dir, limit: Annotated[int, typer.Option(min=1)] = 200, as_json: Json = False) -> None:
    """List feeds and how their sources do."""
    with Client(folder) as client:
        found = client.listing(_path("feeds"), limit=limit)
    columns = ("id", "organisation", "dataset", "source", "active", "attempted", "failures")
    show(found, as_json=as_json, columns=columns)


@app.command()
def deliver(
    feed_id: FeedId,
    file: Annotated[Path, typer.Argument(help="The file to deliver.")],
    folder: Dir,
    incremental: Annotated[bool, typer.Option("--incremental", help="Rows to write and delete by key.")] = False,
    reference: Annotated[str, typer.Option(help="Your own name for the delivery.")] = "",
    rows: Annotated[int | None, typer.Option(help="How many rows you declare.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until it is settled. Exit 1 if it was refused.")] = True,
    as_json: Json = False,
) -> None:
    """Deliver a file; the same again is the delivery that came before."""
    if not file.is_file():
        raise NotFound(f"There is no file {file}.", where=str(file), mend="Correct the path.")
    with file.open("rb") as stream:
        sha256 = file_digest(stream, "sha256").hexdigest()
    given = {"kind": "incremental" if incremental else "full", "reference": reference or None, "rows": rows,
             "sha256": sha256, "filename": file.name}  # fmt: skip
    with Client(folder) as client:
        found = client.send(_path("feeds", feed_id, "deliveries"), file.read_bytes(),
                            media_type="application/octet-stream", **given)  # fmt: skip
        while wait and found["state"] == "received":
            time.sleep(_POLL_S)
            found = client.get(_path("deliveries", found["id"]))
    _tell(found, as_json=as_json)


@app.command()
def deliveries(
    folder: Dir,
    feed_id: Annotated[str | None, typer.Option("--feed", help="Of this feed only.")] = None,
    state: Annotated[str | None, typer.Option(help="received, admitted or refused.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    as_json: Json = False,
) -> None:
    """List deliveries, the newest first."""
    with Client(folder) as client:
        found = client.listing(_path("deliveries"), limit=limit, feed=feed_id, state=state)
    show(found, as_json=as_json, columns=_COLUMNS)


@app.command("show")
def one(delivery_id: DeliveryId, folder: Dir, as_json: Json = False) -> None:
    """Show a delivery: what was declared, received, admitted, refused, and what to mend. Exit 1 if it was refused."""
    with Client(folder) as client:
        found = client.get(_path("deliveries", delivery_id))
        cells = client.get(_path("deliveries", delivery_id, "refused"), limit=20)["items"] if found["release"] else []
    _tell({**found, "cells": cells} if as_json else found, as_json=as_json)
    if cells and not as_json:
        show(cells, as_json=False, columns=("row", "column", "value", "rule", "mend"))


@app.command()
def pull(feed_id: FeedId, folder: Dir, as_json: Json = False) -> None:
    """Look at a feed's source now. Exit 1 if that fails."""
    with Client(folder) as client:
        found = client.post(_path("feeds", feed_id, "pull"))
    show(found, as_json=as_json)
    if found["trouble"]:
        raise typer.Exit(1)


@app.command()
def key(
    organisation: Annotated[str, typer.Argument(help="The bureau's organisation id.")],
    file: Annotated[Path, typer.Argument(help="Its public Ed25519 key: a JSON Web Key.")],
    folder: Dir,
    as_json: Json = False,
) -> None:
    """Register a bureau's public key, whose signatures acknowledge receipts."""
    with Client(folder) as client:
        show(client.post(_path("inboxes", organisation, "keys"), {"key": _json(file)}), as_json=as_json)


@app.command()
def receipts(
    delivery_id: DeliveryId,
    folder: Dir,
    target: Annotated[Path | None, typer.Argument(help="A file to write them to, with the keys.")] = None,
    as_json: Json = False,
) -> None:
    """Give a delivery's receipts, and the public keys that verify them."""
    with Client(folder) as client:
        found = {"receipts": client.get(_path("deliveries", delivery_id, "receipts"))["items"],
                 "keys": client.get(_path("keys"))["keys"]}  # fmt: skip
    if target is not None:
        target.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    show(found["receipts"], as_json=as_json, columns=("stage", "kid", "recorded", "sha256"))


@app.command()
def keypair(
    private: Annotated[Path, typer.Argument(help="The file for the private key, which nobody else may read.")],
    public: Annotated[Path, typer.Argument(help="The file for the public key, which the city registers.")],
    as_json: Json = False,
) -> None:
    """Make a bureau's key pair, without any city: the private key signs acknowledgements, the public one is told."""
    from lifang.outside import write_private  # noqa: PLC0415 - who speaks to a served city does not wait for it
    from lifang.signing import new_key  # noqa: PLC0415 - who speaks to a served city does not wait for it

    if private.exists():
        raise BadInput(f"{private} is there already.", where=str(private), mend="Name another file.")
    secret, told = new_key()
    write_private(private, json.dumps(secret).encode())
    public.write_text(json.dumps(told), "utf-8")
    show(told, as_json=as_json)


@app.command()
def acknowledge(
    delivery_id: DeliveryId,
    private: Annotated[Path, typer.Argument(help="The bureau's private key; it does not leave this machine.")],
    folder: Dir,
    as_json: Json = False,
) -> None:
    """Sign the newest receipt of a delivery with the bureau's key: then both sides have signed."""
    from lifang.signing import private_key, sign  # noqa: PLC0415 - who speaks to a served city does not wait for it

    key = private_key(_json(private))
    with Client(folder) as client:
        newest = client.get(_path("deliveries", delivery_id, "receipts"))["items"][-1]
        says = {"delivery": delivery_id, "stage": "acknowledged", "previous": newest["sha256"]}
        jws, _ = sign(says, key, kind="receipt")
        show(client.post(_path("deliveries", delivery_id, "acknowledgement"), {"jws": jws}), as_json=as_json)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="What `receipts` wrote.")],
    keys: Annotated[Path | None, typer.Option(help="A key set you trust, in place of the keys in the file.")] = None,
    content: Annotated[Path | None, typer.Option(help="The delivered file: its hash must be the receipts'.")] = None,
    as_json: Json = False,
) -> None:
    """Verify the receipts of a delivery, without any city: signatures, chain, content. Exit 1 if they do not hold."""
    from lifang.exchange import verify as verified  # noqa: PLC0415 - who speaks to a served city does not wait for it

    held = _json(file)
    known = _json(keys)["keys"] if keys else held.get("keys", [])
    digest = ""
    if content is not None:
        with content.open("rb") as stream:
            digest = file_digest(stream, "sha256").hexdigest()
    found = verified([str(each["jws"]) for each in held.get("receipts", [])], known, content_sha256=digest)
    told = {
        "valid": found.valid,
        "delivery": found.delivery,
        "stages": list(found.stages),
        "faults": list(found.faults),
    }
    show(told, as_json=as_json)
    if not found.valid:
        raise typer.Exit(1)


def _json(file: Path) -> Any:
    try:
        return json.loads(_read(file))
    except ValueError as error:
        raise BadInput(
            f"{file} is not JSON: {error}.", where=str(file), mend="Give the file as it was written."
        ) from error


def _tell(delivery: dict[str, Any], *, as_json: bool) -> None:
    plain = delivery if as_json else {name: value for name, value in delivery.items() if name != "receipts"}
    show(plain, as_json=as_json)
    if delivery["state"] == "refused":
        raise typer.Exit(1)
