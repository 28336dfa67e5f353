"""Rows as a GeoPackage (OGC 12-128r19): one layer, degrees of WGS 84, longitude first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyogrio

from lifang.catalogue.export.streams import as_text, shown_columns
from lifang.core import BadInput

_GEOMETRY = "geometry"
_LAYER = "rows"
_FID = "_fid"  # the layer's own numbers, so that a column that is called fid stays one


def geopackage(reader: pa.RecordBatchReader) -> IO[bytes]:
    """Return the open file of a GeoPackage with the layer ``rows``; ``BadInput`` if the rows have no geometry."""
    if _GEOMETRY not in reader.schema.names:
        raise BadInput("These rows have no geometry.", where="format gpkg", mend="Take csv, xlsx or parquet.")
    names = shown_columns(reader.schema)
    schema = pa.schema([(name, _kind(reader.schema.field(name).type, name)) for name in names])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.gpkg"
        pyogrio.write_arrow(
            pa.RecordBatchReader.from_batches(schema, _batches(reader, schema)),
            path,
            layer=_LAYER,
            driver="GPKG",
            geometry_name=_GEOMETRY,
            geometry_type="Unknown",
            crs="EPSG:4326",
            layer_options={"FID": _FID, "GEOMETRY_NAME": _GEOMETRY},
        )
        return path.open("rb")  # its bytes stay while it is open


def _batches(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        columns = [_column(batch.column(batch.schema.names.index(each.name)), each) for each in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _kind(kind: Any, name: str) -> Any:
    """Return the type that a layer has for a column's: text where it has none."""
    if name == _GEOMETRY:
        return pa.binary()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("ms", tz="UTC" if kind.tz else None)
    if pa.types.is_integer(kind):
        return pa.int64() if not pa.types.is_uint64(kind) else pa.string()
    plain = pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_date(kind)
    return kind if plain else pa.string()


def _column(column: Any, field: Any) -> Any:
    if field.name == _GEOMETRY or column.type == field.type:
        return column
    if pa.types.is_string(field.type):
        return pc.cast(as_text(column, field.name), pa.string())
    return pc.cast(column, field.type, safe=False)
