"""The agreed part of a release: written once as a file of its own, so that nothing else can be read under it."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace

import orjson
import pyarrow as pa

from lifang.catalogue.checking import QualityReport
from lifang.catalogue.conditions import chosen, conditions
from lifang.catalogue.model import Release
from lifang.catalogue.sharing.model import Agreement
from lifang.core import BadInput, Conflict, Denied, NotFound
from lifang.store import Condition, Relation, Store

_GEOMETRY = "geometry"
_BOUNDS = ("_xmin", "_ymin", "_xmax", "_ymax")
_HIDDEN = frozenset({"bounds", "amended"})  # of the provenance: they tell of rows that are not agreed on


@dataclass(frozen=True)
class AgreedPart:
    """The rows under an agreement, and the release as it may be told of: those columns, that many rows, no others."""

    relation: Relation
    release: Release


def agreed_part(store: Store, agreement: Agreement, release: Release) -> AgreedPart:
    """Return the part of ``release`` that was agreed on, written first if it is not there yet.

    ``Denied`` if the release no longer has what the agreement names: nothing is given rather than too much.
    """
    whole = store.lake.release(release.dataset, release.number)
    columns, where = _terms(agreement, whole)
    key = part_key(agreement)
    try:
        part = store.lake.extract(release.dataset, release.number, key)
    except NotFound:
        rows = whole.batches(columns, where=where)
        kept = pa.RecordBatchReader.from_batches(_with_metadata(rows.schema, columns), rows)
        with suppress(Conflict):  # somebody else was quicker
            store.lake.write_extract(release.dataset, release.number, key, kept)
        part = store.lake.extract(release.dataset, release.number, key)
    return AgreedPart(part, _told(agreement, release, part, key))


def forget_parts(store: Store, agreement: Agreement) -> None:
    """Take away every part that was written under an agreement which no longer holds."""
    for row in store.registry.find("release", where={"dataset": agreement.dataset}):
        store.lake.drop_extract(agreement.dataset, row["number"], part_key(agreement))


def part_key(agreement: Agreement) -> str:
    """Return a short name of an agreement's terms."""
    terms = orjson.dumps([agreement.id, agreement.fields, agreement.rows])
    return hashlib.sha256(terms).hexdigest()[:24]


def checked_terms(
    relation: Relation, fields: tuple[str, ...], rows: tuple[str, ...]
) -> tuple[list[str], list[Condition]]:
    """Return fields and conditions as they are read; ``BadInput`` for what the relation does not have."""
    if not fields:
        raise BadInput("No field is asked for.", where="fields", mend="Name the columns that the purpose needs.")
    names = chosen(fields, relation.columns, where="fields")
    return names, conditions(rows, relation.columns)


def _terms(agreement: Agreement, relation: Relation) -> tuple[list[str], list[Condition]]:
    try:
        names, where = checked_terms(relation, agreement.fields, agreement.rows)
    except BadInput as error:
        raise Denied(
            f"The release does not have what agreement {agreement.id} names: {error.what}",
            where=f"agreement:{agreement.id}",
            mend="Ask for the data anew, with the columns there are.",
        ) from error
    known = {column.name for column in relation.columns}
    bounds = [name for name in _BOUNDS if _GEOMETRY in names and name in known]
    return [*names, *bounds], where


def _with_metadata(schema: pa.Schema, columns: list[str]) -> pa.Schema:
    if _GEOMETRY not in columns:
        return schema
    column = {"encoding": "WKB", "geometry_types": []}
    geo = {"version": "1.1.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: column}}
    return schema.with_metadata({b"geo": orjson.dumps(geo)})


def _told(agreement: Agreement, release: Release, part: Relation, key: str) -> Release:
    rows = part.count()
    columns = tuple(column for column in release.columns if column["name"] in agreement.fields)
    return replace(
        release,
        rows=rows,
        refused=0,
        bytes=part.path.stat().st_size,
        sha256=hashlib.sha256(f"{release.sha256}{key}".encode()).hexdigest(),
        source_sha256="",
        source_name="",
        columns=columns,
        quality=QualityReport(rows=rows, admitted=rows),
        provenance={name: value for name, value in release.provenance.items() if name not in _HIDDEN},
        agreement=agreement.id,
    )
