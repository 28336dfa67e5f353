"""The twin as files over HTTP: of a moment, no more than the asker may see, on record where not open."""

import io
import json
import struct
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from PIL import Image
from tests.unit.doors.conftest import House
from tests.unit.doors.test_twin import T1, T2, add, built, ended, model
from tests.unit.twin.test_tiling import parsed, positions

from lifang.catalogue import Card
from lifang.core import parse_instant
from lifang.guard import SYSTEM
from lifang.twin import read_cityjson
from lifang.twin.shapes import Frame

__all__ = ["built"]
HIDDEN = {"X-Lifang-Purpose": "fire drill"}
ADDRESS = "/api/v1/twin/export"
_AT = parse_instant(T2)


@pytest.mark.parametrize("form", ["cityjson", "cityjsonseq"])
def test_a_model_comes_back_as_it_was(built: House, form: str) -> None:
    answer = built.client().get(ADDRESS, params={"format": form, "model": "blocks", "at": "2019-06-01T00:00:00Z"})
    assert answer.headers["content-disposition"].startswith('attachment; filename="blocks.city.json')
    found = read_cityjson(answer.content, prefix="blocks")
    assert found.rows["id"].to_pylist() == ["blocks:a", "blocks:b"]
    assert [json.loads(each) for each in found.rows["properties"].to_pylist()] == [{"use": "home"}] * 2
    assert not list(built.city.spool.iterdir())


def test_a_selection_comes_as_gltf_about_its_origin(built: House) -> None:
    content = built.client().get(ADDRESS, params={"format": "glb", "at": T2, "class": "Building"}).content
    size = struct.unpack_from("<I", content, 12)[0]
    document = json.loads(content[20 : 20 + size])
    assert "matrix" not in document["nodes"][0]
    lon, lat = document["asset"]["extras"]["origin"]
    assert (104 < lon < 105, 30 < lat < 31) == (True, True)
    assert b"blocks:c" in content


def test_gltf_is_lightened_within_the_bound_that_it_tells(built: House) -> None:
    asked = {"format": "glb", "at": T2, "class": "Building", "lighten_m": 0.5}
    content = built.client().get(ADDRESS, params=asked).content
    told = json.loads(content[20 : 20 + struct.unpack_from("<I", content, 12)[0]])["asset"]["extras"]["lightened"]
    assert told == {"most_m": 0.5, "bound_m": 0.0, "triangles_before": 24, "triangles": 24}  # blocks have but corners
    light, own = (built.client().get(ADDRESS, params={**asked, "format": "cityjson", "lighten_m": m}).json()
                  for m in (0.5, 0))  # fmt: skip
    assert light["metadata"].pop("title") == "all, lightened by 0.5 m at most"
    assert own["metadata"].pop("title") == "all"
    assert light == own


def test_an_ifc_has_its_elements_and_what_they_stand_in(built: House) -> None:
    asked = {"format": "ifc", "at": T2, "model": "blocks"}
    answer = built.client().get(ADDRESS, params=asked)
    assert answer.headers["content-type"].startswith("application/x-step")
    assert b"IFCBUILDING(" in answer.content
    assert b"IFCPROJECTEDCRS(" in answer.content
    assert not list(built.city.spool.iterdir())


def test_an_export_holds_no_more_than_its_asker_may_see(built: House) -> None:
    asked = {"format": "cityjson", "at": T2}
    assert b"vault" not in built.client().get(ADDRESS, params=asked).content
    officer = built.client("data_officer")
    assert b"hidden:vault" in officer.get(ADDRESS, params=asked, headers=HIDDEN).content
    entry = built.city.store.ledger.last("object")
    assert entry is not None
    assert (entry.entry.resource, entry.entry.purpose) == ("object:*", "fire drill")
    assert built.client().get(ADDRESS, params={**asked, "model": "hidden"}).status_code == 404


