from datetime import date, timedelta
from pathlib import Path

import pytest
import shapely

from lifang.catalogue import Admission, Card, Catalogue, card_from
from lifang.core import BadInput, Conflict, Denied, ManualClock, TooLarge, wgs84_to_gcj02
from lifang.guard import SYSTEM, Role, Subject
from lifang.store import Store

pytestmark = pytest.mark.slow

CITIZEN = Subject("c", "citizen", frozenset({Role.CITIZEN}))
COLUMNS = {
    "code": {"type": "text"},
    "day": {"type": "date"},
    "n": {"type": "integer", "minimum": 0},
    "v": {"type": "number", "maximum": 100},
}
GOOD = "code,day,n,v\n007,2019-02-28,1,2.5\n008,2019-03-01,2,99\n"


def cells(catalogue: Catalogue, dataset: str = "x") -> list[tuple[int, str, str | None, str]]:
    rows = catalogue.dataset(dataset).refused().select().to_pylist()
    return [(row["row"], row["column"], row["value"], row["rule"]) for row in rows]


def test_good_rows_are_typed_and_released(add, catalogue: Catalogue) -> None:
    admission: Admission = add(GOOD, columns=COLUMNS)
    assert (admission.rows, admission.refused, admission.unchanged) == (2, 0, False)
    assert catalogue.dataset("x").rows().select().to_pylist() == [
        {"code": "007", "day": date(2019, 2, 28), "n": 1, "v": 2.5},
        {"code": "008", "day": date(2019, 3, 1), "n": 2, "v": 99.0},
    ]


def test_every_bad_cell_of_a_row_is_reported_and_good_rows_stay(add, catalogue: Catalogue) -> None:
    text = GOOD + "009,2019-02-30,-1,NaN\n010,2019-01-01,x,inf\n011,2019-01-01,1\n"
    admission = add(text, columns=COLUMNS)
    assert (admission.rows, admission.refused, admission.report.admitted) == (5, 3, 2)
    assert cells(catalogue) == [
        (4, "day", "2019-02-30", "date"),
        (4, "n", "-1", "range"),
        (4, "v", "NaN", "finite"),
        (5, "n", "x", "type"),
        (5, "v", "inf", "finite"),
        (6, "", "011,2019-01-01,1", "columns"),
    ]
    mends = catalogue.dataset("x").refused().select(["mend"])["mend"].to_pylist()
    assert all(mends)


def test_the_same_bytes_with_the_same_card_change_nothing(add, store: Store) -> None:
    add(GOOD, columns=COLUMNS)
    head = store.ledger.head()
    again = add(GOOD, columns=COLUMNS)
    assert again.unchanged
    assert again.release is not None
    assert again.release.number == 1
    assert store.ledger.head() == head


def test_another_card_or_other_bytes_make_a_new_release_and_the_old_one_stays(
    add, catalogue: Catalogue, clock: ManualClock
) -> None:
    add(GOOD, columns=COLUMNS)
    before = clock.now()
    clock.advance(timedelta(days=1))
    assert add(GOOD + "009,2019-03-02,3,1\n", columns=COLUMNS).release.number == 2
    dataset = catalogue.dataset("x")
    assert dataset.rows().count() == 3
    assert dataset.rows(1).count() == dataset.rows(at=before).count() == 2


def test_a_file_without_a_good_row_is_refused_whole_and_leaves_nothing(add, catalogue: Catalogue, store: Store) -> None:
    with pytest.raises(BadInput, match="None of the 1 rows") as caught:
        add("code,day,n,v\n007,2019-02-30,1,1\n", columns=COLUMNS)
    assert "row 2" in caught.value.where
    assert caught.value.mend
    assert store.registry.count("dataset") == store.registry.count("release") == store.ledger.head()[0] == 0
    assert not list((store.folder / "scratch").iterdir())


def test_a_change_is_in_the_ledger_and_in_the_lineage(add, catalogue: Catalogue, store: Store) -> None:
    release = add(GOOD, columns=COLUMNS).release
    record = store.ledger.records(resource="dataset:x")[-1]
    assert record.entry.action == "admit"
    assert record.entry.detail["sha256"] == release.sha256
    links = catalogue.dataset("x").lineage()
    assert [(link.source.split(":")[0], link.target) for link in links] == [
        ("blob", "release:x@1"),
        ("release", "dataset:x"),
    ]
    catalogue.record_lineage("dataset:x", "indicator:aqi", "compute", {})
    catalogue.record_lineage("dataset:x", "indicator:aqi", "compute", {})
    sources = {link.source for link in catalogue.lineage("indicator:aqi")}
    assert sources == {links[0].source, "release:x@1", "dataset:x"}


