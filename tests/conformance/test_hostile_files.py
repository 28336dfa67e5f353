"""Small files that claim to be huge, endless or something else: refused in words, soon, in little memory."""

import contextlib
import sqlite3
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely

from lifang.catalogue import Card, Catalogue
from lifang.catalogue.reading import Limits, open_source
from lifang.core import BadInput, Conflict, ManualClock, Settings, TooLarge
from lifang.guard import SYSTEM
from lifang.store import Store

SECONDS = 20
MEGABYTES = 400
SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ROWS = {
    "small letters": '<row r="1"><c r="a1"><v>1</v></c></row><row r="1048576"><c r="xfd1048576"><v>2</v></c></row>',
    "no references": f'<row r="1">{"<c><v>1</v></c>" * 16384}</row><row r="1048576"><c><v>2</v></c></row>',
    "leading zeros": '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD01048576"><v>2</v></c></row>',
    "no such column": '<row r="1"><c r="ZZZZZZZZZ1"><v>1</v></c></row><row r="9999999999999"><c><v>2</v></c></row>',
    "whole grid": '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(
        tmp_path_factory.mktemp("city"), clock=ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), threads=1
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def catalogue(store: Store) -> Catalogue:
    return Catalogue(store, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), Settings("t", "测", "t", "0"))


def most_memory() -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024


def refusal(catalogue: Catalogue, store: Store, path: Path, *, called: str, **card: object) -> BadInput:
    before, start = most_memory(), time.monotonic()
    with pytest.raises(BadInput) as caught:
        catalogue.add(path, name=called, card=Card.from_mapping({"id": "x", **card}), by=SYSTEM)
    assert time.monotonic() - start < SECONDS
    assert most_memory() - before < MEGABYTES
    assert caught.value.mend
    assert str(store.folder) not in str(caught.value)
    assert path.name not in str(caught.value)
    assert not list((store.folder / "scratch").iterdir())
    assert not store.registry.count("release")
    return caught.value


def workbook(path: Path, rows: str, *, sheet: str = "worksheets/sheet1.xml") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{TYPES}"></Types>')
        for name, kind, target in (
            ("_rels/.rels", "officeDocument", "xl/workbook.xml"),
            ("xl/_rels/workbook.xml.rels", "worksheet", sheet),
        ):
            relation = f'<Relationship Id="rId1" Type="{OFFICE}/{kind}" Target="{target}"/>'
            archive.writestr(name, f'<Relationships xmlns="{RELATIONS}">{relation}</Relationships>')
        sheets = '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets>'
        archive.writestr("xl/workbook.xml", f'<workbook {SHEET} xmlns:r="{OFFICE}">{sheets}</workbook>')
        archive.writestr(f"xl/{sheet}", f"<worksheet {SHEET}><sheetData>{rows}</sheetData></worksheet>")
    return path


@pytest.mark.parametrize("sheet", ["worksheets/sheet1.xml", "other/sheet1.xml", "other/sheet1.bin"])
@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_a_sheet_that_claims_a_huge_grid_is_refused(
    catalogue: Catalogue, store: Store, tmp_path: Path, rows: str, sheet: str
) -> None:
    path = workbook(tmp_path / "upload-0", rows, sheet=sheet)
    refusal(catalogue, store, path, called="Budget.xlsx")


def geopackage(path: Path, *statements: str) -> Path:
    points = shapely.to_wkb(shapely.points([[104.1, 30.6], [104.2, 30.7]]))
    pyogrio.raw.write(path, points, [], [], geometry_type="Point", crs="EPSG:4326", driver="GPKG", layer="points")
    database = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        database.execute(statement)
    database.close()
    return path


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS fid, x AS v FROM n"
NAMED = "INSERT INTO gpkg_contents(table_name, data_type, identifier) VALUES ('evil', 'attributes', 'evil')"


def test_a_geopackage_whose_layer_is_an_endless_query_is_refused(
    catalogue: Catalogue, store: Store, tmp_path: Path
) -> None:
    path = geopackage(tmp_path / "upload-0.gpkg", f"CREATE VIEW evil AS {ENDLESS}", NAMED)
    assert "view" in refusal(catalogue, store, path, called="Trees.gpkg", layer="evil").what


def test_a_geopackage_whose_layer_would_read_another_file_is_refused(
    catalogue: Catalogue, store: Store, tmp_path: Path
) -> None:
    virtual = """INSERT INTO sqlite_master(type, name, tbl_name, rootpage, sql)
        VALUES ('table', 'evil', 'evil', 0, 'CREATE VIRTUAL TABLE evil USING VirtualOGR(''CSV:/etc/passwd'')')"""
    path = geopackage(tmp_path / "upload-0.gpkg", "PRAGMA writable_schema = on", virtual, NAMED)
    refusal(catalogue, store, path, called="Trees.gpkg", layer="evil")


