"""Features: clients of others read the datasets; place, time, properties and pages are exact."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from owslib.ogcapi.features import Features
from tests.unit.doors.conftest import Client, House
from tests.unit.doors_ogcapi.conftest import COUNT, Plots

_ITEMS = "/ogc/collections/plots/items"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def _ids(body: dict[str, Any]) -> list[Any]:
    return [each["id"] for each in body["features"]]


def test_owslib_reads_collections_schemas_items_and_one_item(served: str) -> None:
    client = Features(f"{served}/")
    assert {"wells", "plots", "fees"} <= set(client.feature_collections())
    assert "bunkers" not in client.feature_collections()
    assert client.conformance()["conformsTo"]
    assert client.api()["openapi"].startswith("3.0")
    assert client.collection("plots")["extent"]["spatial"]["bbox"][0][0] == pytest.approx(104.0, abs=0.1)
    assert client.collection_queryables("plots")["properties"]["floors"]["type"] == "integer"
    page = client.collection_items("plots", limit=7, bbox=[104.0, 30.6, 104.1, 30.7])
    assert page["numberReturned"] == 7 < page["numberMatched"] < COUNT
    assert client.collection_item("plots", page["features"][0]["id"])["properties"] == page["features"][0]["properties"]


def test_owslib_asks_with_a_filter_in_the_body_as_whoever_may_read(house: House, served: str) -> None:
    client = Features(f"{served}/")
    asked = {"op": ">=", "args": [{"property": "floors"}, 9]}
    page = client.collection_items("plots", cql=asked, limit=5)
    query = {"filter": json.dumps(asked), "filter-lang": "cql2-json", "limit": 5}
    by_address = house.client().get(_ITEMS, params=query).json()
    assert _ids(page) == _ids(by_address)
    assert 5 < page["numberMatched"] == by_address["numberMatched"] < COUNT
    (following,) = (each["href"] for each in page["links"] if each["rel"] == "next")
    more = house.client().get(following.removeprefix(served.removesuffix("/ogc")))
    assert (more.status_code, more.json()["numberMatched"]) == (200, page["numberMatched"])
    visitor = house.client()
    assert visitor.post("/ogc/collections/bunkers/items", json=asked).status_code == 404
    assert visitor.post(f"{_ITEMS}?filter=floors=1", json=asked).status_code == 400
    assert visitor.post(_ITEMS, json={"op": "evil", "args": []}).status_code == 400
    assert visitor.post(_ITEMS, json={"type": "Feature", **asked}).status_code == 401


_GDAL = """
import json, sys, pyogrio
source, box = sys.argv[1], json.loads(sys.argv[2])
if box == "layers":
    print(json.dumps([name for name, _ in pyogrio.list_layers(source).tolist()]))
else:
    asked = {"bbox": tuple(box)} if isinstance(box, list) else {"where": box} if box else {}
    print(json.dumps([each.hex() for each in pyogrio.raw.read(source, **asked)[2]]))
