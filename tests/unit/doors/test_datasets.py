"""Datasets over HTTP: found, shown, filtered, paged, exported."""

from __future__ import annotations

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import House

pytestmark = pytest.mark.slow

WELLS = "/api/v1/datasets/wells"


def test_the_list_shows_facets_and_follows_words_and_filters(house: House) -> None:
    client = house.client("data_officer")
    every = client.get("/api/v1/datasets", params={"purpose": "test"}).json()
    assert {each["id"] for each in every["items"]} >= {"wells", "cellars", "vaults"}
    assert every["facets"]["provider"] == [
        {"value": "水务局", "name": {"zh": "水务局", "en": "water bureau"}, "count": 3}
    ]
    assert [each["id"] for each in client.get("/api/v1/datasets?q=cellars").json()["items"]] == ["cellars"]
    assert client.get("/api/v1/datasets?provider=nobody").json()["items"] == []
    assert [each["id"] for each in client.get("/api/v1/datasets?classification=open").json()["items"]] == ["wells"]


def test_the_list_is_paged_by_a_cursor(house: House) -> None:
    client = house.client("administrator")
    seen: list[str] = []
    after = None
    while not seen or after:
        page = client.get("/api/v1/datasets", params={"limit": 1, **({"after": after} if after else {})}).json()
        seen += [each["id"] for each in page["items"]]
        after = page["next"]
    assert {"cellars", "vaults", "wells"} <= set(seen)
    assert len(seen) == len(set(seen))


def test_a_dataset_shows_metadata_columns_releases_and_quality(house: House) -> None:
    told = house.client().get(WELLS).json()
    assert told["metadata"][0] == {"element": "信息资源名称", "en": "name", "value": {"zh": "wells数据", "en": "wells"}}
    depth = next(column for column in told["columns"] if column["name"] == "depth")
    assert (depth["type"], depth["unit"]) == ("number", "m")
    assert told["releases"][0]["number"] == 1
    assert told["quality"]["completeness"]["depth"] == 1.0
    assert {rule["rule"] for rule in told["quality"]["rules"]} == {"type", "date"}
    assert told["quality_score"] == 0.75


@pytest.mark.parametrize(
    ("where", "codes"),
    [
        ("depth:gt:9", [1, 3]),
        ("depth:<=:8", [2]),
        ("name:contains:井", [1, 2]),
        ("name:prefix:西", [2]),
        ("code:in:1,3", [1, 3]),
        ("dug:ge:2018-05-01", [1, 2]),
        ("name:eq:a:b", []),
        ("depth:isnull:", []),
        ("depth:notnull", [1, 2, 3]),
    ],
)
def test_rows_are_filtered_by_conditions_of_their_columns_types(house: House, where: str, codes: list[int]) -> None:
    page = house.client().get(f"{WELLS}/rows", params={"where": where}).json()
    assert [row["code"] for row in page["items"]] == codes
    assert page["total"] == len(codes)


@pytest.mark.parametrize(
    "query",
    [
        "where=depth:gt:abc",
        "where=depth:gt:nan",
        "where=depth:likes:1",
        "where=nothing:eq:1",
        "where=_xmin:gt:1",
        "where=code:eq:99999999999999999999",
        "where=dug:eq:2019-02-30",
        "where=geometry:eq:x",
        "columns=name,nothing",
        "columns=name,name",
        "order=nothing",
        "order=code,-name",
        "bbox=1,2,3",
        "bbox=1,2,3,nan",
        "limit=0",
        "after=nonsense",
        "release=0",
        "at=2019-02-30T00:00:00Z",
        "at=2019-02-03",
        "release=1&at=2100-01-01T00:00:00Z",
        "format=shapefile",
    ],
)
def test_a_bad_question_is_refused_with_what_where_and_how_to_mend(house: House, query: str) -> None:
    answer = house.client().get(f"{WELLS}/rows?{query}")
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"]
    assert problem["where"] or problem["mend"]


def test_rows_are_paged_in_order_and_a_cursor_fits_only_its_question(house: House) -> None:
    client = house.client()
    first = client.get(f"{WELLS}/rows?order=-depth&limit=2").json()
    assert [row["code"] for row in first["items"]] == [3, 1]
    second = client.get(f"{WELLS}/rows", params={"order": "-depth", "limit": 2, "after": first["next"]}).json()
    assert [row["code"] for row in second["items"]] == [2]
    assert second["next"] is None
    other = client.get(f"{WELLS}/rows", params={"order": "depth", "after": first["next"]})
    assert other.status_code == 400


