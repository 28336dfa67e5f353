"""Rows written as CSV, GeoJSON, JSON, Parquet or Arrow, a batch at a time, so that memory stays small.

CSV is neutral: a text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection), and
so does one that looks as if it had got one. To read back, take an apostrophe from each text with one or more of them
before ``=``, ``+``, ``-``, ``@`` (in full width too), a tab or an end of line.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import shapely

from lifang.catalogue.export.sink import Sink
from lifang.core import BadInput

_FORMULA = "^'*[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20]"  # the last four are the signs in full width
_QUOTED = frozenset(',"\r\n\t')
_SIDES = ("_xmin", "_ymin", "_xmax", "_ymax")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_SECOND = 1_000_000
_GEOMETRY = "geometry"
_GEOPARQUET = orjson.dumps(  # GeoParquet 1.1.0; without a crs it is OGC:CRS84
    {
        "version": "1.1.0",
        "primary_column": _GEOMETRY,
        "columns": {_GEOMETRY: {"encoding": "WKB", "geometry_types": []}},
    }
)
_FIRST, _END = -62_135_596_800 * _SECOND, 253_402_300_800 * _SECOND  # the years 1 to 9999


def shown_columns(schema: pa.Schema) -> list[str]:
    """Return the columns that are a dataset's own, without the bounds kept beside them."""
    return [name for name in schema.names if name not in _SIDES]


def as_text(column: Any, name: str) -> Any:
    """Return a column as text: geometry as WKT, moments as ISO 8601 in UTC, bytes in hexadecimal, the rest as JSON."""
    if name == _GEOMETRY and _is_binary(column.type):
        return pa.array(shapely.to_wkt(shapes_of(column), rounding_precision=9), pa.string())
    return _as_text(column)


def _csv(reader: pa.RecordBatchReader, delimiter: str = ",") -> Iterator[bytes]:
    names = shown_columns(reader.schema)
    schema = pa.schema([(name, _csv_type(reader.schema.field(name).type)) for name in names])
    sink = io.BytesIO()
    sink.write(delimiter.join(_quoted(neutral(name)) for name in names).encode() + b"\n")
    options = pa_csv.WriteOptions(include_header=False, delimiter=delimiter)
    with pa_csv.CSVWriter(sink, schema, write_options=options) as writer:
        for batch in reader:
            columns = [_csv_column(batch.column(batch.schema.names.index(name)), name) for name in names]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
            yield _drain(sink)
    yield _drain(sink)


