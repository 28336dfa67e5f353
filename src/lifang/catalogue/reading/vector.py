"""GeoPackage and shapefile as batches, in the process apart, through GDAL with only those two drivers let in.

Circular arcs become chords of 2 degrees, which lie within 0.00016 of the radius: 3 mm where it is 20 m.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
from numpy.typing import NDArray

from lifang.catalogue.reading.model import SHAPE_ROWS, Batch, Hints, Opened, text_batch, unique_headers
from lifang.core import BadInput, check_crs

_DRIVERS = {"GPKG": "gpkg", "ESRI Shapefile": "shapefile"}
_DBF_SAMPLE = 4 << 20
_CURVED = frozenset({7, 8, 9, 10, 11, 12, 13, 14})  # codes of WKB (ISO 13249-3): a collection, which may hold curves
_ARCS = {"OGR_ARC_STEPSIZE": "2"}  # degrees
_SHAPEFILE_MAGIC = b"\x00\x00\x27\x0a"


def open_vector(path: Path, *, hints: Hints) -> Opened:
    """Return the GeoPackage or shapefile at ``path``, opened: the layer named, else the first; geometry is WKB."""
    if path.suffix.lower() == ".shp":
        with path.open("rb") as stream:
            if stream.read(4) != _SHAPEFILE_MAGIC:
                raise BadInput("The .shp file is not a shapefile.", where=path.name, mend="Export the layer again.")
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        layer = hints.layer or (layers[0] if layers else "")
        if layer not in layers:
            raise BadInput(f"There is no layer {layer!r}.", where="layer", mend=f"Layers: {', '.join(layers)[:200]}.")
        if path.suffix == ".gpkg":
            _refuse_view(path, layer)
        encoding = hints.encoding or _dbf_encoding(path)
        info = pyogrio.read_info(path, layer=layer, encoding=encoding or None, force_feature_count=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, OSError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"The layer cannot be read: {str(error)[:200]}.", mend="Export it again.") from error
    if info["driver"] not in _DRIVERS:
        raise BadInput(f"{info['driver']} files are not read.", mend="Send GeoPackage or a zipped shapefile.")
    if not info["features"]:
        raise BadInput("The layer has no features.", where=layer, mend="Send at least one feature.")
    headers, notes = unique_headers([str(name) for name in info["fields"]])
    if len(layers) > 1 and not hints.layer:
        notes = (*notes, f"The file has {len(layers)} layers; {layer!r} is read. Set layer to choose another.")
    missing = {"", *hints.missing}
    return Opened(
        format=_DRIVERS[info["driver"]],
        headers=tuple(headers),
        batches=lambda: _batches(path, layer, encoding=encoding, headers=headers, missing=missing),
        encoding=encoding or str(info.get("encoding") or ""),
        crs=check_crs(str(info["crs"])) if info["crs"] else "",
        has_geometry=info["geometry_type"] is not None,
        texts=frozenset(name for name, kind in zip(headers, info["dtypes"], strict=True) if str(kind) == "object"),
        notes=notes,
    )


def _refuse_view(path: Path, layer: str) -> None:
    """Refuse a layer that is a query or a virtual table (stored on no page): it may have rows without end."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
    tables = pyogrio.read_arrow(path, sql=query, read_geometry=False)[1]
    if layer not in tables.column("name").to_pylist():
        raise BadInput("The layer is a view or virtual, not a table.", where=layer, mend="Export its rows as a table.")


def _dbf_encoding(path: Path) -> str:
    """Return the encoding of a shapefile that does not state one (no .cpg): UTF-8 or GB18030, if its texts read so."""
    table = path.with_suffix(".dbf")
    if path.suffix.lower() != ".shp" or not table.exists() or path.with_suffix(".cpg").exists():
        return ""
    with table.open("rb") as stream:
        head = stream.read(12)
        stream.seek(int.from_bytes(head[8:10], "little"))
        sample = stream.read(_DBF_SAMPLE)
    if sample.isascii():
        return ""
    for encoding in ("UTF-8", "GB18030"):
        try:
            codecs.getincrementaldecoder(encoding)("strict").decode(sample)
        except UnicodeDecodeError:
            continue
        return encoding
    return ""


def _batches(path: Path, layer: str, *, encoding: str, headers: list[str], missing: set[str]) -> Iterator[Batch]:
    row = 1
    absent = pa.array(sorted(missing), pa.string())
    try:
        with pyogrio.open_arrow(
            path, layer=layer, encoding=encoding or None, batch_size=SHAPE_ROWS, use_pyarrow=True, return_fids=True
        ) as (meta, reader):
            name = meta["geometry_name"] or "wkb_geometry"
            for numbered in reader:
                record = numbered.select(range(1, numbered.num_columns))
                batch = _batch(record, name, row=row, headers=headers, absent=absent)
                if batch.geometry is not None:
                    _straighten(batch.geometry, numbered.column(0).to_numpy(), path, layer)
                yield batch
                row += record.num_rows
    except (pyogrio.errors.DataSourceError, pa.ArrowException, UnicodeDecodeError, OSError, RuntimeError) as error:
        raise BadInput(
            f"The layer cannot be read: {str(error)[:200]}.",
            where=f"after row {row - 1}",
            mend="Export it again as UTF-8.",
        ) from error


def _batch(record: pa.RecordBatch, name: str, *, row: int, headers: list[str], absent: pa.Array) -> Batch:
    fields = [index for index, field in enumerate(record.schema.names) if field != name]
    columns = {title: _text(record.column(index), absent) for title, index in zip(headers, fields, strict=True)}
    geometry: Any = None
    if name in record.schema.names:
        geometry = record.column(record.schema.names.index(name)).to_numpy(zero_copy_only=False)
    return Batch(np.arange(row, row + record.num_rows, dtype=np.int64), text_batch(columns), geometry)


def _straighten(shapes: NDArray[Any], numbers: NDArray[np.int64], path: Path, layer: str) -> None:
    """Put shapes of straight lines in place of those with arcs, by the numbers of their features."""
    codes = [0 if each is None else int.from_bytes(each[1:5], "little" if each[0] else "big") for each in shapes]
    curved = np.flatnonzero([(code & 0xFFFF) % 1000 in _CURVED for code in codes])
    if len(curved):
        pyogrio.set_gdal_config_options(_ARCS)
        shapes[curved] = pyogrio.raw.read(path, layer=layer, columns=[], fids=numbers[curved])[2]


def _text(column: pa.Array, absent: pa.Array) -> pa.Array:
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())
    text = pc.cast(column, pa.string())
    return pc.if_else(pc.is_in(text, value_set=absent), pa.scalar(None, pa.string()), text)
