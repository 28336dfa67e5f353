"""The data standards of a city: those that lifang ships, and its own, kept as they were registered."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime

from lifang.catalogue.card import Card
from lifang.core import BadInput, Clock, Conflict, NotFound
from lifang.guard import Action, Resource, Subject, require
from lifang.standards import (
    Change,
    DataStandard,
    compare,
    read_standard,
    shipped_standards,
    shipped_text,
    split_reference,
)
from lifang.store import Entry, Row, Store

_BYTES_MAX = 1_000_000
_CHANGES_TOLD = 50


@dataclass(frozen=True)
class Registered:
    """A data standard with where it comes from: shipped, or registered by somebody at a moment."""

    standard: DataStandard
    recorded: datetime | None = None
    by: str = ""

    @property
    def shipped(self) -> bool:
        """Whether it came with lifang."""
        return self.recorded is None


@dataclass(frozen=True)
class Registration:
    """What became of a text: its standard, whether it was there already, and what it changes of the edition before."""

    standard: DataStandard
    unchanged: bool
    changes: tuple[Change, ...]


class DataStandards:
    """Lists, gives and registers data standards; an edition that was registered never changes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def every(self) -> list[Registered]:
        """Return every edition of every standard: shipped ones first, then the city's own, by id and edition."""
        shipped = [Registered(standard) for standard in shipped_standards().values()]
        return [*shipped, *(self._of(row) for row in self._store.registry.find("data_standard"))]

    def get(self, reference: str) -> Registered:
        """Return ``legal_entity@1``, or without an edition the newest of that id; ``NotFound`` names what there is."""
        name, edition = split_reference(reference)
        if edition is None:
            editions = [each.edition for each in shipped_standards().values() if each.id == name]
            editions += [row["edition"] for row in self._rows(name)]
            edition = max(editions, default=0)
        wanted = f"{name}@{edition}"
        if shipped := shipped_standards().get(wanted):
            return Registered(shipped)
        row = self._store.registry.get("data_standard", wanted)
        if row is None:
            known = ", ".join(each.standard.reference for each in self.every())
            raise NotFound(f"There is no data standard {reference!r}.", where="standard", mend=f"Known: {known[:600]}.")
        return self._of(row)

    def text(self, reference: str) -> str:
        """Return the TOML text of a standard as it was registered."""
        found = self.get(reference)
        if found.shipped:
            return shipped_text(found.standard.reference)
        row = self._store.registry.get("data_standard", found.standard.reference)
        return self._text(row) if row else ""

    def add(self, text: str, *, by: Subject) -> Registration:
        """Return the standard that was registered from a TOML text; the same text again changes nothing.

        ``BadInput`` names its first fault, ``Conflict`` says that the edition or the id is taken.
        """
        standard = read_standard(text)
        require(by, Action.MANAGE, Resource("data_standard", standard.id))
        if any(each.id == standard.id for each in shipped_standards().values()):
            mend = f"Choose an id of your own, such as city_{standard.id}."
            raise Conflict(f"{standard.id} is a standard that lifang ships.", where="id", mend=mend)
        content = text.encode()
        sha256 = hashlib.sha256(content).hexdigest()
        rows = self._rows(standard.id)
        if any(row["id"] == standard.reference and row["sha256"] == sha256 for row in rows):
            return Registration(standard, unchanged=True, changes=())
        newest = self._of(rows[-1]).standard if rows else None
        changes = tuple(compare(newest, standard)) if newest else ()
        if newest and standard.edition <= newest.edition:
            raise _taken(newest, changes)
        with self._store.blobs.lock:
            self._store.blobs.put(io.BytesIO(content), max_bytes=_BYTES_MAX)
            self._register(standard, sha256, changes, by)
        return Registration(standard, unchanged=False, changes=changes)

    def needing(self, sha256: str) -> str:
        """Return which standard, ``data_standard:ID@EDITION``, was registered from the bytes of a hash, or ``""``."""
        rows = self._store.registry.find("data_standard", where={"sha256": sha256}, limit=1)
        return f"data_standard:{rows[0]['id']}" if rows else ""

    def _register(self, standard: DataStandard, sha256: str, changes: tuple[Change, ...], by: Subject) -> None:
        row = {"id": standard.reference, "name": standard.id, "edition": standard.edition, "zh": standard.title_zh,
               "en": standard.title_en, "theme": standard.theme, "sha256": sha256, "subject": by.id,
               "recorded": self._clock.now()}  # fmt: skip
        changed = [str(each) for each in changes[:_CHANGES_TOLD]]
        told = {"sha256": sha256, "elements": len(standard.elements), "changes": changed}
        with self._store.registry.transaction() as transaction:
            transaction.insert("data_standard", row)
            transaction.record(Entry(by.id, "register", f"data_standard:{standard.reference}", detail=told))

    def _rows(self, name: str) -> list[Row]:
        return self._store.registry.find("data_standard", where={"name": name}, order="edition")

    def _of(self, row: Row) -> Registered:
        standard = read_standard(self._text(row), where=row["id"])
        return Registered(standard, row["recorded"], row["subject"])

    def _text(self, row: Row) -> str:
        return self._store.blobs.path(row["sha256"]).read_text("utf-8")


def standard_of(standards: DataStandards, card: Card) -> DataStandard | None:
    """Return the standard that a card names, if it names one; ``BadInput`` if there is none such."""
    if not card.standard:
        return None
    try:
        return standards.get(card.standard).standard
    except NotFound as error:
        raise BadInput(error.what, where="standard", mend=error.mend) from error


def _taken(newest: DataStandard, changes: tuple[Change, ...]) -> Conflict:
    told = "; ".join(str(each) for each in changes[:_CHANGES_TOLD]) or "the same but for spaces or comments"
    return Conflict(
        f"{newest.reference} is registered, and an edition never changes. Against it: {told}.",
        where="edition",
        mend=f"Write edition = {newest.edition + 1}.",
    )
