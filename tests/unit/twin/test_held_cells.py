"""Which tiles there are is counted once, and again when an object changes or one begins or ends to hold."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shapely

from lifang.core import NotFound, SystemClock
from lifang.guard import SYSTEM, Classification
from lifang.store import Objects, Store
from lifang.twin import Quadrant, Twin, read_outlines
from lifang.twin.kept import KeptTiles


def year(number: int) -> datetime:
    return datetime(number, 1, 1, tzinfo=UTC)


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    with Store.open(tmp_path / "city", clock=SystemClock(), memory_mb=128, threads=1) as store:
        yield Twin(store, SystemClock())


def raise_at(twin: Twin, model: str, lon: float, since: int, until: int | None = None) -> None:
    rows = pa.table(
        {"geometry": [shapely.to_wkb(shapely.box(lon, 30, lon + 1e-4, 30.0001))], "code": ["a"], "height": [9.0]}
    )
    found = read_outlines(rows, prefix=model, key="code", height="height")
    end = None if until is None else year(until)
    twin.add(
        model, found, classification=Classification.OPEN, valid_from=year(since), valid_to=end, by=SYSTEM
    )  # fmt: skip


def test_tiles_follow_what_begins_and_ends_though_nothing_changes(twin: Twin) -> None:
    raise_at(twin, "one", 104.0, 2000)
    raise_at(twin, "two", 104.1, 2010, 2015)
    counts = [len(twin.tiles(twin.query(at=year(each))).tiles()) for each in (2005, 2009, 2010, 2014, 2015, 2020, 2005)]
    assert counts == [1, 1, 2, 2, 1, 1, 1]
    with pytest.raises(NotFound):
        twin.tiles(twin.query(at=year(1999))).tiles()


def test_tiles_follow_a_change(twin: Twin) -> None:
    raise_at(twin, "one", 104.0, 2000)
    assert len(twin.tiles(twin.query(at=year(2020))).tiles()) == 1
    raise_at(twin, "two", 104.1, 2010)
    assert len(twin.tiles(twin.query(at=year(2020))).tiles()) == 2
    assert len(twin.tiles(twin.query(at=year(2020), models=["one"])).tiles()) == 1


def test_a_tile_asked_for_again_counts_nothing(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_at(twin, "one", 104.0, 2000)
    counted: list[Any] = []
    cells = Objects.cells
    monkeypatch.setattr(Objects, "cells", lambda *given: counted.append(given) or cells(*given))
    for month in (1, 2, 3):
        source = twin.tiles(twin.query(at=datetime(2020, month, 1, tzinfo=UTC)))
        assert source.content(*source.tiles()[0]).glb[:4] == b"glTF"
    assert len(counted) == 1


def test_a_tile_asked_for_again_is_the_file_that_was_kept(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_at(twin, "one", 104.0, 2000)
    source, flat = twin.tiles(twin.query(at=year(2020))), twin.vector(twin.query(at=year(2020)))
    place, quadrant = source.tiles()[0], Quadrant(14, 12925, 6759)
    first, second = source.content(*place), flat.tile(quadrant)
    assert first.glb
    assert second.mvt
    with monkeypatch.context() as nothing:
        nothing.setattr(Objects, "read", lambda *_: pytest.fail("it was made again"))
        later = twin.query(at=year(2021))  # nothing began or ended since
        assert twin.tiles(later).content(*place) == first
        assert twin.vector(later).tile(quadrant) == second
    other = twin.query(at=year(2020), classifications=["restricted"])
    assert twin.vector(other).tile(quadrant).mvt == b""
    raise_at(twin, "two", 104.0001, 2010)
    assert twin.tiles(later).content(*place) != first


def test_a_change_elsewhere_leaves_a_kept_tile(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_at(twin, "one", 104.0, 2000)
    first = twin.tiles(twin.query(at=year(2020))).content(0, 0, 0)
    raise_at(twin, "two", 104.1, 2010)
    after = twin.tiles(twin.query(at=year(2020)))
    place = after.place(next(iter(twin.tiles(twin.query(at=year(2020), models=["one"])).cells)))
    before = twin.tiles(twin.query(at=year(2005)))
    with monkeypatch.context() as nothing:
        nothing.setattr(Objects, "read", lambda *_: pytest.fail("it was made again"))
        assert after.content(*place) == first
        assert before.content(0, 0, 0) == first


def test_no_more_tiles_are_kept_than_fit_the_oldest_go_first(tmp_path: Path) -> None:
    made: list[str] = []

    def tile(kept: KeptTiles, name: str) -> bytes:
        return kept.of(name, lambda: (made.append(name) or name.encode() * 100, [Classification.OPEN]))[0]

    kept = KeptTiles(tmp_path / "tiles", most_bytes=350)
    for each in ("a", "b", "c", "a", "d", "a", "b"):
        assert tile(kept, each) == each.encode() * 100
    assert made == ["a", "b", "c", "d", "b"]  # a was asked for again, so that b went for d
    assert sum(each.stat().st_size for each in (tmp_path / "tiles").iterdir()) <= 350
    again = KeptTiles(tmp_path / "tiles", most_bytes=350)
    tile(again, "a")
    assert made[5:] == []  # kept beyond the end of the program
