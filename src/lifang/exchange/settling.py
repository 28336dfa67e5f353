"""What becomes of a delivery: looked at, reconciled with what was declared, admitted whole or as changes by key."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.catalogue import EXISTING, Amendment, Bilingual, Card, Catalogue, Change, Dataset, Difference, Release
from lifang.core import BadInput, NotFound, Problem, Unavailable
from lifang.exchange.model import CHANGE_HEADERS, OPERATIONS, Delivery, Feed
from lifang.guard import Role, Subject
from lifang.store import Store

_SECONDS_MAX = 900.0  # what one delivery may take before its line goes on


@dataclass(frozen=True)
class Outcome:
    """What a delivery came to: its counts, the release that holds it, or the problem for which it was refused."""

    counts: Mapping[str, Any]
    release: str = ""
    problem: Mapping[str, Any] | None = None


class Drift(BadInput):
    """The file's columns are not those that are due."""

    def __init__(self, differences: tuple[Difference, ...]) -> None:
        told = [_sentence(each) for each in differences]
        super().__init__("The columns are not those that were agreed.", where="; ".join(told)[:1000], mend=_MEND_DRIFT)
        self.differences = differences


_MEND_DRIFT = "Send the agreed columns, or agree on new ones: have the dataset's card changed first."


class Settler:
    """Settles deliveries, one at a time for each caller; safe to be killed and to settle the same one again."""

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self._store = store
        self._catalogue = catalogue

    def settle(self, delivery: Delivery, feed: Feed) -> Outcome:
        """Return what became of a delivery; ``Unavailable`` if that cannot be told now (the disk is full)."""
        card = self._card(feed)
        counts: dict[str, Any] = {"declared": delivery.declared.get("rows")}
        source = self._store.blobs.path(delivery.sha256)
        try:
            beside = CHANGE_HEADERS if delivery.kind == "incremental" else ()
            seen = self._catalogue.look(source, name=delivery.name, card=card, beside=beside)
            counts["received"] = seen.rows
            if seen.differences:
                raise Drift(seen.differences)
            if counts["declared"] not in (None, seen.rows):
                what = f"{counts['declared']:,} rows were declared, {seen.rows:,} came."
                raise BadInput(what, where="rows", mend="Send the whole file again, or correct the declaration.")
            settle = self._whole if delivery.kind == "full" else self._changes
            release, more = settle(delivery, feed, card)
        except Unavailable:
            raise
        except Problem as problem:
            return Outcome(counts, problem=_told(problem))
        counts |= more
        taken = counts["admitted"] + counts["refused"] + counts["superseded"]
        counts["balanced"] = taken == counts["received"]
        return Outcome(counts, release=release.id)

    def _card(self, feed: Feed) -> Card:
        if feed.spec.card is not None:
            return Card.from_mapping(feed.spec.card)
        try:
            return self._dataset(feed.dataset).card
        except NotFound:
            return Card(feed.dataset, Bilingual(feed.dataset, feed.dataset))

    def _dataset(self, dataset_id: str) -> Dataset:
        """Return a dataset in whatever state: what comes in first goes to a draft."""
        return self._catalogue.dataset(dataset_id, states=EXISTING)

    def _whole(self, delivery: Delivery, feed: Feed, card: Card) -> tuple[Release, dict[str, Any]]:
        until = time.monotonic() + _SECONDS_MAX
        admission = self._catalogue.add(
            self._store.blobs.path(delivery.sha256),
            name=delivery.name,
            card=card,
            by=machine(feed),
            cancelled=lambda: time.monotonic() > until,
        )
        release = admission.release or self._dataset(feed.dataset).release()
        report = admission.report
        counts = {"superseded": 0, "admitted": report.admitted, "refused": report.refused}
        return release, {**counts, "in_release": release.rows}

    def _changes(self, delivery: Delivery, feed: Feed, card: Card) -> tuple[Release, dict[str, Any]]:
        read = self._catalogue.read(self._store.blobs.path(delivery.sha256), name=delivery.name, card=card)
        change, superseded = _split(read, card)
        received = sum(len(each) for each in (change.upserts, change.deletes) if each is not None)
        received += 0 if read.refused is None else len(read.refused["row"].unique())
        made = self._made_before(delivery)
        if made is None:
            done = self._catalogue.amend(feed.dataset, change, by=machine(feed), name=delivery.id)
            made, amended = done.release, _amended(done)
            if not done.unchanged:
                link = {"release": made.id, "delivery": delivery.id}
                self._catalogue.record_lineage(f"blob:{delivery.sha256}", f"release:{made.id}", "deliver", link)
        else:
            amended = {name: made.provenance["amended"][name] for name in ("inserted", "updated", "deleted", "same")}
        admitted = sum(amended.values())
        counts = {**amended, "superseded": superseded, "admitted": admitted, "refused": received - admitted}
        return made, {**counts, "in_release": made.rows}

    def _made_before(self, delivery: Delivery) -> Release | None:
        """Return the release that this very delivery made, in a run that ended before that was written down."""
        try:
            releases = self._dataset(delivery.dataset).releases()
        except NotFound:
            return None
        return next((each for each in releases if each.source_name == delivery.id), None)


