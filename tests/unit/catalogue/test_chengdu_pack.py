"""The Chengdu pack: every dataset is admitted whole, fully described, in both languages."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely

from lifang.catalogue import CYCLES, THEMES, Admission, Card, Catalogue
from lifang.core import ManualClock, load_settings
from lifang.guard import SYSTEM
from lifang.store import Store

pytestmark = pytest.mark.slow

PACK = Path(__file__).parents[3] / "cities" / "chengdu"
CARDS = sorted((PACK / "datasets").glob("*.toml"))
ROWS = {
    "air_hourly_2019": 452_978,
    "air_stations": 8,
    "air_weather_2010_2015": 52_584,
    "census_2020": 13,
    "districts": 21,
    "fertility_by_age": 1_359,
    "metro_lines": 17,
    "metro_stations": 353,
    "mortality_by_age": 1_980,
    "population_by_age": 1_302,
    "roads": 6_195,
    "streets": 261,
    "weather_typical_year": 8_760,
    "wpp_indicators": 4_347,
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with Store.open(tmp_path_factory.mktemp("city"), clock=clock, threads=1) as store:
        yield Catalogue(store, clock, load_settings(PACK, {}))


@pytest.fixture(scope="module")
def admissions(catalogue: Catalogue) -> dict[str, Admission]:
    cards = sorted((Card.load(path) for path in CARDS), key=lambda card: (card.id != "roads", card.id))
    return {card.id: catalogue.add(PACK / card.file, card=card, by=SYSTEM) for card in cards}


def test_every_dataset_is_admitted_whole(admissions: dict[str, Admission]) -> None:
    assert {key: (value.rows, value.refused) for key, value in admissions.items()} == {
        key: (rows, 0) for key, rows in ROWS.items()
    }


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_every_card_is_complete_in_both_languages(path: Path) -> None:
    card = Card.load(path)
    assert card.id == path.stem
    for both in (card.name, card.provider, card.summary, card.attribution):
        assert both.zh
        assert both.en
    assert card.theme in THEMES
    assert card.update_cycle in CYCLES
    assert card.published
    assert card.licence
    assert card.source_text
    assert card.key
    assert all(column.zh and column.en for column in card.columns)


def test_positions_fit_the_roads_of_the_city(admissions: dict[str, Admission]) -> None:
    notes = admissions["metro_stations"].report.notes
    assert any("as declared" in note and not note.startswith("Confirmed") for note in notes)


def test_the_districts_areas_sum_to_the_citys(admissions: dict[str, Admission], catalogue: Catalogue) -> None:
    table = catalogue.dataset("districts").rows().select(["adcode", "geometry"])
    areas = dict(
        zip(table["adcode"].to_pylist(), shapely.area(shapely.from_wkb(table["geometry"].to_numpy())), strict=True)
    )
    whole = areas.pop("510100")
    assert len(areas) == 20
    assert sum(areas.values()) == pytest.approx(whole, rel=1e-4)


def test_the_hourly_air_series_keeps_beijing_hours(admissions: dict[str, Admission], catalogue: Catalogue) -> None:
    value = next(column for column in admissions["air_hourly_2019"].report.columns if column.name == "time")
    assert (value.minimum, value.maximum) == ("2018-12-31T16:00:00Z", "2019-12-31T15:00:00Z")


def test_adding_the_pack_again_changes_nothing(admissions: dict[str, Admission], catalogue: Catalogue) -> None:
    card = Card.load(PACK / "datasets" / "districts.toml")
    assert catalogue.add(PACK / card.file, card=card, by=SYSTEM).unchanged
