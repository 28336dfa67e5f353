"""Geometry to WGS 84: read from a batch, transformed, and checked against the earth, the city and its roads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from lifang.catalogue.card import Column
from lifang.catalogue.checking.convert import to_typed
from lifang.catalogue.checking.finding import Finding, Mask, as_mask, found
from lifang.catalogue.checking.placed import Geometries, Placed, Points, Shapes
from lifang.catalogue.checking.schema import Placing
from lifang.catalogue.reading import Batch
from lifang.core import BadInput, Box, gcj02_to_wgs84, to_wgs84, wgs84_to_gcj02, zone

WGS84 = "EPSG:4326"
_MEND_SWAPPED = "Swap longitude and latitude: the position is right only the other way round."
_MEND_OFF = "Longitude lies in -180 to 180, latitude in -90 to 90; declare crs for other systems."
_MEND_FAR = "The position is outside the city: correct it, declare crs, or set [geometry] extent = none."
_FIT_LEAST = 30  # positions near the reference, below which nothing is said
_FIT_BETTER = 0.5  # the other reading's median distance must be under this share of the declared one's
_FIT_NEAR_M = 60.0  # … and be near: a city block
_METRES = 111_320.0
_UTC = zone("UTC")


def read_geometry(batch: Batch, placing: Placing) -> tuple[Placed, list[Finding], Any]:
    """Return a batch's positions in its own coordinate system, what could not be read, and the texts as received."""
    if placing.kind == "native":
        return _native(batch.geometry)
    texts = [batch.columns.column(batch.columns.schema.names.index(header)) for header in placing.headers]
    if placing.kind == "wkt":
        shapes = np.asarray(
            shapely.from_wkt(texts[0].to_numpy(zero_copy_only=False), on_invalid="ignore"), dtype=object
        )
        unread = as_mask(texts[0].is_valid()) & shapely.is_missing(shapes)
        return Geometries(shapes), found(unread, "geometry", "Write WKT, for example POINT (104.07 30.66)."), texts[0]
    return _points(texts[0], texts[1])


def _native(wkb: Any) -> tuple[Placed, list[Finding], Any]:
    try:
        shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
    except NotImplementedError:  # one of them has arcs: the others are read
        shapes = np.array([_without_arcs(each) for each in wkb], dtype=object)
    unread = shapely.is_missing(shapes)
    if unread.any():
        unread &= np.array([each is not None for each in wkb], bool)
    mend = "Write shapes of straight lines as well-known binary (OGC 06-103r4)."
    return Geometries(shapes), found(unread, "geometry", mend), []


def _without_arcs(wkb: bytes | None) -> Any:
    try:
        return shapely.from_wkb(wkb, on_invalid="ignore")
    except NotImplementedError:
        return None


def _points(x_text: Any, y_text: Any) -> tuple[Placed, list[Finding], Any]:
    number = Column("position", type="number")
    x, wrong_x = to_typed(x_text, number, zone=_UTC)
    y, wrong_y = to_typed(y_text, number, zone=_UTC)
    absent = ~(as_mask(x.is_valid()) & as_mask(y.is_valid()))
    lon, lat = (np.where(absent, np.nan, each.fill_null(np.nan).to_numpy(zero_copy_only=False)) for each in (x, y))
    one = as_mask(x_text.is_valid()) ^ as_mask(y_text.is_valid())
    findings = [*wrong_x, *wrong_y, *found(one, "geometry", "Give both longitude and latitude, or neither.")]
    joined = pc.binary_join_element_wise(pc.fill_null(x_text, ""), pc.fill_null(y_text, ""), ", ") if findings else []
    return Points(lon, lat, absent), findings, joined


def place_findings(placed: Placed, extent: Box | None) -> list[Finding]:
    """Return which positions on WGS 84 are invalid, off the earth, swapped or outside ``extent`` (None: not asked)."""
    present, bounds = ~placed.missing, placed.bounds
    finite = np.isfinite(bounds).all(axis=1)
    earth = Box(-180.0, -90.0, 180.0, 90.0)
    on_earth = _touches(bounds, earth, whole=True) & finite
    inside = on_earth if extent is None else _touches(bounds, extent) & on_earth
    findings: list[Finding] = []
    if not inside[present].all():
        turned = bounds[:, [1, 0, 3, 2]]
        swapped = present & ~inside & _touches(turned, extent or earth, whole=extent is None) & finite
        off = present & ~on_earth & ~swapped
        far = present & on_earth & ~inside & ~swapped
        findings = [*found(swapped, "swapped", _MEND_SWAPPED), *found(off, "position", _MEND_OFF),
                    *found(far, "extent", _MEND_FAR)]  # fmt: skip
    problems = placed.problems(present & finite)
    for reason in sorted({*problems.tolist()} - {""}):
        mend = f"{reason}: mend the shape (for example with QGIS, Fix geometries)."
        findings += found(problems == reason, "geometry", mend)
    return findings