def machine(feed: Feed) -> Subject:
    """Return who admits what comes by a feed: a machine that may admit datasets, whoever sent the file."""
    return Subject(f"exchange:{feed.id}", f"exchange {feed.id}", frozenset({Role.DATA_OFFICER}), feed.organisation)


def _split(read: Change, card: Card) -> tuple[Change, int]:
    """Return the change that a change feed comes to, and how many of its rows later ones with the same key replace."""
    table = pa.table({}) if read.upserts is None else read.upserts
    if not card.key:
        what = f"{card.id} has no key, by which changes could find their rows."
        raise BadInput(what, where="key", mend="Declare the key in its card, or deliver the whole.")
    header = next((each for each in CHANGE_HEADERS if each in table.column_names), None)
    keys = _key_headers(table, card)
    kept = table.filter(pa.array(_last_of_each([table[key] for key in keys])))
    superseded = len(table) - len(kept)
    if header is None:
        return Change(kept, refused=read.refused), superseded
    told = zip(kept[header].to_pylist(), kept["_row"].to_pylist(), strict=True)
    deleting = pa.array([_is_delete(text, row) for text, row in told], pa.bool_())
    rows = kept.drop_columns([header])
    deletes = rows.filter(deleting).select([*keys, "_row"])
    return Change(rows.filter(pc.invert(deleting)), deletes, refused=read.refused), superseded


def _last_of_each(keys: Sequence[Any]) -> NDArray[np.bool_]:
    """Return which rows are the last with their key, and those that have none: these are refused for that later."""
    texts = [pc.utf8_trim_whitespace(pc.cast(key, pa.string())) for key in keys]
    joined = pc.binary_join_element_wise(*texts, "\x1f").combine_chunks().dictionary_encode()
    codes = pc.fill_null(joined.indices, -1).to_numpy()
    last = np.full(len(joined.dictionary) + 1, -1)
    last[codes] = np.arange(len(codes))
    result: NDArray[np.bool_] = (codes < 0) | (last[codes] == np.arange(len(codes)))
    return result


def _is_delete(text: str | None, row: int) -> bool:
    found = OPERATIONS.get((text or "").strip().casefold())
    if found is None:
        mend = f"Write one of {', '.join(filter(None, OPERATIONS))}."
        raise BadInput(f"{str(text)[:40]!r} is no change of a row.", where=f"row {row}", mend=mend)
    return found == "delete"


def _key_headers(table: pa.Table, card: Card) -> list[str]:
    sources = {column.name: column.source or column.name for column in card.columns}
    found = [
        next((each for each in (name, sources.get(name)) if each in table.column_names), None) for name in card.key
    ]
    if None in found:
        raise BadInput(
            f"The key column {card.key[found.index(None)]!r} is not there.", where="the header", mend="Add it."
        )
    return [str(each) for each in found]


def _amended(done: Amendment) -> dict[str, int]:
    return {name: getattr(done, name) for name in ("inserted", "updated", "deleted", "same")}


def _told(problem: Problem) -> dict[str, Any]:
    told: dict[str, Any] = {"detail": problem.what, "where": problem.where, "mend": problem.mend}
    if isinstance(problem, Drift):
        told |= {"rule": "drift", "differences": [asdict(each) for each in problem.differences]}
    return told


def _sentence(each: Difference) -> str:
    if each.kind == "missing":
        return f"missing {each.column}" + (f" (renamed {each.found}?)" if each.found else "")
    return (
        f"added {each.column}" if each.kind == "added" else f"{each.column}: {each.expected} due, {each.found!r} came"
    )
