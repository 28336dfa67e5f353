"""The positions of a batch of rows on WGS 84: plain points as two arrays of numbers, any other geometry as shapes."""

from __future__ import annotations

from typing import Any, Protocol, cast

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.catalogue.checking.finding import Mask
from lifang.core import to_wgs84

Shapes = NDArray[Any]
Floats = NDArray[np.float64]

_SAME_AS_WGS84 = frozenset({"", "EPSG:4326", "OGC:CRS84"})
_POINT = 1  # the type number of a point in well-known binary (OGC 06-103r4 §8.2.8)
_POINT_BYTES = 21  # byte order, type, longitude, latitude
_KINDS = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)


class Placed(Protocol):
    """Where the rows of a batch lie; a row may have no position."""

    @property
    def missing(self) -> Mask:
        """Which rows have no position."""
        ...

    @property
    def bounds(self) -> Floats:
        """West, south, east, north of each row; NaN where it has no position."""
        ...

    def to_earth(self, crs: str) -> Placed:
        """Return positions given in ``crs`` on WGS 84, longitude first; heights are kept as they are."""
        ...

    def problems(self, checkable: Mask) -> NDArray[np.object_]:
        """Return for each row what makes its shape invalid (OGC 06-103r4 §6.1), or an empty text."""
        ...

    def wkb(self) -> pa.Array:
        """Return the rows as well-known binary."""
        ...

    def shown(self, rows: NDArray[np.int64]) -> list[str | None]:
        """Return some rows as well-known text, rounded."""
        ...

    def kinds(self, good: Mask) -> set[str]:
        """Return the kinds of geometry among the good rows, as GeoParquet 1.1 names them."""
        ...

    def sample(self, good: Mask, count: int) -> Floats:
        """Return up to ``count`` longitude, latitude pairs: vertices of the good rows, evenly taken."""
        ...


class Points:
    """Points, as longitudes and latitudes (NaN where a row has none), and which rows have none."""

    def __init__(self, lon: Floats, lat: Floats, missing: Mask) -> None:
        self._lon = lon
        self._lat = lat
        self.missing = missing
        self.bounds: Floats = np.column_stack([lon, lat, lon, lat])

    def to_earth(self, crs: str) -> Points:
        """Return the points on WGS 84."""
        if crs in _SAME_AS_WGS84:
            return self
        lon, lat = to_wgs84(self._lon.copy(), self._lat.copy(), crs=crs)
        return Points(np.where(self.missing, np.nan, lon), np.where(self.missing, np.nan, lat), self.missing)

    def problems(self, checkable: Mask) -> NDArray[np.object_]:
        """Return no problem: a point with numbers is valid."""
        return np.full(len(checkable), "", object)

    def wkb(self) -> pa.Array:
        """Return the points as well-known binary, little-endian."""
        present = ~self.missing
        raw = np.zeros((int(present.sum()), _POINT_BYTES), np.uint8)
        raw[:, 0] = raw[:, 1] = _POINT
        for start, values in ((5, self._lon), (13, self._lat)):
            raw[:, start : start + 8] = values[present].astype("<f8").view(np.uint8).reshape(-1, 8)
        offsets = np.concatenate([[0], np.cumsum(present * _POINT_BYTES)]).astype(np.int32)
        valid = None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little").tobytes())
        return pa.Array.from_buffers(pa.binary(), len(present), [valid, pa.py_buffer(offsets), pa.py_buffer(raw)])

    def shown(self, rows: NDArray[np.int64]) -> list[str | None]:
        """Return some points as text."""
        return Geometries(self._shapes(rows)).shown(np.arange(len(rows)))

    def kinds(self, good: Mask) -> set[str]:
        """Return that they are points, if any good row has one."""
        return {"Point"} if (good & ~self.missing).any() else set()

    def sample(self, good: Mask, count: int) -> Floats:
        """Return up to ``count`` of the good points."""
        present = np.flatnonzero(good & ~self.missing)
        chosen = present[:: max(1, -(-len(present) // count))]
        return np.column_stack([self._lon[chosen], self._lat[chosen]])

    def _shapes(self, rows: NDArray[np.int64]) -> Shapes:
        shapes = np.full(len(rows), None, dtype=object)
        present = ~self.missing[rows]
        shapes[present] = shapely.points(self._lon[rows][present], self._lat[rows][present])
        return shapes


class Geometries:
    """Shapes of any kind; an empty one is none."""

    def __init__(self, shapes: Shapes) -> None:
        empty = shapely.is_empty(shapes)
        if empty.any():
            shapes = shapes.copy()
            shapes[empty] = None
        self.shapes = shapes
        self.missing: Mask = np.asarray(shapely.is_missing(shapes), bool)
        self.bounds: Floats = shapely.bounds(shapes).reshape(-1, 4)

    @classmethod
    def from_wkb(cls, column: pa.ChunkedArray) -> Geometries:
        """Return the shapes of a column of well-known binary."""
        return cls(shapely.from_wkb(column.to_numpy()))

    def to_earth(self, crs: str) -> Geometries:
        """Return the shapes on WGS 84."""
        if crs in _SAME_AS_WGS84:
            return self

        def move(coordinates: Floats) -> Floats:
            lon, lat = to_wgs84(coordinates[:, 0].copy(), coordinates[:, 1].copy(), crs=crs)
            return np.column_stack([lon, lat, *coordinates.T[2:]])

        flat, solid = ~shapely.has_z(self.shapes), shapely.has_z(self.shapes)
        moved = self.shapes.copy()
        moved[flat] = shapely.transform(self.shapes[flat], move)
        moved[solid] = shapely.transform(self.shapes[solid], move, include_z=True)
        return Geometries(moved)

    def problems(self, checkable: Mask) -> NDArray[np.object_]:
        """Return what makes the shapes invalid, without the place."""
        result = np.full(len(self.shapes), "", object)
        wrong = checkable.copy()
        wrong[checkable] = ~shapely.is_valid(self.shapes[checkable])
        reasons = shapely.is_valid_reason(self.shapes[wrong])
        result[wrong] = [str(reason).split("[")[0] for reason in reasons]
        return result

    def wkb(self) -> pa.Array:
        """Return the shapes as well-known binary."""
        return pa.array(shapely.to_wkb(self.shapes), pa.binary())

    def shown(self, rows: NDArray[np.int64]) -> list[str | None]:
        """Return some shapes as text."""
        return [None if each is None else shapely.to_wkt(each, rounding_precision=6) for each in self.shapes[rows]]

    def kinds(self, good: Mask) -> set[str]:
        """Return the kinds of the good shapes; ``Z`` marks those with heights."""
        present = self.shapes[good & ~self.missing]
        pairs = {*zip(shapely.get_type_id(present).tolist(), shapely.has_z(present).tolist(), strict=True)}
        return {_KINDS[kind] + (" Z" if high else "") for kind, high in pairs}

    def sample(self, good: Mask, count: int) -> Floats:
        """Return up to ``count`` vertices of the good shapes."""
        coordinates = shapely.get_coordinates(self.shapes[good])
        return cast("Floats", coordinates[:: max(1, -(-len(coordinates) // count))])


def geometry_columns(placed: Placed) -> dict[str, Any]:
    """Return the columns a release keeps of geometry: WKB and its bounds."""
    sides = zip(("_xmin", "_ymin", "_xmax", "_ymax"), placed.bounds.T, strict=True)
    return {"geometry": placed.wkb(), **{name: pa.array(side, mask=placed.missing) for name, side in sides}}
