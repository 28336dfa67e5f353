"""Rows that come in to amend a release, checked by the rules that its card sets for a whole file."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path

import pyarrow as pa

from lifang.catalogue.card import Card, Column, Geometry
from lifang.catalogue.checking import Checker, Schema, bind
from lifang.catalogue.model import Release
from lifang.catalogue.reading import ROW, Opened, open_table
from lifang.catalogue.spool import Spool
from lifang.core import BadInput, Box, Conflict

_PLACES = ("lon", "lat", "wkt")


@dataclass(frozen=True)
class Incoming:
    """The good rows, typed, with ``_row`` and without what was not sent; the bad cells; how many rows came."""

    rows: pa.Table
    refused: pa.Table
    received: int


def whole_card(card: Card, release: Release) -> Card:
    """Return the card with every column of the release stated, those found by looking too.

    ``Conflict`` if the card was changed since: its columns are not those of the release.
    """
    declared = {column.name: column for column in card.columns if column.type != "geometry"}
    columns = []
    for each in release.columns:
        if each["type"] == "geometry":
            continue
        known = {name: each[name] for name in ("name", "zh", "en", "type", "unit", "code_list")}
        column = declared.pop(each["name"], None) or Column(**known)
        if column.type != each["type"]:
            raise _other_card(release, column.name)
        columns.append(column)
    if declared:
        raise _other_card(release, next(iter(declared)))
    return replace(card, columns=tuple(columns))


def check_incoming(
    table: pa.Table, card: Card, release: Release, *, zone: tzinfo, extent: Box | None, scratch: Path
) -> Incoming:
    """Return the rows of ``table`` checked against ``card`` (see :func:`whole_card`).

    ``BadInput`` for a column that the dataset does not have, or a key that is not given.
    """
    stored = replace(card, columns=tuple(_as_stored(each, table.column_names) for each in card.columns))
    stated = [getattr(card.geometry, each) for each in _PLACES if getattr(card.geometry, each)]
    if not set(stated) <= set(table.column_names):
        stored = replace(stored, geometry=replace(card.geometry, lon="", lat="", wkt=""))
    opened = open_table(table, missing=card.missing)
    schema = _given(stored, opened, release, zone=zone)
    present = replace(stored, columns=schema.declared, geometry=stored.geometry if schema.placing else Geometry())
    crs = card.crs or str(release.provenance.get("crs", ""))
    native = schema.placing is not None and schema.placing.kind == "native"
    checker = Checker(schema, present, crs="EPSG:4326" if native else crs, extent=extent)
    arrow = checker.arrow_schema.append(pa.field(ROW, pa.int64()))
    spool = Spool(scratch, checker, present, names=arrow.names)
    with closing(spool):
        for batch in opened.batches():
            spool.add(checker.check(batch))
        good, refused = spool.settle()
    return Incoming(spool.admitted(good, arrow).read_all(), refused, spool.rows)


def _given(card: Card, opened: Opened, release: Release, *, zone: tzinfo) -> Schema:
    """Return the schema of the columns that came; whether one that is required may be left out is seen later."""
    required = {column.name: column.required for column in card.columns}
    optional = replace(card, columns=tuple(replace(column, required=False) for column in card.columns))
    found = bind(optional, opened, zone=zone)
    placing = found.placing if release.has_geometry else None
    came = [each for each in found.columns if each.headers]
    columns = [replace(each, column=replace(each.column, required=required[each.column.name])) for each in came]
    used = {header for each in came for header in each.headers} | set(placing.headers if placing else ())
    unknown = [header for header in opened.headers if header not in used]
    if unknown or (opened.has_geometry and placing is None):
        known = ", ".join(required)
        what = f"{card.id} has no column {(unknown or ['geometry'])[0][:80]!r}."
        raise BadInput(what, where="columns", mend=f"Known: {known[:300]}.")
    return Schema(tuple(columns), placing, found.zone, found.notes)


def _as_stored(column: Column, names: list[str]) -> Column:
    """Return the column as read: from a column of its own name, as it is stored, or from the header the card states."""
    if column.name in names:
        return replace(column, source="", template="", source_unit="", format="")
    return column


def _other_card(release: Release, column: str) -> Conflict:
    return Conflict(
        f"The card has changed since release {release.number}: column {column[:80]!r} differs.",
        where=f"columns.{column[:80]}",
        mend="Add the whole file with this card first.",
    )
