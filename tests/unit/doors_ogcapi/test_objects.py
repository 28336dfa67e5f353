"""The twin's objects as OGC API collections of any moment, and models as 3D GeoVolumes, read by GDAL and OWSLib."""

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import shapely
from owslib.ogcapi.features import Features
from tests.unit.doors.conftest import House
from tests.unit.doors.test_twin import T0, T1, add, model

from lifang.core import format_instant

BETWEEN = "2019-06-01T00:00:00Z/2020-06-01T00:00:00Z"
ITEMS = "/ogc/collections/twin.towers/items"


@pytest.fixture(scope="module")
def towers(house: House) -> House:
    officer = house.client("data_officer")
    assert add(officer, model("a", "b"), valid_from=T0, model="towers")["state"] == "done"
    assert add(officer, model("a", "c", shift=5.0), valid_from=T1, model="towers")["state"] == "done"
    hidden = add(officer, model("vault"), valid_from=T0, model="bunkers", classification="restricted")
    assert hidden["state"] == "done"
    mast = json.loads(model("mast"))
    mast["CityObjects"]["mast"]["geometry"] = [{"type": "MultiLineString", "lod": "1", "boundaries": [[0, 4]]}]
    assert add(officer, json.dumps(mast).encode(), valid_from=T0, model="masts")["state"] == "done"
    return house


def ids(house: House, **asked: Any) -> list[str]:
    told = house.client().get(ITEMS, params=asked).json()
    assert told["numberReturned"] == len(told["features"]), told
    return [each["id"] for each in told["features"]]


