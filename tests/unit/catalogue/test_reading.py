import io
import math
import struct
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely

from lifang.catalogue.reading.text import find_delimiter
from lifang.core import BadInput, TooLarge

from .conftest import rows, table, zipped


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_csv_reads_in_each_encoding(read, encoding: str) -> None:
    opened = read("名称,值\n成都市,1\n".encode(encoding), "a.csv")
    assert table(opened) == [{"名称": "成都市", "值": "1"}]
    assert opened.encoding == encoding.removesuffix("-sig")


@pytest.mark.parametrize(
    "content",
    [
        "名称,值\n成都市武侯区,1\n".encode() + "绵阳,2\n".encode("gb18030"),
        "名称,值\n成都市武侯区,1\n".encode("gb18030") + "成都市武侯区,1\n".encode() * 3,
        "a,b\né,ü\n".encode("latin-1"),
    ],
)
def test_mixed_or_other_encodings_are_refused_with_the_place(read, content: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        read(content, "a.csv")
    assert "line" in caught.value.where
    assert "UTF-8" in caught.value.mend


@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
def test_the_first_wrong_byte_is_told_wherever_a_chunk_ends(read, monkeypatch, chunk: int) -> None:
    monkeypatch.setattr("lifang.catalogue.reading.text._CHUNK", chunk)
    start = "名称,值\n成都,1\n".encode()
    for rest, where in ((b"x\xff\xff,1\n", 2), (b"ab\xe6\x88", 3)):
        with pytest.raises(BadInput) as caught:
            read(start + rest, "a.csv")
        assert caught.value.where == f"line 3, byte {len(start) + where}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"a,b", "header"),
        (bytes(range(256)), "NUL"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"<html><body>404</body></html>", "XML or HTML"),
        (b"<root xmlns = 'x'>", "XML or HTML"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0rest", "Excel"),
        (b"SQLite format 3\0" + bytes(200), "not a GeoPackage"),
        (b"PAR1xxxx", "Parquet"),
    ],
)
def test_what_is_no_table_is_refused_clearly(read, content: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        read(content, "a.csv")
    assert caught.value.mend


def test_rows_are_numbered_as_a_spreadsheet_shows_them(read) -> None:
    opened = read(b'a,b\n1,2\n3\n\n"x\ny",4\n5,6,7\n8,9\n', "a.csv")
    assert rows(opened) == [2, 5, 7]
    refused = [(each.row, each.value) for batch in opened.batches() for each in batch.refused]
    assert refused == [(3, "3"), (6, "5,6,7")]


def test_row_numbers_hold_over_many_blocks(read, monkeypatch) -> None:
    monkeypatch.setattr("lifang.catalogue.reading.delimited._BLOCK", 1000)
    lines = [b"a,b"] + [b"%d" % k if k % 97 == 0 else b"%d,%d" % (k, k) for k in range(2, 5000)]
    opened = read(b"\n".join(lines), "a.csv")
    pairs = [
        (int(row), int(value))
        for batch in opened.batches()
        for row, value in zip(batch.rows, batch.columns.column(0).to_pylist(), strict=True)
    ]
    assert all(row == value for row, value in pairs)
    refused = [each.row for batch in opened.batches() for each in batch.refused]
    assert refused == [k for k in range(2, 5000) if k % 97 == 0]


def test_a_quote_that_is_never_closed_is_refused(read) -> None:
    opened = read(b'a,b\n1,"x\n2,3\n4,5\n', "a.csv")
    with pytest.raises(BadInput, match="never closed"):
        table(opened)


@pytest.mark.parametrize(
    ("text", "delimiter"), [("a;b\n1,5;2\n", ";"), ("a\tb\n1\t2\n", "\t"), ("a|b\n1|2\n", "|"), ("a\n1\n", ",")]
)
def test_delimiters_are_found(text: str, delimiter: str) -> None:
    assert find_delimiter(text) == delimiter


def test_repeated_and_empty_headers_are_told_apart_and_noted(read) -> None:
    opened = read(b"a,a,\n1,2,3\n", "a.csv")
    assert opened.headers == ("a", "a (2)", "column 3")
    assert len(opened.notes) == 2


def workbook(edit=lambda _name, content: content) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["代码", "值"], ["007", 1.0], [None, None], ["008", 2.5]):
        sheet.append(row)
    sink = io.BytesIO()
    book.save(sink)
    with zipfile.ZipFile(sink) as archive:
        return zipped(*((name, edit(name, archive.read(name))) for name in archive.namelist()))


def test_xlsx_reads_with_its_own_row_numbers(read) -> None:
    opened = read(workbook(), "a.xlsx")
    assert table(opened) == [{"代码": "007", "值": "1"}, {"代码": "008", "值": "2.5"}]
    assert rows(opened) == [2, 4]
    assert opened.texts == {"代码"}


def test_entity_bombs_inside_xlsx_are_refused(read) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    with pytest.raises(BadInput, match="entity"):
        read(
            workbook(lambda _, content: (bomb + content).replace(b"007", b"&b;") if b"007" in content else content),
            "a.xlsx",
        )


def test_a_sheet_that_spans_the_whole_grid_with_two_cells_is_refused(read) -> None:
    with pytest.raises(TooLarge, match="1048576 rows"):
        read(workbook(lambda _, content: content.replace(b'r="B4"', b'r="XFD1048576"')), "a.xlsx")