def neutral(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula."""
    return f"'{text}" if re.match(_FORMULA, text) else text


def csv_cell(text: str) -> str:
    """Return a text as a cell of CSV, neutral, in quotes where it needs them (RFC 4180)."""
    told = neutral(text)
    return _quoted(told) if set(told) & _QUOTED else told


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _csv_type(kind: Any) -> Any:
    plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return kind if plain else pa.string()


def _csv_column(column: Any, name: str) -> Any:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        text = pc.cast(column, pa.string())
        risky = pc.match_substring_regex(text, pattern=_FORMULA)
        if not pc.any(risky).as_py():
            return text
        return pc.if_else(risky, pc.binary_join_element_wise("'", text, ""), text)
    return column if _csv_type(column.type) == column.type else as_text(column, name)


def _as_text(column: Any) -> Any:
    if pa.types.is_timestamp(column.type):
        return _moments(column)
    if _is_binary(column.type):
        return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())
    if pa.types.is_nested(column.type):
        return pa.array(
            [None if v is None else orjson.dumps(v, default=str).decode() for v in column.to_pylist()], pa.string()
        )
    return pc.cast(column, pa.string())


def _moments(column: Any) -> Any:
    """Return moments as ISO 8601 in UTC, with microseconds only where there are any."""
    zone = "UTC" if column.type.tz else None
    column = pc.cast(column, pa.timestamp("us", tz=zone), safe=False)
    ticks = column.cast(pa.int64()).drop_null().to_numpy()
    if not np.any(ticks % _SECOND):
        column = pc.cast(column, pa.timestamp("s", tz=zone))
    if len(ticks) and not _FIRST <= ticks.min() <= ticks.max() < _END:
        return pc.strftime(column, format=_MOMENT if zone else _MOMENT.removesuffix("Z"))
    # Without its zone, which is UTC, a moment is written forty times as fast.
    text = _with_t(pc.cast(column.view(pa.timestamp(column.type.unit)), pa.string()))
    return pc.binary_join_element_wise(text, "Z", "") if zone else text


def _with_t(text: Any) -> Any:
    """Return moments of Arrow's writing, each with a ``T`` for the space after its day, which is ten letters long."""
    _, ends, data = text.buffers()
    if data is None:
        return text
    starts = np.frombuffer(ends, np.int32)[text.offset : text.offset + len(text)]
    letters = np.frombuffer(data, np.uint8).copy()
    letters[starts[text.is_valid().to_numpy(zero_copy_only=False)] + 10] = ord("T")
    return pa.StringArray.from_buffers(
        len(text), ends, pa.py_buffer(letters), text.buffers()[0], text.null_count, text.offset
    )


def _json(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    yield b"["
    first = True
    for batch in reader:
        rows = plain_rows(batch)
        if rows:
            yield (b"" if first else b",\n") + b",\n".join(map(orjson.dumps, rows))
            first = False
    yield b"]\n"


def _geojson(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    if "geometry" not in reader.schema.names:
        raise BadInput("These rows have no geometry.", where="format geojson", mend="Export them as csv or json.")
    yield b'{"type":"FeatureCollection","features":[\n'
    first = True
    for batch in reader:
        shapes = shapes_of(batch.column(batch.schema.names.index("geometry")))
        written = shapely.to_geojson(shapes)
        features = [
            b'{"type":"Feature","geometry":%b,"properties":%b}'
            % (b"null" if shape is None else shape.encode(), orjson.dumps(row))
            for shape, row in zip(written, plain_rows(batch, geometry=False), strict=True)
        ]
        if features:
            yield (b"" if first else b",\n") + b",\n".join(features)
            first = False
    yield b"\n]}\n"


def plain_rows(batch: pa.RecordBatch, *, geometry: bool = True) -> list[dict[str, Any]]:
    """Return the rows as mappings that JSON can be made of, without the bounds of their geometry."""
    names = [name for name in batch.schema.names if name not in _SIDES and (geometry or name != "geometry")]
    columns = [_plain_column(batch.column(batch.schema.names.index(name)), name) for name in names]
    if not columns:
        return [{} for _ in range(batch.num_rows)]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain_column(column: Any, name: str) -> list[Any]:
    if name == "geometry" and _is_binary(column.type):
        return [None if text is None else orjson.Fragment(text) for text in shapely.to_geojson(shapes_of(column))]
    kind = column.type
    if pa.types.is_timestamp(kind) or _is_binary(kind) or pa.types.is_date(kind) or pa.types.is_time(kind):
        column = _as_text(column)
    values: list[Any] = column.to_pylist()
    return values


def _parquet(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    sink = Sink()
    schema = reader.schema
    if _GEOMETRY in schema.names and b"geo" not in (schema.metadata or {}):
        schema = schema.with_metadata({**(schema.metadata or {}), b"geo": _GEOPARQUET})
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            yield sink.drain()
    yield sink.drain()


def _arrow(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    sink = Sink()
    with pa.ipc.new_stream(sink, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
            yield sink.drain()
    yield sink.drain()


def _drain(sink: io.BytesIO) -> bytes:
    data = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return data


def shapes_of(column: Any) -> Any:
    """Return the shapes of a column of well-known binary."""
    return shapely.from_wkb(column.to_numpy(zero_copy_only=False))


def _is_binary(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


STREAMS: dict[str, Callable[[pa.RecordBatchReader], Iterator[bytes]]] = {
    "csv": _csv,
    "tsv": partial(_csv, delimiter="\t"),
    "geojson": _geojson,
    "json": _json,
    "parquet": _parquet,
    "arrow": _arrow,
}