def test_a_box_picks_by_place_and_geometry_comes_as_geojson(house: House) -> None:
    page = house.client().get(f"{WELLS}/rows?bbox=104.015,30.6,104.025,30.7&columns=code,geometry").json()
    assert page["items"] == [{"code": 2, "geometry": {"type": "Point", "coordinates": [104.02, 30.62]}}]


def test_as_of_a_moment_before_the_first_release_there_is_nothing(house: House) -> None:
    assert house.client().get(f"{WELLS}/rows?at=2000-01-01T00:00:00%2B08:00").status_code == 404
    assert house.client().get(f"{WELLS}/rows?at=2100-01-01T00:00:00Z").status_code == 200
    assert house.client().get(f"{WELLS}/rows?release=7").status_code == 404


def test_exports_are_readable_in_every_format(house: House) -> None:
    client = house.client()
    csv = client.get(f"{WELLS}/rows?format=csv&columns=code,name")
    assert csv.text.splitlines()[1] == '1,"东井"'
    assert "'=cmd" in csv.text
    assert csv.headers["content-disposition"] == 'attachment; filename="wells-1.csv"'
    parquet = client.get(f"{WELLS}/rows?format=parquet").content
    assert pq.read_table(io.BytesIO(parquet)).num_rows == 3
    arrow = client.get(f"{WELLS}/rows?format=arrow").content
    assert pa.ipc.open_stream(arrow).read_all().num_rows == 3
    features = client.get(f"{WELLS}/rows?format=geojson")
    assert features.headers["content-type"] == "application/geo+json"
    assert len(features.json()["features"]) == 3


def test_what_is_held_already_is_not_sent_again(house: House) -> None:
    for url in (f"{WELLS}/rows?format=geojson", f"{WELLS}/rows?format=csv", WELLS, f"{WELLS}/rows", "/api/v1/datasets"):
        first = house.client().get(url)
        again = house.client().get(url, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304, url
        assert again.content == b""
        assert "private" in first.headers["cache-control"]


def test_a_layer_is_compressed_once_and_kept(house: House) -> None:
    url = f"{WELLS}/rows?format=geojson"
    packed = house.client().get(url, headers={"Accept-Encoding": "gzip"})
    plain = house.client().get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    held = house.app.state.rendered.get((packed.headers["etag"], True), lambda: b"not held")
    assert gzip.decompress(held) == plain.content


def test_refused_rows_say_how_to_mend_them_and_are_paged(house: House) -> None:
    first = house.client().get(f"{WELLS}/refused?limit=1").json()
    second = house.client().get(f"{WELLS}/refused", params={"limit": 1, "after": first["next"]}).json()
    rows = first["items"] + second["items"]
    assert [(row["row"], row["column"], row["value"]) for row in rows] == [
        (5, "depth", "abc"),
        (5, "dug", "2019-02-30"),
    ]
    assert all(row["mend"] for row in rows)
    assert second["next"] is None


def test_lineage_leads_from_the_source_to_the_indicator(house: House) -> None:
    told = house.client().get(f"{WELLS}/lineage").json()
    kinds = {node["kind"] for node in told["nodes"]}
    assert {"blob", "release", "dataset", "indicator"} <= kinds
    ends = {node["id"] for node in told["nodes"]}
    assert all(edge["source"] in ends and edge["target"] in ends for edge in told["edges"])


def test_a_query_reaches_only_what_the_asker_may_query(house: House) -> None:
    sql = {"sql": "SELECT name, depth FROM wells ORDER BY depth", "limit": 2}
    told = house.client().post("/api/v1/query", json=sql).json()
    assert told["rows"] == [["西井", 8.0], ["东井", 12.5]]
    assert told["truncated"] is True
    hidden = {"sql": "SELECT count(*) FROM cellars"}
    assert house.client().post("/api/v1/query", json=hidden).status_code == 400
    assert house.client("analyst").post("/api/v1/query", json=hidden).json()["rows"] == [[3]]
    for sql in ("DROP TABLE wells", "SELECT * FROM read_csv('/etc/passwd')", "SELECT 1; SELECT 2", ""):
        assert house.client().post("/api/v1/query", json={"sql": sql}).status_code == 400
