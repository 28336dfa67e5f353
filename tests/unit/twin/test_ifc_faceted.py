"""A surface model of many faces with holes becomes triangles of the same area where it stands, holes left open."""

from typing import Any

import ifcopenshell
import numpy as np
import pytest

from lifang.twin.reading.ifc.faceted import Facets

SQUARES, SIDE_MM = 500, 10.0


def square(model: ifcopenshell.file, x: float, y: float, side: float, kind: str, onwards: bool = True) -> Any:
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
    points = [model.create_entity("IfcCartesianPoint", (*map(float, each), 7.0)) for each in corners]
    return model.create_entity(kind, model.create_entity("IfcPolyLoop", points), onwards)


@pytest.fixture(scope="module")
def model() -> ifcopenshell.file:
    """Return a model of squares in millimetres and one with a hole, whose bounds do not stand in their order."""
    model = ifcopenshell.file(schema="IFC2X3")
    bounds = [[square(model, SIDE_MM * n, 0, SIDE_MM, "IfcFaceOuterBound")] for n in range(SQUARES)]
    hole = square(model, 30, 230, 40, "IfcFaceBound", onwards=False)
    bounds.append([hole, square(model, 0, 200, 100, "IfcFaceOuterBound")])
    faces = [model.create_entity("IfcFace", each) for each in bounds]
    shell = model.create_entity("IfcConnectedFaceSet", faces)
    items = [model.create_entity("IfcFaceBasedSurfaceModel", [shell])]
    shape = model.create_entity("IfcShapeRepresentation", None, "Body", "SurfaceModel", items)
    origin = model.create_entity("IfcAxis2Placement3D", model.create_entity("IfcCartesianPoint", (0.0, 0.0, 0.0)))
    target = model.create_entity(
        "IfcCartesianTransformationOperator3D",
        LocalOrigin=model.create_entity("IfcCartesianPoint", (1_000.0, 0.0, 0.0)),
        Scale=2.0,
    )
    source = model.create_entity("IfcRepresentationMap", origin, shape)
    mapped = model.create_entity("IfcMappedItem", source, target)
    for items_of in ([mapped], items):
        body = model.create_entity("IfcShapeRepresentation", None, "Body", "MappedRepresentation", items_of)
        whole = model.create_entity("IfcProductDefinitionShape", None, None, [body])
        model.create_entity("IfcFurnishingElement", ifcopenshell.guid.new(), Representation=whole)
    return model


def test_its_area_and_place_are_those_that_it_was_given(model: ifcopenshell.file) -> None:
    facets = Facets(0.001)
    for each, scale, x in zip(model.by_type("IfcFurnishingElement"), (2.0, 1.0), (1.0, 0.0), strict=True):
        vertex, triangle = facets.of(each) or pytest.fail("It has faces with holes.")
        corner = vertex[triangle]
        doubled = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        area = (SQUARES * SIDE_MM**2 + 100**2 - 40**2) * 1e-6 * scale**2
        assert np.linalg.norm(doubled, axis=1).sum() / 2 == pytest.approx(area, rel=1e-9)
        assert (doubled[:, 2] > 0).all()
        assert vertex.min(axis=0) == pytest.approx([x, 0.0, 0.007 * scale])
        assert vertex.max(axis=0) == pytest.approx([x + 5.0 * scale, 0.3 * scale, 0.007 * scale])
        assert facets.of(each) is facets.of(each)
