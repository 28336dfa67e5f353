"""What is written is read back as it was: by our reader, and by GDAL."""

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lifang.core import BadInput, Box
from lifang.guard import Classification
from lifang.twin import CityObject, ModelFile, read_cityjson, read_outlines
from lifang.twin.shapes import Frame, prism, triangulate
from lifang.twin.writing import CityJson, metric_crs, write_geopackage

BLOCK = [(0, 0), (20, 0), (20, 10), (0, 10)]
LON, LAT = 104.06, 30.66


def shell(first: int) -> list[list[list[int]]]:
    faces = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    return [[[first + corner for corner in face]] for face in faces]


def document() -> bytes:
    """Return a building of two parts, one of two solids, one of these with a void; with semantics and attributes."""
    vertices = [[x + shift, y, z] for shift in (0, 30, 60) for z in (0, 9) for x, y in BLOCK]
    vertices += [[x / 4 + 65, 8 - y / 2, z / 3 + 1] for z in (0, 9) for x, y in BLOCK]  # a void in the last
    semantics = {
        "surfaces": [{"type": "GroundSurface"}, {"type": "RoofSurface", "slope": 3.5}, {"type": "WallSurface"}],
        "values": [[0, 1, 2, 2, 2, 2]],
    }
    objects = {
        "house": {"type": "Building", "attributes": {"name": "大厦", "floors": 3, "tags": ["a", {"b": None}]},
                  "children": ["east", "west"]},
        "east": {"type": "BuildingPart", "parents": ["house"], "attributes": {"old": True},
                 "address": [{"Country": "中国", "Locality": "成都"}], "geometry": [
            {"type": "Solid", "lod": "2", "boundaries": [shell(0)], "semantics": semantics},
            {"type": "MultiSurface", "lod": "0", "boundaries": [[[0, 3, 2, 1]]]}]},
        "west": {"type": "BuildingPart", "parents": ["house"], "attributes": {}, "geometry": [
            {"type": "MultiSolid", "lod": "1.2", "boundaries": [[shell(8)], [shell(16), shell(24)]]}]},
    }  # fmt: skip
    return json.dumps({
        "type": "CityJSON", "version": "2.0",
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4544"},
        "transform": {"scale": [1, 1, 1], "translate": [410_000, 3_394_000, 500]},
        "CityObjects": objects, "vertices": vertices,
    }).encode()  # fmt: skip


def objects_of(found: ModelFile) -> list[CityObject]:
    same = {"model": "m", "stage": "operation", "classification": Classification.OPEN.value}
    times = {"valid_from": 0, "valid_to": 1, "recorded_from": 0}
    return [CityObject.from_row({**row, **same, **times}) for row in found.rows.to_pylist()]


def whole_box(found: Sequence[CityObject]) -> Box:
    return Box(
        min(each.box.west for each in found), min(each.box.south for each in found),
        max(each.box.east for each in found), max(each.box.north for each in found),
    )  # fmt: skip


def written(found: Sequence[CityObject], form: str, crs: str = "") -> bytes:
    target = CityJson(crs or metric_crs(whole_box(found)), whole_box(found), "m")
    return b"".join((target.document if form == "cityjson" else target.sequence)(iter([list(found)])))


@pytest.mark.parametrize("form", ["cityjson", "cityjsonseq"])
@pytest.mark.parametrize("crs", ["", "EPSG:4544"])
def test_a_round_trip_keeps_ids_families_properties_and_geometry(form: str, crs: str) -> None:
    before = objects_of(read_cityjson(document(), prefix="m"))
    found = read_cityjson(written(before, form, crs), prefix="m")
    assert not found.faults
    after = {each.id: each for each in objects_of(found)}
    assert sorted(after) == ["m:east", "m:house", "m:west"]
    for each in before:
        same = after[each.id]
        assert (same.kind, same.name, same.parent, same.level) == (each.kind, each.name, each.parent, each.level)
        assert same.properties == each.properties
        assert len(same.shapes) == len(each.shapes)
        for one, other in zip(each.shapes, same.shapes, strict=True):
            assert (one.lod, one.kind, one.detail) == (other.lod, other.kind, other.detail)
            here, there = (
                shapely.get_coordinates(shapely.from_wkb(shape.wkb), include_z=True) for shape in (one, other)
            )
            assert np.abs(here - there).max(axis=0) == pytest.approx([0, 0, 0], abs=1.1e-3)
            assert np.abs(here - there)[:, :2].max() < 2e-8  # degrees: 2 mm


