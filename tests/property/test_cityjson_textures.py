"""Textures come out as they went in: which image hangs on which face, where each vertex lies on it, in every theme."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.property.test_cityjson_round_trip import _SINCE, city

from lifang.core import BadInput, SystemClock, TooLarge
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Twin, read_cityjson, read_model
from lifang.twin.reading.textures import Pictures, pictures_of

# Two squares, one with a square hole; the last vertex of the hole is the first one once more in place.
VERTICES = [(0, 0, 0), (10, 0, 0), (10, 8, 0), (0, 8, 0), (2, 2, 0), (2, 4, 0), (4, 4, 0), (4, 2, 0), (2, 2, 0)]
VERTICES += [(0, 0, 5), (10, 0, 5), (10, 8, 5), (0, 8, 5)]
SURFACES = [[[0, 1, 2, 3], [4, 5, 6, 7, 8]], [[9, 10, 11, 12]]]
WRAPS = ["none", "wrap", "mirror", "clamp", "border"]


def image(kind: str, size: tuple[int, int] = (4, 3), colour: Any = (200, 30, 40)) -> bytes:
    held = io.BytesIO()
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(held, kind)
    return held.getvalue()


IMAGES = {
    "appearances/红 wall.png": image("PNG"),
    "appearances\\roof.jpg": image("JPEG", (1500, 20), (0, 90, 0)),
    "./deep/roof.jpg": image("PNG", colour=(0, 0, 90, 128)),
}
NAMES = list(IMAGES)


def zipped(document: bytes, images: dict[str, bytes], folder: str = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(f"{folder}town.city.json", document)
        for name, content in images.items():
            archive.writestr(folder + name.replace("\\", "/").removeprefix("./"), content)
    return held.getvalue()


def textured(appearance: dict[str, Any], texture: Any, surfaces: Any = SURFACES) -> bytes:
    shape = {"type": "Solid", "lod": "2", "boundaries": [surfaces], "texture": texture}
    return city({"b": {"type": "Building", "geometry": [shape]}}, VERTICES, appearance=appearance)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with Store.open(tmp_path_factory.mktemp("textures"), clock=SystemClock(), threads=1) as opened:
        yield Twin(opened, SystemClock())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    named = {"appearance": {"textures": [{"type": "PNG", "image": each} for each in NAMES]}}
    content = zipped(b"{}", IMAGES, "a/")
    return pictures_of([named], content, model="m", scratch=tmp_path_factory.mktemp("scratch"))


def shown(document: dict[str, Any], images: dict[str, bytes]) -> Any:
    """Return of each theme and ring what hangs on it: an image, how it goes on beyond its edges, and where it lies."""
    appearance = document.get("appearance", {})
    corner = np.array(document["vertices"]) * document["transform"]["scale"] + document["transform"]["translate"]
    (shape,) = document["CityObjects"]["b"]["geometry"]
    told = {}
    for theme, each in shape.get("texture", {}).items():
        rings = []
        for surface, on_it in zip(shape["boundaries"][0], each["values"][0], strict=True):
            for ring, (number, *places) in zip(surface, on_it or [[None]] * len(surface), strict=True):
                if number is None:
                    rings.append(None)
                    continue
                texture = appearance["textures"][number]
                content = images[texture["image"]]
                more = {name: texture.get(name) for name in ("type", "wrapMode", "textureType", "borderColor")}
                where = [
                    (*corner[vertex].round(3).tolist(), *appearance["vertices-texture"][place])
                    for vertex, place in zip(ring, places, strict=True)
                ]
                where = where[:-1] if where[0][:3] == where[-1][:3] else where
                rings.append((hashlib.sha256(content).hexdigest(), more, where))
        if any(rings):
            told[theme] = rings
    return told


@st.composite
def looks(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    places = draw(st.lists(st.tuples(*[st.floats(-3, 3).map(lambda each: round(each, 7))] * 2), min_size=1, max_size=9))
    textures = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4)):
        more = draw(st.fixed_dictionaries({}, optional={
            "wrapMode": st.sampled_from(WRAPS), "textureType": st.just("specific"),
            "borderColor": st.just([0.5, 0.25, 1.0]),
        }))  # fmt: skip
        textures.append({"type": "JPG" if IMAGES[name][:1] == b"\xff" else "PNG", "image": name, **more})

    def ring(corners: list[int]) -> Any:
        number = draw(st.none() | st.integers(0, len(textures) - 1))
        where = [draw(st.integers(0, len(places) - 1)) for _ in corners]
        return [None] if number is None else [number, *where]

    themes = draw(st.lists(st.sampled_from(["summer", "winter"]), min_size=1, unique=True))
    texture = {}
    for theme in themes:
        values = [[ring(each) for each in surface] for surface in SURFACES]
        values = [[[None]] * len(each) if each[0] == [None] else each for each in values]  # a hole alone shows nothing
        texture[theme] = {"values": [values]}
    default = {"default-theme-texture": themes[-1]} if draw(st.booleans()) else {}
    return {"textures": textures, "vertices-texture": places, **default}, texture


@settings(max_examples=25, deadline=None)
@given(look=looks(), number=st.integers(0, 1 << 40))
def test_textures_come_out_as_they_went_in(
    twin: Twin, pictures: Pictures, tmp_path_factory: pytest.TempPathFactory, look: Any, number: int
) -> None:
    content, model = textured(*look), f"t{number}"
    found = read_cityjson(content, prefix=model, find=lambda _: pictures)
    assert not [each for each in found.faults if each.rule == "appearance"]
    twin.add(model, found, classification=Classification.OPEN, valid_from=_SINCE, by=SYSTEM)
    path = tmp_path_factory.mktemp("out") / "town.zip"
    twin.export(twin.query(at=_SINCE, models=[model])).write(path, "cityjsonzip", crs="EPSG:4544")
    with zipfile.ZipFile(path) as archive:
        written = json.loads(archive.read(f"{model}.city.json"))
        images = {name: archive.read(name) for name in archive.namelist() if not name.endswith(".json")}
    before, after = shown(json.loads(content), IMAGES), shown(written, images)
    assert after.keys() == before.keys()
    for theme in before:
        for one, other in zip(before[theme], after[theme], strict=True):
            assert (one is None) == (other is None)
            if one:
                assert one[:2] == other[:2]
                assert np.array(other[2]) == pytest.approx(np.array(one[2]), abs=1e-6)
    if look[0].get("default-theme-texture") in before:
        assert written["appearance"]["default-theme-texture"] == look[0]["default-theme-texture"]
    twin.export(twin.query(at=_SINCE, models=[model])).write(path, "cityjson")
    assert "texture" not in json.loads(path.read_bytes())["CityObjects"]["b"]["geometry"][0]


ONE = {"textures": [{"type": "PNG", "image": "a.png"}], "vertices-texture": [[0, 0], [1, 0], [1, 1]]}
VALUES = {"summer": {"values": [[[[0, 0, 1, 2, 2], [None]], [[None]]]]}}


@pytest.mark.parametrize(
    ("name", "images", "says"),
    [
        ("a.png", {}, "is not beside the file"),
        ("https://example.org/a.png", {}, "is not fetched"),
        ("a.png", {"a.png": b"GIF89a"}, "is no PNG nor JPEG"),
        ("a.png", {"a.png": image("PNG")[:50]}, "cannot be decoded"),
        ("a.png", {"a.png": image("PNG", (9000, 9000))}, "more than 67,108,864 pixels"),
    ],
)
def test_an_image_that_cannot_be_had_is_told_and_the_object_taken(
    tmp_path: Path, name: str, images: dict[str, bytes], says: str
) -> None:
    appearance = {**ONE, "textures": [{"type": "PNG", "image": name}]}
    found = read_model(zipped(textured(appearance, VALUES), images), prefix="m", scratch=tmp_path)
    (fault,) = [each for each in found.faults if each.rule == "appearance"]
    assert says in fault.what
    assert (fault.object, fault.severity, len(found.rows), dict(found.pictures)) == ("m", "warning", 1, {})
    assert not list(tmp_path.iterdir())


def test_a_jpeg_that_holds_a_second_picture_as_cameras_write_it_is_a_jpeg(tmp_path: Path) -> None:
    held = io.BytesIO()
    first, second = (Image.new("RGB", (8, 8), (each, 0, 0)) for each in (200, 0))
    first.save(held, "MPO", save_all=True, append_images=[second])
    appearance = {**ONE, "textures": [{"type": "JPG", "image": "a.jpg"}]}
    packed = zipped(textured(appearance, VALUES), {"a.jpg": held.getvalue()})
    found = read_model(packed, prefix="m", scratch=tmp_path)
    assert not [each for each in found.faults if each.rule == "appearance"]
    (shape,) = found.rows["geometry"][0].as_py()
    (told,) = json.loads(shape["detail"])["texture"]["images"]
    assert (told["type"], [version[1] for version in told["versions"]]) == ("JPG", ["image/jpeg"])
    assert list(found.pictures.values()) == [held.getvalue()]


@pytest.mark.parametrize("name", ["../a.png", "x/../../a.png", "/etc/a.png", "C:\\a.png", "file:a.png", "..\\a.png"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    appearance = {**ONE, "textures": [{"type": "PNG", "image": name}]}
    with pytest.raises(BadInput, match="leads out of the folder"):
        read_model(zipped(textured(appearance, VALUES), {}), prefix="m", scratch=tmp_path)
    assert not list(tmp_path.iterdir())


def test_without_a_zip_there_are_no_images_which_is_told(tmp_path: Path) -> None:
    found = read_model(textured(ONE, VALUES), prefix="m", scratch=tmp_path)
    assert [each.what for each in found.faults if each.rule == "appearance"] == [
        "Its 1 images did not come with it: it has no textures."
    ]


def test_images_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = zipped(textured(ONE, VALUES), {"a.png": image("PNG")})
    read = partial(read_model, content, prefix="m", scratch=tmp_path)
    assert len(read().pictures) == 1
    beside = "lifang.twin.reading.textures.beside"
    for bound, most in (("IMAGES_MAX", 0), ("IMAGE_BYTES_MAX", 40), ("ALL_BYTES_MAX", 40)):
        with monkeypatch.context() as patched:
            patched.setattr(f"{beside}.{bound}", most)
            with pytest.raises(TooLarge):
                read()


def test_textures_of_a_file_that_has_none_are_told() -> None:
    found = read_cityjson(textured({}, VALUES), prefix="m")
    assert [each.object for each in found.faults if each.rule == "appearance"] == ["m:b"]


@pytest.mark.parametrize(
    "values",
    [
        [[[[0, 0, 1, 2], [None]], [[None]]]],  # a place too few
        [[[[1, 0, 1, 2, 2], [None]], [[None]]]],  # no such texture
        [[[[0, 0, 1, 2, 3], [None]], [[None]]]],  # no such place
        [[[[0, 0, 1, 2, 2], [None]]]],  # a surface too few
        [[[[0, 0, 1, 2, 2]], [[None]]]],  # a ring too few
    ],
)
def test_what_does_not_fit_is_told_and_left_out(pictures: Pictures, values: Any) -> None:
    named = {**ONE, "textures": [{"type": "PNG", "image": NAMES[0]}]}
    found = read_cityjson(textured(named, {"x": {"values": values}}), prefix="m", find=lambda _: pictures)
    assert ["textures" in each.what for each in found.faults if each.rule == "appearance"] == [True]
    assert "texture" not in json.loads(found.rows["geometry"][0][0]["detail"].as_py())
