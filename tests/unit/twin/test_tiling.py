"""Tiles are what 3D Tiles 1.1 and glTF 2.0 say: read back by the words of the standards, not by our own code."""

import json
import struct
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lifang.twin.shapes import ecef
from lifang.twin.tiling import Cell, Pyramid, Solids, Surfaces, content, keys, subtree, tileset

LON, LAT = 104.06, 30.66
NONE = Surfaces(np.empty(0, dtype=object), pa.table({"id": pa.array([], pa.string())}))


def solids(count: int) -> Solids:
    lon = LON + np.arange(count) % 100 * 1e-5
    lat = LAT + np.arange(count) // 100 * 1e-5
    boxes = shapely.box(lon, lat, lon + 8e-6, lat + 8e-6)
    ids = [f"楼{number}" for number in range(count)]
    return Solids(boxes, np.zeros(count), np.full(count, 30.0), pa.table({"id": ids, "height_m": np.full(count, 30.0)}))


def parsed(glb: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the JSON and the binary chunk (glTF 2.0, 4.4)."""
    magic, version, length = struct.unpack_from("<4sII", glb)
    assert (magic, version, length) == (b"glTF", 2, len(glb))
    size, kind = struct.unpack_from("<I4s", glb, 12)
    assert kind == b"JSON"
    binary, other = struct.unpack_from("<I4s", glb, 20 + size)
    assert other == b"BIN\0"
    return json.loads(glb[20 : 20 + size]), glb[28 + size : 28 + size + binary]


def positions(document: dict[str, Any], binary: bytes, primitive: dict[str, Any]) -> Any:
    accessor = document["accessors"][primitive["attributes"]["POSITION"]]
    view = document["bufferViews"][accessor["bufferView"]]
    raw = np.frombuffer(binary, np.uint8)[view["byteOffset"] :][: view["byteLength"]].reshape(-1, view["byteStride"])
    return np.ascontiguousarray(raw[:, :12]).view("<f4").astype(float)


def test_a_vertex_stands_on_the_earth_where_its_building_does() -> None:
    box = Cell.of_key(int(keys(np.array([LON]), np.array([LAT]), np.array([20.0]))[0])).box
    document, binary = parsed(content((solids(1), NONE), box))
    local = positions(document, binary, document["meshes"][0]["primitives"][0])
    matrix = np.array(document["nodes"][0]["matrix"]).reshape(4, 4).T
    turned = np.column_stack((local, np.ones(len(local)))) @ matrix.T
    there = np.column_stack((turned[:, 0], -turned[:, 2], turned[:, 1]))  # y-up to z-up
    want = ecef(np.array([LON]), np.array([LAT]), np.array([30.0]))[0]
    assert np.linalg.norm(there - want, axis=1).min() < 1e-3


def test_every_vertex_names_its_building_and_the_table_its_properties() -> None:
    document, binary = parsed(content((solids(5), NONE), Cell(15, 51749, 21971).box))
    metadata = document["extensions"]["EXT_structural_metadata"]
    assert metadata["propertyTables"][0]["count"] == 5
    column = metadata["propertyTables"][0]["properties"]["id"]
    offsets, values = (document["bufferViews"][column[name]] for name in ("stringOffsets", "values"))
    at = np.frombuffer(binary, "<u4", 6, offsets["byteOffset"])
    text = binary[values["byteOffset"] :]
    assert [text[a:b].decode() for a, b in pairwise(at)] == [f"楼{n}" for n in range(5)]
    features = document["meshes"][0]["primitives"][0]["extensions"]["EXT_mesh_features"]["featureIds"]
    assert features == [{"featureCount": 5, "attribute": 0, "propertyTable": 0}]


def test_many_buildings_are_portioned_so_that_an_index_is_two_bytes() -> None:
    document, _ = parsed(content((solids(6_000), NONE), Cell(15, 51749, 21971).box))
    primitives = document["meshes"][0]["primitives"]
    counts = [document["accessors"][each["attributes"]["POSITION"]]["count"] for each in primitives]
    assert len(counts) > 1
    assert max(counts) <= 65_535
    tables = document["extensions"]["EXT_structural_metadata"]["propertyTables"]
    assert sum(table["count"] for table in tables) == 6_000


def test_small_things_lie_in_leaves_and_great_ones_nearer_the_root() -> None:
    levels = [Cell.of_key(int(key)).level for key in keys(np.full(4, LON), np.full(4, LAT), np.array([1, 60, 61, 900]))]
    assert levels == [15, 15, 14, 11]


def test_an_object_lies_inside_its_cell() -> None:
    random = np.random.default_rng(3)
    lon, lat = random.uniform(-180, 180, 500), random.uniform(-90, 90, 500)
    for key, x, y in zip(keys(lon, lat, random.uniform(1, 5000, 500)), lon, lat, strict=True):
        cell = Cell.of_key(int(key))
        assert cell.key == key
        assert cell.box.west <= x <= cell.box.east
        assert cell.box.south <= y <= cell.box.north


def available(file: bytes, part: str, index: int) -> bool:
    """Return the bit of a subtree file (3D Tiles 1.1, 7.6.6)."""
    magic, version, size, _ = struct.unpack_from("<4sIQQ", file)
    assert (magic, version) == (b"subt", 1)
    document = json.loads(file[24 : 24 + size])
    found = document[part][0] if part == "contentAvailability" else document[part]
    if "constant" in found:
        return bool(found["constant"])
    view = document["bufferViews"][found["bitstream"]]
    return bool(file[24 + size + view["byteOffset"] + index // 8] >> index % 8 & 1)


def morton(x: int, y: int) -> int:
    """Return the interleaved bits, x first: written out, to be compared with ours."""
    return int("".join(b + a for a, b in zip(f"{x:08b}", f"{y:08b}", strict=True)), 2)


def test_a_subtree_tells_which_tiles_there_are() -> None:
    root = Cell(9, 808, 343)
    pyramid = Pyramid(root)
    there = [(0, 0, 0), (2, 3, 1), (5, 17, 30), (6, 40, 9)]
    cells = [pyramid.cell(*each) for each in there]
    file = subtree(root, cells)
    for level in range(6):
        first = (4**level - 1) // 3
        held = {(x >> (deep - level), y >> (deep - level)) for deep, x, y in there if deep >= level}
        for x in range(2**level):
            for y in range(2**level):
                assert available(file, "tileAvailability", first + morton(x, y)) == ((x, y) in held)
                assert available(file, "contentAvailability", first + morton(x, y)) == ((level, x, y) in there)
    assert [n for n in range(4**6) if available(file, "childSubtreeAvailability", n)] == [morton(40, 9)]


def test_the_tileset_halves_its_error_from_level_to_level() -> None:
    pyramid = Pyramid.over([Cell(15, 51749, 21971), Cell(15, 51780, 21990)])
    told = tileset(pyramid, [[1.816, 0.535, 1.817, 0.536, -1.0, 90.0]])
    implicit = told["root"]["implicitTiling"]
    assert told["asset"]["version"] == "1.1"
    assert implicit["availableLevels"] == pyramid.levels
    errors = [pyramid.error_m(level) for level in range(pyramid.levels)]
    assert errors[-1] == 0
    assert all(one == pytest.approx(2 * next_one) for one, next_one in pairwise(errors[:-1]))
    west, south, east, north = np.degrees(told["root"]["boundingVolume"]["region"][:4])
    assert west <= pyramid.cell(0, 0, 0).box.centre[0] <= east
    assert south <= pyramid.cell(0, 0, 0).box.centre[1] <= north


def test_a_pipe_has_its_axis_beside_its_shell_so_that_it_is_seen_from_afar() -> None:
    axis = np.array([[LON, LAT, 480.0], [LON + 1e-4, LAT, 481.0], [LON + 1e-4, LAT + 1e-4, 481.0]])
    shell = shapely.multipolygons([shapely.Polygon([(LON, LAT, 480), (LON + 1e-4, LAT, 481), (LON, LAT + 1e-5, 480)])])
    pipes = Surfaces(np.array([shell] * 2), pa.table({"id": ["mark", "pipe"]}), [None, axis])
    document, binary = parsed(content((solids(1), pipes), Cell(15, 51749, 21971).box))
    line = document["meshes"][0]["primitives"][-1]
    assert line["mode"] == 1
    assert document["accessors"][line["attributes"]["POSITION"]]["count"] == 4
    accessor = document["accessors"][line["attributes"]["_FEATURE_ID_0"]]
    view = document["bufferViews"][accessor["bufferView"]]
    raw = np.frombuffer(binary, np.uint8)[view["byteOffset"] :][: view["byteLength"]].reshape(4, view["byteStride"])
    assert np.ascontiguousarray(raw[:, 12:14]).view("<u2").ravel().tolist() == [1] * 4
    assert line["extensions"]["EXT_mesh_features"]["featureIds"][0]["propertyTable"] == 1
    ends = np.ascontiguousarray(raw[:, :12]).view("<f4").reshape(2, 2, 3)
    assert np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) == pytest.approx([9.65, 11.09], abs=0.15)