"""


def _gdal(source: str, box: object) -> Any:
    """Return what GDAL reads, in a process of its own: it keeps Python's lock while it waits for the server."""
    done = subprocess.run(
        [sys.executable, "-c", _GDAL, source, json.dumps(box)], capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


def test_gdal_reads_every_page_and_pushes_a_box_down(served: str, plots: Plots) -> None:
    whole = _gdal(f"OAPIF:{served}/collections/plots", None)
    assert shapely.equals_exact(shapely.from_wkb(whole), plots.shapes, 1e-9).all()
    assert len(whole) == COUNT
    west, south, east, north = box = (104.05, 30.65, 104.1, 30.7)
    found = _gdal(f"OAPIF:{served}/collections/plots", box)
    assert len(found) == int(shapely.intersects(plots.shapes, shapely.box(west, south, east, north)).sum())
    few = _gdal(f"OAPIF:{served}/collections/plots", "\"use\" = '住宅' AND area > 500")
    assert len(few) == sum(each["use"] == "住宅" and float(str(each["area"])) > 500 for each in plots.rows)
    assert len(_gdal(f"OAPIF:{served}/collections/sensing.observations", None)) >= 1
    listed = {"wells", "plots", "sensing.observations", "catalogue.records"}
    assert listed <= set(_gdal(f"OAPIF:{served}", "layers"))


@pytest.mark.parametrize("box", [(104.05, 30.65, 104.1, 30.7), (104.1, 30.7, 104.1001, 30.7001), (0, 0, 1, 1)])
def test_a_box_finds_what_it_touches_not_what_its_envelope_touches(
    anyone: Client, plots: Plots, box: tuple[float, float, float, float]
) -> None:
    body = anyone.get(_ITEMS, params={"bbox": ",".join(map(str, box)), "limit": 1000}).json()
    expected = plots.codes(shapely.intersects(plots.shapes, shapely.box(*box)))
    assert _ids(body) == expected
    assert body["numberMatched"] == body["numberReturned"] == len(expected)


def test_pages_follow_each_other_and_number_matched_is_exact(anyone: Client, plots: Plots) -> None:
    url, seen = f"{_ITEMS}?limit=90&use=住宅", []
    while url:
        body = anyone.get(url).json()
        assert body["numberMatched"] == int((plots.of("use") == "住宅").sum())
        seen += _ids(body)
        url = next((each["href"] for each in body["links"] if each["rel"] == "next"), "")
    assert seen == plots.codes(plots.of("use") == "住宅")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"datetime": "2010-01-01/.."}, lambda p: p.of("built") >= "2010-01-01"),
        ({"datetime": "../1995-06-10"}, lambda p: p.of("built") <= "1995-06-10"),
        ({"datetime": "1999-06-10"}, lambda p: p.of("built") == "1999-06-10"),
        ({"code": "p01*"}, lambda p: np.array([code.startswith("p01") for code in p.of("code")])),
        ({"filter": "floors > 20 AND \"use\" <> '住宅'"},
         lambda p: np.array([bool((row["floors"] or 0) > 20 and row["use"] != "住宅") for row in p.rows])),
        ({"filter": "floors IS NULL"}, lambda p: np.array([each is None for each in p.of("floors")])),
        ({"filter": "NOT floors = 3"}, lambda p: np.array([each is not None and each != 3 for each in p.of("floors")])),
        ({"filter": "code IN ('p001','p007') OR area BETWEEN 100 AND 105.5"},
         lambda p: np.array([row["code"] in {"p001", "p007"} or 100 <= row["area"] <= 105.5 for row in p.rows])),
        ({"filter": "CASEI(code) = CASEI('P011')"}, lambda p: p.of("code") == "p011"),
        ({"filter": "T_AFTER(seen, TIMESTAMP('2025-01-20T08:00:00Z'))"},
         lambda p: p.of("seen") > "2025-01-20T08:00:00Z"),
        ({"filter": "T_DURING(built, INTERVAL('2000-01-01','2005-01-01'))"},
         lambda p: (p.of("built") > "2000-01-01") & (p.of("built") < "2005-01-01")),
        ({"filter": "S_WITHIN(geometry, POLYGON((104 30.6, 104.2 30.6, 104 30.8, 104 30.6)))"},
         lambda p: shapely.within(p.shapes, shapely.Polygon([(104, 30.6), (104.2, 30.6), (104, 30.8)]))),
        ({"filter": "S_DISJOINT(geometry, BBOX(104,30.6,104.1,30.8))"},
         lambda p: shapely.disjoint(p.shapes, shapely.box(104, 30.6, 104.1, 30.8))),
        ({"filter-lang": "cql2-json", "filter": '{"op":"s_intersects","args":[{"property":"geometry"},'
          '{"type":"LineString","coordinates":[[104,30.6],[104.2,30.8]]}]}'},
         lambda p: shapely.intersects(p.shapes, shapely.LineString([(104, 30.6), (104.2, 30.8)]))),
        ({"filter-lang": "cql2-json", "filter": '{"op":"<","args":[{"op":"*","args":[{"property":"floors"},2]},9]}'},
         lambda p: np.array([each is not None and each * 2 < 9 for each in p.of("floors")])),
    ],
)  # fmt: skip
def test_conditions_find_what_python_finds(anyone: Client, plots: Plots, asked: dict[str, str], kept: Any) -> None:
    response = anyone.get(_ITEMS, params={**asked, "limit": COUNT})
    assert response.status_code == 200, response.text
    assert _ids(response.json()) == plots.codes(np.asarray(kept(plots), bool))