def hung(*names: str, image: str = "wall.png", pixels: bytes = b"") -> bytes:
    """Return a zip of blocks with an image on the first wall of each."""
    document = json.loads(model(*names))
    for each in document["CityObjects"].values():
        rest = [[[None]]] * 5
        each["geometry"][0]["texture"] = {"summer": {"values": [[[[0, 0, 1, 2, 3]], *rest]]}}
    places = [[0, 0], [1, 0], [1, 1], [0, 1]]
    document["appearance"] = {"textures": [{"type": "PNG", "image": image}], "vertices-texture": places}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("town.city.json", json.dumps(document))
        archive.writestr("wall.png", pixels or picture((9, 9, 9)))
    return held.getvalue()


def picture(colour: tuple[int, int, int]) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (5, 4), colour).save(held, "PNG")
    return held.getvalue()


def test_images_of_textures_go_with_who_may_see_the_object(built: House) -> None:
    officer, red, blue = built.client("data_officer"), picture((200, 0, 0)), picture((0, 0, 200))
    for name, pixels, grade in (("shown", red, "open"), ("secret", blue, "restricted")):
        done = add(officer, hung("w", pixels=pixels), valid_from=T2, model=name, classification=grade)
        assert (done["state"], done["result"]["warnings"]) == ("done", 0)
    asked = {"format": "cityjsonzip", "at": T2}

    def images(client: Any, **more: Any) -> set[bytes]:
        content = client.get(ADDRESS, params=asked, **more).content
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {archive.read(each) for each in archive.namelist() if each.endswith(".png")}

    light = {"lighten_m": 0.1}
    for form, more, left_out in (
        ("cityjson", {}, "textures=1"),
        ("cityjsonseq", {}, "textures=1"),
        ("cityjsonzip", {}, None),
        ("cityjsonzip", light, None),  # a wall of four corners gets no lighter
        ("glb", {}, None),
        ("glb", light, "textures=1"),
        ("gpkg", light, "textures=1"),
        ("ifc", {}, "textures=1"),
    ):
        answer = built.client().get(ADDRESS, params={**asked, "format": form, **more})
        assert (form, answer.headers.get("X-Lifang-Left-Out")) == (form, left_out)
    assert images(built.client()) == {red}
    assert images(officer, headers=HIDDEN) == {red, blue}
    solid = {**asked, "format": "glb"}
    seen, all_of_it = (
        client.get(ADDRESS, params=solid, headers=HIDDEN).content for client in (built.client(), officer)
    )
    assert [(red in each, blue in each) for each in (seen, all_of_it)] == [(True, False), (True, True)]
    assert not list(built.city.spool.iterdir())


def test_nothing_is_kept_of_a_model_whose_images_lead_out(built: House) -> None:
    before = {each for each in (built.city.store.folder / "blobs").rglob("*") if each.is_file()}
    done = add(built.client("data_officer"), hung("w", image="../wall.png", pixels=picture((1, 2, 3))), valid_from=T2)
    assert done["state"] == "failed"
    assert "leads out of the folder" in str(done["error"])
    assert {each for each in (built.city.store.folder / "blobs").rglob("*") if each.is_file()} == before
    assert not list(built.city.spool.iterdir())


def test_a_geopackage_is_a_dataset_whose_outlines_are_raised_to_what_they_were(built: House, tmp_path: Path) -> None:
    officer = built.client("data_officer")
    path = tmp_path / "blocks.gpkg"
    path.write_bytes(built.client().get(ADDRESS, params={"format": "gpkg", "model": "blocks", "at": T2}).content)
    card = {"id": "blocks_back", "name": {"zh": "楼", "en": "Blocks"}, "classification": "open", "theme": "ecology"}
    card |= {"provider": {"zh": "水务局", "en": "water bureau"}, "keywords": ["x"]}
    built.city.catalogue.add(path, name=path.name, card=Card.from_mapping(card), by=SYSTEM)
    asked = {"dataset": "blocks_back", "model": "back", "key": "id", "height": "height_m", "base": "bottom_m"}
    job = officer.post("/api/v1/twin/outlines", json={**asked, "name": "name", "valid_from": T2})
    assert ended(officer, job.json())["result"]["objects"] == 2
    here, there = (built.city.twin.objects(built.city.twin.query(at=_AT, models=[each])) for each in ("blocks", "back"))
    for one, two in zip(here, there, strict=True):
        assert two.id == f"back:{one.id}"
        assert (two.name, two.properties["use"], two.kind) == (one.name, one.properties["use"], one.kind)
        assert "_xmin" not in two.properties  # what a dataset keeps of a shape is no word of it
        assert (two.bottom_m, two.top_m) == pytest.approx((one.bottom_m, one.top_m), abs=1e-6)
        assert (two.box.west, two.box.north) == pytest.approx((one.box.west, one.box.north), abs=1e-9)  # 0.1 mm


