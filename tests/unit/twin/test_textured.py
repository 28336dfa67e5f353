"""Images hang in tiles and glTF where the file hung them, within a bound; far off their colour is seen."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.property.test_cityjson_round_trip import _SINCE, city
from tests.property.test_cityjson_textures import zipped
from tests.unit.twin.test_tiling import parsed

from lifang.core import SystemClock
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Twin, read_model
from lifang.twin.tiling import Pictures

SQUARE = [(0, 0, 0), (10, 0, 0), (10, 8, 0), (0, 8, 0)]
WALL = [(0, 0, 0), (10, 0, 0), (10, 0, 6), (0, 0, 6)]


def noise(kind: str, size: tuple[int, int], *, clear: bool = False) -> bytes:
    pixels = np.random.default_rng(size[0]).integers(0, 255, (size[1], size[0], 4 if clear else 3), np.uint8)
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, kind)
    return held.getvalue()


def street() -> bytes:
    """Return a zip of a floor without an image, and two walls with one each, of which one goes on mirrored."""
    images = {"a/wall.png": noise("PNG", (300, 40)), "a/pane.png": noise("PNG", (8, 8), clear=True)}
    textures = [{"type": "PNG", "image": name} for name in images]
    textures[1]["wrapMode"] = "mirror"
    shape = {
        "type": "MultiSurface",
        "lod": "2",
        "boundaries": [[[0, 1, 2, 3]], [[4, 5, 6, 7]], [[8, 9, 10, 11]]],
        "texture": {"x": {"values": [[[None]], [[0, 0, 1, 2, 3]], [[1, 0, 1, 2, 3]]]}},
    }
    places = [[0, 0], [2, 0], [2, 1], [0, 0.75]]
    vertices = [*SQUARE, *WALL, *[(x, 8, z) for x, _, z in WALL]]
    appearance = {"textures": textures, "vertices-texture": places}
    return zipped(city({"b": {"type": "Building", "geometry": [shape]}}, vertices, appearance=appearance), images)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    folder = tmp_path_factory.mktemp("textured")
    with Store.open(folder / "city", clock=SystemClock(), threads=1) as opened:
        found = Twin(opened, SystemClock())
        model = read_model(street(), prefix="street", scratch=folder)
        assert [each for each in model.faults if each.rule == "appearance"] == []
        found.add("street", model, classification=Classification.OPEN, valid_from=_SINCE, by=SYSTEM)
        yield found


def values(document: dict[str, Any], binary: bytes, number: int, kind: str) -> Any:
    accessor = document["accessors"][number]
    view = document["bufferViews"][accessor["bufferView"]]
    start = view["byteOffset"] + accessor.get("byteOffset", 0)
    width = {"VEC2": 2, "VEC3": 3, "VEC4": 4, "SCALAR": 1}[accessor["type"]]
    step = view.get("byteStride", width * np.dtype(kind).itemsize)
    rows = [np.frombuffer(binary, kind, width, start + step * each) for each in range(accessor["count"])]
    return np.array(rows)


def glb_of(twin: Twin, path: Path) -> bytes:
    twin.export(twin.query(at=_SINCE)).write(path, "glb")
    return path.read_bytes()


def tile_of(twin: Twin, path: Path) -> bytes:
    source = twin.tiles(twin.query(at=_SINCE))
    ((level, x, y),) = source.tiles()
    path.write_bytes(source.content(level, x, y).glb)
    return path.read_bytes()


@pytest.mark.parametrize("made", [glb_of, tile_of])
def test_each_image_hangs_on_its_own_wall_as_the_file_has_it(
    twin: Twin, tmp_path: Path, made: Callable[[Twin, Path], bytes]
) -> None:
    document, binary = parsed(made(twin, tmp_path / "x.glb"))
    told = {}
    for primitive in document["meshes"][0]["primitives"]:
        look = document["materials"][primitive["material"]]
        texture = look["pbrMetallicRoughness"].get("baseColorTexture")
        corners = np.unique(values(document, binary, primitive["indices"], "<u2"))
        height = values(document, binary, primitive["attributes"]["POSITION"], "<f4")[corners, 1]
        if texture is None:
            assert "TEXCOORD_0" not in primitive["attributes"]
            assert np.ptp(height) < 0.01
            continue
        assert np.ptp(height) == pytest.approx(6, abs=0.01)
        uv = values(document, binary, primitive["attributes"]["TEXCOORD_0"], "<f4")[corners]
        colour = values(document, binary, primitive["attributes"]["COLOR_0"], "u1")[corners]
        assert (colour == 255).all()  # what is multiplied with the image
        taken = document["textures"][texture["index"]]
        view = document["bufferViews"][document["images"][taken["source"]]["bufferView"]]
        image = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        wrap = document["samplers"][taken["sampler"]]["wrapS"]
        told[image] = (wrap, look.get("alphaMode"), sorted(map(tuple, uv.round(6).tolist())))
    places = [(0.0, 0.25), (0.0, 1.0), (2.0, 0.0), (2.0, 1.0)]  # from above
    assert told == {
        noise("PNG", (300, 40)): (10497, None, places),
        noise("PNG", (8, 8), clear=True): (33648, "MASK", places),
    }


def test_what_is_lightened_has_the_colour_of_its_image(twin: Twin, tmp_path: Path) -> None:
    path = tmp_path / "light.glb"
    twin.export(twin.query(at=_SINCE)).write(path, "glb", lighten_m=0.1)
    document, binary = parsed(path.read_bytes())
    assert "images" not in document
    (primitive,) = document["meshes"][0]["primitives"]
    colours = values(document, binary, primitive["attributes"]["COLOR_0"], "u1")[:, :3]
    assert {tuple(np.abs(each.astype(int) - 54) < 8) for each in colours} >= {(True, True, True)}  # grey 127, linear


@pytest.mark.parametrize(
    ("most_bytes", "most_pixels", "sides"),
    [
        (1 << 20, 1 << 20, [300, 256]),
        (1 << 20, 140_000, [256, 256]),
        (30 << 10, 1 << 20, [64, 64]),
        (3_000, 1 << 20, [64, None]),
        (0, 0, [None, None]),
    ],
)
def test_images_grow_smaller_together_until_they_fit(
    most_bytes: int, most_pixels: int, sides: list[int | None]
) -> None:
    one = [
        ["a", "image/png", 300, 300, 90_000],
        ["b", "image/jpeg", 256, 256, 20_000],
        ["c", "image/jpeg", 64, 64, 2_000],
    ]
    other = [["d", "image/png", 256, 256, 60_000], ["e", "image/jpeg", 64, 64, 2_000]]
    chosen = Pictures(lambda _: b"", most_bytes, most_pixels).chosen([{"versions": one}, {"versions": other}])
    assert [each and each[2] for each in chosen] == sides


def test_many_images_are_chosen_without_being_looked_at_again_for_each_other() -> None:
    looks = 0

    class Told(list[Any]):
        def __getitem__(self, place: Any) -> Any:
            nonlocal looks
            looks += 1
            return super().__getitem__(place)

    count, most = 100, 1_200_000
    images = [
        {"versions": [Told([f"{number}-{step}", "image/png", side >> step, 40, side]) for step in range(4)]}
        for number, side in enumerate(range(400, 400 + 2 * count, 2))
    ]
    chosen = Pictures(lambda _: b"", 1 << 30, most).chosen(images)
    assert looks < 50 * 4 * count, "each of 400 versions is looked at a few times, not once for each side"
    sides = [side >> step for side in range(400, 400 + 2 * count, 2) for step in range(4)]
    drawn = {
        each: [max(side for side in sides[first : first + 4] if side <= each) for first in range(0, len(sides), 4)]
        for each in sides
        if each >= 100
    }
    assert [each and each[2] for each in chosen] == drawn[max(each for each in drawn if 40 * sum(drawn[each]) <= most)]


def test_an_image_has_smaller_ones_of_its_own_kind_and_its_mean_colour(tmp_path: Path) -> None:
    content = zipped(*floor(noise("JPEG", (1500, 300))))
    found = read_model(content, prefix="m", scratch=tmp_path)
    (image,) = json.loads(found.rows["geometry"][0][0]["detail"].as_py())["texture"]["images"]
    assert [each[1:4] for each in image["versions"]] == [
        ["image/jpeg", 1500, 300],
        ["image/jpeg", 1024, 205],
        ["image/jpeg", 256, 51],
        ["image/jpeg", 64, 13],
    ]
    for sha256, media, columns, rows, size in image["versions"]:
        assert len(found.pictures[sha256]) == size
        with Image.open(io.BytesIO(found.pictures[sha256])) as opened:
            assert (opened.size, opened.get_format_mimetype()) == ((columns, rows), media)
    assert all(abs(each - 127) < 8 for each in bytes.fromhex(image["colour"][1:]))


def floor(image: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Return a building that is a floor with an image on it, and its image."""
    shape = {
        "type": "MultiSurface",
        "lod": "2",
        "boundaries": [[[0, 1, 2, 3]]],
        "texture": {"x": {"values": [[[0, 0, 1, 2, 3]]]}},
    }
    appearance = {"textures": [{"type": "JPG", "image": "a.jpg"}], "vertices-texture": [[0, 0], [1, 0], [1, 1], [0, 1]]}
    document = city({"b": {"type": "Building", "geometry": [shape]}}, SQUARE, appearance=appearance)
    return document, {"a.jpg": image}
