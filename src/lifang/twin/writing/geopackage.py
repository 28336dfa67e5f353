"""Outlines with attributes as a GeoPackage (OGC 12-128r19), by GDAL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray

# By the dimension of outlines: the ending of their layer's name, what they become, and the layer's type.
_LAYERS: Mapping[int, tuple[str, Callable[[list[Any]], Any], str]] = {
    2: ("", shapely.MultiPolygon, "MultiPolygon"),
    1: ("_lines", shapely.MultiLineString, "MultiLineString Z"),
    0: ("_points", shapely.MultiPoint, "MultiPoint Z"),
}


def write_geopackage(path: Path, layer: str, outline: NDArray[np.object_], table: Mapping[str, Sequence[Any]]) -> None:
    """Write outlines in degrees on WGS 84, with one column each of ``table``: a layer for each type there is.

    Multipolygons are in ``layer``, lines and points, with their heights, in two that are named after it. A column is of
    numbers if all its values are, else of texts; ``None`` where there is no value.
    """
    kind = shapely.get_dimensions(outline)
    for dimension, (ending, many, form) in _LAYERS.items():
        some = np.flatnonzero(kind == dimension)
        if not len(some):
            continue
        shapes = shapely.to_wkb([many(list(shapely.get_parts(each))) for each in outline[some]])
        columns = [_column([values[at] for at in some.tolist()]) for values in table.values()]
        words = {"layer": f"{layer}{ending}", "driver": "GPKG", "geometry_type": form, "crs": "EPSG:4326"}
        pyogrio.raw.write(path, shapes, columns, list(table), **words)


def _column(values: Sequence[Any]) -> NDArray[Any]:
    kinds = {type(each) for each in values}
    if kinds == {bool}:
        return np.array(values, dtype=bool)
    if kinds == {int}:
        return np.array(values, dtype=np.int64)
    if kinds <= {int, float, type(None)} and kinds != {type(None)}:
        return np.array([np.nan if each is None else each for each in values], dtype=np.float64)
    return np.array([None if each is None else str(each) for each in values], dtype=object)
