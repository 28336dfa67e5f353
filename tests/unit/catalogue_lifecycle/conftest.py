"""A catalogue with one published dataset whose cells can be looked for in every file."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifang.catalogue import Card, Catalogue
from lifang.core import ManualClock, Settings
from lifang.guard import SYSTEM, Role, Subject
from lifang.store import Store

MARK = "机密-MARKER"
ANN = Subject("ann", "Ann", frozenset({Role.DATA_OFFICER}))
BO = Subject("bo", "Bo", frozenset({Role.ADMINISTRATOR}))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 31, 4, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store.open(tmp_path / "city", clock=clock, threads=1) as opened:
        yield opened


@pytest.fixture
def settings() -> Settings:
    return Settings("t", "测", "t", "0", retention={"restricted": "P10Y"})


@pytest.fixture
def catalogue(store: Store, clock: ManualClock, settings: Settings) -> Catalogue:
    return Catalogue(store, clock, settings)


def admit(catalogue: Catalogue, folder: Path, dataset: str, content: str, **card: object) -> None:
    path = folder / f"{dataset}.csv"
    path.write_text(content, "utf-8")
    named = {"id": dataset, "classification": "open", "key": ["code"], **card}
    catalogue.add(path, name=path.name, card=Card.from_mapping(named), by=SYSTEM)
