"""What OGC's executable test suites look at, stated anew: Features 1.0 parts 1 and 2, EDR, Processes, Tiles.

The suites (`ets-ogcapi-features10`, `-edr10`, `-processes10`, `-tiles10`) need a TEAM engine; tests here stand for the
abstract tests that its comments number.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from tests.unit.doors.conftest import Client, House
from tests.unit.doors_ogcapi.conftest import Plots

_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_GEOJSON = {"Accept": "application/geo+json"}
_SPATIAL, _ALL = ("plots", "wells"), ("plots", "wells", "fees")
_BOXES = ("-1.5,50,1.5,53", "-80,-5,-70,5", "177,65,-177,70", "-180,85,180,90", "-180,-90,180,-85")
_OLDER_ONLY = ("const", "prefixItems", "$defs", "patternProperties", "propertyNames", "examples")
_NO_SUCH = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-"


@pytest.fixture(scope="module")
def api(anyone: Client) -> dict[str, Any]:
    told = anyone.get("/ogc/api", headers={"Accept": "application/vnd.oai.openapi+json;version=3.0"})
    assert told.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    body: dict[str, Any] = told.json()
    return body


@pytest.fixture(scope="module")
def listed(anyone: Client) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in anyone.get("/ogc/collections").json()["collections"]}


def _rels(links: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    assert all(each.get("rel") and each.get("type") for each in links)
    return {each["rel"]: each for each in links}


def _parameter(api: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in api["paths"][path]["get"]["parameters"] if each["name"] == name)
    assert (found["in"], found["style"], found["explode"]) == ("query", "form", False)
    return dict(found)


def _nodes(node: Any) -> list[dict[str, Any]]:
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [*([node] if isinstance(node, dict) else []), *(each for child in below for each in _nodes(child))]


def test_landing_page_conformance_and_collections_lead_on(anyone: Client, listed: dict[str, Any]) -> None:
    root = anyone.get("/ogc/").json()  # abstract tests 1-4, 7-10 of Features
    assert {"service-desc", "conformance", "data"} <= set(_rels(root["links"]))
    classes = anyone.get("/ogc/conformance").json()["conformsTo"]
    assert len(classes) == len(set(classes))
    for name in ("features-1/1.0", "tiles-1/1.0", "processes-1/1.0", "edr-1/1.0", "edr-1/1.1"):
        assert f"http://www.opengis.net/spec/ogcapi-{name}/conf/core" in classes
    body = anyone.get("/ogc/collections").json()
    assert _rels(body["links"])["self"]["type"] == "application/json"
    assert body["crs"][0] == _CRS84
    for name, told in listed.items():  # 11, 12; EDR 13-16
        alone = anyone.get(f"/ogc/collections/{name}").json()
        assert {each: alone.get(each) for each in ("id", "title", "description")} == {
            each: told.get(each) for each in ("id", "title", "description")
        }
        assert alone.get("extent") == told.get("extent") or name.startswith("twin.")
        assert {"self", "items", "data"} <= set(_rels(told["links"])) or told["itemType"] != "feature"
        rels = [(each["rel"], each["href"]) for each in told["links"] if "/rel/ogc/1.0/tilesets-" in each["rel"]]
        assert all(href.endswith("/tiles") for _, href in rels)  # Tiles A.9, A.12
        if told.get("storageCrs"):  # part 2: 1-3
            assert told["crs"][0] == told["storageCrs"] == _CRS84
            assert all(re.fullmatch(r"http://www\.opengis\.net/def/crs/(OGC/1\.3/CRS84|EPSG/0/\d+)", each)
                       for each in told["crs"])  # fmt: skip


def test_the_api_is_described_in_valid_openapi_3_0(api: dict[str, Any]) -> None:
    assert api["openapi"].startswith("3.0")  # 5, 6
    assert api["servers"] == [{"url": "http://127.0.0.1/ogc"}]
    assert {"/", "/conformance", "/collections", "/collections/{collection_id}/items"} <= set(api["paths"])
    nodes = _nodes(api)
    schemas = api["components"]["schemas"]
    assert {each["$ref"].rpartition("/")[2] for each in nodes if isinstance(each.get("$ref"), str)} == set(schemas)
    ids = [each["operationId"] for each in nodes if isinstance(each.get("operationId"), str)]
    assert len(ids) == len(set(ids)) > 40
    for node in nodes:
        assert isinstance(node.get("exclusiveMinimum", True), bool)
        if isinstance(node.get("type"), str) and ("schema" not in node):
            assert not any(name in node for name in _OLDER_ONLY), node
        assert not isinstance(node.get("type"), list)
    for path, methods in api["paths"].items():
        for told in methods.values():
            named = {each["name"] for each in told.get("parameters", []) if each["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path)), path


def test_parameters_of_features_and_observations_are_defined_as_the_standards_define_them(api: dict[str, Any]) -> None:
    items = "/collections/{collection_id}/items"
    limit, bbox = _parameter(api, items, "limit"), _parameter(api, items, "bbox")  # 14, 16, 18
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 10}
    assert bbox["schema"] == {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    cube = _parameter(api, "/collections/sensing.observations/cube", "bbox")
    assert (cube["required"], cube["schema"]) == (True, bbox["schema"])
    assert _parameter(api, items, "datetime")["schema"]["type"] == "string"
    assert api["components"]["parameters"]["limit"] == limit  # where QGIS looks for how large a page may be
    for query in ("position", "area", "radius", "trajectory", "corridor"):  # EDR 36-64
        path = f"/collections/sensing.observations/{query}"
        coords = _parameter(api, path, "coords")
        assert (coords["required"], coords["schema"]["type"]) == (True, "string")
        assert not any(_parameter(api, path, name)["required"] for name in ("datetime", "parameter-name"))


@pytest.mark.parametrize("name", _ALL)
def test_features_come_with_links_counts_and_a_time(anyone: Client, name: str) -> None:
    for asked in ("", "?limit=1", "?limit=100", "?limit=999999"):  # 13, 16, 17, 22-26
        response = anyone.get(f"/ogc/collections/{name}/items{asked}", headers=_GEOJSON)
        assert (response.status_code, response.headers["content-type"]) == (200, "application/geo+json")
        body = response.json()
        assert body["type"] == "FeatureCollection"
        assert datetime.fromisoformat(body["timeStamp"]).tzinfo is not None
        links = _rels(body["links"])
        assert (links["self"]["type"], links["alternate"]["type"]) == (
            "application/geo+json",
            "application/vnd.ogc.fg+json",
        )
        assert body["numberReturned"] == len(body["features"]) <= int(asked.rpartition("=")[2] or 10)
    one = anyone.get(f"/ogc/collections/{name}/items/{body['features'][0]['id']}", headers=_GEOJSON).json()  # 27-29
    assert {"self", "alternate", "collection"} <= set(_rels(one["links"]))
    for asked in ("limit=unlimited", "limit=0", "unknownQueryParameter17=1", f"crs={_CRS84}x", "bbox-crs=nosuch"):
        assert anyone.get(f"/ogc/collections/{name}/items?{asked}").status_code == 400  # 20, 21; part 2: 5, 9


@pytest.mark.parametrize("name", _SPATIAL)
def test_boxes_and_times_of_the_extent_and_around_the_world_are_answered(
    anyone: Client, listed: dict[str, dict[str, Any]], name: str
) -> None:
    extent = listed[name]["extent"]
    (bounds,) = extent["spatial"]["bbox"]
    for box in (",".join(map(str, bounds)), *_BOXES):  # 15, 2
        body = anyone.get(f"/ogc/collections/{name}/items?bbox={box}&limit=1000").json()
        west, south, east, north = map(float, box.split(","))
        sides = [(west, east)] if west <= east else [(west, 180), (-180, east)]
        area = shapely.union_all([shapely.box(left, south, right, north) for left, right in sides])
        shapes = [shapely.geometry.shape(each["geometry"]) for each in body["features"] if each["geometry"]]
        assert shapely.intersects(shapely.box(-180, -90, 180, 90), shapes).all()
        assert shapely.intersects(area, shapes).all()
    ((start, end),) = extent["temporal"]["interval"]
    for when in (start, f"{start}/{end}", f"{start[:10]}/P2D", f"{start}/..", f"../{end}"):  # 19
        assert anyone.get(f"/ogc/collections/{name}/items?datetime={when}").status_code == 200, when


def test_every_coordinate_system_that_is_named_is_answered_in(anyone: Client, plots: Plots) -> None:
    offered = anyone.get("/ogc/collections/plots").json()["crs"]  # part 2: 4-8, 10
    plain = shapely.get_coordinates(plots.shapes[0])
    inside = {
        each["id"]
        for each in anyone.get("/ogc/collections/plots/items?bbox=104,30.6,104.1,30.7&limit=999").json()["features"]
    }
    for uri in (*offered[:4], *offered[7::13]):  # each needs a second of pyproj to learn of
        response = anyone.get("/ogc/collections/plots/items/p000", params={"crs": uri})
        assert response.headers["content-crs"] == f"<{uri}>"
        code = "OGC:CRS84" if uri == _CRS84 else f"EPSG:{uri.rpartition('/')[2]}"
        there = pyproj.Transformer.from_crs("OGC:CRS84", code)
        expected = np.column_stack(there.transform(*plain.T))
        found = shapely.get_coordinates(shapely.geometry.shape(response.json()["geometry"]))
        assert np.allclose(found, expected, rtol=0, atol=1e-3 if expected.max() > 360 else 1e-7), uri
        box = there.transform_bounds(104, 30.6, 104.1, 30.7)
        asked = {"bbox": ",".join(map(repr, box)), "bbox-crs": uri, "limit": 999}
        body = anyone.get("/ogc/collections/plots/items", params=asked).json()
        assert {each["id"] for each in body["features"]} >= inside, uri


def test_queries_of_observations_without_or_with_empty_coordinates_are_refused(anyone: Client) -> None:
    here = "/ogc/collections/sensing.observations"  # EDR 34-36, 50-52, 82-89, 136
    told = anyone.get(here).json()
    assert {"spatial"} <= set(told["extent"])
    assert all({"type", "observedProperty"} <= set(each) for each in told["parameter_names"].values())  # 17
    kinds = {"position": ("POINT",), "area": ("POLYGON",), "radius": ("POINT",), "corridor": ("LINESTRING",),
             "trajectory": ("LINESTRING", "LINESTRINGM", "LINESTRINGZM", "LINESTRINGZ")}  # fmt: skip
    for query, shapes in kinds.items():
        assert query in told["data_queries"]
        for asked in ("", "?coords=", *(f"?coords={shape}()" for shape in shapes)):
            assert anyone.get(f"{here}/{query}{asked}").status_code == 400, f"{query}{asked}"
    assert anyone.get(f"{here}/locations").status_code == 200
    assert anyone.get(f"{here}/cube").status_code == 400


def test_processes_and_jobs_are_listed_by_pages_and_missing_ones_named(house: House) -> None:
    analyst = house.client("analyst")  # Processes: pl-limit, process-list, no-such-process, no-such-job, raw, document
    page = analyst.get("/ogc/processes?limit=1").json()
    assert len(page["processes"]) == 1
    ids = [each["id"] for each in page["processes"]]
    while "next" in _rels(page["links"]):
        page = analyst.get(_rels(page["links"])["next"]["href"]).json()
        ids += [each["id"] for each in page["processes"]]
    assert sorted(ids) == ["buffer", "run-scene", "statistics"]
    for path, kind in (("processes/nosuch", "process"), ("jobs/nosuch", "job"), ("jobs/nosuch/results", "job")):
        missing = analyst.get(f"/ogc/{path}")
        assert (missing.status_code, missing.json()["type"]) == (404, _NO_SUCH + kind)
    assert analyst.post("/ogc/processes/nosuch/execution", json={}).json()["type"] == f"{_NO_SUCH}process"
    inputs = {"geometry": {"type": "Point", "coordinates": [104.07, 30.67]}, "distance": 10}
    run = "/ogc/processes/buffer/execution"
    raw = analyst.post(run, json={"inputs": inputs, "outputs": {"geometry": {"transmissionMode": "value"}}}).json()
    assert raw["type"] == "Polygon"
    assert analyst.post(run, json={"inputs": inputs, "response": "document"}).json() == {"geometry": raw}
    for wrong in (
        {"response": "xml"},
        {"outputs": {"nosuch": {}}},
        {"outputs": {"geometry": {"transmissionMode": "reference"}}},
    ):
        assert analyst.post(run, json={"inputs": inputs, **wrong}).status_code == 400
    started = analyst.post(run, json={"inputs": inputs}, headers={"Prefer": "respond-async"})
    job = started.json()["jobID"]
    house.city.jobs.wait(job)
    assert analyst.get(f"/ogc/jobs/{job}/results").json()["type"] == "Polygon"
    for asked, there in (("type=process", True), ("processID=buffer,x", True), ("processID=statistics", False),
                         ("status=successful", True), ("status=failed", False), ("minDuration=9999", False),
                         ("maxDuration=9999", True), ("datetime=../2001-01-01", False), ("limit=1", True)):  # fmt: skip
        found = analyst.get(f"/ogc/jobs?{asked}").json()
        assert (job in {each["jobID"] for each in found["jobs"]}) is there, asked
        assert "self" in _rels(found["links"])


def test_tilesets_say_which_tiles_there_are(anyone: Client) -> None:
    (tileset,) = anyone.get("/ogc/collections/plots/tiles").json()["tilesets"]  # Tiles A.2-A.14
    template = next(each["href"] for each in tileset["links"] if each["rel"] == "item")
    assert all(f"{{{name}}}" in template for name in ("tileMatrix", "tileRow", "tileCol"))
    assert [each["tileMatrix"] for each in tileset["tileMatrixSetLimits"]] == [str(zoom) for zoom in range(23)]
    limits = tileset["tileMatrixSetLimits"][11]
    rows, columns = ([limits[f"{end}Tile{side}"] for end in ("min", "max")] for side in ("Row", "Col"))

    def status(row: int, column: int) -> int:
        filled = (("tileMatrix", 11), ("tileRow", row), ("tileCol", column))
        address = template
        for name, number in filled:
            address = address.replace(f"{{{name}}}", str(number))
        return anyone.get(address).status_code

    inside = {
        status(row, column) for row in range(rows[0], rows[1] + 1) for column in range(columns[0], columns[1] + 1)
    }
    assert 200 in inside <= {200, 204}
    around = {status(rows[0] - 1, columns[0]), status(rows[1] + 1, columns[1]), status(rows[0], columns[0] - 1)}
    assert around <= {204}
    assert status(2**31 - 1, 2**31 - 1) in {400, 404}
    assert status(2048, 0) == 404
    assert anyone.get("/ogc/collections/plots/tiles/WebMercatorQuad/0/0/0?f=png").status_code == 406
