"""Features written as GeoJSON, one text a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.catalogue.export import plain_rows, shapes_of
from lifang.catalogue.features.question import GEOMETRY
from lifang.core import NotFound, format_instant

Move = Callable[[NDArray[np.float64]], NDArray[np.float64]]  # positions on WGS 84 in two or three columns, elsewhere
_SEPARATOR = ","


@dataclass(frozen=True)
class Form:
    """How features are written: in the house's coordinates or moved, as GeoJSON or as JSON-FG (OGC 21-045).

    JSON-FG tells in ``time`` what stands in the column ``time``, and in ``place`` a geometry that was moved.
    """

    move: Move | None = None
    fg: bool = False
    time: str | None = None


def written(table: pa.Table, key: Sequence[str], form: Form) -> list[bytes]:
    """Return each row of ``table`` (with ``_row``) as a feature in ``form``."""
    found: list[bytes] = []
    for batch in table.to_batches(max_chunksize=10_000):
        properties = plain_rows(batch.drop_columns(["_row"]), geometry=False)
        ids = ids_of(batch, key)
        places = [_in_place(shape, form) for shape in _shapes(batch, form.move)]
        found += [
            b'{"type":"Feature","id":%b,%b%b,"properties":%b}'
            % (orjson.dumps(id_), _when(row, form), place, orjson.dumps(row))
            for id_, place, row in zip(ids, places, properties, strict=True)
        ]
    return found


def _in_place(shape: str | None, form: Form) -> bytes:
    told = b"null" if shape is None else shape.encode()
    if not form.fg:
        return b'"geometry":%b' % told
    return b'"geometry":null,"place":%b' % told if form.move else b'"geometry":%b,"place":null' % told


def _when(row: Mapping[str, Any], form: Form) -> bytes:
    if not form.fg:
        return b""
    value = row.get(form.time) if form.time else None
    if value is None:
        return b'"time":null,'
    return b'"time":%b,' % orjson.dumps({"date" if len(value) <= 10 else "timestamp": value})


def ids_of(batch: pa.RecordBatch | pa.Table, key: Sequence[str]) -> list[int | str]:
    """Return the id of each row: its key as it is; of several columns their texts; without a key its place, from 1."""
    if not key:
        return [place + 1 for place in batch.column(batch.schema.names.index("_row")).to_pylist()]
    columns = [batch.column(batch.schema.names.index(name)).to_pylist() for name in key]
    if len(columns) == 1:
        return [value if isinstance(value, int | str) else _text(value) for value in columns[0]]
    return [_SEPARATOR.join(quote(_text(value), safe="") for value in row) for row in zip(*columns, strict=True)]


def parts_of(feature_id: str, key: Sequence[str]) -> list[str]:
    """Return the texts of the key's columns in an id; ``NotFound`` if there are not as many."""
    parts = [feature_id] if len(key) < 2 else [unquote(part) for part in feature_id.split(_SEPARATOR)]
    if len(parts) != max(1, len(key)):
        raise NotFound(f"There is no feature {feature_id[:80]!r}.", mend="List them: GET /ogc/collections/{id}/items.")
    return parts


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return format_instant(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _shapes(batch: pa.RecordBatch, move: Move | None) -> Sequence[str | None]:
    if GEOMETRY not in batch.schema.names:
        return [None] * batch.num_rows
    shapes = shapes_of(batch.column(batch.schema.names.index(GEOMETRY)))
    if move is not None:
        shapes = moved(shapes, move)
    texts: Sequence[str | None] = shapely.to_geojson(shapes)
    return texts


def moved(shapes: NDArray[np.object_], move: Move) -> NDArray[np.object_]:
    """Return the shapes with every position moved, heights as they are."""
    result = shapes.copy()
    solid = shapely.has_z(shapes)
    for these, deep in ((~solid, False), (solid, True)):
        if these.any():
            result[these] = shapely.transform(shapes[these], move, include_z=deep)
    return result
