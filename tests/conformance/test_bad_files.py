"""Files that others published as bad or tricky, sent to the catalogue: refused with what, where and how to mend.

RFC 7946: what breaks a MUST is refused. Admitted, because RFC 7946 only says SHOULD: ``geometrycollection_single``
(§3.1.8). ``stringcoord`` loses its bad feature and keeps the good one. Refused although geojsonhint calls it good:
``issue82``, whose latitudes below -90 are no places on earth (§4).
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import orjson
import pytest
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from lifang.catalogue import Admission, Card, Catalogue, write_rows
from lifang.catalogue.catalogue import id_after
from lifang.core import BadInput, ManualClock, Settings
from lifang.guard import SYSTEM
from lifang.store import Store

CASES = Path(__file__).parent / "cases"
SHOULD_ONLY = {"geometrycollection_single"}
PARTLY_GOOD = {"stringcoord"}
NOT_ON_EARTH = {"issue82"}


def cases(folder: str, pattern: str = "*") -> list[Path]:
    return sorted((CASES / folder).glob(pattern))


def name(path: Path) -> str:
    return path.stem


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(
        tmp_path_factory.mktemp("city"), clock=ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), threads=1
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def catalogue(store: Store) -> Catalogue:
    return Catalogue(store, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), Settings("t", "测", "t", "0"))


def admit(catalogue: Catalogue, path: Path, *, called: str | None = None) -> Admission:
    return catalogue.add(path, name=called or path.name, card=Card.from_mapping({"id": "x"}), by=SYSTEM)


def refusal(catalogue: Catalogue, store: Store, path: Path, *, called: str | None = None) -> BadInput:
    before = (store.registry.count("release"), store.ledger.head())
    with pytest.raises(BadInput) as caught:
        admit(catalogue, path, called=called)
    assert caught.value.what
    assert caught.value.mend
    assert before == (store.registry.count("release"), store.ledger.head())
    assert not list((store.folder / "scratch").iterdir())
    return caught.value


@pytest.mark.parametrize("path", cases("json", "n_*"), ids=name)
def test_what_is_not_json_is_refused_with_its_place(catalogue: Catalogue, store: Store, path: Path) -> None:
    error = refusal(catalogue, store, path, called=f"{path.stem}.geojson")
    assert error.where


@pytest.mark.parametrize("content", [b"[" * 100_000, b'[{"":' * 50_000], ids=["arrays", "objects"])
def test_deep_brackets_are_refused(catalogue: Catalogue, store: Store, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "deep.json"
    path.write_bytes(content)
    assert "not JSON" in refusal(catalogue, store, path).what


@pytest.mark.parametrize("path", cases("json", "y_*"), ids=name)
def test_json_that_is_no_geojson_is_told_what_is_expected(catalogue: Catalogue, store: Store, path: Path) -> None:
    assert "FeatureCollection is expected" in refusal(catalogue, store, path).what


@pytest.mark.parametrize("path", [p for p in cases("geojson/bad") if p.stem not in SHOULD_ONLY | PARTLY_GOOD], ids=name)
def test_what_breaks_a_must_of_rfc_7946_is_refused(catalogue: Catalogue, store: Store, path: Path) -> None:
    refusal(catalogue, store, path)


@pytest.mark.parametrize("path", [p for p in cases("geojson/bad") if p.stem in SHOULD_ONLY], ids=name)
def test_what_breaks_only_a_should_is_admitted(catalogue: Catalogue, path: Path) -> None:
    assert admit(catalogue, path).refused == 0


@pytest.mark.parametrize("path", [p for p in cases("geojson/bad") if p.stem in PARTLY_GOOD], ids=name)
def test_a_bad_feature_is_refused_and_the_good_one_admitted(catalogue: Catalogue, path: Path) -> None:
    admission = admit(catalogue, path)
    assert (admission.rows, admission.refused) == (2, 1)
    refused = catalogue.dataset("x").refused().select().to_pylist()
    assert [(row["row"], row["rule"]) for row in refused] == [(1, "geojson")]
    assert "must hold numbers" in refused[0]["mend"]


@pytest.mark.parametrize("path", [p for p in cases("geojson/good") if p.stem not in NOT_ON_EARTH], ids=name)
def test_good_geojson_is_admitted(catalogue: Catalogue, path: Path) -> None:
    admission = admit(catalogue, path)
    assert admission.rows > 0
    assert admission.refused == 0


@pytest.mark.parametrize("path", [p for p in cases("geojson/good") if p.stem in NOT_ON_EARTH], ids=name)
def test_well_formed_positions_off_the_earth_are_refused(catalogue: Catalogue, store: Store, path: Path) -> None:
    assert "'position'" in refusal(catalogue, store, path).what


@pytest.mark.parametrize("called", ["data.xml", "data.csv", "data.geojson"])
@pytest.mark.parametrize("path", cases("xml"), ids=name)
def test_xml_is_refused_unparsed_whatever_it_is_called(
    catalogue: Catalogue, store: Store, path: Path, called: str
) -> None:
    refusal(catalogue, store, path, called=called)


@pytest.fixture(scope="module")
def naughty() -> list[str]:
    strings = orjson.loads((CASES / "strings" / "blns.json").read_bytes())
    return [text for text in strings if text and "\0" not in text]


def test_naughty_strings_are_kept_to_the_letter(catalogue: Catalogue, tmp_path: Path, naughty: list[str]) -> None:
    path = tmp_path / "blns.csv"
    quoted = ['"' + text.replace('"', '""') + '"' for text in naughty]
    path.write_bytes(("n,text\n" + "".join(f"{k},{text}\n" for k, text in enumerate(quoted))).encode())
    card = Card.from_mapping({"id": "blns", "columns": {"n": {"type": "integer"}, "text": {}}})
    admission = catalogue.add(path, card=card, by=SYSTEM)
    assert admission.refused == 0
    assert catalogue.dataset("blns").rows().select(["text"])["text"].to_pylist() == naughty


def test_naughty_strings_are_kept_to_the_letter_as_properties_and_as_cells_of_a_workbook(
    catalogue: Catalogue, tmp_path: Path, naughty: list[str]
) -> None:
    card = Card.from_mapping({"id": "naughty", "columns": {"n": {"type": "integer"}, "text": {}}})
    path = tmp_path / "blns.geojson"
    rows = [{"type": "Feature", "geometry": None, "properties": {"n": k, "text": t}} for k, t in enumerate(naughty)]
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": rows}))
    assert catalogue.add(path, card=card, by=SYSTEM).refused == 0
    assert catalogue.dataset("naughty").rows().select(["text"])["text"].to_pylist() == naughty
    legal = [text for text in naughty if not ILLEGAL_CHARACTERS_RE.search(text)]
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in (["n", "text"], *([k, WriteOnlyCell(sheet, value="x" + text)] for k, text in enumerate(legal))):
        sheet.append(row)
    book.save(tmp_path / "blns.xlsx")
    assert catalogue.add(tmp_path / "blns.xlsx", card=card, by=SYSTEM).refused == 0
    kept = catalogue.dataset("naughty").rows().select(["text"])["text"].to_pylist()
    assert [text.removeprefix("x").splitlines() for text in kept] == [text.splitlines() for text in legal]


def test_naughty_strings_as_column_names_make_a_dataset_or_a_refusal_that_says_why(
    catalogue: Catalogue, store: Store, tmp_path: Path, naughty: list[str]
) -> None:
    path = tmp_path / "names.geojson"
    feature = {"type": "Feature", "geometry": None, "properties": dict.fromkeys(naughty, "v")}
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": [feature]}))
    admission = admit(catalogue, path)
    assert admission.refused == 0
    assert len(admission.release.columns) == len(set(naughty)) + 1
    assert {value for row in catalogue.dataset("x").rows().select().to_pylist() for value in row.values()} == {
        "v",
        None,
    }


def test_naughty_strings_as_file_names_name_a_dataset_and_lead_nowhere(
    catalogue: Catalogue, store: Store, tmp_path: Path, naughty: list[str]
) -> None:
    path = tmp_path / "received"
    path.write_bytes(b"a,b\n1,2\n")
    before = {each.name for each in store.folder.rglob("*") if each.is_dir()}
    stems = {Path(f"{text}.csv").name.partition(".")[0] for text in naughty}
    ids = {id_after(stem) for stem in stems}
    assert all(re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", each) for each in ids)
    for text in naughty[::25]:
        assert catalogue.add(path, name=f"{text}.csv", by=SYSTEM).dataset in ids
    made = {each.name for each in store.folder.rglob("*") if each.is_dir()} - before
    assert all(re.fullmatch(r"[a-z0-9_.=-]+", each) for each in made)


def test_naughty_strings_are_neutral_in_an_export(catalogue: Catalogue, naughty: list[str]) -> None:
    written = b"".join(write_rows(catalogue.dataset("blns").rows().batches(["text"]), "csv")).decode()
    cells = [row[0] for row in csv.reader(io.StringIO(written, newline=""))][1:]
    assert len(cells) == len(naughty)
    assert cells == [f"'{text}" if text[0] in "=+-@\t\r\n" else text for text in naughty]
