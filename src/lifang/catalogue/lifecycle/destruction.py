"""Destruction: what was asked for by one person and approved by another is removed, and the removal is proved.

The approval commits first, with a manifest of what is to go; from then on nobody can reach the data. Then each room
removes what it holds of them (:meth:`Destructions.on_removal`), the files are removed and, when none is left, the
certificate is written. A crash in between is made up for by :meth:`Destructions.carry_out`, which the start of the
program calls. What was made from the data is named, and stays under its own retention (docs/decisions/0013).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lifang.catalogue.changes import READERS, Changes, record_change
from lifang.catalogue.lifecycle.certificate import certificate_of, digest_of, signed
from lifang.catalogue.lifecycle.forgetting import deliveries_of, forget, forget_jobs
from lifang.catalogue.lifecycle.machine import Asked, Life, LifeMove, LifeState
from lifang.catalogue.lifecycle.standing import standing_of
from lifang.catalogue.lineage import downstream
from lifang.core import Clock, Conflict, NotFound, Unavailable, format_instant, new_id
from lifang.signing import Signer
from lifang.store import Entry, Row, Store, Transaction

_BACKUPS = "backups"  # the folder of those that a running city made of itself
Remover = Callable[[str], None]
Needer = Callable[[str], str]


@dataclass(frozen=True)
class Destruction:
    """One destruction: asked for, then approved, refused or lapsed; ``certificate`` once everything is gone."""

    id: str
    dataset: str
    asked_by: str
    asked: datetime
    asked_reason: str
    outcome: str
    decided_by: str
    decided: datetime | None
    decided_reason: str
    manifest: Mapping[str, Any]
    completed: datetime | None
    certificate: Mapping[str, Any] | None

    @property
    def state(self) -> str:
        """Return asked, refused, lapsed, removing or done."""
        if self.outcome == "approved":
            return "done" if self.completed else "removing"
        return self.outcome or "asked"

    @property
    def with_derived(self) -> bool:
        """Whether it was asked that what was made from the dataset is destroyed first."""
        return bool(self.manifest.get("with_derived"))

    @property
    def made_from_it(self) -> list[str]:
        """What was made from the dataset, as far as it was known when it was asked for, or at last."""
        told = self.certificate["body"] if self.certificate else self.manifest
        return list(told.get("made_from_it", ()))


class Destructions:
    """The destructions of one city's datasets."""

    def __init__(self, store: Store, clock: Clock, changes: Changes, *, publishing: threading.Lock) -> None:
        self._store, self._clock, self._changes = store, clock, changes
        self._signer = Signer(store.folder)
        self._publishing = publishing  # nobody keeps an original while it is seen whether another release needs it
        self._removing = threading.Lock()
        self._removers: list[Remover] = []
        self._needers: list[Needer] = []

    def on_removal(self, remover: Remover) -> None:
        """Have ``remover`` take away what is held elsewhere of a dataset, whose id it is given, before it is certified.

        It is called again for the same dataset where a removal was broken off.
        """
        self._removers.append(remover)

    def needed_by(self, needer: Needer) -> None:
        """Have ``needer`` asked, before a file is erased, who else needs it, by its SHA-256: ``imagery:ID``, or ``""``.

        Whoever keeps files in the blobs for other things than datasets registers one: the same bytes are there once.
        """
        self._needers.append(needer)

    def all(
        self, *, dataset: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Destruction]:
        """Return destructions (of one ``dataset``), the newest first, those older than ``after``."""
        where = {"dataset": dataset} if dataset else None
        rows = self._store.registry.find("destruction", where=where, descending=True, after=after, limit=limit)
        return [Destruction(**row) for row in rows]

    def get(self, destruction_id: str) -> Destruction:
        """Return one destruction, or ``NotFound``."""
        row = self._store.registry.get("destruction", destruction_id)
        if row is None:
            raise NotFound(
                f"There is no destruction {destruction_id[:80]!r}.", mend="List them: GET /api/v1/destructions."
            )
        return Destruction(**row)

    def follow(self, tx: Transaction, row: Row, before: Life, move: LifeMove, asked: Asked, now: datetime) -> Row:
        """Return what the ledger is told where ``move`` asks for, decides or ends the asking for a destruction."""
        if move.id == "ask_destruction":
            made = self.made_from(row["id"])
            told = {"asked_by": asked.by, "asked": now, "asked_reason": asked.reason,
                    "manifest": {"made_from_it": made, "with_derived": asked.with_derived}}  # fmt: skip
            destruction = new_id("destruction", now)
            tx.insert("destruction", {"id": destruction, "dataset": row["id"], **told})
            return {"destruction": destruction, "with_derived": asked.with_derived}
        if not before.destruction_asked_by or (move.target is None and move.id != "refuse_destruction"):
            return {}
        open_ones = tx.find("destruction", where={"dataset": row["id"], "outcome": ""}, descending=True, limit=1)
        destruction = str(open_ones[0]["id"])
        outcome = {"destroy": "approved", "refuse_destruction": "refused"}.get(move.id, "lapsed")
        decided = {"outcome": outcome, "decided_by": asked.by, "decided": now, "decided_reason": asked.reason}
        if outcome != "approved":
            tx.update("destruction", destruction, decided)
            return {"destruction": destruction}
        if Destruction(**open_ones[0]).with_derived:
            self._without_derived(tx, row["id"])
        manifest = {**self._manifest(tx, row, before), "with_derived": Destruction(**open_ones[0]).with_derived}
        tx.update("destruction", destruction, {**decided, "manifest": manifest})
        forget(tx, row, now)
        return {
            "destruction": destruction,
            "asked_by": before.destruction_asked_by,
            "manifest_sha256": digest_of(manifest),
            "rows": manifest["rows"],
            "files": len(manifest["files"]),
        }

    def carry_out(self) -> list[Destruction]:
        """Return the destructions that were approved and are complete now; those others still read wait for later."""
        done = []
        with self._removing:
            waiting = self._store.registry.find("destruction", where={"outcome": "approved", "completed": None})
            for row in waiting:
                try:
                    done.append(self._remove(Destruction(**row)))
                except Unavailable:
                    continue  # somebody reads, or the disk refuses: the next call tries again
        return done

    def made_from(self, dataset: str) -> list[str]:
        """Return what was made from a dataset or any release of it, directly or not: ends of lineage, in order."""
        rows = self._store.registry.find("release", where={"dataset": dataset})
        return self._made_from(dataset, [row["id"] for row in rows])

    def _made_from(self, dataset: str, releases: Iterable[str]) -> list[str]:
        own = {f"dataset:{dataset}", *(f"release:{each}" for each in releases)}
        return sorted(downstream(self._store.registry, own) - own)

    def _without_derived(self, tx: Transaction, dataset: str) -> None:
        """Refuse, with ``Conflict``, while a dataset is there that was made from this one."""
        named = [end.partition(":")[2] for end in self.made_from(dataset) if end.startswith("dataset:")]
        stood = {each: standing_of(tx, each) for each in named}
        left = [each for each, found in stood.items() if found and found.state is not LifeState.DESTROYED]
        if left:
            raise Conflict(f"What was made from it is still there: {', '.join(left)[:300]}.", where=dataset,
                           mend="Have it destroyed first, or refuse this and ask for this dataset alone.")  # fmt: skip

    def _manifest(self, tx: Transaction, row: Row, before: Life) -> dict[str, Any]:
        """Return what there is of a dataset: releases, files with their hashes, and what was made from it."""
        releases = tx.find("release", where={"dataset": row["id"]}, order="number")
        files = {}
        for release in releases:
            for path in self._store.lake.release_files(row["id"], release["number"]):
                files[self._name(path)] = _told(path)
        originals = {release["source_sha256"] for release in releases}
        originals |= {each["sha256"] for each in tx.find("exchange_delivery", where={"dataset": row["id"]})}
        for path in (
            self._store.blobs.path(sha256) for sha256 in sorted(originals) if self._store.blobs.exists(sha256)
        ):
            files[self._name(path)] = _told(path)
        told = ("id", "number", "rows", "refused", "bytes", "sha256", "source_sha256")
        card = row["metadata"] or {}
        return {
            "dataset": {"id": row["id"], "name": card.get("name", {}), "provider": card.get("provider", {}),
                        "classification": row["classification"], "state": before.state.value},
            "rows": sum(release["rows"] for release in releases),
            "releases": [{**{name: release[name] for name in told}, "recorded": format_instant(release["recorded"])}
                         for release in releases],
            "files": files,
            "originals": sorted(originals),
            "deliveries": deliveries_of(tx, row["id"]),
            "made_from_it": self.made_from(row["id"]),
        }  # fmt: skip

    def _name(self, path: Path) -> str:
        return path.relative_to(self._store.folder).as_posix()

    def _remove(self, found: Destruction) -> Destruction:
        for remover in self._removers:
            remover(found.dataset)
        releases = found.manifest["releases"]
        self._store.lake.erase_releases(found.dataset, [release["number"] for release in releases])
        kept = self._remove_originals(found.dataset, found.manifest["originals"])
        self._store.checkpoint()
        left = [name for name in found.manifest["files"] if name not in kept and (self._store.folder / name).exists()]
        if left:
            raise Unavailable("A file of a destroyed dataset is still there.", where=left[0])
        kept |= {self._name(path): "a backup made before holds it: remove it when a later one is made"
                 for path in sorted((self._store.folder / _BACKUPS).glob("*.tar"))}  # fmt: skip
        made = self._made_from(found.dataset, [release["id"] for release in releases])  # also since the approval
        now = self._clock.now()
        approval = self._store.ledger.newest(f"dataset:{found.dataset}", action="destroy")
        with self._store.registry.transaction() as tx:
            body = certificate_of(found, kept=kept, made=made, completed=now, approval=approval)
            resource = f"dataset:{found.dataset}"
            detail = {"destruction": found.id, "certificate_sha256": digest_of(body), "kept": kept,
                      "key": self._signer.public}  # fmt: skip
            record = tx.record(Entry(found.decided_by, "certify_destruction", resource, detail=detail))
            certificate = signed(body, record, self._signer)
            forget_jobs(tx, found.dataset)  # also what ran on while the destruction was approved
            row = tx.update("destruction", found.id, {"completed": now, "certificate": certificate})
            change = record_change(tx, found.dataset, "destroyed", by=found.decided_by, recorded=now,
                                   audience=READERS, detail={"certificate_sha256": certificate["sha256"]})  # fmt: skip
        self._changes.tell(change)
        return Destruction(**row)

    def _remove_originals(self, dataset: str, hashes: list[str]) -> dict[str, str]:
        """Return which originals are kept, and why: somebody else has the same bytes."""
        kept = {}
        with self._publishing, self._store.blobs.lock:
            for sha256 in hashes:
                others = (needer(sha256) for needer in self._needers)
                if found := self._needing(dataset, sha256) or next(filter(None, others), ""):
                    kept[self._name(self._store.blobs.path(sha256))] = f"needed by {found}"
                else:
                    self._store.blobs.erase(sha256)
        return kept

    def _needing(self, dataset: str, sha256: str) -> str:
        """Return which other dataset was made from, or delivered as, the same bytes."""
        others = self._store.registry.find("release", where={"source_sha256": sha256}, limit=1)
        others = others or self._store.registry.find(
            "exchange_delivery", where={"sha256": sha256, "dataset !=": dataset}, limit=1
        )
        return f"dataset:{others[0]['dataset']}" if others else ""


def _told(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
