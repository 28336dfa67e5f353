"""The rows of a release with a plan carried out: replaced in place, left out, new ones at the end; as a stream."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue.amending.model import CHANGE
from lifang.catalogue.amending.plan import Places, Plan

_SIDES = ("_xmin", "_ymin", "_xmax", "_ymax")


def merged(base: Iterator[pa.RecordBatch], schema: pa.Schema, plan: Plan) -> Iterator[pa.RecordBatch]:
    """Yield the rows of ``base``, which are all of the old release in their order, amended."""
    start = 0
    for batch in base:
        columns = [each.cast(field.type) for each, field in zip(batch.columns, schema, strict=True)]
        yield _amended(pa.RecordBatch.from_arrays(columns, schema=schema), plan, start)
        start += batch.num_rows
    yield from pa.table(plan.inserts.columns, schema=schema).to_batches()


def change_rows(plan: Plan) -> pa.Table:
    """Return the change as it is kept: what became of each row, then the row as it is now (or was, if deleted)."""
    parts = {"insert": plan.inserts, "update": plan.updates, "delete": plan.deletes}
    tables = [rows.add_column(0, CHANGE, pa.repeat(pa.scalar(what), len(rows))) for what, rows in parts.items()]
    return pa.concat_tables([table.replace_schema_metadata(None) for table in tables])


def bounds_after(base: pa.Table, plan: Plan) -> list[float]:
    """Return west, south, east, north of the amended rows, from the old rows' bounds; empty if none has a position."""
    kept = np.ones(len(base), bool)
    kept[plan.update_at] = kept[plan.delete_at] = False
    rows = [base.filter(pa.array(kept)), *(each.select(_SIDES) for each in (plan.inserts, plan.updates))]
    sides = pa.concat_tables([each.replace_schema_metadata(None) for each in rows])
    found = [pc.min(sides["_xmin"]), pc.min(sides["_ymin"]), pc.max(sides["_xmax"]), pc.max(sides["_ymax"])]
    return [each.as_py() for each in found] if found[0].is_valid else []


def _amended(rows: pa.RecordBatch, plan: Plan, start: int) -> pa.RecordBatch:
    updates, deletes = _within(plan.update_at, start, rows.num_rows), _within(plan.delete_at, start, rows.num_rows)
    if updates.stop > updates.start:
        mask = _mask(plan.update_at[updates] - start, rows.num_rows)
        fresh = plan.updates.slice(updates.start, updates.stop - updates.start).combine_chunks()
        columns = [
            pc.replace_with_mask(column, mask, fresh.column(index).combine_chunks())
            for index, column in enumerate(rows.columns)
        ]
        rows = pa.RecordBatch.from_arrays(columns, schema=rows.schema)
    if deletes.stop > deletes.start:
        rows = rows.filter(pc.invert(_mask(plan.delete_at[deletes] - start, rows.num_rows)))
    return rows


def _within(places: Places, start: int, count: int) -> slice:
    return slice(*np.searchsorted(places, [start, start + count]).tolist())


def _mask(places: Places, count: int) -> pa.Array:
    mask = np.zeros(count, bool)
    mask[places] = True
    return pa.array(mask)
