"""The schema a file is checked against: the card's columns bound to the file's headers, or columns found by looking."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue.card import Bilingual, Card, Column
from lifang.catalogue.checking.convert import INTEGER, NUMBER
from lifang.catalogue.checking.moments import to_dates, to_times
from lifang.catalogue.reading import Opened
from lifang.core import BadInput

SAMPLE_ROWS = 200_000
SAMPLE_BYTES = 256 << 20
TOKENS = ("NA", "N/A", "null", "NULL", "-", "--", "—")  # taken as missing only where the rest of a column is not text
_LON = frozenset({"lon", "lng", "long", "longitude", "经度", "x坐标"})
_LAT = frozenset({"lat", "latitude", "纬度", "y坐标"})
_WKT = frozenset({"wkt", "geometry", "geom", "the_geom"})
_WKT_VALUE = r"(?i)^\s*(?:POINT|LINESTRING|POLYGON|MULTI\w+|GEOMETRYCOLLECTION)\s*(?:Z|M|ZM)?\s*(?:\(|EMPTY)"
_CODE = r"^0\d+$|^\d{16,}$"
_BOOLEANS = ("true", "false", "yes", "no", "是", "否")
_CATEGORIES_MAX = 50
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


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
    """Return the schema of an opened file: the card's columns, or inferred from its first rows where it names none.

    ``BadInput`` if the file lacks a column that the card requires.
    """
    columns = [column for column in card.columns if column.type != "geometry"]
    if columns:
        bound, notes = _bind_declared(columns, card, opened.headers)
    else:
        bound, notes = _infer(opened, zone=zone, used=_placing_headers(card))
    placing = _placing(card, opened)
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


def _find(wanted: str, headers: Iterable[str]) -> str | None:
    names = list(headers)
    if wanted in names:
        return wanted
    return next((header for header in names if clean_name(header) == wanted), None)


def _bind_declared(columns: list[Column], card: Card, headers: tuple[str, ...]) -> tuple[list[Bound], list[str]]:
    bound, notes = [], []
    for column in columns:
        wanted = _PLACEHOLDER.findall(column.template) if column.template else [column.source or column.name]
        found = [_find(each, headers) for each in wanted]
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
    if spare := [header for header in headers if header not in used]:
        notes.append(f"Left out because the card does not declare them: {', '.join(spare)[:300]}.")
    return bound, notes


def _placing_headers(card: Card) -> tuple[str, ...]:
    return tuple(filter(None, (card.geometry.lon, card.geometry.lat, card.geometry.wkt)))


def _placing(card: Card, opened: Opened) -> Placing | None:
    stated = _placing_headers(card)
    if stated:
        found = [_find(each, opened.headers) for each in stated]
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


def _infer(opened: Opened, *, zone: tzinfo, used: tuple[str, ...]) -> tuple[list[Bound], list[str]]:
    sample: list[Any] = []
    rows = refused = size = 0
    for batch in opened.batches():
        sample.append(batch.columns)
        rows += len(batch.rows)
        refused += len(batch.refused)
        size += batch.columns.nbytes
        if rows >= SAMPLE_ROWS or size >= SAMPLE_BYTES:
            break
    if not rows and not refused:
        raise BadInput("There is a header, but no row.", where="after the header", mend="Send at least one row.")
    table = pa.Table.from_batches(sample)
    bound: list[Bound] = []
    names: set[str] = {"geometry"}
    for index, header in enumerate(opened.headers):
        wkt = header.strip().casefold() in _WKT and not opened.has_geometry and _looks_like_wkt(opened, header)
        if header in used[2:] or wkt:
            continue
        name = clean_name(header) or f"col_{index + 1}"
        while name in names:
            name += "_2"
        names.add(name)
        column = infer_column(name, table.column(index).combine_chunks(), zone=zone, is_text=header in opened.texts)
        bound.append(Bound(replace(column, zh=header, en=header, source=header), (header,)))
    return bound, [f"The types were found by looking at the first {rows} rows."]


def infer_column(name: str, values: Any, *, zone: tzinfo, is_text: bool = False) -> Column:
    """Return the column that fits these texts best; codes with leading zeros or 16 and more digits stay text.

    ``is_text``: the format says these are texts, so they are dates, categories or texts, never numbers.
    """
    plain = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    filled = plain.drop_null()
    tokens = tuple(each for each in TOKENS if pc.any(pc.equal(filled, each)).as_py())
    if tokens:
        filled = filled.filter(pc.invert(pc.is_in(filled, value_set=pa.array(tokens))))
    if not len(filled):
        return Column(name)
    kind = _kind(filled, zone)
    if is_text and kind in ("integer", "number", "boolean"):
        kind = "text"
    if kind != "text":
        return Column(name, type=kind, missing=tokens)
    distinct = pc.count_distinct(plain).as_py()
    repeated = len(filled) >= 20 and distinct <= min(_CATEGORIES_MAX, len(filled) // 5)
    return Column(name, type="category" if repeated else "text")


def _kind(values: Any, zone: tzinfo) -> str:
    if pc.any(pc.match_substring_regex(values, pattern=_CODE)).as_py():
        return "text"
    if pc.all(pc.match_substring_regex(values, pattern=INTEGER.replace(r"(?:\.0*)?", ""))).as_py():
        return "integer"
    if pc.all(pc.match_substring_regex(values, pattern=NUMBER)).as_py():
        return "number"
    if pc.all(pc.is_in(pc.utf8_lower(values), value_set=pa.array(_BOOLEANS))).as_py():
        return "boolean"
    if not to_dates(values.slice(0, 100))[1] and not to_dates(values)[1]:
        return "date"
    if not to_times(values.slice(0, 100), zone=zone)[1] and not to_times(values, zone=zone)[1]:
        return "time"
    return "text"


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
        "arrow": str(kind),
    }