def test_the_original_is_kept_as_received(add, catalogue: Catalogue) -> None:
    add(GOOD, columns=COLUMNS)
    assert catalogue.dataset("x").original().read_text("utf-8") == GOOD


def test_a_repeated_key_is_refused_and_the_first_row_stays(add, catalogue: Catalogue) -> None:
    add("code,n\n1,5\n2,6\n1,7\n", columns={"code": {}, "n": {"type": "integer"}}, key=["code"])
    assert cells(catalogue) == [(4, "code", "1", "key")]
    assert catalogue.dataset("x").rows().select(["n"])["n"].to_pylist() == [5, 6]


def test_a_bad_row_does_not_make_a_later_good_one_a_repeat(add, catalogue: Catalogue) -> None:
    add("code,n\n1,x\n1,7\n", columns={"code": {}, "n": {"type": "integer"}}, key=["code"])
    assert cells(catalogue) == [(2, "n", "x", "type")]


def test_repeated_rows_are_refused_unless_the_card_keeps_them(add, catalogue: Catalogue) -> None:
    assert add("a,b\n1,2\n1,2\n1,3\n").refused == 1
    assert cells(catalogue) == [(3, "", "1, 2", "duplicate")]
    assert add("a,b\n1,2\n1,2\n1,3\n", duplicates="keep").refused == 0


def test_unique_columns_ignore_empty_cells(add, catalogue: Catalogue) -> None:
    add("a,b\n1,\n2,\n3,x\n4,x\n", columns={"a": {}, "b": {"unique": True}})
    assert cells(catalogue) == [(5, "b", "x", "unique")]


