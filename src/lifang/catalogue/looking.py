"""What a file holds, before anything of it is admitted: its columns, its rows, and how it differs from what is due."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from lifang.catalogue.amending import Change
from lifang.catalogue.card import Card, Column
from lifang.catalogue.checking import clean_name, to_typed, unreadable
from lifang.catalogue.model import Release
from lifang.catalogue.reading import ROW, Batch, Hints, Limits, Opened, Refusal, open_source
from lifang.core import Settings
from lifang.standards import DataStandard

_TELLING = 10  # filled cells of which none has the type: the column has another one, it is not a few bad cells
_PLACES = ("lon", "lat", "wkt")


@dataclass(frozen=True)
class Difference:
    """One way in which a file's columns are not those that are due; ``found`` is what stands there instead."""

    kind: Literal["missing", "added", "type"]
    column: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True)
class Look:
    """What a file holds: its format, its headers, how many rows, unreadable ones included, and how it differs."""

    format: str
    headers: tuple[str, ...]
    rows: int
    differences: tuple[Difference, ...]


@contextmanager
def opened_apart(source: Path, name: str, card: Card, *, folder: Path, settings: Settings) -> Iterator[Opened]:
    """Yield the file, recognised and opened as its admission would; what it unpacks to is gone afterwards."""
    folder.mkdir(exist_ok=True)
    hints = Hints(**{each.name: getattr(card, each.name) for each in fields(Hints)})
    limits = Limits(expanded=settings.upload_expanded_max_bytes)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        yield open_source(source, name=name, scratch=Path(scratch), hints=hints, limits=limits)


def look(
    opened: Opened,
    card: Card,
    release: Release | None,
    standard: DataStandard | None = None,
    *,
    zone: tzinfo,
    beside: Collection[str] = (),
) -> Look:
    """Return what an opened file holds, compared with the card's columns and its standard, else those of ``release``.

    ``beside`` are headers that may stand there besides. A renamed column is one missing and one added.
    """
    headers = [each for each in opened.headers if each not in beside]
    due = _stated(card) | _by_standard(card, standard, release, headers) if standard else _due(card, release)
    places = {getattr(card.geometry, each) for each in _PLACES} - {""}
    taken = {header for name in (*due, *places) if (header := _find(name, headers)) is not None}
    spare = [each for each in headers if each not in taken] if due else []
    differences = [
        Difference("missing", name, found=", ".join(get_close_matches(name, spare, 1, cutoff=0.5)))
        for name in (*due, *sorted(places))
        if _find(name, headers) is None
    ]
    differences += [Difference("added", name) for name in spare]
    rows = 0
    for batch in opened.batches():
        if not rows:
            differences += _other_types(due, batch, headers, zone)
        rows += len(batch.rows) + len({each.row for each in batch.refused})
    return Look(opened.format, opened.headers, rows, tuple(differences))


def as_change(opened: Opened) -> Change:
    """Return the rows of a file, as text under its headers, as rows to write; what cannot be read is refused."""
    tables: list[pa.Table] = []
    refused: list[Refusal] = []
    for batch in opened.batches():
        refused += batch.refused
        columns = dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True))
        if batch.geometry is not None:
            columns["geometry"] = pa.array(batch.geometry, pa.binary())
        tables.append(pa.table({**columns, ROW: pa.array(batch.rows)}))
    return Change(pa.concat_tables(tables), refused=unreadable(refused))


def _due(card: Card, release: Release | None) -> dict[str, Column | None]:
    """Return the headers that are due, each with the column whose type its cells must have (none: any)."""
    due = _stated(card)
    if due or release is None:
        return due
    return {
        each["zh"]: Column(each["name"], type=each["type"]) for each in release.columns if each["type"] != "geometry"
    }


def _stated(card: Card) -> dict[str, Column | None]:
    due: dict[str, Column | None] = {}
    for column in card.columns:
        if column.template:
            due |= dict.fromkeys(part.split("}")[0] for part in column.template.split("{")[1:])
        elif column.type != "geometry":
            due[column.source or column.name] = column
    return due


def _by_standard(
    card: Card, standard: DataStandard, release: Release | None, headers: Sequence[str]
) -> dict[str, Column | None]:
    """Return the headers that are due for elements without a column in the card: those there, mandatory or released."""
    stated = {column.element or column.name for column in card.columns}
    released = {each.get("element") or each["name"] for each in release.columns} if release else set()
    due: dict[str, Column | None] = {}
    for element in standard.elements:
        if element.type == "geometry" or element.id in stated:
            continue
        names = [name for name in (element.id, element.zh, element.en) if name]
        found = next((header for name in names if (header := _find(name, headers)) is not None), None)
        if found is not None or element.mandatory or element.id in released:
            due[found or f"{element.zh} ({element.id})"] = Column(element.id, type=element.type)
    return due


def _find(wanted: str, headers: Sequence[str]) -> str | None:
    if wanted in headers:
        return wanted
    return next((header for header in headers if clean_name(header) == wanted), None)


def _other_types(
    due: dict[str, Column | None], batch: Batch, headers: Sequence[str], zone: tzinfo
) -> Iterator[Difference]:
    for name, column in due.items():
        header = _find(name, headers)
        if header is None or column is None:
            continue
        text = batch.columns.column(batch.columns.schema.names.index(header))
        values, findings = to_typed(text, column, zone=zone)
        unread = np.logical_or.reduce([each.mask for each in findings]) if findings else np.zeros(len(text), bool)
        if int(unread.sum()) >= _TELLING and not values.is_valid().to_numpy(zero_copy_only=False)[~unread].any():
            yield Difference("type", name, column.type, _example(text, unread))


def _example(text: Any, unread: Any) -> str:
    return str(text[int(np.flatnonzero(unread)[0])].as_py())[:80]
