"""The certificate of a destruction: what was removed, by whose decision, as the ledger tells it; and its check.

The certificate names the SHA-256 of its own body in a record of the ledger, which is chained to all others: whoever
holds the certificate and the ledger's head can see that neither was changed since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from lifang.core import BadInput, format_instant
from lifang.store import Record, Store

if TYPE_CHECKING:
    from lifang.catalogue.lifecycle.destruction import Destruction

KIND = "lifang certificate of destruction 1"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what, whether it holds, and what was seen."""

    what: str
    ok: bool
    seen: str = ""


def digest_of(value: Any) -> str:
    """Return the SHA-256 (hex) of a value's JSON with sorted keys and no spaces (RFC 8785 for these values)."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def certificate_of(
    found: Destruction, *, kept: Mapping[str, str], completed: datetime, approval: Record | None
) -> dict[str, Any]:
    """Return the body of the certificate."""
    removed = {name: told for name, told in found.manifest["files"].items() if name not in kept}
    return {
        "kind": KIND,
        "destruction": found.id,
        "dataset": dict(found.manifest["dataset"]),
        "asked": {"by": found.asked_by, "at": format_instant(found.asked), "reason": found.asked_reason},
        "approved": {
            "by": found.decided_by,
            "at": format_instant(found.decided) if found.decided else "",
            "reason": found.decided_reason,
            "ledger": {"seq": approval.seq, "hash": approval.hash} if approval else {},
        },
        "rows": found.manifest["rows"],
        "releases": list(found.manifest["releases"]),
        "removed": removed,
        "kept": dict(kept),
        "made_from_it": list(found.manifest["made_from_it"]),
        "completed": format_instant(completed),
    }


def check_certificate(store: Store, certificate: Any) -> list[Check]:
    """Return what checking a certificate against the ledger and the files came to; ``BadInput`` if it is none."""
    try:
        body, claimed, seq = certificate["body"], str(certificate["sha256"]), int(certificate["ledger"]["seq"])
        dataset = f"dataset:{body['dataset']['id']}"
        approval, removed = body["approved"]["ledger"], list(body["removed"])
        persons = (body["asked"]["by"], body["approved"]["by"])
        kind, sealed = body["kind"], certificate["ledger"]["hash"]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("This is no certificate of destruction.", mend="Send it as it was given.") from error
    if kind != KIND:
        raise BadInput("This is no certificate of destruction.", where="body.kind", mend=f"Known: {KIND}.")
    record = next(iter(store.ledger.records(after=seq - 1, limit=1)), None)
    approved = next(iter(store.ledger.records(after=int(approval["seq"]) - 1, limit=1)), None)
    chain = store.ledger.verify()
    left = [name for name in removed if _is_there(store, str(name))]
    told = record.entry.detail.get("certificate_sha256") if record else None
    return [
        Check("the body has the hash that the certificate names", digest_of(body) == claimed, digest_of(body)),
        Check("the ledger names that hash for this dataset", bool(
            record and told == claimed and record.entry.resource == dataset and record.hash == sealed), str(told)),
        Check("the ledger holds the approval", bool(
            approved and approved.hash == approval["hash"] and approved.entry.action == "destroy"
            and approved.entry.resource == dataset and approved.entry.subject == persons[1])),
        Check("two persons decided", persons[0] != persons[1]),
        Check("the chain of the ledger holds", chain.ok, chain.reason or chain.head),
        Check("no file that was removed is there", not left, ", ".join(left[:3])),
    ]  # fmt: skip


def _is_there(store: Store, name: str) -> bool:
    """Return whether a removed file is there; an original that came again with another dataset is that one's."""
    path = (store.folder / name).resolve()
    there = path.is_relative_to(store.folder.resolve()) and path.exists()
    return there and not store.registry.find("release", where={"source_sha256": path.name}, limit=1)
