"""The twin as files over HTTP: of a moment, no more than the asker may see, on record where not open."""

import json
import struct

import pytest
from tests.unit.doors.conftest import House
from tests.unit.doors.test_twin import T1, T2, built

from lifang.twin import read_cityjson

__all__ = ["built"]
HIDDEN = {"X-Lifang-Purpose": "fire drill"}
ADDRESS = "/api/v1/twin/export"


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


def test_gltf_and_tiles_are_lightened_within_the_bound_that_they_tell(built: House) -> None:
    asked = {"format": "glb", "at": T2, "class": "Building", "lighten_m": 0.5}
    content = built.client().get(ADDRESS, params=asked).content
    told = json.loads(content[20 : 20 + struct.unpack_from("<I", content, 12)[0]])["asset"]["extras"]["lightened"]
    assert told == {"most_m": 0.5, "bound_m": 0.0, "triangles_before": 24, "triangles": 24}  # blocks have but corners
    tileset = f"/tiles/3d/blocks/{T2}/tileset.json"
    uri = built.client().get(tileset, params={"lighten_m": 0.5}).json()["root"]["content"]["uri"]
    assert uri.endswith(".glb?lighten_m=0.5")
    assert "?" not in built.client().get(tileset).json()["root"]["content"]["uri"]
    assert built.client().get(ADDRESS, params={**asked, "format": "cityjson"}).status_code == 400


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
