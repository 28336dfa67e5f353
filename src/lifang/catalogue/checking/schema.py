"""The schema a file is checked against: the card's columns bound to the file's headers, or columns found by looking."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.catalogue.card import Bilingual, Card, Column
from lifang.catalogue.checking.infer import infer_column
from lifang.catalogue.reading import Opened
from lifang.core import BadInput

SAMPLE_ROWS = 200_000
SAMPLE_BYTES = 256 << 20
_LON = frozenset({"lon", "lng", "long", "longitude", "经度", "x坐标"})
_LAT = frozenset({"lat", "latitude", "纬度", "y坐标"})
_WKT = frozenset({"wkt", "geometry", "geom", "the_geom"})
_WKT_VALUE = r"(?i)^\s*(?:POINT|LINESTRING|POLYGON|MULTI\w+|GEOMETRYCOLLECTION)\s*(?:Z|M|ZM)?\s*(?:\(|EMPTY)"
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Bound:
    """A column and the headers it is read from: one, or the several of its template; none if the file lacks it."""

    column: Column
    headers: tuple[str, ...]


@dataclass(frozen=True)
class Placing:
    """Where geometry is read from: ``native``, ``lonlat`` or ``wkt``, and the headers."""

    kind: str
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """Columns bound to headers, where geometry comes from, the zone of wall times, and what was noticed on the way."""

    columns: tuple[Bound, ...]
    placing: Placing | None
    zone: tzinfo
    notes: tuple[str, ...]

    @property
    def declared(self) -> tuple[Column, ...]:
        """The columns, in order."""
        return tuple(bound.column for bound in self.columns)


def clean_name(header: str) -> str:
    """Return a header as a column name: NFKC, lower case, letters of any script, digits and single underscores."""
    text = unicodedata.normalize("NFKC", header).casefold()
    name = re.sub(r"\W+", "_", text).strip("_")
    name = re.sub(r"_+", "_", name)[:60]
    return f"c{name}" if name[:1].isdigit() else name


def bind(card: Card, opened: Opened, *, zone: tzinfo) -> Schema:
    """Return the schema of an opened file: the card's columns, and those inferred from its first rows.

    Columns are inferred where the card names none, or says so of those that it does not name (``undeclared``).
    ``BadInput`` if the file lacks a column that the card requires.
    """
    columns = [column for column in card.columns if column.type != "geometry"]
    bound, notes = _bind_declared(columns, card, opened.headers)
    if not columns or card.undeclared == "infer":
        more, told = _infer(opened, card, bound, zone=zone)
        bound, notes = bound + more, notes + told
    placing = placing_of(card, opened)
    if any(column.type == "geometry" for column in card.columns) and placing is None:
        raise BadInput(
            "The card declares a geometry, the file has none.", where="geometry", mend="Name lon and lat, or wkt."
        )
    if placing and any(each.column.name == "geometry" for each in bound):
        raise BadInput(
            "A column is called geometry, as are the positions of the rows.",
            where="columns.geometry",
            mend="Give it another name in the card (source = its header), or declare it geometry.",
        )
    if any(each.column.type == "time" for each in bound) and not card.time_zone:
        notes.append(f"Times without an offset are read in the city's zone, {zone}.")
    return Schema(tuple(bound), placing, zone, (*opened.notes, *notes))


def find_header(wanted: str, headers: Iterable[str]) -> str | None:
    """Return the header that is ``wanted``, or that is so called as a column."""
    names = list(headers)
    if wanted in names:
        return wanted
    return next((header for header in names if clean_name(header) == wanted), None)


def _bind_declared(columns: list[Column], card: Card, headers: tuple[str, ...]) -> tuple[list[Bound], list[str]]:
    bound, notes = [], []
    for column in columns:
        wanted = PLACEHOLDER.findall(column.template) if column.template else [column.source or column.name]
        found = [find_header(each, headers) for each in wanted]
        missing = [each for each, header in zip(wanted, found, strict=True) if header is None]
        if missing and (column.required or column.name in card.key or column.template):
            raise BadInput(
                f"The file has no column {missing[0]!r}.",
                where="the header",
                mend=f"Its columns are {', '.join(headers)[:300]}: correct the file or the card.",
            )
        if missing:
            notes.append(f"The file has no column {missing[0]!r}; {column.name} is empty.")
        bound.append(Bound(column, tuple(header for header in found if header is not None)))
    used = {header for each in bound for header in each.headers} | set(_placing_headers(card))
    spare = [header for header in headers if header not in used]
    if columns and spare and card.undeclared in ("", "leave_out"):
        notes.append(f"Left out because the card does not declare them: {', '.join(spare)[:300]}.")
    return bound, notes


def _placing_headers(card: Card) -> tuple[str, ...]:
    return tuple(filter(None, (card.geometry.lon, card.geometry.lat, card.geometry.wkt)))


def placing_of(card: Card, opened: Opened) -> Placing | None:
    """Return where the geometry of an opened file is read from, if it has any."""
    stated = _placing_headers(card)
    if stated:
        found = [find_header(each, opened.headers) for each in stated]
        if None in found:
            raise BadInput(
                f"The file has no column {stated[found.index(None)]!r}.",
                where="geometry",
                mend="Correct the card's [geometry].",
            )
        return Placing("wkt" if card.geometry.wkt else "lonlat", tuple(str(each) for each in found))
    if opened.has_geometry:
        return Placing("native")
    plain = {header.strip().casefold(): header for header in reversed(opened.headers)}
    lon, lat, wkt = (next((plain[key] for key in plain if key in known), None) for known in (_LON, _LAT, _WKT))
    if wkt and _looks_like_wkt(opened, wkt):
        return Placing("wkt", (wkt,))
    return Placing("lonlat", (lon, lat)) if lon and lat else None


def _looks_like_wkt(opened: Opened, header: str) -> bool:
    for batch in opened.batches():
        values = batch.columns.column(opened.headers.index(header)).drop_null().slice(0, 100)
        if len(values):
            return bool(pc.all(pc.match_substring_regex(values, pattern=_WKT_VALUE)).as_py())
    return False


def _infer(opened: Opened, card: Card, given: list[Bound], *, zone: tzinfo) -> tuple[list[Bound], list[str]]:
    """Return columns for the headers that are not bound yet, found by looking at the first rows, and notes."""
    wkt_header = find_header(card.geometry.wkt, opened.headers) if card.geometry.wkt else None
    used = {header for each in given for header in each.headers} | {wkt_header}
    numbers, table = _sample(opened)
    bound: list[Bound] = []
    notes = [f"The types were found by looking at the first {len(numbers)} rows."]
    names = {"geometry", *(each.column.name for each in given)}
    for index, header in enumerate(opened.headers):
        wkt = header.strip().casefold() in _WKT and not opened.has_geometry and _looks_like_wkt(opened, header)
        if header in used or wkt:
            continue
        name = clean_name(header) or f"col_{index + 1}"
        while name in names:
            name += "_2"
        names.add(name)
        found = infer_column(
            name, table.column(index), zone=zone, rows=numbers, header=header, is_text=header in opened.texts
        )
        notes += filter(None, [found.note])
        bound.append(Bound(replace(found.column, zh=header, en=header, source=header), (header,)))
    return bound, notes


def _sample(opened: Opened) -> tuple[NDArray[np.int64], pa.Table]:
    """Return the first rows' numbers and texts; ``BadInput`` if there is no row, not even one that cannot be read."""
    sample: list[Any] = []
    numbers: list[Any] = []
    rows = refused = size = 0
    for batch in opened.batches():
        sample.append(batch.columns)
        numbers.append(batch.rows)
        rows += len(batch.rows)
        refused += len(batch.refused)
        size += batch.columns.nbytes
        if rows >= SAMPLE_ROWS or size >= SAMPLE_BYTES:
            break
    if not rows and not refused:
        raise BadInput("There is a header, but no row.", where="after the header", mend="Send at least one row.")
    return np.concatenate(numbers), pa.Table.from_batches(sample)


def described(column: Column, kind: Any) -> dict[str, Any]:
    """Return the column as the release's schema records it."""
    title = Bilingual(column.zh or column.source or column.name, column.en or column.source or column.name)
    return {
        "name": column.name,
        "zh": title.zh,
        "en": title.en,
        "type": column.type,
        "unit": column.unit,
        "code_list": column.code_list,
        "element": column.element,
        "required": column.required,
        "arrow": str(kind),
    }
