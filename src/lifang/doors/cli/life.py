"""Commands on the life of datasets: begin a draft, amend a card, look at a life, move it, check a certificate."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from lifang.core import BadInput, NotFound
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, show

Dataset = Annotated[str, typer.Argument(help="The dataset's id.")]
CardFile = Annotated[Path, typer.Argument(help="A dataset.toml.")]
_SHOWN = ("id", "state", "classification")


def add_to(app: typer.Typer) -> None:
    """Hang the commands into ``lifang data``."""
    for command in (draft, set_card, life, move, destructions, verify):
        app.command()(command)


def draft(card: CardFile, folder: Dir, as_json: Json = False) -> None:
    """Begin a dataset without a file: a draft that nobody but those who prepare data sees."""
    with Client(folder) as client:
        made = client.post("/api/v1/drafts", {"card": _card(card)})
    show(made if as_json else {name: made[name] for name in _SHOWN}, as_json=as_json)


def set_card(card: CardFile, folder: Dir, purpose: Purpose = "", as_json: Json = False) -> None:
    """Put a card in place of the one its dataset has; what was released stays as it was."""
    table = _card(card)
    with Client(folder, purpose=purpose) as client:
        made = client.put(f"/api/v1/datasets/{table.get('id', '')}/card", {"card": table})
    show(made if as_json else {name: made[name] for name in _SHOWN}, as_json=as_json)


def life(dataset: Dataset, folder: Dir, purpose: Purpose = "", as_json: Json = False) -> None:
    """Show where a dataset is in its life, what it went through, and what can be done with it."""
    with Client(folder, purpose=purpose) as client:
        show(client.get(f"/api/v1/datasets/{dataset}/life"), as_json=as_json)


def move(
    dataset: Dataset,
    name: Annotated[str, typer.Argument(help="submit, approve, publish, deprecate, archive, hold …")],
    folder: Dir,
    reason: Annotated[str, typer.Option(help="Why; most moves need it.")] = "",
    successor: Annotated[str, typer.Option(help="To deprecate: the dataset that readers turn to.")] = "",
    authority: Annotated[str, typer.Option(help="To hold: the case, order or article.")] = "",
    hold: Annotated[str, typer.Option(help="To lift: the id of the legal hold.")] = "",
    with_derived: Annotated[
        bool, typer.Option("--with-derived", help="To ask_destruction: what was made from it is destroyed first.")
    ] = False,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Move a dataset through its life: draft, review, published, deprecated, archived, destroyed."""
    asked = {"move": name, "reason": reason, "successor": successor, "authority": authority, "hold": hold,
             "with_derived": with_derived}  # fmt: skip
    with Client(folder, purpose=purpose) as client:
        show(client.post(f"/api/v1/datasets/{dataset}/life", asked), as_json=as_json)


def destructions(folder: Dir, limit: Annotated[int, typer.Option(min=1)] = 100, as_json: Json = False) -> None:
    """List destructions: asked for, decided, done; with --json their certificates too."""
    with Client(folder) as client:
        found = client.listing("/api/v1/destructions", limit=limit)
    show(found, as_json=as_json, columns=("id", "dataset", "state", "asked_by", "decided_by", "completed"))


def verify(
    certificate: Annotated[Path, typer.Argument(help="A certificate of destruction, as JSON.")],
    folder: Dir,
    keys: Annotated[
        Path | None, typer.Option(help="The city's public keys (GET /api/v1/exchange/keys): no city is needed then.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a certificate of destruction against ledger and files, or its signature by the city's keys alone.

    Exit 1 if it does not hold.
    """
    told = _json(certificate)
    if keys is None:
        with Client(folder) as client:
            verdict = client.post("/api/v1/certificates/verify", {"certificate": told})
    else:
        from lifang.catalogue import check_signature  # noqa: PLC0415 - who speaks to a served city does not wait for it

        checks = [vars(each) for each in check_signature(told, _json(keys).get("keys", []))]
        verdict = {"ok": all(each["ok"] for each in checks), "checks": checks}
    show(verdict if as_json else verdict["checks"], as_json=as_json, columns=("ok", "what", "seen"))
    if not verdict["ok"]:
        raise typer.Exit(1)


def _json(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except ValueError as error:
        raise BadInput(f"{path} is no JSON: {error}.", mend="Give the file as it was given.") from error


def _card(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The card cannot be read: {error}.", where=str(path), mend="Correct that line.") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise NotFound(f"{path} does not exist.", mend="Check the path.") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8.", mend="Save it as UTF-8.") from error
