"""Where a model itself says that it stands, or why that cannot be believed.

Sources: ISO 16739-1:2024 (IFC 4.3) IfcMapConversion, IfcProjectedCRS, IfcSite.RefLatitude; for IFC 2x3 the property
sets ePSet_MapConversion and ePSet_ProjectedCRS of buildingSMART's user guide for geo-referencing in IFC.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import ifcopenshell
import numpy as np
from ifcopenshell.util.element import get_psets
from ifcopenshell.util.geolocation import get_helmert_transformation_parameters
from ifcopenshell.util.unit import calculate_unit_scale, get_unit_scale

from lifang.core import BadInput, check_crs, distance_m
from lifang.twin.reading.ifc.placement import Placement, unit_of

_SCALE_TOLERANCE = 0.005  # a scale factor of a projection and of a height differs from one by less
_FOREIGN_M = 20_000.0  # RefLatitude is often that of the next town, and means nothing then
_JUMP_M = 20_000.0
_MEND = "Give a placement file: crs, position, height_m, rotation_deg."


@dataclass(frozen=True)
class Reference:
    """Longitude and latitude that the site itself states, in degrees."""

    lon: float
    lat: float

    def __str__(self) -> str:
        return f"{self.lat:.4f} N {self.lon:.4f} E"


def placement_of(model: ifcopenshell.file) -> Placement:
    """Return where the model's map conversion puts it; ``BadInput`` if there is none, or if it cannot be believed."""
    told = get_helmert_transformation_parameters(model)
    reference = site_reference(model)
    if told is None:
        hint = f" The site's RefLatitude and RefLongitude ({reference}) are no place to build on." if reference else ""
        raise BadInput(
            f"The model does not say where it stands: it has no IfcMapConversion.{hint}",
            where="IfcMapConversion",
            mend=_MEND,
        )
    if told.e == 0 and told.n == 0:
        raise BadInput("Eastings and Northings are 0: nobody filled them in.", where="IfcMapConversion", mend=_MEND)
    crs, map_unit_m = _target(model)
    project_unit_m = calculate_unit_scale(model)
    want = project_unit_m / map_unit_m
    for name, factor in (("X", told.factor_x), ("Y", told.factor_y), ("Z", told.factor_z)):
        if abs(told.scale * factor / want - 1) > _SCALE_TOLERANCE:
            raise BadInput(
                f"Scale {told.scale * factor:g} of {name} does not fit: the project's unit of {project_unit_m:g} m and"
                f" the map's of {map_unit_m:g} m ask for {want:g}. The model would land kilometres away.",
                where="IfcMapConversion.Scale",
                mend=f"Write Scale {want:g}, or give a placement file.",
            )
    turn = math.degrees(math.atan2(told.xao, told.xaa))
    per_metre = told.scale / project_unit_m  # the kernel gives metres
    scale = (per_metre * told.factor_x, per_metre * told.factor_y, per_metre * told.factor_z * map_unit_m)
    found = Placement(crs, told.e, told.n, told.h * map_unit_m, turn, scale=scale)
    found.check()
    if reference is not None:
        _same_place(found, reference)
    return found


def site_reference(model: ifcopenshell.file) -> Reference | None:
    """Return what the first site that says so names as its latitude and longitude."""
    for site in model.by_type("IfcSite"):
        if site.RefLatitude and site.RefLongitude:
            return Reference(_degrees(site.RefLongitude), _degrees(site.RefLatitude))
    return None


def refuse_jumps(guids: list[str], centres: np.ndarray[Any, np.dtype[np.float64]], placement: Placement) -> None:
    """Raise ``BadInput`` if the model, or one of its objects, lies kilometres from its own origin or from the others.

    ``centres`` (n, 3) are metres in the model.
    """
    middle = np.median(centres, axis=0)
    away = np.hypot(*(centres - middle)[:, :2].T)
    usual = float(np.median(away))
    farthest = int(away.argmax())
    if away[farthest] > max(_JUMP_M, 20 * usual):
        raise BadInput(
            f"{guids[farthest]} lies {away[farthest] / 1000:,.1f} km from the rest of the model.",
            where=guids[farthest],
            mend="Correct its placement or its unit and export the model again.",
        )
    apart = math.hypot(*(middle - placement.origin)[:2])
    if apart > _JUMP_M:
        raise BadInput(
            f"The model lies {apart / 1000:,.1f} km from its own origin: its coordinates look like map"
            " coordinates, and would be moved by as much once more.",
            where="placement.origin",
            mend=f"Give a placement file with origin = [{middle[0]:.3f}, {middle[1]:.3f}, {middle[2]:.3f}], the point"
            " that stands at its position.",
        )


def _same_place(found: Placement, reference: Reference) -> None:
    lon, lat, _ = found.to_wgs84(np.array([found.origin]))[0]
    apart = float(distance_m(np.array(lon), np.array(lat), np.array(reference.lon), np.array(reference.lat)))
    if apart > _FOREIGN_M:
        raise BadInput(
            f"IfcMapConversion puts the model at {lat:.4f} N {lon:.4f} E, the site's RefLatitude at {reference}:"
            f" {apart / 1000:,.0f} km away. One of them is wrong.",
            where="IfcSite.RefLatitude",
            mend="Correct the wrong one, or give a placement file: it decides.",
        )


def _target(model: ifcopenshell.file) -> tuple[str, float]:
    """Return the coordinate system of the map and its unit in metres."""
    if model.schema == "IFC2X3":
        told = get_psets(model.by_type("IfcProject")[0]).get("ePSet_ProjectedCRS", {})
        name, unit_m = str(told.get("Name") or ""), 1.0
    else:
        target = model.by_type("IfcCoordinateOperation")[0].TargetCRS
        name = str(target.Name or "")
        unit = getattr(target, "MapUnit", None)
        unit_m = get_unit_scale(unit) if unit else 0.0
    code = re.search(r"\d{4,6}", name)
    if not code:
        raise BadInput(f"{name[:60]!r} names no EPSG code.", where="IfcProjectedCRS.Name", mend=_MEND)
    crs = check_crs(f"EPSG:{code[0]}")
    return crs, unit_m or unit_of(crs)


def _degrees(parts: tuple[int, ...]) -> float:
    """Return degrees of IfcCompoundPlaneAngleMeasure: degrees, minutes, seconds, millionths of them, of one sign."""
    return sum(part / by for part, by in zip(parts, (1, 60, 3600, 3600e6), strict=False))