def test_order_is_by_what_is_named(anyone: Client, plots: Plots) -> None:
    body = anyone.get(_ITEMS, params={"sortby": "use,-area", "limit": COUNT}).json()
    rows = sorted(plots.rows, key=lambda row: (str(row["use"]), -float(str(row["area"]))))
    assert _ids(body) == [row["code"] for row in rows]


@pytest.mark.parametrize("code", [4326, 4490, 3857, 4544])
def test_coordinates_come_in_the_system_and_axis_order_asked_for(anyone: Client, plots: Plots, code: int) -> None:
    response = anyone.get(f"{_ITEMS}/p000", params={"crs": f"{_EPSG}{code}"})
    assert response.headers["content-crs"] == f"<{_EPSG}{code}>"
    transformer = pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}")  # axes as EPSG orders them
    x, y = transformer.transform(*shapely.get_coordinates(plots.shapes[0]).T)
    found = np.array(response.json()["geometry"]["coordinates"][0])
    assert found == pytest.approx(np.column_stack([x, y]), abs=1e-6)


def test_a_box_in_another_system_is_that_region(anyone: Client, plots: Plots) -> None:
    to = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:4544")
    north, east = to.transform(104.05, 30.65)
    told = f"{north},{east},{north + 3000},{east + 3000}"
    body = anyone.get(_ITEMS, params={"bbox": told, "bbox-crs": f"{_EPSG}4544", "limit": COUNT}).json()
    moved = shapely.transform(plots.shapes, lambda c: np.column_stack(to.transform(*c.T)))
    expected = shapely.intersects(moved, shapely.box(north, east, north + 3000, east + 3000))
    assert _ids(body) == plots.codes(expected)
    degrees = anyone.get(_ITEMS, params={"bbox": "30.65,104.05,30.7,104.1", "bbox-crs": f"{_EPSG}4326"}).json()
    there = shapely.intersects(plots.shapes, shapely.box(104.05, 30.65, 104.1, 30.7))
    assert degrees["numberMatched"] == int(there.sum())


def test_json_fg_tells_time_type_and_moved_place(anyone: Client) -> None:
    response = anyone.get(f"{_ITEMS}?limit=1&crs={_EPSG}4544", headers={"Accept": "application/vnd.ogc.fg+json"})
    body = response.json()
    assert response.headers["content-type"] == "application/vnd.ogc.fg+json"
    assert (body["featureType"], body["coordRefSys"]) == ("plots", f"{_EPSG}4544")
    first = body["features"][0]
    assert first["time"] == {"date": "1990-06-01"}
    assert first["geometry"] is None
    assert first["place"]["coordinates"][0][0][0] > 3_000_000


def test_a_table_without_places_is_a_collection_of_features_without_geometry(anyone: Client) -> None:
    body = anyone.get("/ogc/collections/fees/items").json()
    assert [(each["id"], each["geometry"], each["properties"]["fee"]) for each in body["features"]] == [
        (1, None, "a"),
        (2, None, "b"),
    ]
    assert anyone.get("/ogc/collections/fees/items?bbox=0,0,1,1").json()["numberMatched"] == 0
    assert anyone.get("/ogc/collections/fees/items/2").json()["properties"]["amount"] == 2
    assert anyone.get("/ogc/collections/fees/items/3").status_code == 404


@pytest.mark.parametrize("path", ["", "/items", "/items/p001", "/queryables", "/schema", "/sortables"])
def test_a_hidden_collection_answers_as_one_that_is_not_there(house: House, path: str) -> None:
    for role in ("", "citizen"):
        hidden = house.client(role).get(f"/ogc/collections/bunkers{path}")
        nothing = house.client(role).get(f"/ogc/collections/nothere{path}")
        assert (hidden.status_code, nothing.status_code) == (404, 404)
        assert hidden.text.replace("bunkers", "") == nothing.text.replace("nothere", "")


