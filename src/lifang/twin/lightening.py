"""Objects with fewer corners that lie nowhere farther than is said from what they are (轻量化), whatever the format.

Outlines keep some of their corners (Douglas and Peucker 1973), and only where each boundary lies within a buffer of the
other, as do lines in space; surfaces become triangles as :func:`lighten` says, and what it leaves alone stays a
polygon. So every corner is one that was there. A shape that does not get lighter, as points do not, or a solid that
would not stay closed, stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.twin.model import THIN
from lifang.twin.nesting import nested, spread_out
from lifang.twin.shapes import Frame, corners_kept, lighten, triangulate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_SOLIDS = ("Solid", "MultiSolid", "CompositeSolid")
_SURE = 0.999  # of the distance: metres of a local frame are taken for metres


def lightened(rows: pa.Table, most_m: float) -> pa.Table:
    """Return rows of objects whose shapes lie nowhere farther than ``most_m`` metres from what they were.

    Ids, properties and what faces are and are coloured stay.
    """
    lists = rows["geometry"].combine_chunks()
    shapes = lists.flatten().to_pylist()
    if not shapes:
        return rows
    whole = np.asarray(shapely.from_wkb([each["wkb"] for each in shapes]), dtype=object)
    west, south, east, north = shapely.total_bounds(whole)
    frame = Frame((west + east) / 2, (south + north) / 2)
    upright = np.array([each["kind"] == "footprint" for each in shapes])
    thin = np.array([each["kind"] in THIN for each in shapes])
    for which, lighter in ((upright, _outlines), (thin, _lines), (~upright & ~thin, _surfaces)):
        if len(some := np.flatnonzero(which)):
            for at, made in zip(
                some, lighter(whole[some], [shapes[each] for each in some], frame, most_m), strict=True
            ):
                shapes[at] = made
    values = pa.array(shapes, lists.type.value_type)
    offsets = np.concatenate(([0], np.cumsum(lists.value_lengths().fill_null(0).to_numpy())))
    column = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values).cast(lists.type)
    return rows.set_column(rows.column_names.index("geometry"), rows.schema.field("geometry"), column)


def _outlines(
    whole: NDArray[np.object_], shapes: Sequence[dict[str, Any]], frame: Frame, most_m: float
) -> list[dict[str, Any]]:
    flat = frame.flat(whole)
    made = shapely.simplify(flat, most_m * _SURE)
    lighter = shapely.get_num_coordinates(made) < shapely.get_num_coordinates(flat)
    same = shapely.get_num_geometries(made) == shapely.get_num_geometries(flat)
    good = lighter & same & shapely.is_valid(made)
    found = list(shapes)
    for at in np.flatnonzero(good).tolist():
        if _near(flat[at], made[at], most_m):
            degrees = dict(zip(_keys(flat[at]), shapely.get_coordinates(whole[at]).tolist(), strict=True))
            moved = shapely.set_coordinates(made[at], [degrees[each] for each in _keys(made[at])])
            found[at] = {**shapes[at], "wkb": shapely.to_wkb(moved)}
    return found


def _lines(
    whole: NDArray[np.object_], shapes: Sequence[dict[str, Any]], frame: Frame, most_m: float
) -> list[dict[str, Any]]:
    """Return shapes of lines with fewer corners; points stay as they are."""
    found = list(shapes)
    for at, shape in enumerate(whole):
        if shape.geom_type != "MultiLineString":
            continue
        corners = [shapely.get_coordinates(each, include_z=True) for each in shape.geoms]
        left = [each[corners_kept(frame.local(*each.T), most_m * _SURE)] for each in corners]
        if sum(map(len, left)) < sum(map(len, corners)):
            made = shapely.multilinestrings([shapely.linestrings(each) for each in left])
            height = np.concatenate(left)[:, 2]
            reach = {"base_m": float(height.min()), "top_m": float(height.max())}
            found[at] = {**shapes[at], **reach, "wkb": shapely.to_wkb(made, output_dimension=3)}
    return found


def _near(one: Any, other: Any, most_m: float) -> bool:
    """Return whether each of two boundaries lies within a buffer of the other: it is one of corners, so it is less."""
    edges = shapely.boundary(one), shapely.boundary(other)
    return all(shapely.covers(shapely.buffer(a, most_m), b) for a, b in (edges, edges[::-1]))


def _keys(shape: Any) -> list[tuple[float, ...]]:
    return list(map(tuple, shapely.get_coordinates(shape).tolist()))


@dataclass(frozen=True)
class _Lighter:
    """The triangles left of many surfaces, by the number of their polygon: ``corner`` (n, 3, 3) in degrees and metres.

    ``whole`` says of each polygon whether it is as it was.
    """

    corner: Floats
    polygon: Ints
    whole: NDArray[np.bool_]

    @classmethod
    def of(cls, surfaces: NDArray[np.object_], frame: Frame, most_m: float) -> _Lighter:
        count = int(shapely.get_num_geometries(surfaces).sum())
        number = np.arange(count, dtype="<u4").view(np.uint8).reshape(-1, 4)  # each polygon's number for its colour
        mesh = triangulate(surfaces, frame, number)
        told = np.ascontiguousarray(mesh.tint).view("<u4").ravel().astype(np.int64)
        before, was = mesh.position[mesh.triangle], told[mesh.triangle[:, 0]]
        light = lighten(mesh, most_m * _SURE)
        after = light.mesh.position[light.mesh.triangle]
        order = np.argsort(was[light.kept], kind="stable")
        after, kept = after[order], light.kept[order]
        polygon = was[kept]
        stays = (before[kept] == after).all(axis=(1, 2))
        whole = np.bincount(polygon[stays], minlength=count) == np.bincount(was, minlength=count)
        return cls(_standing(mesh.position, surfaces, after), polygon, np.asarray(whole))


def _standing(position: Floats, surfaces: NDArray[np.object_], corner: Floats) -> Floats:
    """Return the degrees and metres of corners each of which stands at a ``position`` of the ``surfaces``."""
    rings = shapely.get_rings(shapely.get_parts(surfaces))
    ends = np.cumsum(shapely.get_num_coordinates(rings)) - 1
    degrees = np.delete(shapely.get_coordinates(rings, include_z=True), ends, axis=0)
    known, wanted = (np.ascontiguousarray(each.reshape(-1, 3)).view("V24").ravel() for each in (position, corner))
    _, first, number = np.unique(np.concatenate((known, wanted)), return_index=True, return_inverse=True)
    return np.asarray(degrees[first[number.ravel()[len(known) :]]].reshape(-1, 3, 3))


def _surfaces(
    whole: NDArray[np.object_], shapes: Sequence[dict[str, Any]], frame: Frame, most_m: float
) -> list[dict[str, Any]]:
    light = _Lighter.of(whole, frame, most_m)
    found, end = [], 0
    for shape, all_of_it in zip(shapes, whole, strict=True):
        polygons = shapely.get_parts(all_of_it)
        start, end = end, end + len(polygons)
        low, high = np.searchsorted(light.polygon, [start, end])
        stays, own = light.whole[start:end], light.polygon[low:high] - start
        cut = light.corner[low:high][~stays[own]]
        of = np.concatenate((np.flatnonzero(stays), own[~stays[own]]))
        order = np.argsort(of, kind="stable")
        triangles = shapely.polygons(cut[:, [0, 1, 2, 0]]) if len(cut) else np.empty(0, object)
        made = np.concatenate((polygons[stays], triangles))[order]
        lighter = shapely.get_num_coordinates(made).sum() < shapely.get_num_coordinates(polygons).sum()
        closed = shape["kind"] not in _SOLIDS or not _is_closed(polygons) or _is_closed(made)
        found.append(_remade(shape, made, of[order]) if lighter and closed else shape)
    return found


def _is_closed(polygons: NDArray[np.object_]) -> bool:
    """Return whether every edge is walked as often one way as the other."""
    rings = shapely.get_rings(polygons)
    at, ring = shapely.get_coordinates(rings, include_z=True, return_index=True)
    _, number = np.unique(at, axis=0, return_inverse=True)
    follows = np.flatnonzero(np.diff(ring) == 0)
    start, end = number.ravel()[follows], number.ravel()[follows + 1]
    way = np.where(start < end, 1, -1)
    walked = np.minimum(start, end) * len(at) + np.maximum(start, end)
    return not np.bincount(np.unique(walked, return_inverse=True)[1].ravel(), weights=way).any()


def _remade(shape: dict[str, Any], polygons: NDArray[np.object_], of: Ints) -> dict[str, Any]:
    """Return a shape made of other polygons; ``of`` (n,) tells which of its own each is a piece of."""
    whole = shapely.multipolygons(polygons)
    height = shapely.get_coordinates(whole, include_z=True)[:, 2]
    told: dict[str, Any] = orjson.loads(shape["detail"] or "{}")
    told.pop("texture", None)  # a piece of a surface has no place on its image
    said, values = told.get("semantics") or {}, list[Any]()
    if said.get("values"):
        values = spread_out(shape["kind"], said["values"], told["shells"], told.get("solids") or ())
    if told.get("shells"):
        shell = np.repeat(np.arange(len(told["shells"])), told["shells"])[of]
        told["shells"] = np.bincount(shell, minlength=len(told["shells"])).tolist()
    if told.get("faces"):
        styles = [(colour, opacity) for colour, count, opacity in told["faces"] for _ in range(count)]
        runs = groupby(styles[each] for each in of.tolist())
        told["faces"] = [(*style[:1], len(list(same)), *style[1:]) for style, same in runs]
    if values:
        pieces = [values[each] for each in of.tolist()]
        shells = told.get("shells") or [len(of)]
        solids = told.get("solids") or [1] * len(shells)
        told["semantics"] = {**said, "values": nested(shape["kind"], pieces, shells, solids)}
    return {
        **shape,
        "wkb": shapely.to_wkb(whole, output_dimension=3),
        "base_m": float(height.min()),
        "top_m": float(height.max()),
        "detail": orjson.dumps(told).decode() if told else None,
    }
