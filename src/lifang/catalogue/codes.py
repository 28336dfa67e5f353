"""Resource codes given out: each dataset has one, which stays its own; a serial counts within its front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lifang.catalogue.card import BASES, Card, ResourceCode, front_of, parse_code
from lifang.core import Conflict
from lifang.store import Registry, Transaction

_TABLE = "resource_code"


def code_of(registry: Registry, dataset_id: str) -> str:
    """Return a dataset's resource code as text; empty while it has none."""
    row = registry.get(_TABLE, dataset_id)
    return str(ResourceCode(row["front"], row["serial"])) if row else ""


def codes_of(registry: Registry, dataset_ids: Sequence[str]) -> dict[str, str]:
    """Return the resource codes of datasets as text, of those that have one."""
    rows = registry.find(_TABLE, where={"id": list(dataset_ids)})
    return {row["id"]: str(ResourceCode(row["front"], row["serial"])) for row in rows}


def give_code(transaction: Transaction, card: Card, themes: Mapping[str, Any]) -> None:
    """Give a dataset the code that its card asks for, or the next one of its class; one that it has stays.

    ``Conflict`` if the card asks for a code that another dataset has.
    """
    present = transaction.get(_TABLE, card.id)
    front, serial = parse_code(card.code) if card.code else (front_of(card.base, card.theme, BASES, themes), None)
    if present and (not card.code or (present["front"] == front and serial in (None, present["serial"]))):
        return
    if serial is None:
        serial = _next(transaction, front)
    elif taken := transaction.find(_TABLE, where={"front": front, "serial": serial}, limit=1):
        code = ResourceCode(front, serial)
        what = f"The resource code {code} is that of the dataset {taken[0]['id']!r}."
        raise Conflict(what, where="code", mend="Correct the code, or write its front only.")
    values = {"front": front, "serial": serial}
    if present:
        transaction.update(_TABLE, card.id, values)
    else:
        transaction.insert(_TABLE, {"id": card.id, **values})


def give_missing_codes(registry: Registry, themes: Mapping[str, Any]) -> None:
    """Give a code to every dataset of a city that was there before there were codes."""
    if registry.count("dataset") == registry.count(_TABLE):
        return
    with registry.transaction() as transaction:
        for row in transaction.find("dataset", order="created"):
            give_code(transaction, Card.from_mapping(row["metadata"]), themes)


def _next(transaction: Transaction, front: str) -> int:
    newest = transaction.find(_TABLE, where={"front": front}, order="serial", descending=True, limit=1)
    return int(newest[0]["serial"]) + 1 if newest else 1