def test_parts_are_told_in_both_directions() -> None:
    body = json.loads(written(objects_of(read_cityjson(document(), prefix="m")), "cityjson"))
    assert body["CityObjects"]["house"]["children"] == ["east", "west"]
    assert body["CityObjects"]["west"]["parents"] == ["house"]
    assert body["CityObjects"]["east"]["address"] == [{"Country": "中国", "Locality": "成都"}]
    assert body["CityObjects"]["east"]["attributes"] == {"old": True}
    assert [len(solid) for solid in body["CityObjects"]["west"]["geometry"][0]["boundaries"]] == [1, 2]


def outlines() -> ModelFile:
    yard = shapely.box(LON, LAT, LON + 4e-4, LAT + 4e-4).difference(
        shapely.box(LON + 1e-4, LAT + 1e-4, LON + 3e-4, LAT + 3e-4)
    )
    rows = pa.table({"geometry": [shapely.to_wkb(yard)], "code": ["y"], "floors": [4], "title": ["院"]})
    return read_outlines(rows, prefix="m", key="code", height="floors", metres_each=3.0, name="title")


def test_an_outline_becomes_a_closed_solid_with_its_yard() -> None:
    found = read_cityjson(written(objects_of(outlines()), "cityjson"), prefix="m")
    (solid,) = objects_of(found)
    assert (solid.id, solid.name, solid.top_m) == ("m:y", "院", 12.0)
    assert solid.properties["floors"] == 4
    surfaces = shapely.from_wkb(solid.shapes[0].wkb)
    mesh = triangulate(np.array([surfaces], dtype=object), Frame(LON, LAT))
    corners = mesh.position[mesh.triangle]
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    edge = np.ptp(mesh.position[:, 0]) * np.ptp(mesh.position[:, 1])
    assert volume == pytest.approx(edge * (1 - 0.25) * 12, rel=1e-4)  # of millimetres


def test_faces_of_a_prism_meet_in_opposite_directions() -> None:
    faces = prism(shapely.Polygon([(0, 0), (0, 3), (4, 0)]), 1.0, 6.0)
    edges = [
        (tuple(a), tuple(b))
        for face in faces
        for ring in [shapely.get_coordinates(face, include_z=True).tolist()]
        for a, b in pairwise(ring)
    ]
    assert sorted(edges) == sorted((b, a) for a, b in edges)


def test_gdal_reads_the_geopackage(tmp_path: Path) -> None:
    path = tmp_path / "m.gpkg"
    shapes = np.array([shapely.box(0, 0, 1, 1), shapely.multipolygons([shapely.box(2, 2, 3, 3)])], dtype=object)
    table: dict[str, list[Any]] = {"id": ["楼", "b"], "top_m": [3.5, None], "floors": [1, 2], "note": [None, "x"]}
    write_geopackage(path, "m", shapes, table)
    script = (
        "import json,sys,pyogrio; m,_,g,f=pyogrio.raw.read(sys.argv[1]);"
        "print(json.dumps([m['crs'], dict(zip(m['fields'].tolist(), [c.tolist() for c in f])), [x.hex() for x in g]]))"
    )
    told = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    crs, fields, geometry = json.loads(told.stdout)
    assert crs == "EPSG:4326"
    assert fields["id"] == ["楼", "b"]
    assert fields["floors"] == [1, 2]
    assert fields["note"] == [None, "x"]
    assert fields["top_m"][0] == 3.5
    assert [shapely.from_wkb(bytes.fromhex(each)).area for each in geometry] == [1.0, 1.0]


def test_a_zone_is_that_of_the_place() -> None:
    assert metric_crs(Box(104.0, 30.6, 104.1, 30.7)) == "EPSG:32648"  # Chengdu: 48 north
    assert metric_crs(Box(151.2, -33.9, 151.3, -33.8)) == "EPSG:32756"  # Sydney: 56 south


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(BadInput):
        read_cityjson(written(objects_of(outlines()), "cityjson").replace(b"EPSG/0/32648", b"EPSG/0/1"), prefix="m")
