"""What the registry quotes of a dataset is taken out of it as its destruction is approved; what persons did stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lifang.signing import digest_of
from lifang.store import Row, Transaction

_KEPT_OF_CARD = ("id", "name", "provider", "provider_code", "theme", "classification", "retention")
_ENDED = frozenset({"done", "failed", "cancelled"})
_KEPT_OF_ARGUMENTS = ("roles", "organisation", "path")  # the last is of an upload that may wait to be swept away
_AGREED: Mapping[str, str] = {"asked": "withdrawn", "agreed": "ended"}


def forget(tx: Transaction, row: Row, now: datetime) -> None:
    """Take out of the registry what quotes a dataset: releases, figures, issues, deliveries, jobs, the card."""
    dataset = str(row["id"])
    for table in ("release", "quality_run", "offered_file"):
        tx.delete_where(table, {"dataset": dataset})
    for issue in tx.find("issue", where={"dataset": dataset}):
        tx.delete_where("issue_event", {"issue": issue["id"]})
        tx.delete("issue", issue["id"])
    _forget_deliveries(tx, dataset, now)
    forget_jobs(tx, dataset)
    for agreement in tx.find("agreement", where={"dataset": dataset, "state": list(_AGREED)}):
        tx.update("agreement", agreement["id"], {"state": _AGREED[agreement["state"]], "ended": now, "updated": now})
    for record in tx.find("harvest_record", where={"dataset": dataset}):
        tx.update("harvest_record", record["id"], {"files": []})
    card = {name: value for name, value in (row["metadata"] or {}).items() if name in _KEPT_OF_CARD}
    tx.update("dataset", dataset, {"metadata": card})


def deliveries_of(tx: Transaction, dataset: str) -> list[dict[str, str]]:
    """Return what was delivered for a dataset: id, SHA-256 of the content and of the newest receipt, by id.

    By its digest a bureau's own copy of a receipt, and the whole chain behind it, is still seen to be the city's word.
    """
    found = []
    for delivery in tx.find("exchange_delivery", where={"dataset": dataset}):
        receipts = tx.find("exchange_receipt", where={"delivery": delivery["id"]})
        newest = digest_of(receipts[-1]["jws"]) if receipts else ""
        found.append({"id": delivery["id"], "sha256": delivery["sha256"], "receipt": newest})
    return found


def _forget_deliveries(tx: Transaction, dataset: str, now: datetime) -> None:
    """Have its feeds rest and forget where they were; a refusal quotes what was refused, as its receipts do."""
    for delivery in tx.find("exchange_delivery", where={"dataset": dataset}):
        ended = {"state": "refused", "settled": now} if delivery["state"] == "received" else {}
        tx.update("exchange_delivery", delivery["id"], {"name": "", "problem": None, **ended})
        if delivery["problem"]:
            tx.delete_where("exchange_receipt", {"delivery": delivery["id"]})
    for feed in tx.find("exchange_feed", where={"dataset": dataset}):
        tx.update("exchange_feed", feed["id"], {"active": False, "checkpoint": {}, "trouble": None, "updated": now})


def forget_jobs(tx: Transaction, dataset: str) -> None:
    """Take away what jobs that name the dataset were asked, came to and failed of; one that is not ended ends so."""
    for job in tx.find("job"):
        if _names([job["arguments"], job["checkpoint"], job["result"]], dataset):
            gone: Row = {"result": {"dataset": dataset, "destroyed": True}, "error": None}
            if job["state"] in _ENDED:
                kept = {name: job["arguments"][name] for name in _KEPT_OF_ARGUMENTS if name in job["arguments"]}
                gone |= {"arguments": kept, "checkpoint": {}}
            tx.update("job", job["id"], gone)


def _names(value: Any, dataset: str) -> bool:
    """Return whether a value holds the id of a dataset, or of a release of it, as a text of its own."""
    if isinstance(value, str):
        return value == dataset or value.startswith((f"{dataset}@", f"{dataset}."))
    if isinstance(value, Mapping):
        return any(_names(each, dataset) for each in value.values())
    return isinstance(value, list | tuple) and any(_names(each, dataset) for each in value)
