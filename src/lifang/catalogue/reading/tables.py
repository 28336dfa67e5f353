"""A table in memory as batches of text, so that rows that come one by one are checked as those of a file are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue.reading.columnar import as_text
from lifang.catalogue.reading.model import BATCH_ROWS, Batch, Opened, text_batch

ROW = "_row"


def open_table(table: pa.Table, *, missing: Sequence[str]) -> Opened:
    """Return the table, opened: ``_row`` numbers its rows if it is there, ``geometry`` is well-known binary.

    The texts of ``missing`` mean: no value.
    """
    headers = tuple(name for name in table.column_names if name not in (ROW, "geometry"))
    return Opened(
        format="table",
        headers=headers,
        batches=lambda: _batches(table, headers, pa.array(list(missing), pa.string())),
        crs="EPSG:4326",
        has_geometry="geometry" in table.column_names,
    )


def _batches(table: pa.Table, headers: tuple[str, ...], missing: pa.Array) -> Iterator[Batch]:
    start = 1
    for record in table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
        names = record.schema.names
        numbers = np.arange(start, start + record.num_rows, dtype=np.int64)
        rows = record.column(ROW).to_numpy(zero_copy_only=False).astype(np.int64) if ROW in names else numbers
        shapes = record.column("geometry") if "geometry" in names else None
        columns = {name: as_text(record.column(name), missing) for name in headers}
        held = text_batch(columns) if columns else pa.RecordBatch.from_arrays([], names=[])
        yield Batch(rows, held, None if shapes is None else pc.cast(shapes, pa.binary()).to_numpy(zero_copy_only=False))
        start += record.num_rows
