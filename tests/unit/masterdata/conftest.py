"""A city in which bureaus tell of the same records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lifang.catalogue import Card, Catalogue
from lifang.core import ManualClock, Settings
from lifang.guard import SYSTEM
from lifang.masterdata import MasterData
from lifang.standards import complete_uscc
from lifang.store import Store

ONE, TWO, THREE = complete_uscc(["91000000"] * 3, ["00000001", "00000002", "00000003"])
Tell = Callable[..., None]


@pytest.fixture
def bureaus() -> tuple[str, ...]:
    return ("market", "tax", "credit")


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