def test_parquet_reads_typed_columns_as_text(read) -> None:
    sink = io.BytesIO()
    times = pa.array([0, None], pa.timestamp("us", tz="Asia/Shanghai"))
    pq.write_table(
        pa.table(
            {"t": times, "v": [0.1, float("nan")], "l": [[1], None], "d": pa.array(["a", "b"]).dictionary_encode()}
        ),
        sink,
    )
    opened = read(sink.getvalue(), "a.parquet")
    assert table(opened) == [
        {"t": "1970-01-01 00:00:00.000000Z", "v": "0.1", "l": "[1]", "d": "a"},
        {"t": None, "v": "nan", "l": None, "d": "b"},
    ]


def test_geopackage_and_shapefile_carry_geometry_and_crs(read, tmp_path: Path) -> None:
    points = shapely.to_wkb(shapely.points([[104.1, 30.6], [104.2, 30.7]]))
    names = [np.array(["甲", "乙"], object)]
    pyogrio.raw.write(tmp_path / "p.gpkg", points, names, ["nm"], geometry_type="Point", crs="EPSG:4490")
    opened = read((tmp_path / "p.gpkg").read_bytes(), "p.gpkg")
    assert (opened.format, opened.crs, table(opened)) == ("gpkg", "EPSG:4490", [{"nm": "甲"}, {"nm": "乙"}])
    (tmp_path / "s").mkdir()
    pyogrio.raw.write(
        tmp_path / "s/p.shp", points, names, ["nm"], geometry_type="Point", crs="EPSG:4326", encoding="GB18030"
    )
    parts = [(path.name, path.read_bytes()) for path in sorted((tmp_path / "s").iterdir())]
    opened = read(zipped(*parts), "p.zip")
    assert (opened.format, table(opened)) == ("shapefile", [{"nm": "甲"}, {"nm": "乙"}])
    batch = next(opened.batches())
    assert batch.geometry is not None
    assert shapely.from_wkb(batch.geometry[1]).x == 104.2


def test_arcs_of_a_geopackage_become_chords_and_measures_and_heights_do_no_harm(read, tmp_path: Path) -> None:
    def shape(kind: int, *parts: bytes) -> bytes:
        return struct.pack("<BI", 1, kind) + struct.pack("<I", len(parts)) + b"".join(parts)

    def points(*each: tuple[float, ...]) -> list[bytes]:
        return [struct.pack(f"<{len(one)}d", *one) for one in each]

    around = points((0, 20), (20, 0), (0, -20), (-20, 0), (0, 20))
    square = points((0, 0, 5, 7), (10, 0, 5, 7), (10, 10, 5, 8), (0, 10, 5, 8), (0, 0, 5, 7))
    ring = struct.pack("<I", len(square)) + b"".join(square)
    half = shape(9, shape(8, *around[:3]), shape(2, around[2], around[0]))  # an arc, then the way back
    shapes = [
        shape(10, shape(8, *around)),  # CurvePolygon
        shape(12, shape(10, half)),  # MultiSurface of a CompoundCurve
        shape(3003, ring),  # Polygon ZM
        shape(7, shape(1, *[])[:5] + points((1, 2))[0], shape(8, *around[:3])),  # a collection with an arc in it
    ]
    path = tmp_path / "c.gpkg"
    fields, kind = [np.arange(len(shapes))], "Unknown"
    pyogrio.raw.write(path, np.array(shapes, object), fields, ["n"], geometry_type=kind, crs="EPSG:32648")
    batch = next(read(path.read_bytes(), "c.gpkg").batches())
    found = shapely.from_wkb(batch.geometry)
    assert [each.geom_type for each in found] == ["Polygon", "MultiPolygon", "Polygon", "GeometryCollection"]
    areas = [math.pi * 400, math.pi * 200, 100]
    assert [each.area for each in found[:3]] == pytest.approx(areas, rel=3e-4)
    assert shapely.hausdorff_distance(found[0].exterior, shapely.Point(0, 0).buffer(20, 720).exterior) < 0.0033


def test_a_renamed_driver_cannot_slip_in_as_a_shapefile(read) -> None:
    vrt = b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>"
    with pytest.raises(BadInput, match="not a shapefile"):
        read(zipped(("a.shp", vrt), ("a.shx", b"x"), ("a.dbf", b"x")), "a.zip")


def test_a_shapefile_without_a_code_page_is_read_in_the_encoding_its_texts_have(read, tmp_path: Path) -> None:
    points = shapely.to_wkb(shapely.points([[104.1, 30.6]]))
    pyogrio.raw.write(
        tmp_path / "p.shp",
        points,
        [np.array(["成都市"], object)],
        ["nm"],
        geometry_type="Point",
        crs="EPSG:4326",
        encoding="GB18030",
    )
    parts = [(path.name, path.read_bytes()) for path in sorted(tmp_path.glob("p.*")) if path.suffix != ".cpg"]
    opened = read(zipped(*parts), "p.zip")
    assert (opened.encoding, table(opened)) == ("GB18030", [{"nm": "成都市"}])


def test_a_sheet_that_begins_below_and_beside_the_corner_keeps_its_row_numbers(read) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["B3"], sheet["C3"], sheet["B4"], sheet["C6"] = "h", "k", 1, "z"
    sink = io.BytesIO()
    book.save(sink)
    opened = read(sink.getvalue(), "a.xlsx")
    assert (rows(opened), table(opened)) == ([4, 6], [{"h": "1", "k": None}, {"h": None, "k": "z"}])
