"""Parquet and XLSX as batches of text."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import python_calamine
import shapely

from lifang.catalogue.reading.model import BATCH_ROWS, Batch, Hints, Limits, Opened, text_batch, unique_headers
from lifang.catalogue.reading.unpack import zip_names
from lifang.core import BadInput, TooLarge, check_crs

_CELL_REF = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_CELLS_MAX = 30_000_000
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
        for record in pq.ParquetFile(path, read_dictionary=texts).iter_batches(batch_size=BATCH_ROWS):
            kept = [index for index, name in enumerate(record.schema.names) if name not in hidden]
            columns = {
                title: _as_text(record.column(index), missing) for title, index in zip(headers, kept, strict=True)
            }
            shapes = _wkb(record.column(record.schema.names.index(geometry))) if geometry else None
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


def _wkb(column: pa.Array) -> Any:
    try:
        return shapely.from_wkb(column.to_numpy(zero_copy_only=False))
    except shapely.errors.GEOSException as error:
        raise BadInput(
            f"A geometry is not WKB: {str(error)[:100]}.", mend="Write geometries as WKB (GeoParquet)."
        ) from error


def _as_text(column: pa.Array, missing: pa.Array) -> pa.Array:
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


def open_xlsx(path: Path, *, limits: Limits, hints: Hints) -> Opened:
    """Return one sheet of the workbook (``layer``, else the first), opened; its first filled row is the header."""
    zip_names(path, limits=limits)
    _check_extent(path, limits=limits)
    try:
        workbook = python_calamine.load_workbook(str(path))
        names = workbook.sheet_names
        if hints.layer and hints.layer not in names:
            raise BadInput(
                f"There is no sheet {hints.layer!r}.", where="layer", mend=f"Sheets: {', '.join(names)[:200]}."
            )
        if not names:
            raise BadInput("The workbook has no sheet.", mend="Send a workbook with a table.")
        table = workbook.get_sheet_by_name(hints.layer or names[0]).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"The workbook cannot be read: {str(error)[:200]}.", mend="Save it again as .xlsx, or as CSV."
        ) from error
    start = next((at for at, row in enumerate(table) if any(cell != "" for cell in row)), None)
    if start is None or start + 1 >= len(table):
        raise BadInput("The sheet has no rows.", where=repr(hints.layer or names[0]), mend="Send a header and rows.")
    headers, notes = unique_headers([_excel_text(cell) or "" for cell in table[start]])
    if len(names) > 1 and not hints.layer:
        notes = (*notes, f"The workbook has {len(names)} sheets; {names[0]!r} is read. Set layer to choose another.")
    missing = {"", *hints.missing}
    return Opened(
        format="xlsx",
        headers=tuple(headers),
        batches=lambda: _sheet_batches(table, start, headers, missing),
        texts=frozenset(
            name
            for index, name in enumerate(headers)
            if all(isinstance(row[index], str) for row in table[start + 1 :])
            and any(row[index] for row in table[start + 1 :])
        ),
        notes=notes,
    )


def _check_extent(path: Path, *, limits: Limits) -> None:
    """Refuse a sheet whose used corner is far larger than its cells: readers allocate the whole rectangle."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.file_size > limits.in_memory:
                raise TooLarge("A sheet is too large to be read.", where=info.filename[:100], mend="Send it as CSV.")
            if not (info.filename.startswith("xl/worksheets/") and info.filename.endswith(".xml")):
                continue
            rows = columns = 0
            with archive.open(info) as stream:
                tail = b""
                while chunk := stream.read(1 << 20):
                    for letters, digits in _CELL_REF.findall(tail + chunk):
                        rows, columns = max(rows, int(digits)), max(columns, _column_number(letters))
                    tail = chunk[-32:]
            if rows * columns > _CELLS_MAX:
                raise TooLarge(
                    f"The sheet spans {rows} rows x {columns} columns.",
                    where=info.filename[:100],
                    mend="Send it as CSV.",
                )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheet_batches(table: list[list[Any]], start: int, headers: list[str], missing: set[str]) -> Iterator[Batch]:
    first = start + 1
    for at in range(first, len(table), BATCH_ROWS):
        numbered = [
            (number, row)
            for number, row in enumerate(table[at : at + BATCH_ROWS], start=at + 1)
            if any(c != "" for c in row)
        ]
        texts = [[_excel_text(cell) for cell in row] for _, row in numbered]
        cells = {
            name: [None if row[index] is None or row[index] in missing else row[index] for row in texts]
            for index, name in enumerate(headers)
        }
        yield Batch(np.array([number for number, _ in numbered], np.int64), text_batch(cells))


def _excel_text(cell: Any) -> str | None:
    """Return a cell as text: whole numbers without ``.0``, moments and dates in ISO 8601."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
