"""Outlines with attributes as a GeoPackage (OGC 12-128r19), by GDAL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray


def write_geopackage(path: Path, layer: str, outline: NDArray[np.object_], table: Mapping[str, Sequence[Any]]) -> None:
    """Write outlines in degrees on WGS 84 as multipolygons, with one column each of ``table``.

    A column is of numbers if all its values are, else of texts; ``None`` where there is no value.
    """
    shapes = shapely.to_wkb([shapely.MultiPolygon(list(shapely.get_parts(each))) for each in outline])
    pyogrio.raw.write(
        path,
        shapes,
        [_column(values) for values in table.values()],
        list(table),
        layer=layer,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
    )


def _column(values: Sequence[Any]) -> NDArray[Any]:
    kinds = {type(each) for each in values}
    if kinds == {bool}:
        return np.array(values, dtype=bool)
    if kinds == {int}:
        return np.array(values, dtype=np.int64)
    if kinds <= {int, float, type(None)} and kinds != {type(None)}:
        return np.array([np.nan if each is None else each for each in values], dtype=np.float64)
    return np.array([None if each is None else str(each) for each in values], dtype=object)