def test_gdal_reads_objects_page_by_page_as_they_stand_now(towers: House, served: str) -> None:
    source = (
        f"OAPIF:{served}/collections/twin.towers"  # in a process of its own: GDAL waits with the interpreter's lock
    )
    read = (
        "import json, sys, pyogrio; meta, _, geometry, _ = pyogrio.raw.read(sys.argv[1], PAGE_SIZE='1');"
        "print(json.dumps([list(meta['fields']), len(geometry)]))"
    )
    told = subprocess.run([sys.executable, "-c", read, source], capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr
    names, count = json.loads(told.stdout)
    assert count == 2
    assert {"class", "stage", "height_m", "use"} <= set(names)


def test_owslib_finds_the_collections_and_an_object(towers: House, served: str) -> None:
    client = Features(f"{served}/")
    assert {"twin.towers", "twin.towers.Building"} <= set(client.feature_collections())
    assert client.collection_items("twin.towers", limit=1)["numberMatched"] == 2
    assert client.collection_item("twin.towers", "towers:a")["properties"]["height_m"] == 9.0
    assert "twin.bunkers" not in json.dumps(client.collections())


def test_objects_are_those_of_a_moment_or_of_an_interval(towers: House) -> None:
    assert ids(towers, datetime=T0) == ["towers:a", "towers:b"]
    assert ids(towers, datetime=BETWEEN) == ["towers:a", "towers:b", "towers:c"]
    assert ids(towers, datetime=f"../{T0}") == ["towers:a", "towers:b"]
    assert ids(towers, datetime="2018-01-01/2018-02-01") == []
    assert ids(towers, datetime=f"{format_instant(towers.city.now + timedelta(days=9))}/..") == ["towers:a", "towers:c"]
    then = towers.client().get(f"{ITEMS}/towers:a", params={"datetime": T0}).json()
    now = towers.client().get(f"{ITEMS}/towers:a").json()
    assert then["geometry"] != now["geometry"]
    both = towers.client().get(ITEMS, params={"datetime": BETWEEN, "limit": 1}).json()
    assert (both["numberMatched"], both["features"][0]["geometry"]) == (3, now["geometry"])


def test_objects_are_narrowed_by_box_and_class_and_paged(towers: House) -> None:
    west, south, east, north = towers.client().get("/api/v1/twin/objects/towers:c").json()["object"]["bbox"]
    assert ids(towers, bbox=f"{west},{south},{east},{north}") == ["towers:c"]
    assert ids(towers, bbox=f"{west},{south},0,{east},{north},90") == ["towers:c"]
    assert ids(towers, **{"class": "Road"}) == []
    page = towers.client().get(ITEMS, params={"limit": 1}).json()
    following = next(each["href"] for each in page["links"] if each["rel"] == "next")
    rest = towers.client().get(f"{urlsplit(following).path}?{urlsplit(following).query}").json()
    assert [each["id"] for each in (*page["features"], *rest["features"])] == ["towers:a", "towers:c"]


def test_objects_are_filtered_by_cql2_over_what_they_are_and_what_is_told_of_them(towers: House) -> None:
    assert ids(towers, filter="use = 'home' AND height_m BETWEEN 8 AND 10") == ["towers:a", "towers:c"]
    assert ids(towers, filter="use = 'shop' OR id LIKE '%:c'") == ["towers:c"]
    assert ids(towers, filter="valid_from > TIMESTAMP('2019-06-01T00:00:00Z')") == ["towers:a", "towers:c"]
    assert ids(towers, filter="storeys > 3") == []  # not told of any
    node = {"op": "and", "args": [{"op": "=", "args": [{"property": "class"}, "Building"]}, {"op": "not", "args": [
        {"op": "=", "args": [{"property": "id"}, "towers:a"]}]}]}  # fmt: skip
    asked = {"filter": json.dumps(node), "filter-lang": "cql2-json"}
    assert ids(towers, **asked) == ["towers:c"]
    assert towers.client().get(ITEMS, params={**asked, "limit": 1}).json()["numberMatched"] == 1
    told = towers.client().get("/ogc/collections/twin.towers/queryables").json()["properties"]
    assert (told["height_m"], told["geometry"]) == ({"type": "number"}, {"format": "geometry-any"})
    assert "use" in told


RELATIONS = ("equals", "disjoint", "touches", "within", "overlaps", "crosses", "intersects", "contains")


@pytest.mark.parametrize("relation", RELATIONS)
def test_objects_are_filtered_by_every_relation_of_their_outline_as_geos_has_it(towers: House, relation: str) -> None:
    listed = towers.client().get(ITEMS).json()["features"]
    shown = {each["id"]: shapely.from_geojson(json.dumps(each["geometry"])) for each in listed}
    own = shown["towers:a"]
    west, south, east, north = own.bounds
    middle = own.centroid
    asked = [
        own,
        middle,
        shapely.Point(west, south),
        shapely.box(west, south, middle.x, middle.y),
        shapely.box(west - 1e-5, south - 1e-5, middle.x, middle.y),
        shapely.box(west - 1e-5, south, west, north),
        own.buffer(1e-4),
        own.buffer(1),  # around all of them
        own.buffer(1e-3).difference(own.buffer(1e-4)),  # a ring
        shapely.LineString([(west - 1e-5, middle.y), (middle.x, middle.y)]),
        shapely.Polygon([(west, north), (east, north + 1e-5), (east, north)]),  # its box meets it, it only touches
    ]
    for each in asked:
        wanted = sorted(key for key, shape in shown.items() if getattr(shapely, relation)(shape, each))
        assert ids(towers, filter=f"S_{relation.upper()}(geometry, {each.wkt})") == wanted, each.wkt
        turned = sorted(key for key, shape in shown.items() if getattr(shapely, relation)(each, shape))
        assert ids(towers, filter=f"S_{relation.upper()}({each.wkt}, geometry)") == turned, each.wkt
    outside = ids(towers, filter=f"NOT S_{relation.upper()}(geometry, {middle.wkt}) AND class = 'Building'")
    assert outside == sorted(key for key, shape in shown.items() if not getattr(shapely, relation)(shape, middle))


def test_an_upright_line_is_the_point_where_it_stands(towers: House) -> None:
    items = "/ogc/collections/twin.masts/items"
    (mast,) = towers.client().get(items).json()["features"]
    (place,) = mast["geometry"]["coordinates"]
    assert (mast["geometry"]["type"], mast["properties"]["height_m"]) == ("MultiPoint", 9.0)
    around = shapely.Point(place).buffer(1e-5).wkt
    for relation, count in (("INTERSECTS", 1), ("WITHIN", 1), ("DISJOINT", 0)):
        told = towers.client().get(items, params={"filter": f"S_{relation}(geometry, {around})"}).json()
        assert told["numberMatched"] == count, relation


def test_objects_are_told_and_sought_in_other_coordinate_systems(towers: House) -> None:
    system = "http://www.opengis.net/def/crs/EPSG/0/4544"  # north first; the model's own
    assert system in towers.client().get("/ogc/collections/twin.towers").json()["crs"]
    one = towers.client().get(f"{ITEMS}/towers:c", params={"crs": system})
    assert one.headers["content-crs"] == f"<{system}>"
    ring = one.json()["geometry"]["coordinates"][0]
    assert [min(side) for side in zip(*ring, strict=True)] == pytest.approx([3_394_000, 410_055], abs=0.01)
    box = {"bbox": "3393990,410050,3394030,410080", "bbox-crs": system}
    assert ids(towers, **box) == ["towers:c"]


def test_a_model_is_a_volume_whose_tileset_leads_to_its_tiles(towers: House) -> None:
    told = towers.client().get("/ogc/collections/twin.towers").json()
    assert (told["collectionType"], len(told["contentExtent"]["bbox"])) == ("3d-container", 6)
    assert [each["id"] for each in told["children"]] == ["twin.towers.Building"]
    west, south, bottom, east, north, top = told["contentExtent"]["bbox"]
    for up, found in ((top, True), (bottom - 9, False)):
        box = f"{west},{south},{up},{east},{north},{up + 1}"
        listed = towers.client().get("/ogc/collections", params={"bbox": box}).json()["collections"]
        assert ("twin.towers" in {each["id"] for each in listed}) is found
    (content,) = told["content"]
    tileset = towers.client().get(urlsplit(content["href"]).path).json()
    own = towers.client().get(urlsplit(tileset["root"]["content"]["uri"]).path).json()
    assert tileset["asset"]["version"] == own["asset"]["version"] == "1.1"
    assert tileset["root"]["boundingVolume"] == own["root"]["boundingVolume"]
    then = towers.client().get(urlsplit(content["href"]).path, params={"datetime": T0}).json()
    assert "2019-01-01" in then["root"]["content"]["uri"]


@pytest.mark.parametrize("box", [None, "-180,-90,180,90"])
def test_the_list_of_collections_is_paged_whole(towers: House, box: str | None) -> None:
    client, asked = towers.client(), {"bbox": box} if box else {}
    whole = [each["id"] for each in client.get("/ogc/collections", params=asked).json()["collections"]]
    assert {"twin.towers", "twin.towers.Building", "twin.masts"} <= set(whole)
    assert len(whole) > 3
    found: list[str] = []
    url: str | None = str(client.get("/ogc/collections", params={**asked, "limit": 2}).url)
    for _ in range(len(whole)):
        page = client.get(url).json()
        own = [each["id"] for each in page["collections"]]
        assert len(own) <= 2
        found += own
        url = next((each["href"] for each in page["links"] if each["rel"] == "next"), None)
        if url is None:
            break
    assert (found, url) == (whole, None)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ogc/collections/twin.nothing", 404),
        ("/ogc/collections/twin.bunkers/items", 404),
        ("/ogc/collections/twin.towers.Spoon/items", 404),
        ("/ogc/collections/twin.towers.Building/3dtiles", 404),
        (f"{ITEMS}/towers:nothing", 404),
        (f"{ITEMS}?colour=red", 400),
        (f"{ITEMS}?datetime=yesterday", 400),
        (f"{ITEMS}?filter=S_INTERSECTS(geometry,POLYGON((104 30,104 31)))", 400),
        (f"{ITEMS}?filter=S_BEYOND(geometry,POINT(104 30))", 400),
        (f"{ITEMS}?filter=height_m >", 400),
        (f"{ITEMS}?crs=EPSG:2154", 400),
        (f"{ITEMS}?scenario=none", 404),
        ("/ogc/collections/twin.towers.Building/items?class=Road", 400),
        (f"/ogc/collections/twin.towers/3dtiles?datetime={BETWEEN}", 400),
    ],
)
def test_what_is_not_there_or_not_understood_is_told(towers: House, path: str, status: int) -> None:
    assert towers.client().get(path).status_code == status
