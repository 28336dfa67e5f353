"""Packed files: every format in a gzip, what is packed too deep, and what would expand beyond all bounds."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely

from lifang.catalogue.reading import Limits
from lifang.core import BadInput, TooLarge

from .conftest import table, zipped

POINTS = shapely.to_wkb(shapely.points([[104.1, 30.6], [104.2, 30.7]]))
NAMES = np.array(["甲", "乙"], object)
ROWS = [{"nm": "甲"}, {"nm": "乙"}]


def as_csv(_folder: Path) -> bytes:
    return "nm\n甲\n乙\n".encode()


def as_geojson(_folder: Path) -> bytes:
    point = {"type": "Point", "coordinates": [104.1, 30.6]}
    features = [{"type": "Feature", "properties": {"nm": name}, "geometry": point} for name in NAMES]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def as_parquet(_folder: Path) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"nm": NAMES}), sink)
    return sink.getvalue()


def as_xlsx(_folder: Path) -> bytes:
    book = openpyxl.Workbook()
    for row in (["nm"], ["甲"], ["乙"]):
        book.active.append(row)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def as_gpkg(folder: Path) -> bytes:
    pyogrio.raw.write(folder / "p.gpkg", POINTS, [NAMES], ["nm"], geometry_type="Point", crs="EPSG:4326")
    return (folder / "p.gpkg").read_bytes()


def as_shapefile(folder: Path) -> bytes:
    pyogrio.raw.write(
        folder / "p.shp", POINTS, [NAMES], ["nm"], geometry_type="Point", crs="EPSG:4326", encoding="UTF-8"
    )
    return zipped(*((path.name, path.read_bytes()) for path in sorted(folder.glob("p.*"))))


MAKERS = {
    "csv": as_csv,
    "geojson": as_geojson,
    "parquet": as_parquet,
    "xlsx": as_xlsx,
    "gpkg": as_gpkg,
    "shapefile": as_shapefile,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAKERS)
def test_every_format_is_read_from_a_gzip(read, tmp_path: Path, kind: str) -> None:
    name = "x.zip.gz" if kind == "shapefile" else f"x.{kind}.gz"
    opened = read(gzip.compress(MAKERS[kind](tmp_path)), name)
    assert (opened.format, table(opened)) == (kind, ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "shapefile"])
def test_every_single_file_is_read_from_a_zip_and_from_that_zip_in_a_gzip(read, tmp_path: Path, kind: str) -> None:
    content = zipped((f"数据/x.{kind}", MAKERS[kind](tmp_path)), ("readme.txt", b"x"))
    for packed, name in ((content, "x.zip"), (gzip.compress(content), "x.zip.gz")):
        opened = read(packed, name)
        assert (opened.format, table(opened)) == (kind, ROWS)


@pytest.mark.slow
def test_what_is_packed_once_more_is_refused(read, tmp_path: Path) -> None:
    once = zipped(("a.csv", b"a\n1\n"))
    for content in (
        gzip.compress(gzip.compress(b"a\n1\n")),
        zipped(("a.csv.gz", gzip.compress(b"a\n1\n"))),
        zipped(("a.zip", once)),
        gzip.compress(zipped(("a.zip", once))),
        gzip.compress(zipped(("a.zip", as_shapefile(tmp_path)))),
    ):
        with pytest.raises(BadInput, match="archive inside") as caught:
            read(content, "a")
        assert (caught.value.where[:1], caught.value.mend) == ("a", "Pack the data file once only.")


def test_a_zip_in_a_gzip_may_expand_only_by_what_came_in(read) -> None:
    bomb = gzip.compress(zipped(("a.csv", b"a,b\n" + b"1,2\n" * 20_000_000)))
    assert len(bomb) < 2_000
    with pytest.raises(TooLarge, match="expands beyond") as caught:
        read(bomb, "a.zip.gz")
    assert caught.value.where == "a.csv"
    with pytest.raises(TooLarge):
        read(gzip.compress(zipped(("a.csv", bytes(range(256)) * 4_000))), "a.zip.gz", Limits(expanded=1_000_000))


def test_a_list_of_files_that_would_fill_memory_is_refused_unread(read) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.csv", b"a\n1\n")
    end = sink.getvalue().rindex(b"PK\x05\x06")
    content = bytearray(sink.getvalue()[:end] + bytes(10_000_000) + sink.getvalue()[end:])
    content[end + 10_000_000 + 12 : end + 10_000_000 + 16] = (10_000_000).to_bytes(4, "little")
    with pytest.raises(TooLarge, match="list of files") as caught:
        read(bytes(content), "a.zip")
    assert caught.value.mend


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("a.csv")
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([("../a.csv", b"a\n1\n")], "out of it"),
        ([("/etc/a.csv", b"a\n1\n")], "out of it"),
        ([("..\\a.csv", b"a\n1\n")], "out of it"),
        ([("c:/a.csv", b"a\n1\n")], "out of it"),
        ([(link(), b"/etc/passwd")], "link"),
        ([("a.zip", zipped(("a.csv", b"a\n1\n")))], "archive inside"),
        ([("a.csv", b"a\n1\n"), ("b.csv", b"a\n1\n")], "2 data files"),
        ([("x/a.csv", b"a\n1\n"), ("y/a.csv", b"a\n1\n")], "same name"),
        ([("a.shp", b"x"), ("a.dbf", b"x")], "lacks .shx"),
    ],
)
def test_dangerous_or_unclear_zips_are_refused(read, tmp_path: Path, members, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read(zipped(*members), "a.zip")
    assert not (tmp_path.parent / "a.csv").exists()


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("a.csv", data))])
def test_bombs_are_stopped_by_size_and_by_ratio(read, pack) -> None:
    data = b"a,b\n" + b"1,2\n" * 6_000_000
    with pytest.raises(TooLarge):
        read(pack(data), "a", Limits(expanded=1_000_000))
    with pytest.raises(TooLarge):
        read(pack(data), "a", Limits(ratio=20))


def test_damaged_archives_are_refused(read) -> None:
    with pytest.raises(BadInput, match="damaged"):
        read(gzip.compress(b"a\n1\n" * 1000)[:-9], "a.csv.gz")
    with pytest.raises(BadInput, match="damaged"):
        read(zipped(("a.csv", b"a\n1\n" * 100))[:-30], "a.zip")
