"""Levels of detail lie within their geometricError, measured; they close at borders; the finest is what is there."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from numpy.typing import NDArray
from tests.unit.twin.test_lighten import farthest_m
from tests.unit.twin.test_tiling import parsed, positions

from lifang.core import NotFound
from lifang.twin.shapes import Frame, Mesh
from lifang.twin.tiling import Cell, Pictures, Solids, Surfaces, keys, level_tiles, packed, unpack

Floats = NDArray[np.float64]
LON, LAT, SIZE_M = 104.06, 30.66, 400.0
CELL = Cell.of_key(int(keys(np.array([LON]), np.array([LAT]), np.array([20.0]))[0]))
_FOUND = tuple[dict[str, Any], dict[str, bytes]]


@pytest.fixture(scope="module")
def found() -> Iterator[_FOUND]:
    """Yield the levels of two blocks of ground and some houses, with few triangles a tile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lifang.twin.tiling.levels._TRIANGLES_MAX", 300)
        yield level_tiles(kinds(), CELL.box, SIZE_M, uri="{name}")


def kinds() -> tuple[Solids, Surfaces]:
    frame, count = Frame(*CELL.box.centre), 24
    x, y = (each.ravel() for each in np.meshgrid(*[np.arange(count + 1) * 10.0] * 2))
    place = frame.degrees(np.column_stack((x, y, 6 * np.sin(x / 40) + 5 * np.cos(y / 30))))
    low = (np.arange(count)[:, None] * (count + 1) + np.arange(count)).ravel()
    corner = np.concatenate([low[:, None] + each for each in ([0, 1, count + 2], [0, count + 2, count + 1])])
    faces = shapely.polygons(place[corner[:, [0, 1, 2, 0]]])
    east = x[corner].mean(axis=1) > 5 * count
    ground = np.array([shapely.multipolygons(list(faces[each])) for each in (~east, east)])
    lon, lat = place[:: count + 2, :2].T
    boxes = shapely.box(lon, lat, lon + 3e-5, lat + 3e-5)
    houses = pa.table({"id": [f"h{each}" for each in range(len(boxes))]})
    return (
        Solids(boxes, np.zeros(len(boxes)), np.linspace(2, 30, len(boxes)), houses),
        Surfaces(ground, pa.table({"id": ["west", "east"]}), smooth=True),
    )


