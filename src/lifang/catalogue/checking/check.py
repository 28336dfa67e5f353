"""One batch checked: typed columns, the rows that keep every rule, and a record of every cell that does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue.card import Card
from lifang.catalogue.checking.convert import ARROW_TYPES, to_typed
from lifang.catalogue.checking.finding import Finding, Mask, as_mask, found
from lifang.catalogue.checking.hashing import Hashes, combine, hash_column
from lifang.catalogue.checking.place import place_findings, read_geometry
from lifang.catalogue.checking.placed import Placed, geometry_columns
from lifang.catalogue.checking.rules import column_findings
from lifang.catalogue.checking.schema import Bound, Placing, Schema
from lifang.catalogue.reading import ROW, Batch, Refusal
from lifang.core import Box

REFUSED = pa.schema(
    [("row", pa.int64()), ("column", pa.string()), ("value", pa.string()), ("rule", pa.string()), ("mend", pa.string())]
)
_VALUE_MAX = 200


@dataclass(frozen=True)
class Checked:
    """A batch after its checks: typed columns (with ``_row``), which rows are good, and the bad cells (``REFUSED``).

    ``hashes`` has one entry per column (``geometry`` included); ``placed`` are the positions on WGS 84, if any;
    ``received`` is how many bytes of text came in.
    """

    table: pa.RecordBatch
    good: Mask
    refused: pa.Table
    hashes: dict[str, Hashes]
    placed: Placed | None
    unreadable: int
    received: int

    @property
    def rows(self) -> int:
        """How many source rows this batch stands for, unreadable ones included."""
        return int(self.table.num_rows) + self.unreadable


class Checker:
    """Checks the batches of one file against its schema and card."""

    def __init__(self, schema: Schema, card: Card, *, crs: str, extent: Box | None) -> None:
        self._schema = schema
        self._card = card
        self._crs = crs
        self._extent = extent

    @property
    def arrow_schema(self) -> pa.Schema:
        """The columns of a release: as declared, then the geometry and its bounds."""
        fields = [(column.name, ARROW_TYPES[column.type]) for column in self._schema.declared]
        if self._schema.placing:
            fields += [
                ("geometry", pa.binary()),
                *((side, pa.float64()) for side in ("_xmin", "_ymin", "_xmax", "_ymax")),
            ]
        return pa.schema(fields)

    def check(self, batch: Batch) -> Checked:
        """Return the batch, checked."""
        columns: dict[str, Any] = {}
        refused = [unreadable(batch.refused)] if batch.refused else []
        good = np.ones(len(batch.rows), bool)
        for bound in self._schema.columns:
            text = _text_of(batch, bound)
            values, findings = self._column(bound, text)
            columns[bound.column.name] = values
            refused += self._explain(findings, bound.column.name, text, batch, good)
        placed: Placed | None = None
        if self._schema.placing:
            placed = self._geometry(batch, self._schema.placing, good, refused)
            columns |= geometry_columns(placed)
        table = pa.RecordBatch.from_arrays([*columns.values(), pa.array(batch.rows)], names=[*columns, ROW])
        hashed = [name for name in columns if not name.startswith("_")]
        unread = len({each.row for each in batch.refused})
        return Checked(
            table=table,
            good=good,
            refused=pa.concat_tables(refused) if refused else REFUSED.empty_table(),
            hashes={name: hash_column(columns[name]) for name in hashed},
            placed=placed,
            unreadable=unread,
            received=batch.columns.nbytes,
        )

    def _column(self, bound: Bound, text: Any) -> tuple[Any, list[Finding]]:
        column = bound.column
        values, findings = to_typed(text, column, zone=self._schema.zone)
        in_key = column.name in self._card.key
        findings = findings + column_findings(values, text, column, zone=self._schema.zone, in_key=in_key)
        wanted = ARROW_TYPES[column.type]
        if values.type != wanted:
            values = pc.cast(values, wanted, safe=False)
        return values, findings

    def _geometry(self, batch: Batch, placing: Placing, good: Mask, refused: list[pa.Table]) -> Placed:
        read, findings, texts = read_geometry(batch, placing)
        placed = read.to_earth(self._crs)
        findings = findings + place_findings(placed, self._extent)
        if self._card.geometry.required:
            unread = np.logical_or.reduce([each.mask for each in findings]) if findings else np.zeros(len(good), bool)
            findings += found(placed.missing & ~unread, "required", "Give the position: it is required.")
        if findings:
            shown = texts if len(texts) else _shown(placed, findings)
            refused += self._explain(findings, "geometry", shown, batch, good)
        return placed

    def _explain(self, findings: list[Finding], column: str, text: Any, batch: Batch, good: Mask) -> list[pa.Table]:
        tables = []
        for finding in findings:
            good &= ~finding.mask
            marked = np.flatnonzero(finding.mask)
            values = pc.utf8_slice_codeunits(text.take(pa.array(marked)), 0, _VALUE_MAX)
            tables.append(refusals(batch.rows[marked], column, values, finding.rule, finding.mend))
        return tables


def refusals(rows: Any, column: str, values: Any, rule: str, mend: str) -> pa.Table:
    """Return records of bad cells that share column, rule and mend."""
    constant = (pa.repeat(pa.scalar(each), len(rows)) for each in (column, rule, mend))
    columns, rules, mends = constant
    return pa.Table.from_arrays([pa.array(rows, pa.int64()), columns, values, rules, mends], schema=REFUSED)


def row_hashes(checked: Checked, columns: list[str]) -> Hashes:
    """Return one hash per row over these columns."""
    return combine([checked.hashes[name] for name in columns])


def filled_key(checked: Checked, columns: list[str]) -> Mask:
    """Return which rows have a value in at least one of these columns."""
    masks = [as_mask(checked.table.column(checked.table.schema.names.index(name)).is_valid()) for name in columns]
    return cast("Mask", np.logical_or.reduce(masks))


def unreadable(refused: Sequence[Refusal]) -> pa.Table:
    """Return the records of cells that could not be read at all."""
    if not refused:
        return REFUSED.empty_table()
    columns = list(zip(*refused, strict=True))
    return pa.Table.from_arrays(
        [pa.array(each, field.type) for each, field in zip(columns, REFUSED, strict=True)], schema=REFUSED
    )


def _text_of(batch: Batch, bound: Bound) -> Any:
    names = batch.columns.schema.names
    parts = [batch.columns.column(names.index(header)) for header in bound.headers]
    if not parts:
        return pa.nulls(len(batch.rows), pa.string())
    if not bound.column.template:
        return parts[0]
    pieces: list[Any] = []
    rest = bound.column.template
    for header, part in zip(bound.headers, parts, strict=True):
        before, _, rest = _cut(rest, header)
        pieces += [before, part]
    return pc.binary_join_element_wise(*pieces, rest, "")


def _cut(template: str, header: str) -> tuple[str, str, str]:
    start, end = template.index("{"), template.index("}")
    return template[:start], header, template[end + 1 :]


def _shown(placed: Placed, findings: list[Finding]) -> Any:
    """Return the rows that any finding marks as well-known text; the others are left out (null)."""
    marked = np.flatnonzero(np.logical_or.reduce([each.mask for each in findings]))
    place = np.full(len(placed.missing), -1)
    place[marked] = np.arange(len(marked))
    return pa.array(placed.shown(marked), pa.string()).take(pa.array(place, mask=place < 0))
