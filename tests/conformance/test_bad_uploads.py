"""Bad files as people send them, by HTTP and by the command line: told what, where and how to mend.

Each case goes through both doors; the city knows its roads, so that the offset of GCJ-02 is seen.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.unit.doors.conftest import House, build_house
from typer.testing import CliRunner

from lifang.core import Problem, wgs84_to_gcj02
from lifang.doors.cli.main import app

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Case:
    """A file, perhaps its card, and the words that must be told."""

    name: str
    content: bytes | Callable[[], bytes]
    what: str
    where: str
    mend: str
    card: str = ""
    status: int = 400

    def sent(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content()


def _roads() -> bytes:
    lines = [f'{k},"LINESTRING (104.00 {30.60 + k / 100}, 104.20 {30.60 + k / 100})"' for k in range(15)]
    return ("id,wkt\n" + "\n".join(lines)).encode()


def _on_roads(*, gcj: bool) -> bytes:
    lon, lat = np.linspace(104.02, 104.18, 60), 30.60 + np.arange(60) % 15 / 100
    lon, lat = wgs84_to_gcj02(lon, lat) if gcj else (lon, lat)
    rows = [f"{k},{x:.7f},{y:.7f}" for k, (x, y) in enumerate(zip(lon, lat, strict=True))]
    return ("n,lon,lat\n" + "\n".join(rows)).encode()


def _zip(name: str, content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return sink.getvalue()


_TABLE = "名称,值\n成都市武侯区,1\n".encode()
_GB = _TABLE.decode().encode("gb18030")


@cache
def _bomb() -> bytes:
    return b"a,b\n" + b"1,2\n" * 8_000_000


@cache
def _zipped_bomb() -> bytes:
    return _zip("a.csv", _bomb())


_UNPACKED = "Send the file unpacked"


def _carded(card: str, what: str, where: str, mend: str) -> Case:
    return Case("c.csv", b"a\n1\n", what, where, mend, f'id = "c"\n{card}')


_DAY = 'id = "d"\n[columns.n]\n[columns.day]\ntype = "date"'
_DAY_2 = "row 2, column 'day', value '2019-02-30'"
REFUSED = {
    "GCJ-02 declared as WGS 84": Case(
        "gcj.csv", _on_roads(gcj=True), "seems to be GCJ-02", "crs", 'Set crs = "GCJ-02"', 'id = "g"\ncrs = "EPSG:4326"'
    ),
    "every position swapped": Case(
        "s.csv", b"n,lon,lat\n1,30.61,104.06\n", "'swapped'", "row 2, column 'geometry'", "Swap longitude and latitude"
    ),
    "Latin-1": Case("l.csv", "name,v\ncafé,1\n".encode("latin-1"), "nor all GB18030", "line 2, byte 11", "UTF-8"),
    "UTF-16": Case("u.csv", _TABLE.decode().encode("utf-16"), "UTF-16", "byte 1", "UTF-8"),
    "two encodings": Case("m.csv", _TABLE + "绵阳,2\n".encode("gb18030"), "nor all", "line 3, byte 33", "one encoding"),
    "another encoding than the card says": Case(
        "g.csv", _GB, "not all utf-8", "line 1, byte 1", "encoding in the card", 'id = "g"\nencoding = "utf-8"'
    ),
    "a zip bomb": Case("b.zip", _zipped_bomb, "expands beyond", "a.csv", _UNPACKED),
    "a gzip bomb": Case("b.csv.gz", lambda: gzip.compress(_bomb()), "expands beyond", "b.csv.gz", _UNPACKED),
    "a zip bomb in a gzip": Case(
        "b.zip.gz", lambda: gzip.compress(_zipped_bomb()), "expands beyond", "a.csv", _UNPACKED
    ),
    "a path out of the zip": Case("t.zip", _zip("../../x.csv", b"a\n1\n"), "leads out", "../../x.csv", "plain file"),
    "only impossible dates": Case("d.csv", b"n,day\n1,2019-02-30\n", "'date'", _DAY_2, "no such date", _DAY),
    "a card that is no TOML": _carded("[columns.a\n", "cannot be read", "card", "dataset.toml"),
    "a card with a wrong type": _carded(
        '[columns.a]\ntype = "numbr"', "not a column type", "columns.a.type", "Use one of text"
    ),
    "a card with a wrong key": _carded(
        "[columns.a]\nminimun = 1", "unknown field", "columns.a.minimun", "Did you mean 'minimum'?"
    ),
    "a card with an unknown code list": _carded(
        '[columns.a]\ncode_list = "nope"', "No code list", "columns.a.code_list", "Known: "
    ),
    "a card with an unknown unit": _carded(
        '[columns.a]\ntype = "number"\nunit = "stone"', "not a known unit", "columns.a.unit", "Known: "
    ),
    "a card with an unknown system": _carded('crs = "EPSG:9"', "EPSG:9", "crs", "Use EPSG:4326"),
    "a card with a pattern that is none": _carded(
        '[columns.a]\npattern = "("', "not a regular expression", "columns.a.pattern", "RE2"
    ),
    "a card for other columns": _carded(
        "[columns.b]\nrequired = true", "has no column 'b'", "the header", "columns are a"
    ),
}
PARTLY = (
    b"n,day,v,lon,lat\n1,2019-01-02,1.5,104.1,30.6\n2,2019-02-30,2,104.1,30.6\n3,2019-01-04,NaN,104.1,30.6\n"
    b"4,2019-01-05,-inf,104.1,30.6\n5,2019-01-06,4,30.6,104.1\n6,2019-01-07,5.5,104.1,30.7\n7,2019-01-08,5,104.1,30.8\n"
)
BAD_CELLS = [
    (3, "day", "2019-02-30", "date"),
    (4, "v", "NaN", "finite"),
    (5, "v", "-inf", "finite"),
    (6, "geometry", "POINT (30.6 104.1)", "swapped"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = build_house(tmp_path_factory.mktemp("uploads"))
    answer = built.client("data_officer").post("/api/v1/datasets?filename=roads.csv", content=_roads())
    assert built.city.jobs.wait(answer.json()["id"], timeout_s=20).state == "done"
    yield built
    built.close()


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_by_http_it_is_refused_with_what_where_and_mend_and_nothing_is_left(house: House, case: Case) -> None:
    before = house.city.store.registry.count("release")
    files = {"file": (case.name, case.sent())} | ({"card": ("dataset.toml", case.card.encode())} if case.card else {})
    answer = house.client("data_officer").post("/api/v1/datasets", files=files)
    told = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (case.status, "application/problem+json")
    assert case.what in told["detail"]
    assert case.where in told["where"]
    assert case.mend in told["mend"]
    assert house.city.store.registry.count("release") == before
    assert not list(house.city.spool.iterdir())


def test_by_http_the_good_rows_are_admitted_and_each_bad_cell_is_told(house: House) -> None:
    client = house.client("data_officer")
    answer = client.post("/api/v1/datasets?filename=partly.csv", content=PARTLY)
    job = house.city.jobs.wait(answer.json()["id"], timeout_s=20)
    assert job.state == "done", job.error
    refused = client.get("/api/v1/datasets/partly/refused").json()["items"]
    assert [(each["row"], each["column"], each["value"], each["rule"]) for each in refused] == BAD_CELLS
    assert all(each["mend"] for each in refused)
    assert client.get("/api/v1/datasets/partly/rows").json()["total"] == 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cli")
    assert _run("init", home / "city").exit_code == 0
    settings = (home / "city/city.toml").read_text("utf-8").splitlines()
    kept = [line for line in settings if not line.startswith("extent")]
    (home / "city/city.toml").write_text("\n".join(["extent = [103, 30, 105, 32]", *kept]), "utf-8")
    (home / "roads.csv").write_bytes(_roads())
    assert _run("data", "add", home / "roads.csv", "--dir", home / "city").exit_code == 0
    return home / "city"


def _run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("case", list(REFUSED.values())[::3], ids=list(REFUSED)[::3])  # it is the same function
def test_by_the_command_line_it_is_refused_in_the_same_words(folder: Path, tmp_path: Path, case: Case) -> None:
    file, card = tmp_path / case.name, tmp_path / "dataset.toml"
    file.write_bytes(case.sent())
    card.write_text(case.card, "utf-8")
    done = _run("data", "add", file, "--dir", folder, *(["--card", card] if case.card else []))
    assert done.exit_code == 1
    assert isinstance(done.exception, Problem), done.output
    assert case.what in done.exception.what
    assert case.where in done.exception.where
    assert case.mend in done.exception.mend


def test_by_the_command_line_the_good_rows_are_admitted_and_each_bad_cell_is_shown(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "partly.csv").write_bytes(PARTLY)
    done = _run("data", "add", tmp_path / "partly.csv", "--dir", folder)
    assert done.exit_code == 0, done.output
    shown = [line for line in done.output.splitlines() if not line.startswith("note")]
    for row, column, value, rule in BAD_CELLS:
        line = next(line for line in shown if value in line and rule in line)
        assert line.split()[:2] == [str(row), column]
    assert "lifang data show partly --refused" in done.output