def test_a_data_officer_states_a_purpose_and_the_ledger_has_it(house: House) -> None:
    officer = house.client("data_officer")
    assert officer.get("/ogc/collections/bunkers/items").status_code == 403
    assert officer.get("/ogc/collections/bunkers/items?purpose=shelter plan").json()["numberMatched"] == COUNT
    last = house.city.store.ledger.last("release")
    assert last is not None
    assert (last.entry.resource, last.entry.purpose) == ("release:bunkers@1", "shelter plan")


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "1=1; DROP TABLE x"},
        {"filter": "code = 'a' OR 1=1 --"},
        {"filter": '"code"" = 1 OR 1=1" = \'a\''},
        {"filter": "nosuch = 1"},
        {"filter": "_xmin > 1"},
        {"filter": "rowid = 1"},
        {"filter": "read_text('/etc/passwd') = 'a'"},
        {"filter": "code = 1"},
        {"filter": "code"},
        {"filter": "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))"},
        {"filter": "S_INTERSECTS(code, POINT(1 2))"},
        {"filter": "code LIKE '%%%%%%%%%%%%%%%%%%%%a'"},
        {"filter": "code = 'a", "filter-lang": "cql2-text"},
        {"filter": "{}", "filter-lang": "cql2-json"},
        {"filter": "true", "filter-lang": "ecql"},
        {"filter-crs": "EPSG:999999", "filter": "code='a'"},
        {"sortby": "code; DROP TABLE x"},
        {"sortby": "geometry"},
        {"sortby": "(SELECT 1)"},
        {"sortby": "_xmin"},
        {'code" OR 1=1 --': "a"},
        {"nosuch": "1"},
        {"floors": "1 OR 1=1"},
        {"bbox": "1,2,3"},
        {"bbox": "a,b,c,d"},
        {"bbox": "nan,0,1,1"},
        {"bbox": "104,30,nan,105,31,inf"},
        {"bbox": "104,30,9,105,31,1"},
        {"bbox": "\uff11,2,3,4"},
        {"bbox": "1_0,2,30,4"},
        {"datetime": "2020-01-01/P1M/P1M"},
        {"datetime": "../P1D"},
        {"crs": "http://example.org/crs"},
        {"datetime": "yesterday"},
        {"datetime": "2020-01-02/2020-01-01"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "1e9"},
        {"offset": "x"},
        {"release": "0"},
        {"sortby": "a" * 501},
    ],
)
def test_what_cannot_be_understood_is_refused_never_run_nor_ignored(anyone: Client, asked: dict[str, str]) -> None:
    response = anyone.get(_ITEMS, params=asked)
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_only_representations_that_are_made_here_are_promised(anyone: Client) -> None:
    assert anyone.get(_ITEMS, headers={"Accept": "text/html"}).status_code == 406
    assert anyone.get(f"{_ITEMS}?f=html").status_code == 406
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert anyone.get(_ITEMS, headers={"Accept": browser}).status_code == 200


def test_a_page_that_did_not_change_is_not_sent_again(anyone: Client) -> None:
    first = anyone.get(f"{_ITEMS}?limit=5")
    assert anyone.get(f"{_ITEMS}?limit=5", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_what_is_taken_is_metered(house: House) -> None:
    def rows() -> int:
        return sum(each.rows for each in house.city.catalogue.meter.find(dataset="plots"))

    before, analyst = rows(), house.client("analyst")
    assert analyst.get(f"{_ITEMS}?limit=7").status_code == analyst.get(f"{_ITEMS}/p001").status_code == 200
    assert rows() == before + 8


def test_a_program_that_knows_only_user_and_password_sends_its_token_as_password(house: House) -> None:
    token = house.tokens["analyst"]
    for name, password, status in (("anyone", token, 200), (token, "", 200), ("", "lfg_wrong", 401), ("x", "", 401)):
        told = house.client().get("/ogc/collections/cellars/items", auth=(name, password))
        assert told.status_code == status, (name, told.text)
    assert house.client().get("/ogc", headers={"Authorization": "Basic %%"}).status_code == 401