def tiles(tile: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tile
    for each in tile.get("children", []):
        yield from tiles(each)


def leaves(tile: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in tiles(tile) if "children" not in each]


def triangles(contents: dict[str, bytes], tile: dict[str, Any], id_: str) -> Floats:
    """Return the corners, shape (n, 3, 3), of what a tile shows of ground (``w``est, ``e``ast) or ``h``ouses."""
    document, binary = parsed(contents[tile["content"]["uri"]])
    tables = document["extensions"]["EXT_structural_metadata"]["propertyTables"]
    shown = [np.empty((0, 3, 3))]
    for each, table in zip(document["meshes"][0]["primitives"], tables, strict=True):
        text = document["bufferViews"][table["properties"]["id"]["values"]]["byteOffset"]
        if (binary[text : text + 1] == b"h") == (id_ == "h"):
            at = document["accessors"][each["indices"]]
            start = document["bufferViews"][at["bufferView"]]["byteOffset"]
            corner = np.frombuffer(binary, "<u2", at["count"], start).reshape(-1, 3)
            shown.append(positions(document, binary, each)[corner])
    return np.concatenate(shown)


def mesh(corners: Floats) -> Mesh:
    count = len(corners)
    flat = corners.reshape(-1, 3)
    return Mesh(flat, flat * 0, np.zeros(3 * count, np.int64), np.arange(3 * count).reshape(-1, 3))


def border(corners: Floats) -> set[tuple[float, ...]]:
    """Return the vertices of edges that are of one triangle only."""
    ways: Counter[frozenset[tuple[float, ...]]] = Counter()
    for a, b, c in (map(tuple, each) for each in np.round(corners, 3).tolist()):
        ways.update(map(frozenset, [(a, b), (b, c), (c, a)]))
    return {vertex for edge, count in ways.items() if count == 1 for vertex in edge}


def test_errors_fall_to_nothing_and_what_lies_below_lies_in_the_volume(found: _FOUND) -> None:
    whole = found[0]["root"]
    assert whole["geometricError"] == SIZE_M
    assert {each["geometricError"] for each in leaves(whole)} == {0}
    for above in tiles(whole):
        for each in above.get("children", []):
            assert each["geometricError"] < above["geometricError"]
            outer, inner = above["boundingVolume"]["region"], each["boundingVolume"]["region"]
            assert (np.array([*outer[:2], outer[4]]) <= [*inner[:2], inner[4]]).all()
            assert (np.array([*outer[2:4], outer[5]]) >= [*inner[2:4], inner[5]]).all()


def test_far_off_a_few_triangles_are_loaded_and_near_by_all_that_are_there(found: _FOUND) -> None:
    root, contents = found[0]["root"], found[1]
    assert len(root["children"]) == 1
    first = len(contents[root["children"][0]["content"]["uri"]])
    finest = [contents[each["content"]["uri"]] for each in leaves(root)]
    assert first < sum(map(len, finest)) / 5
    text = b"".join(finest)
    assert all(f"h{number}".encode() in text for number in range(25))
    assert sum(len(triangles(contents, each, "w")) for each in leaves(root)) == 2 * 24 * 24


def test_each_level_lies_within_its_error_both_ways(found: _FOUND) -> None:
    root, contents = found[0]["root"], found[1]
    for tile in tiles(root):
        if tile["geometricError"] and "content" in tile:
            fine = mesh(np.concatenate([triangles(contents, each, "w") for each in leaves(tile)]))
            coarse = mesh(triangles(contents, tile, "w"))
            assert len(coarse.triangle) < len(fine.triangle) / 2
            assert farthest_m(fine, coarse, 150) <= tile["geometricError"] + 1e-3
            assert farthest_m(coarse, fine, 150) <= tile["geometricError"] + 1e-3


def test_ground_of_any_two_levels_closes_at_the_border(found: _FOUND) -> None:
    root, contents = found[0]["root"], found[1]
    coarse = [each for each in tiles(root) if each["geometricError"] and "content" in each]
    assert len({each["geometricError"] for each in coarse}) > 1
    assert max(len(each["children"]) for each in coarse) > 1
    for tile in coarse:
        fine = np.concatenate([triangles(contents, each, "w") for each in leaves(tile)])
        assert border(triangles(contents, tile, "w")) == border(fine)


def test_what_is_left_out_is_smaller_than_the_error(found: _FOUND) -> None:
    root, contents = found[0]["root"], found[1]
    for tile in (each for each in tiles(root) if each["geometricError"] and "content" in each):
        shown, there = (np.concatenate([triangles(contents, each, "h") for each in some])[..., 1].max(initial=0.0)
                        for some in ([tile], leaves(tile)))  # fmt: skip
        assert shown == pytest.approx(there, abs=tile["geometricError"])


def test_a_pack_gives_back_each_part_and_no_other(found: _FOUND) -> None:
    whole, contents = found
    pack = packed(whole, contents)
    assert all(unpack(pack, name) == each for name, each in contents.items())
    assert b'"root"' in unpack(pack, "")
    with pytest.raises(NotFound):
        unpack(pack, "9.9.9")


def test_images_hang_in_the_finest_level_and_their_colour_is_seen_from_afar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifang.twin.tiling.levels._TRIANGLES_MAX", 300)
    image = {"sha256": "a", "clear": False, "colour": "#ff8000", "versions": [["a", "image/png", 1, 1, 6]]}
    _, ground = kinds()
    faces = shapely.get_num_geometries(ground.surface).tolist()
    told = [
        {"themes": {"x": [[[0, 0, 1, 2]]] * count}, "images": [image], "uv": [[0, 0], [1, 0], [1, 1]]}
        for count in faces
    ]
    colour = pa.table({"id": ["west", "east"], "colour": ["#ff8000"] * 2})
    hung = Surfaces(ground.surface, colour, smooth=True, textures=told)
    tileset, contents = level_tiles(
        [hung], CELL.box, SIZE_M, uri="{name}", pictures=Pictures(lambda _: b"pixels", 6, 1)
    )
    fine = {each["content"]["uri"] for each in leaves(tileset["root"])}
    seen = {name: "images" in parsed(glb)[0] for name, glb in contents.items()}
    assert seen == {name: name in fine for name in contents}
    assert len(fine) < len(contents)
    for name, glb in contents.items():
        document, binary = parsed(glb)
        for primitive in document["meshes"][0]["primitives"]:
            accessor = document["accessors"][primitive["attributes"]["COLOR_0"]]
            start = document["bufferViews"][accessor["bufferView"]]["byteOffset"] + accessor["byteOffset"]
            assert tuple(binary[start : start + 4]) == ((255, 255, 255, 255) if name in fine else (255, 55, 0, 255))