@pytest.mark.parametrize("size", [5000, 40_000])
def test_a_cut_geopackage_is_refused_under_its_own_name(
    catalogue: Catalogue, store: Store, tmp_path: Path, size: int
) -> None:
    path = geopackage(tmp_path / "upload-0.gpkg")
    path.write_bytes(path.read_bytes()[:size])
    refusal(catalogue, store, path, called="Trees.gpkg")


def test_reading_apart_ends_when_its_time_is_up_or_a_person_stops_it(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "Trees.gpkg")
    for name in "ab":
        (tmp_path / name).mkdir()
    no_time = 0.001 - path.stat().st_size / (1 << 20)  # a second is added for each MiB
    with pytest.raises(TooLarge, match="cannot be read within"):
        open_source(path, scratch=tmp_path / "a", limits=Limits(child_seconds=no_time))

    def stop() -> None:
        raise Conflict("Stopped.")

    with pytest.raises(Conflict):
        open_source(path, scratch=tmp_path / "b", poll=stop)


HEADERS = {
    "many": (",".join(map(str, range(100_000))) + "\n1\n", "columns"),
    "many in one block": ("," * 900_000 + "\n1\n", "columns"),
    "one line without end": ("a" * 100_000 + "," + "b" * 100_000 + "," + "c" * 3_000_000, "header"),
    "quoted without end": ('"' + "a,\n" * 1_000_000, "header"),
    "old line ends": (",".join(map(str, range(5_000))) + "\r1\r", "columns"),
}


@pytest.mark.parametrize(("content", "words"), HEADERS.values(), ids=HEADERS)
def test_a_table_too_wide_is_refused_before_its_columns_are_made(
    catalogue: Catalogue, store: Store, tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "upload-0"
    path.write_text(content, "utf-8", newline="")
    assert words in refusal(catalogue, store, path, called="Wide.csv", delimiter=",").what


def test_features_with_too_many_different_properties_are_refused(
    catalogue: Catalogue, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "upload-0"
    point = {"type": "Point", "coordinates": [104, 30]}
    features = [{"type": "Feature", "geometry": point, "properties": {f"p{k}": 1}} for k in range(10_000)]
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
    assert "properties" in refusal(catalogue, store, path, called="Wide.geojson").what


@pytest.mark.slow
def test_a_parquet_file_with_wrong_bytes_is_refused_or_read_but_ends_no_server(
    catalogue: Catalogue, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "upload-0"
    pq.write_table(pa.table({"n": range(2_000), "t": ["成都"] * 2_000}), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(3)
    for number in range(12):
        content = np.frombuffer(whole, np.uint8).copy()
        content[rng.integers(4, len(content) - 8, 8)] = 255
        path.write_bytes(content.tobytes())
        (tmp_path / f"s{number}").mkdir()
        with contextlib.suppress(BadInput):
            opened = open_source(path, name="Trees.parquet", scratch=tmp_path / f"s{number}")
            assert sum(len(batch.rows) for batch in opened.batches()) <= 2_000
    path.write_bytes(whole[: len(whole) // 2])
    refusal(catalogue, store, path, called="Trees.parquet")


PROPERTIES = {
    "lists without end": lambda: "[" + "[]," * 12_000_000 + "[]]",
    "one text too long": lambda: '"' + "x" * 130_000_000 + '"',
}


@pytest.mark.slow
@pytest.mark.parametrize("value", PROPERTIES.values(), ids=PROPERTIES)
def test_a_feature_that_would_fill_memory_is_refused_and_the_server_holds_nothing_of_it(
    catalogue: Catalogue, store: Store, tmp_path: Path, value: Callable[[], str]
) -> None:
    path = tmp_path / "upload-0"
    feature = f'{{"type": "Feature", "geometry": null, "properties": {{"p": {value()}}}}}'
    path.write_text(f'{{"type": "FeatureCollection", "features": [{feature}]}}', "utf-8")
    del feature
    error = refusal(catalogue, store, path, called="Wide.geojson")
    assert "memory" in error.what or "at once" in error.what


def test_archives_are_named_as_their_sender_names_them(catalogue: Catalogue, store: Store, tmp_path: Path) -> None:
    for content in (b"\x1f\x8b\x08\x00broken", b"PK\x03\x04broken"):
        path = tmp_path / "upload-0"
        path.write_bytes(content)
        assert refusal(catalogue, store, path, called="Broken.csv.gz").where == "Broken.csv.gz"


def test_what_a_killed_admission_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with Store.open(tmp_path / "city", clock=clock, threads=1) as store:
        (store.folder / "scratch" / "tmp0").mkdir(parents=True)
        Catalogue(store, clock, Settings("t", "测", "t", "0"))
        assert not (store.folder / "scratch").exists()
