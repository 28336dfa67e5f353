"""Parquet as batches of text, in the process apart: its pages claim what they expand to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lifang.catalogue.reading.model import (
    BATCH_ROWS,
    SHAPE_ROWS,
    Batch,
    Hints,
    Limits,
    Opened,
    text_batch,
    unique_headers,
)
from lifang.core import BadInput, TooLarge, check_crs

_BATCH_TEXT_MAX = 1 << 30


def open_parquet(path: Path, *, limits: Limits, hints: Hints) -> Opened:
    """Return the Parquet file at ``path``, opened; geometry columns of GeoParquet become geometry."""
    try:
        file = pq.ParquetFile(path)
        metadata, schema = file.metadata, file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"The Parquet file is damaged: {str(error)[:200]}.", mend="Send the file again.") from error
    if metadata.num_rows == 0:
        raise BadInput("The Parquet file has no rows.", mend="Send a file with rows.")
    sizes = (metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))
    if sum(sizes) > limits.expanded:
        raise TooLarge(
            "The Parquet file expands beyond what is allowed.", mend=f"Send at most {limits.expanded} bytes."
        )
    geometry, crs = _geo(schema.metadata or {}, schema.names)
    hidden = {geometry, "_xmin", "_ymin", "_xmax", "_ymax"}
    headers, notes = unique_headers([name for name in schema.names if name not in hidden])
    missing = pa.array(list({"", *hints.missing}), pa.string())
    return Opened(
        format="parquet",
        headers=tuple(headers),
        batches=lambda: _parquet_batches(path, headers, geometry=geometry, hidden=hidden, missing=missing),
        crs=crs,
        has_geometry=bool(geometry),
        texts=frozenset(name for name in headers if name in schema.names and _is_text(schema.field(name).type)),
        notes=notes,
    )


def _geo(metadata: dict[bytes, bytes], names: list[str]) -> tuple[str, str]:
    """Return the primary geometry column and its coordinate system by GeoParquet 1.1; no ``crs`` means OGC:CRS84."""
    try:
        geo = orjson.loads(metadata[b"geo"])
        primary = str(geo["primary_column"])
        column = geo["columns"][primary]
        if column["encoding"] != "WKB" or primary not in names:
            return "", ""
        crs = column.get("crs")
        return primary, check_crs("EPSG:4326" if crs is None else str(orjson.dumps(crs).decode()))
    except (KeyError, TypeError, orjson.JSONDecodeError):
        return "", ""


def _parquet_batches(
    path: Path, headers: list[str], *, geometry: str, hidden: set[str], missing: pa.Array
) -> Iterator[Batch]:
    row = 1
    try:
        schema = pq.read_schema(path)
        texts = [field.name for field in schema if _is_text(field.type)]
        for record in pq.ParquetFile(path, read_dictionary=texts).iter_batches(
            batch_size=SHAPE_ROWS if geometry else BATCH_ROWS
        ):
            kept = [index for index, name in enumerate(record.schema.names) if name not in hidden]
            columns = {
                title: as_text(record.column(index), missing) for title, index in zip(headers, kept, strict=True)
            }
            shapes = _binary(record.column(record.schema.names.index(geometry))) if geometry else None
            yield Batch(np.arange(row, row + record.num_rows, dtype=np.int64), text_batch(columns), shapes)
            row += record.num_rows
    except (pa.ArrowException, OSError) as error:
        raise BadInput(
            f"The Parquet file is damaged: {str(error)[:200]}.",
            where=f"after row {row - 1}",
            mend="Send the file again.",
        ) from error


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _binary(column: pa.Array) -> Any:
    return pc.cast(column, pa.binary()).to_numpy(zero_copy_only=False)


def as_text(column: pa.Array, missing: pa.Array) -> pa.Array:
    """Return a column as text that reads back as the same values; those of ``missing`` become null."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        lengths = pc.sum(pc.binary_length(column.dictionary.cast(pa.large_string())).take(column.indices)).as_py() or 0
        if lengths > _BATCH_TEXT_MAX:
            raise TooLarge("A text column expands beyond what is allowed.", mend="Send shorter texts.")
        text = column.dictionary.cast(pa.string()).take(column.indices)
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        text = pa.array([None if value is None else _nested(value) for value in column.to_pylist()], pa.string())
    elif pa.types.is_timestamp(kind) and kind.tz:
        text = pc.cast(pc.cast(column, pa.timestamp("us", tz="UTC"), safe=False), pa.string())
    else:
        text = pc.cast(column, pa.string())
    return pc.if_else(pc.is_in(text, value_set=missing), pa.scalar(None, pa.string()), text)


def _nested(value: Any) -> str:
    return (
        value.hex()
        if isinstance(value, bytes)
        else orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    )
