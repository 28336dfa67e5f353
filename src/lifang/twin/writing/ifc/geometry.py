"""Shapes of objects as representations of IFC 4: extruded footprints, faces of points, curves and clouds of points.

Source: ISO 16739-1:2018, IfcExtrudedAreaSolid, IfcTriangulatedFaceSet, IfcPolygonalFaceSet, IfcIndexedPolyCurve,
IfcCartesianPointList3D, IfcShapeRepresentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ifcopenshell
import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from lifang.core import from_wgs84
from lifang.twin.model import THIN

_SCALE_M = 1e-6  # coordinates are written to the micrometre
_SOLIDS = ("Solid", "CompositeSolid", "MultiSolid")
_CORNERS = 4  # of a triangle's closed ring

Floats = NDArray[np.float64]


class Shapes:
    """Makes shapes in one model, in metres of the projected system ``crs`` from ``origin`` (easting, northing) on.

    ``contexts`` are those of representations, by the identifier of these.
    """

    def __init__(self, model: ifcopenshell.file, contexts: Mapping[str, Any], crs: str, origin: Floats) -> None:
        self._model, self._contexts, self._crs, self._origin = model, contexts, crs, origin
        self._styles: dict[tuple[str, float], Any] = {}

    def placed(self, shape: dict[str, Any]) -> tuple[Floats, Any]:
        """Return the corner at which a shape of the store stands, in metres, and its representation from there."""
        whole = shapely.from_wkb(shape["wkb"])
        flat = shape["kind"] == "footprint"
        local = shapely.transform(whole, self._metres, include_z=not flat)
        corner = np.floor(
            [*local.bounds[:2], shape["base_m"] if flat else shapely.get_coordinates(local, True)[:, 2].min()]
        )
        away = np.array([*corner[:2], 0.0]) if flat else corner
        moved = shapely.transform(local, lambda at: np.round(at - away[: at.shape[1]], 6), include_z=not flat)
        if flat:
            base, tall = shape["base_m"] - corner[2], shape["top_m"] - shape["base_m"]
            items = [self._extruded(each, base, tall) for each in shapely.get_parts(moved)]
            return corner, self._shown(items, "Body", "SweptSolid")
        if shape["kind"] in THIN:
            return corner, self._thin(moved)
        return corner, self._shown(self._styled(moved, shape), "Body", "Tessellation")

    def _thin(self, whole: shapely.Geometry) -> Any:
        """Return points as a cloud, or lines as curves."""
        make = self._model.create_entity
        runs = [whole] if whole.geom_type == "MultiPoint" else list(whole.geoms)
        lists = [make("IfcCartesianPointList3D", shapely.get_coordinates(each, True).tolist()) for each in runs]
        if whole.geom_type == "MultiPoint":
            return self._shown(lists, "SurveyPoints", "PointCloud")
        return self._shown([make("IfcIndexedPolyCurve", each) for each in lists], "Axis", "Curve3D")

    def _styled(self, surfaces: shapely.MultiPolygon, shape: dict[str, Any]) -> list[Any]:
        """Return the faces of a shape, those of each style by themselves."""
        told, parts = orjson.loads(shape["detail"] or "{}"), shapely.get_parts(surfaces)
        runs = told.get("faces") or [(told.get("colour"), len(parts), 1.0)]
        closed, start, items = shape["kind"] in _SOLIDS and len(runs) == 1, 0, []
        for colour, count, opacity in runs:
            items.append(self._faces(parts[start : start + count], closed=closed))
            start += count
            if colour:
                self._model.create_entity("IfcStyledItem", items[-1], [self._style(colour, 1.0 - opacity)])
        return items

    def placement(self, corner: Floats) -> Any:
        """Return the placement of an object whose shape stands at ``corner``."""
        return self._model.create_entity("IfcLocalPlacement", None, self._axes(corner))

    def _metres(self, at: Floats) -> Floats:
        x, y = from_wgs84(at[:, 0], at[:, 1], crs=self._crs)
        return np.column_stack((x - self._origin[0], y - self._origin[1], *at.T[2:]))

    def _shown(self, items: list[Any], what: str, kind: str) -> Any:
        shown = self._model.create_entity("IfcShapeRepresentation", self._contexts[what], what, kind, items)
        return self._model.create_entity("IfcProductDefinitionShape", None, None, [shown])

    def _style(self, colour: str, clear: float) -> Any:
        if (colour, clear) not in self._styles:
            make = self._model.create_entity
            rgb = make("IfcColourRgb", None, *(each / 255 for each in bytes.fromhex(colour[1:])))
            shading = make("IfcSurfaceStyleShading", rgb, round(clear, 3) or None)
            self._styles[colour, clear] = make("IfcSurfaceStyle", colour, "BOTH", [shading])
        return self._styles[colour, clear]

    def _axes(self, corner: Floats) -> Any:
        point = self._model.create_entity("IfcCartesianPoint", [float(each) for each in corner])
        return self._model.create_entity("IfcAxis2Placement3D", point)

    def _extruded(self, polygon: shapely.Polygon, base: float, tall: float) -> Any:
        outer, *holes = (self._ring(ring) for ring in (polygon.exterior, *polygon.interiors))
        make = self._model.create_entity
        kind = "IfcArbitraryProfileDefWithVoids" if holes else "IfcArbitraryClosedProfileDef"
        profile = make(kind, "AREA", None, outer, *([holes] if holes else []))
        up = make("IfcDirection", [0.0, 0.0, 1.0])
        return make("IfcExtrudedAreaSolid", profile, self._axes(np.array([0.0, 0.0, base])), up, float(tall))

    def _ring(self, ring: shapely.LinearRing) -> Any:
        points = [
            self._model.create_entity("IfcCartesianPoint", at) for at in shapely.get_coordinates(ring)[:-1].tolist()
        ]
        return self._model.create_entity("IfcPolyline", [*points, points[0]])

    def _faces(self, surfaces: NDArray[np.object_], *, closed: bool) -> Any:
        rings, of_part = shapely.get_rings(surfaces, return_index=True)
        coordinates, of_ring = shapely.get_coordinates(rings, include_z=True, return_index=True)
        grid, number = np.unique(np.rint(coordinates / _SCALE_M), axis=0, return_inverse=True)
        make = self._model.create_entity
        points = make("IfcCartesianPointList3D", np.round(grid * _SCALE_M, 6).tolist())
        corners = np.split(number.reshape(-1) + 1, np.flatnonzero(np.diff(of_ring)) + 1)
        loops = [each[:-1].tolist() for each in corners]
        if len(rings) == len(np.unique(of_part)) and all(len(each) == _CORNERS for each in corners):
            return make("IfcTriangulatedFaceSet", points, None, closed or None, loops)
        faces = []
        for part in np.split(np.arange(len(rings)), np.flatnonzero(np.diff(of_part)) + 1):
            outer, *holes = (loops[each] for each in part.tolist())
            kind = "IfcIndexedPolygonalFaceWithVoids" if holes else "IfcIndexedPolygonalFace"
            faces.append(make(kind, outer, *([holes] if holes else [])))
        return make("IfcPolygonalFaceSet", points, closed or None, faces)