def test_who_may_not_admit_is_refused_before_anything_is_read(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(Denied):
        catalogue.add(tmp_path / "absent.csv", by=CITIZEN)


def test_an_upload_beyond_the_bound_is_too_large(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(5_000_000_000)  # sparse: 5 GB by size, nothing on disk
    with pytest.raises(TooLarge):
        catalogue.add(path, by=SYSTEM)


def test_a_cancelled_admission_leaves_nothing(catalogue: Catalogue, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(GOOD, "utf-8")
    with pytest.raises(Conflict, match="cancelled"):
        catalogue.add(path, by=SYSTEM, cancelled=lambda: True)
    assert store.registry.count("dataset") == 0


def test_a_failure_at_the_last_step_frees_the_number(add, catalogue: Catalogue, store: Store, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk")

    with monkeypatch.context() as patch:
        patch.setattr("lifang.catalogue.publishing._release_row", fail)
        with pytest.raises(OSError, match="disk"):
            add(GOOD)
    assert catalogue.datasets() == []
    assert add(GOOD).release.number == 1


def test_progress_rises_to_one(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(GOOD, "utf-8")
    seen: list[float] = []
    catalogue.add(path, by=SYSTEM, progress=lambda share, _stage: seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_without_a_card_the_dataset_is_named_after_the_file_and_not_open(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "upload-123"
    path.write_text(GOOD, "utf-8")
    admission = catalogue.add(path, name="../../Air Quality 2019.csv", by=SYSTEM)
    assert admission.dataset == "air_quality_2019"
    assert catalogue.dataset("air_quality_2019").card.classification == "shared"
    types = {column["name"]: column["type"] for column in admission.release.columns}
    assert types == {"code": "text", "day": "date", "n": "integer", "v": "number"}


def add_roads(catalogue: Catalogue, tmp_path: Path) -> None:
    roads = tmp_path / "roads.csv"
    lines = [f"LINESTRING (104.00 {30.60 + k / 100}, 104.20 {30.60 + k / 100})" for k in range(15)]
    roads.write_text("id,wkt\n" + "\n".join(f'{k},"{line}"' for k, line in enumerate(lines)), "utf-8")
    catalogue.add(roads, card=Card.from_mapping({"id": "roads", "geometry": {"wkt": "wkt"}}), by=SYSTEM)


def points_on_roads(*, gcj: bool) -> str:
    import numpy as np

    lon, lat = np.linspace(104.02, 104.18, 60), 30.60 + np.arange(60) % 15 / 100
    lon, lat = wgs84_to_gcj02(lon, lat) if gcj else (lon, lat)
    return "n,lon,lat\n" + "\n".join(f"{k},{x:.7f},{y:.7f}" for k, (x, y) in enumerate(zip(lon, lat, strict=True)))


def test_gcj02_declared_as_wgs84_is_found_by_the_roads(add, catalogue: Catalogue, tmp_path: Path) -> None:
    add_roads(catalogue, tmp_path)
    with pytest.raises(BadInput, match="seems to be GCJ-02") as caught:
        add(points_on_roads(gcj=True), crs="EPSG:4326")
    assert "crs_confirmed" in caught.value.mend
    confirmed = add(points_on_roads(gcj=True), crs="EPSG:4326", geometry={"crs_confirmed": True})
    assert any(note.startswith("Confirmed by a person") for note in confirmed.report.notes)


def test_gcj02_declared_as_such_lands_on_the_roads(add, catalogue: Catalogue, tmp_path: Path) -> None:
    add_roads(catalogue, tmp_path)
    admission = add(points_on_roads(gcj=True), crs="GCJ-02")
    first = shapely.from_wkb(catalogue.dataset("x").rows().select(["geometry"])["geometry"][0].as_py())
    assert (first.x, first.y) == pytest.approx((104.02, 30.60), abs=1e-6)
    assert any("0 m from the city's roads as declared" in note for note in admission.report.notes)
    assert add(points_on_roads(gcj=False), crs="EPSG:4326").refused == 0


def test_wgs84_declared_as_gcj02_is_found_too(add, catalogue: Catalogue, tmp_path: Path) -> None:
    add_roads(catalogue, tmp_path)
    with pytest.raises(BadInput, match="seems to be EPSG:4326"):
        add(points_on_roads(gcj=False), crs="GCJ-02")


def test_swapped_rows_are_refused_with_that_mend(add, catalogue: Catalogue) -> None:
    add("n,lon,lat\n1,104.1,30.6\n2,30.6,104.1\n3,10,10\n4,200,95\n")
    assert [(row, rule) for row, _, _, rule in cells(catalogue)] == [(3, "swapped"), (4, "extent"), (5, "position")]


def test_projected_metres_without_a_crs_are_placed_by_the_city(add, catalogue: Catalogue) -> None:
    settings_note = add("n,lon,lat\n1,404000,3390000\n2,405000,3391000\n", file="p.csv").report.notes
    assert any("EPSG:4544" in note for note in settings_note)
    shape = shapely.from_wkb(catalogue.dataset("x").rows().select(["geometry"])["geometry"][0].as_py())
    assert shape.x == pytest.approx(104.0, abs=0.01)


def test_metres_that_fit_no_known_system_are_refused(add) -> None:
    with pytest.raises(BadInput, match="no crs is declared"):
        add("n,lon,lat\n1,9404000,93390000\n")


def test_quality_figures_are_of_the_admitted_rows(add) -> None:
    text = "k,v\n" + "\n".join(f"{k},{'' if k % 4 == 0 else k / 10}" for k in range(5000)) + "\nx,1\n"
    report = add(text, columns={"k": {"type": "integer"}, "v": {"type": "number"}}).report
    k, v = report.columns
    assert (k.filled, k.minimum, k.maximum, k.complete) == (5000, 0, 4999, 1.0)
    assert not k.distinct_exact
    assert k.distinct == pytest.approx(5000, rel=0.1)
    assert (v.filled, v.complete, v.maximum) == (3750, 0.75, 499.9)
    assert [(hit.rule, hit.column, hit.count) for hit in report.hits] == [("type", "k", 1)]


def test_too_many_bad_cells_stop_the_admission(add, monkeypatch) -> None:
    monkeypatch.setattr("lifang.catalogue.spool._BAD_CELLS_MAX", 3)
    with pytest.raises(BadInput, match="More than 3 cells"):
        add("a\n1\nx\ny\nz\nw\n", columns={"a": {"type": "integer"}})


def test_what_was_found_by_looking_becomes_a_card_to_correct(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    path.write_text(GOOD, "utf-8")
    admission = catalogue.add(path, by=SYSTEM)
    assert admission.release is not None
    card = card_from(admission.release, catalogue.dataset("found").card)
    again = tmp_path / "found.toml"
    again.write_text(card.to_toml(), "utf-8")
    assert [(column.name, column.type) for column in Card.load(again).columns] == [
        ("code", "text"),
        ("day", "date"),
        ("n", "integer"),
        ("v", "number"),
    ]
    assert catalogue.add(path, card=Card.load(again), by=SYSTEM).refused == 0


def test_a_column_cannot_be_called_as_the_positions_are(add) -> None:
    with pytest.raises(BadInput, match="called geometry") as caught:
        add("a,lon,lat\n1,104,30.6\n", columns={"geometry": {"source": "a"}})
    assert caught.value.where == "columns.geometry"
