"""What is written is read back as it was: by our reader, and by GDAL."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
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
    families = iter([list(found)])
    return b"".join(target.document(families) if form == "cityjson" else target.sequence(families, (0.0, 0.0)))


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


@pytest.mark.parametrize("form", ["cityjson", "cityjsonseq"])
def test_an_address_keeps_its_points_and_an_attribute_of_that_name_harms_nothing(form: str) -> None:
    told = json.loads(document())
    place = {"type": "MultiPoint", "lod": "1", "boundaries": [5, 0]}
    told["CityObjects"]["east"]["address"] = [{"Country": "中国"}, {"Country": "x", "location": place}]
    own = [{"location": {"coordinates": "here"}}, {"location": 3}, {"location": {"coordinates": [[1, 2]]}}]
    told["CityObjects"]["west"]["attributes"]["address"] = own
    before = objects_of(read_cityjson(json.dumps(told).encode(), prefix="m"))
    content = written(before, form, "EPSG:4544")
    lines = [json.loads(each) for each in content.splitlines()]
    body, transform = lines[-1], lines[0]["transform"]
    assert body["CityObjects"]["west"]["address"] == own
    plain, placed = body["CityObjects"]["east"]["address"]
    assert plain == {"Country": "中国"}
    assert (placed["location"]["type"], placed["location"]["lod"]) == ("MultiPoint", "1")
    numbers = placed["location"]["boundaries"]
    at = np.array(body["vertices"])[numbers] * transform["scale"] + transform["translate"]
    assert at == pytest.approx(np.array([(410_020, 3_394_000, 509), (410_000, 3_394_000, 500)]), abs=1.1e-3)


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


RED, CLEAR = ["#ff0000", 3, 1.0], ["#0080ff", 2, 0.25]


@pytest.mark.parametrize("form", ["cityjson", "cityjsonseq"])
def test_colours_of_faces_are_materials_that_are_read_back(form: str) -> None:
    before = objects_of(read_cityjson(document(), prefix="m"))
    (west,), (house,) = ([each for each in before if each.id == name] for name in ("m:west", "m:house"))
    (solid,), count = west.shapes, shapely.get_num_geometries(shapely.from_wkb(west.shapes[0].wkb))
    faces = [RED, CLEAR, ["", count - 5, 1.0]]
    told = {**solid.detail, "colour": "#ff0000", "faces": faces}
    plain = [replace(each, detail={**each.detail, "colour": "#102030"}) for each in house.shapes]
    painted = [replace(west, shapes=(replace(solid, detail=told),)), replace(house, shapes=tuple(plain))]
    others = [each for each in before if each.id not in ("m:west", "m:house")]
    text = written([*others, *painted], form)
    after = {each.id: each for each in objects_of(read_cityjson(text, prefix="m"))}
    assert after["m:west"].shapes[0].detail == told
    assert [each.detail for each in after["m:house"].shapes] == [each.detail for each in plain]
    assert all("colour" not in shape.detail for each in others for shape in after[each.id].shapes)
    body = json.loads(text.splitlines()[-1])
    materials = body["appearance"]["materials"]
    assert {"name": "#0080ff 0.25", "diffuseColor": [0.0, 0.501961, 1.0], "transparency": 0.75} in materials
    values = body["CityObjects"]["west"]["geometry"][0]["material"]["visual"]["values"]
    assert [[len(shell) for shell in own] for own in values] == [
        [len(shell) for shell in own] for own in body["CityObjects"]["west"]["geometry"][0]["boundaries"]
    ]


def test_a_material_that_there_is_not_leaves_the_surface_uncoloured_and_is_told() -> None:
    body = json.loads(document())
    body["CityObjects"]["west"]["geometry"][0]["material"] = {"any": {"value": 7}}
    found = read_cityjson(json.dumps(body).encode(), prefix="m")
    assert [(each.object, each.rule, each.severity) for each in found.faults] == [("m:west", "appearance", "warning")]
    assert len(found.rows) == 3


def test_what_the_grid_makes_a_line_is_left_out_and_what_has_no_shape_says_where_it_lies() -> None:
    before = objects_of(read_cityjson(document(), prefix="m"))
    (west,) = (each for each in before if each.id == "m:west")
    (solid,) = west.shapes
    parts = list(shapely.get_parts(shapely.from_wkb(solid.wkb)))
    corner = shapely.get_coordinates(parts[0], include_z=True)[0]
    sliver = shapely.Polygon(corner + np.array([[0, 0, 0], [0, 0, 2e-4], [0, 0, 4e-4]]))
    faces = [RED, ["#00ff00", 1, 1.0], ["", len(parts) - 3, 1.0]]
    wkb = shapely.to_wkb(shapely.multipolygons([*parts[:3], sliver, *parts[3:]]), output_dimension=3)
    thin = replace(solid, kind="MultiSurface", wkb=wkb, detail={"faces": faces, "shells": [len(parts) + 1]})
    system = replace(west, id="m:system", parent="", shapes=())
    text = written([replace(west, id="m:thin", parent="", shapes=(thin,)), system], "cityjson")
    found = read_cityjson(text, prefix="m")
    assert not found.faults
    after = {each.id: each for each in objects_of(found)}
    assert after["m:thin"].shapes[0].detail["shells"] == [len(parts)]
    assert after["m:thin"].shapes[0].detail["faces"] == [RED, ["", len(parts) - 3, 1.0]]
    here, there = system.box, after["m:system"].box
    assert there.west <= here.west <= there.west + 1e-5  # its axes are those of the projected system
    assert there.north - 1e-5 <= here.north <= there.north
    assert (system.bottom_m, system.top_m) == pytest.approx((after["m:system"].bottom_m, after["m:system"].top_m))