def _touches(bounds: NDArray[np.float64], box: Box, *, whole: bool = False) -> Mask:
    west, south, east, north = bounds.T
    if whole:
        inside = (west >= box.west) & (east <= box.east) & (south >= box.south) & (north <= box.north)
    else:
        inside = (east >= box.west) & (west <= box.east) & (north >= box.south) & (south <= box.north)
    return cast("Mask", inside)


def raw_bounds(batch: Batch, placing: Placing) -> NDArray[np.float64]:
    """Return the bounds of a batch's geometries as they stand in the file."""
    return read_geometry(batch, placing)[0].bounds


def guess_crs(bounds: NDArray[np.float64], box: Box) -> str:
    """Return the coordinate system that values beyond degrees are in, judged by which one lands in the city.

    Tried: the CGCS2000 3-degree zones and UTM zone of the city's middle, and web Mercator. ``BadInput`` if none fits.
    """
    lon = (box.west + box.east) / 2
    meridian = round(lon / 3) * 3
    index = (meridian - 75) // 3
    zones = [f"EPSG:{4534 + index}", f"EPSG:{4513 + index}"] if 75 <= meridian <= 135 else []
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    known = np.isfinite(x) & np.isfinite(y)
    for crs in [*zones, f"EPSG:{32601 + int((lon + 180) // 6)}", "EPSG:3857"]:
        there_lon, there_lat = to_wgs84(x[known], y[known], crs=crs)
        if box.contains(there_lon, there_lat).mean() > 0.9:
            return crs
    raise BadInput(
        f"The positions are no degrees (the first is {x[known][0]:.1f}, {y[known][0]:.1f}) and no crs is declared.",
        where="geometry",
        mend='Declare crs in the card, for example crs = "EPSG:4544".',
    )


def beyond_degrees(bounds: NDArray[np.float64]) -> bool:
    """Return whether most positions cannot be degrees whichever way round they are read."""
    known = np.isfinite(bounds).all(axis=1)
    if not known.any():
        return False
    return bool((np.abs(bounds[known]).max(axis=1) > 360).mean() > 0.5)


@dataclass(frozen=True)
class Misplaced:
    """How positions fit the city's roads: median distance in metres as declared and read the other way."""

    declared_m: float
    other_m: float
    other: str
    positions: int

    @property
    def suspicious(self) -> bool:
        """Whether the other reading fits markedly better."""
        return self.other_m < _FIT_BETTER * self.declared_m and self.other_m < _FIT_NEAR_M

    def __str__(self) -> str:
        return (
            f"{self.positions} positions lie {self.declared_m:.0f} m from the city's roads as declared, "
            f"and {self.other_m:.0f} m when read as {self.other} (medians)."
        )


def position_fit(lon: NDArray[np.float64], lat: NDArray[np.float64], roads: Shapes, *, crs: str) -> Misplaced | None:
    """Return how WGS 84 positions (from ``crs``) fit the roads, beside the reading with or without the GCJ-02 offset.

    Only positions within the roads' bounds count; ``None`` if there are too few to say.
    """
    if crs == "GCJ-02":
        other, (other_lon, other_lat) = WGS84, wgs84_to_gcj02(lon, lat)
    else:
        other, (other_lon, other_lat) = "GCJ-02", gcj02_to_wgs84(lon, lat)
    west, south, east, north = shapely.total_bounds(roads)
    box = Box(west, south, east, north)
    within = box.contains(lon, lat) & box.contains(other_lon, other_lat)
    if within.sum() < _FIT_LEAST:
        return None
    scale = np.array([_METRES * np.cos(np.radians((south + north) / 2)), _METRES])
    tree = shapely.STRtree(shapely.transform(roads, lambda coordinates: coordinates * scale))
    declared_m, other_m = (
        float(np.median(_nearest(tree, np.column_stack([x[within], y[within]]) * scale)))
        for x, y in ((lon, lat), (other_lon, other_lat))
    )
    return Misplaced(declared_m, other_m, other, int(within.sum()))


def _nearest(tree: Any, metres: NDArray[np.float64]) -> NDArray[np.float64]:
    _, distances = tree.query_nearest(shapely.points(metres), all_matches=False, return_distance=True)
    return cast("NDArray[np.float64]", distances)
