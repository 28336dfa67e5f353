"""A city in which two bureaus tell of the same records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lifang.catalogue import Card, Catalogue
from lifang.core import ManualClock, Settings
from lifang.guard import SYSTEM
from lifang.identity import Identity
from lifang.masterdata import MasterData
from lifang.standards import complete_uscc
from lifang.store import Store

ONE, TWO, THREE = complete_uscc(["91000000"] * 3, ["00000001", "00000002", "00000003"])
Tell = Callable[..., None]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store.open(tmp_path / "city", clock=clock, threads=1) as opened:
        for name in ("market", "tax", "credit"):
            Identity(opened, clock).add_organisation(name, zh=f"{name}局", en=name, by=SYSTEM)
        yield opened


@pytest.fixture
def catalogue(store: Store, clock: ManualClock) -> Catalogue:
    return Catalogue(store, clock, Settings("t", "测", "t", "0"))


@pytest.fixture
def master(store: Store, catalogue: Catalogue, clock: ManualClock) -> MasterData:
    return MasterData(store, catalogue, clock, Settings("t", "测", "t", "510100"))


@pytest.fixture
def tell(master: MasterData, catalogue: Catalogue, clock: ManualClock, tmp_path: Path) -> Tell:
    """Have a bureau tell rows of a kind, as text with a header."""

    def put(bureau: str, text: str, *, kind: str = "legal_entity", **columns: str) -> None:
        clock.advance(timedelta(hours=1))
        path = tmp_path / f"{bureau}_{kind}.csv"
        path.write_text(text)
        names = text.splitlines()[0].split(",")
        card = Card.from_mapping({"id": path.stem, "columns": {name: {} for name in names}, "duplicates": "keep"})
        catalogue.add(path, card=card, by=SYSTEM)
        master.put_source(path.stem, kind, bureau, columns, by=SYSTEM)

    return put
