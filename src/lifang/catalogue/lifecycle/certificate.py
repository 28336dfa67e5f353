"""The certificate of a destruction: what was removed, by whose decision, as the ledger tells it; and its check.

The certificate names the SHA-256 of its own body in a record of the ledger, which is chained to all others, and both
are signed with the city's key: whoever holds the certificate and the city's public key can see, without the city, that
it is the city's word; whoever holds the ledger's head, that neither was changed since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from lifang.core import BadInput, Denied, format_instant
from lifang.signing import Signer, opened
from lifang.store import Record, Store

if TYPE_CHECKING:
    from lifang.catalogue.lifecycle.destruction import Destruction

KIND = "lifang certificate of destruction 2"
SIGNED = "destruction"


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
    found: Destruction,
    *,
    kept: Mapping[str, str],
    made: Iterable[str],
    completed: datetime,
    approval: Record | None,
) -> dict[str, Any]:
    """Return the body of the certificate: ``kept`` are files with why, ``made`` what was made from the dataset."""
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
        "deliveries": list(found.manifest.get("deliveries", ())),
        "made_from_it": sorted({*found.manifest["made_from_it"], *made}),
        "completed": format_instant(completed),
    }


def signed(body: Mapping[str, Any], record: Record, signer: Signer) -> dict[str, Any]:
    """Return the certificate: its body, the body's hash, the ledger's record of it, and the city's signature of all."""
    whole = {"body": dict(body), "sha256": digest_of(body), "ledger": {"seq": record.seq, "hash": record.hash}}
    return {**whole, "jws": signer.sign(_statement(whole), kind=SIGNED)[0]}


def check_signature(certificate: Any, keys: Iterable[Mapping[str, Any]]) -> list[Check]:
    """Return what checking a certificate by the city's public ``keys`` came to, without the city: hash and signature.

    ``BadInput`` if it is no certificate.
    """
    _whole(certificate)
    hashed = digest_of(certificate["body"])
    try:
        says, kid = opened(str(certificate.get("jws", "")), keys)
        holds, seen = says == _statement(certificate), f"signed by {kid}"
    except (BadInput, Denied) as problem:
        holds, seen = False, problem.what
    return [
        Check("the body has the hash that the certificate names", hashed == certificate["sha256"], hashed),
        Check("the city's signature holds", holds, seen),
    ]


def _statement(certificate: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is signed of a certificate."""
    body = certificate["body"]
    told = {name: body[name] for name in ("kind", "destruction", "completed")}
    return {**told, "dataset": body["dataset"]["id"], "sha256": certificate["sha256"], "ledger": certificate["ledger"]}


def _whole(certificate: Any) -> tuple[dict[str, Any], int]:
    """Return the body of a certificate and the number of its record; ``BadInput`` if it is none."""
    try:
        body, seq = dict(certificate["body"]), int(certificate["ledger"]["seq"])
        complete = bool(certificate["sha256"] and certificate["ledger"]["hash"] and list(body["removed"]))
        body["dataset"]["id"], body["asked"]["by"], body["approved"]["by"], body["destruction"], body["completed"]
        int(body["approved"]["ledger"]["seq"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("This is no certificate of destruction.", mend="Send it as it was given.") from error
    if body["kind"] != KIND or not complete:
        raise BadInput("This is no certificate of destruction.", where="body.kind", mend=f"Known: {KIND}.")
    return body, seq


def check_certificate(store: Store, certificate: Any) -> list[Check]:
    """Return what checking a certificate against the ledger and the files came to; ``BadInput`` if it is none.

    The key that signed it is the one that the ledger names.
    """
    body, seq = _whole(certificate)
    dataset = f"dataset:{body['dataset']['id']}"
    approval, persons = body["approved"]["ledger"], (body["asked"]["by"], body["approved"]["by"])
    record = next(iter(store.ledger.records(after=seq - 1, limit=1)), None)
    approved = next(iter(store.ledger.records(after=int(approval["seq"]) - 1, limit=1)), None)
    chain = store.ledger.verify()
    left = [name for name in body["removed"] if _is_there(store, str(name))]
    told = record.entry.detail if record else {}
    named = told.get("certificate_sha256")
    keys = [key] if isinstance(key := told.get("key"), Mapping) else []
    return [
        *check_signature(certificate, keys),
        Check("the ledger names that hash for this dataset", bool(
            record and named == certificate["sha256"] and record.entry.resource == dataset
            and record.hash == certificate["ledger"]["hash"]), str(named)),
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
