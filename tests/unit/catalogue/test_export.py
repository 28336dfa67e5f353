import csv
import io
import re
from datetime import date, datetime
from pathlib import Path

import openpyxl
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lifang.catalogue import EXPORT_FORMATS, write_rows
from lifang.core import BadInput

POINTS = shapely.to_wkb(shapely.points([[104.1, 30.6], [104.2, 30.7]]))
TABLE = pa.table(
    {
        "名称": pa.array(["=1+1", 'say "hi", \n你好']),
        "n": pa.array([-1, None]),
        "when": pa.array([0, 1_500_000], pa.timestamp("us", tz="UTC")),
        "geometry": pa.array(POINTS, pa.binary()),
        "_xmin": pa.array([104.1, 104.2]),
    }
)


def written(kind: str, table: pa.Table = TABLE) -> bytes:
    return b"".join(write_rows(table.to_reader(max_chunksize=1), kind))


def test_csv_is_quoted_neutral_and_without_the_bounds() -> None:
    rows = list(csv.reader(io.StringIO(written("csv").decode(), newline="")))
    assert rows == [
        ["名称", "n", "when", "geometry"],
        ["'=1+1", "-1", "1970-01-01T00:00:00Z", "POINT (104.1 30.6)"],
        ['say "hi", \n你好', "", "1970-01-01T00:00:01.500000Z", "POINT (104.2 30.7)"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_cell_starts_a_formula(start: str) -> None:
    text = written("csv", pa.table({"a": [f"{start}cmd|' /C calc'!A0"]})).decode()
    assert next(csv.reader(io.StringIO(text.split("\n", 1)[1], newline="")))[0].startswith("'")


def test_geojson_has_properties_and_positions() -> None:
    document = orjson.loads(written("geojson"))
    first, second = document["features"]
    assert first == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [104.1, 30.6]},
        "properties": {"名称": "=1+1", "n": -1, "when": "1970-01-01T00:00:00Z"},
    }
    assert second["properties"]["n"] is None


def test_json_is_an_array_of_rows() -> None:
    rows = orjson.loads(written("json"))
    assert [row["n"] for row in rows] == [-1, None]
    assert rows[0]["geometry"]["type"] == "Point"


def test_parquet_and_arrow_give_the_table_back() -> None:
    assert pq.read_table(io.BytesIO(written("parquet"))).equals(TABLE)
    assert pa.ipc.open_stream(written("arrow")).read_all().equals(TABLE)


@pytest.mark.parametrize("kind", EXPORT_FORMATS)
def test_no_rows_are_a_valid_file(kind: str) -> None:
    content = written(kind, TABLE.slice(0, 0))
    if "json" in kind:
        orjson.loads(content)
    assert content


def test_what_cannot_be_written_is_refused_before_the_first_byte() -> None:
    with pytest.raises(BadInput, match="export format"):
        write_rows(TABLE, "xls")
    with pytest.raises(BadInput, match="no geometry"):
        next(write_rows(pa.table({"a": [1]}), "geojson"))


MOMENTS = pa.table(
    {
        "utc": pa.array([-62_135_596_800, None, 253_402_300_799], pa.timestamp("s", tz="UTC")),
        "plain": pa.array([0, 1, None], pa.timestamp("us")),
        "far": pa.array([253_402_300_800, 0, 0], pa.timestamp("s", tz="UTC")),
    }
)


def test_moments_are_iso_8601_from_the_first_year_to_the_last_and_beyond() -> None:
    rows = list(csv.reader(io.StringIO(b"".join(write_rows(MOMENTS, "csv")).decode())))[1:]
    assert rows == [
        ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00.000000", "10000-01-01T00:00:00Z"],
        ["", "1970-01-01T00:00:00.000001", "1970-01-01T00:00:00Z"],
        ["9999-12-31T23:59:59Z", "", "1970-01-01T00:00:00Z"],
    ]


@given(st.lists(st.text("'=+-@\t\ra", max_size=6), max_size=20))
def test_what_was_made_neutral_is_read_back_as_it_was(texts: list[str]) -> None:
    written = b"".join(write_rows(pa.table({"a": pa.array(texts, pa.string())}), "csv")).decode()
    cells = [row[0] for row in list(csv.reader(io.StringIO(written, newline="")))[1:]]
    assert not any(cell[:1] in tuple("=+-@\t\r") for cell in cells if cell)
    assert [re.sub(r"^'('*[=+\-@\t\r\n])", r"\1", cell) for cell in cells] == texts


def test_a_workbook_holds_texts_numbers_days_and_moments_as_such() -> None:
    table = TABLE.append_column("day", pa.array([date(2026, 1, 31), date(1899, 1, 1)])).append_column(
        "big", pa.array([2**53, 2**53 + 1])
    )
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", table)))
    head, first, second = (list(row) for row in book["rows"].iter_rows())
    assert [cell.value for cell in head] == ["名称", "n", "when", "geometry", "day", "big"]
    assert (first[0].value, first[0].data_type) == ("=1+1", "s")
    assert [cell.value for cell in first[1:]] == [
        -1,
        datetime.fromisoformat("1970-01-01"),
        "POINT (104.1 30.6)",
        datetime.fromisoformat("2026-01-31"),
        2**53,
    ]
    assert first[2].number_format == 'yyyy-mm-dd"T"hh:mm:ss"Z"'
    texts = [
        'say "hi", \n你好',
        None,
        "1970-01-01T00:00:01.500000Z",
        "POINT (104.2 30.7)",
        "1899-01-01",
        str(2**53 + 1),
    ]
    assert [cell.value for cell in second] == texts


def test_a_workbook_refuses_what_it_would_cut_off() -> None:
    with pytest.raises(BadInput, match="more than a cell"):
        write_rows(pa.table({"a": ["x" * 32_768]}), "xlsx")


def test_a_geopackage_is_read_by_gdal(tmp_path: Path) -> None:
    table = TABLE.append_column("fid", pa.array([7, 7])).append_column("tags", pa.array([["a"], None]))
    path = tmp_path / "rows.gpkg"
    path.write_bytes(written("gpkg", table))
    info = pyogrio.read_info(path)
    assert (info["crs"], info["geometry_name"], info["features"]) == ("EPSG:4326", "geometry", 2)
    meta, read = pyogrio.read_arrow(path)
    assert read["fid"].to_pylist() == [7, 7]
    assert read["名称"].to_pylist() == ["=1+1", 'say "hi", \n你好']
    assert shapely.from_wkb(read[meta["geometry_name"]].to_numpy())[1].wkt == "POINT (104.2 30.7)"
    with pytest.raises(BadInput, match="no geometry"):
        write_rows(pa.table({"a": [1]}), "gpkg")


def test_parquet_says_that_its_geometry_is_one() -> None:
    geo = orjson.loads(pq.read_schema(io.BytesIO(written("parquet"))).metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
