"""What the registry keeps of harvests: the sources, and each dataset that came from one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from lifang.core import NotFound
from lifang.guard import Classification
from lifang.harvest.model import PRESENT, WITHDRAWN, FileLink, Harvested, Source
from lifang.store import Registry, Row, Transaction

_SOURCE, _RECORD = "harvest_source", "harvest_record"


def source_of(registry: Registry, source_id: str) -> Source:
    """Return a source, or ``NotFound``; one that was removed is not there."""
    row = registry.get(_SOURCE, source_id)
    if row is None or row["removed"]:
        raise NotFound(
            f"There is no source {source_id[:80]!r}.", mend="`lifang catalogue sources` lists those there are."
        )
    return _source(row)


def sources(registry: Registry, *, url: str | None = None, removed: bool = False) -> list[Source]:
    """Return every source, or those at an address; also those ``removed``, if asked for."""
    found = [_source(row) for row in registry.find(_SOURCE, where={"url": url} if url else None)]
    return [each for each in found if removed or each.removed is None]


def insert_source(transaction: Transaction, source: Source) -> None:
    """Add a source."""
    transaction.insert(_SOURCE, {**vars(source), "classification": source.classification.value})


def keep_report(
    transaction: Transaction, source: Source, *, kind: str, cursor: str, harvested: datetime, report: Mapping[str, Any]
) -> None:
    """Keep what came of a harvest that ran to its end."""
    changes = {"kind": kind, "cursor": cursor, "harvested": harvested, "report": report, "trouble": None}
    transaction.update(_SOURCE, source.id, changes)


def change_source(transaction: Transaction, source: Source, changes: Mapping[str, Any]) -> Source:
    """Return a source after ``changes``."""
    return _source(transaction.update(_SOURCE, source.id, changes))


def records_of(registry: Registry, source: Source) -> dict[str, Row]:
    """Return the row of each dataset that came from a source, by its identifier there."""
    return {row["identifier"]: row for row in registry.find(_RECORD, where={"source": source.id})}


def harvested(registry: Registry, datasets: Sequence[str]) -> dict[str, Harvested]:
    """Return what is known of those of ``datasets`` that were harvested."""
    rows = registry.find(_RECORD, where={"dataset": list(datasets)}) if datasets else []
    known = {each.id: each for each in sources(registry, removed=True)} if rows else {}
    return {
        row["dataset"]: Harvested(
            row["dataset"],
            known[row["source"]],
            row["identifier"],
            row["state"],
            row["seen"],
            tuple(FileLink(**each) for each in row["files"]),
        )
        for row in rows
    }


def begin_record(transaction: Transaction, source: Source, identifier: str, dataset: str, *, now: datetime) -> Row:
    """Return the new row of a dataset that is about to be written: without a digest, so that a crash is made good."""
    row = {
        "id": f"{source.id}:{hashlib.sha256(identifier.encode('utf-8', 'replace')).hexdigest()[:32]}",
        "source": source.id,
        "identifier": identifier,
        "dataset": dataset,
        "digest": "",
        "modified": "",
        "state": PRESENT,
        "seen": now,
        "files": [],
    }
    transaction.insert(_RECORD, row)
    return row


def settle_record(
    transaction: Transaction, row: Row, *, digest: str, modified: str, files: Sequence[FileLink], now: datetime
) -> None:
    """Write that a dataset is as its portal says it."""
    changes = {"digest": digest, "modified": modified, "state": PRESENT, "seen": now}
    transaction.update(_RECORD, row["id"], {**changes, "files": [asdict(each) for each in files]})


def withdraw_record(transaction: Transaction, row: Row, *, now: datetime) -> None:
    """Write that the portal no longer lists a dataset."""
    transaction.update(_RECORD, row["id"], {"state": WITHDRAWN, "seen": now})


def _source(row: Row) -> Source:
    return Source(**{**row, "classification": Classification(row["classification"])})
