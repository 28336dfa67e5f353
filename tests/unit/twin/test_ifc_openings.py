"""Openings cut what they meet; a surface that none of its openings comes near is whole."""

from typing import Any

import ifcopenshell
import ifcopenshell.guid
import numpy as np
import pytest

from lifang.twin.reading.ifc.meshes import solids, untouched
from lifang.twin.reading.ifc.openings import cut_plainly

SIDE_M = 2.0
CORNERS = [(x, y, z) for x in (0.0, SIDE_M) for y in (0.0, SIDE_M) for z in (0.0, SIDE_M)]
FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4)]  # of a box without its top


def bored(shape: Any, *, east_m: float, around: bool = False) -> ifcopenshell.file:
    """Return a model of what ``shape`` makes in it, with a hole 1 m wide and high whose middle is so far in the east.

    ``around`` bores along a circle.
    """
    model = ifcopenshell.file(schema="IFC4")
    make = model.create_entity
    origin = make("IfcAxis2Placement3D", make("IfcCartesianPoint", (0.0, 0.0, 0.0)))
    context = make("IfcGeometricRepresentationContext", None, "Model", 3, 1e-5, origin)
    units = make("IfcUnitAssignment", [make("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE")])
    make("IfcProject", ifcopenshell.guid.new(), RepresentationContexts=[context], UnitsInContext=units)
    flat = ("IfcCircleProfileDef", 0.5) if around else ("IfcRectangleProfileDef", 1.0, 1.0)
    profile = make(flat[0], "AREA", None, None, *flat[1:])
    at = make("IfcAxis2Placement3D", make("IfcCartesianPoint", (east_m, 1.0, 0.5)))
    hole = make("IfcExtrudedAreaSolid", profile, at, make("IfcDirection", (0.0, 0.0, 1.0)), 1.0)
    here = make("IfcLocalPlacement", None, origin)
    found = []
    for kind, item in (("IfcFurnishingElement", shape(make)), ("IfcOpeningElement", hole)):
        shown = make("IfcShapeRepresentation", context, "Body", None, [item])
        body = make("IfcProductDefinitionShape", None, None, [shown])
        found.append(make(kind, ifcopenshell.guid.new(), ObjectPlacement=here, Representation=body))
    make("IfcRelVoidsElement", ifcopenshell.guid.new(), None, None, None, *found)
    return model


def surface(make: Any) -> Any:
    """Return a box without its top."""
    points = [make("IfcCartesianPoint", each) for each in CORNERS]
    loops = [make("IfcPolyLoop", [points[each] for each in face]) for face in FACES]
    faces = [make("IfcFace", [make("IfcFaceOuterBound", each, True)]) for each in loops]
    return make("IfcFaceBasedSurfaceModel", [make("IfcConnectedFaceSet", faces)])


def wall(make: Any) -> Any:
    """Return 4 m of a wall that is as thick as the hole and stands where it begins."""
    profile = make("IfcRectangleProfileDef", "AREA", None, None, 4.0, 1.0)
    at = make("IfcAxis2Placement3D", make("IfcCartesianPoint", (0.0, 1.0, 0.5)))
    return make("IfcExtrudedAreaSolid", profile, at, make("IfcDirection", (0.0, 0.0, 1.0)), 3.0)


@pytest.mark.parametrize(
    ("east_m", "area_m2", "whole"),
    [(10.0, 5 * SIDE_M**2, True), (0.0, 5 * SIDE_M**2 - 1.0 + 3.0, False)],  # the kernel lines what it cuts
)
def test_an_opening_cuts_a_surface_only_where_it_meets_it(east_m: float, area_m2: float, whole: bool) -> None:
    model = bored(surface, east_m=east_m)
    products = model.by_type("IfcFurnishingElement")
    assert len(list(untouched(model, products))) == whole
    (solid,) = solids(model, products)
    corner = solid.vertex[solid.triangle]
    doubled = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    assert np.linalg.norm(doubled, axis=1).sum() / 2 == pytest.approx(area_m2)


@pytest.mark.parametrize("east_m", [0.3, 1.5])
def test_a_wall_is_cut_to_the_volume_that_is_left_without_slivers(east_m: float) -> None:
    model = bored(wall, east_m=east_m)
    (product,) = model.by_type("IfcFurnishingElement")
    assert cut_plainly(product)
    round_one = bored(wall, east_m=east_m, around=True)
    assert not cut_plainly(round_one.by_type("IfcFurnishingElement")[0])
    (solid,) = solids(model, [product])
    assert solid.is_closed()
    assert solid.volume_m3() == pytest.approx(4 * 1 * 3 - 1, abs=5e-4)
    corner = solid.vertex[solid.triangle]
    doubled = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    assert doubled.min() > 1e-3
