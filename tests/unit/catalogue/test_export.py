import csv
import io

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

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