def test_gltf_says_where_and_what_each_object_is(built: House) -> None:
    content = built.client().get(ADDRESS, params={"format": "glb", "at": T2, "model": "blocks"}).content
    document, binary = parsed(content)
    (mesh,) = document["meshes"]
    (primitive,) = mesh["primitives"]
    corner = positions(document, binary, primitive)
    lon, lat = document["asset"]["extras"]["origin"]
    found = Frame(lon, lat).degrees(np.column_stack((corner[:, 0], -corner[:, 2], corner[:, 1])))
    (table,) = document["extensions"]["EXT_structural_metadata"]["propertyTables"]
    told = {name: texts(document, binary, table["properties"][name]) for name in ("id", "class", "name", "model")}
    query = built.city.twin.query(at=_AT, models=["blocks"])
    objects = built.city.twin.objects(query)
    assert told["id"] == [each.id for each in objects]
    assert told["class"] == [each.kind for each in objects]
    assert (told["name"], told["model"]) == ([each.name for each in objects], ["blocks"] * 2)
    owner = features(document, binary, primitive)
    for number, each in enumerate(objects):
        (shape,) = each.shapes
        want = np.unique(shapely.get_coordinates(shapely.from_wkb(shape.wkb), include_z=True), axis=0)
        own = np.unique(np.round(found[owner == number], 12), axis=0)
        away = np.abs((own[:, None] - want) * (96_000, 111_000, 1)).max(axis=2)
        assert away.min(axis=1).max() < 1e-3  # metres: every corner is one of the object
        assert away.min(axis=0).max() < 1e-3  # and every one of the object is a corner


def texts(document: dict[str, Any], binary: bytes, column: dict[str, int]) -> list[str]:
    values, offsets = (view(document, binary, column[each]) for each in ("values", "stringOffsets"))
    return [values[low:high].decode() for low, high in pairwise(np.frombuffer(offsets, "<u4").tolist())]


def view(document: dict[str, Any], binary: bytes, number: int) -> bytes:
    told = document["bufferViews"][number]
    return binary[told["byteOffset"] :][: told["byteLength"]]


def features(document: dict[str, Any], binary: bytes, primitive: dict[str, Any]) -> Any:
    accessor = document["accessors"][primitive["attributes"]["_FEATURE_ID_0"]]
    number, at = accessor["bufferView"], accessor["byteOffset"]
    rows = np.frombuffer(view(document, binary, number), np.uint8)
    wide = rows.reshape(-1, document["bufferViews"][number]["byteStride"])
    return np.ascontiguousarray(wide[:, at : at + 2]).view("<u2").ravel()


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"format": "dwg"}, 400),
        ({"format": "gpkg", "bbox": "1,2"}, 400),
        ({"format": "cityjson", "crs": "EPSG:1"}, 400),
        ({"format": "glb", "bbox": "1,2,3,4"}, 404),
        ({}, 400),
    ],
)
def test_what_is_not_there_or_not_understood_is_told(built: House, asked: dict[str, str], status: int) -> None:
    answer = built.client().get(ADDRESS, params={"at": T1, **asked})
    assert answer.status_code == status
    assert not list(built.city.spool.iterdir())
