"""The synthetic population against the published tables it is made from."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from stdnum.cn import uscc

from lifang.catalogue import Card, Catalogue
from lifang.core import BadInput, ManualClock, NotFound, Settings
from lifang.guard import SYSTEM
from lifang.population import SyntheticPopulation
from lifang.population.figures import read_figures
from lifang.population.people import size_shares
from lifang.standards import check_digits, code_list
from lifang.store import Store

pytestmark = pytest.mark.slow

PACK = Path(__file__).parents[3] / "cities" / "chengdu"
PERSONS = 200_000
RESIDENTS = 20_937_757


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with Store.open(tmp_path_factory.mktemp("city"), clock=clock, threads=1) as store:
        found = Catalogue(store, clock, Settings("t", "测", "t", "510100"))
        with pytest.raises(NotFound):
            SyntheticPopulation(found, scratch=store.folder).synthesise(10_000, 1, by=SYSTEM)
        for name in ("census_2020", "population_by_age", "streets"):
            card = Card.load(PACK / "datasets" / f"{name}.toml")
            found.add(PACK / card.file, card=card, by=SYSTEM)
        yield found


@pytest.fixture(scope="module")
def tables(catalogue: Catalogue) -> dict[str, pa.Table]:
    return SyntheticPopulation.draw(read_figures(catalogue), PERSONS, 42)


@pytest.fixture(scope="module")
def census() -> dict[str, int]:
    with (PACK / "data/population/chengdu_census2020_facts.csv").open(encoding="utf-8") as file:
        return {row["fact"]: int(row["value"]) for row in csv.DictReader(file)}


def share(table: pa.Table, condition: object) -> float:
    return float(pc.sum(condition).as_py() / len(table))


def test_the_margins_are_those_of_the_census(tables: dict[str, pa.Table], census: dict[str, int]) -> None:
    persons, households = tables["synthetic_persons"], tables["synthetic_households"]
    assert len(persons) == PERSONS
    age, close = persons["age"], 20 / PERSONS  # a few persons, by the rounding of 84 cells
    people = census["age_0_14"] + census["age_15_59"] + census["age_60_plus"]
    for found, wanted in (
        (share(persons, pc.equal(persons["sex"], "male")), census["male"] / RESIDENTS),
        (share(persons, pc.less(age, 15)), census["age_0_14"] / people),
        (share(persons, pc.greater_equal(age, 60)), census["age_60_plus"] / people),
        (share(persons, pc.greater_equal(age, 65)), census["age_65_plus"] / people),
        (
            1 - share(persons, pc.equal(persons["role"], "collective")),
            census["family_household_population"] / RESIDENTS,
        ),
    ):
        assert abs(found - wanted) < close
    families = households.filter(pc.equal(households["kind"], "family"))
    mean = census["family_household_population"] / census["family_households"]
    assert abs(pc.mean(families["size"]).as_py() - mean) < 1e-4


def test_within_an_age_band_the_shape_is_that_of_the_world_population_prospects(tables: dict[str, pa.Table]) -> None:
    with (PACK / "data/population/wpp2019_china_population_by_age.csv").open(encoding="utf-8") as file:
        national = {
            (row["sex"], row["age"]): float(row["population_thousands"])
            for row in csv.DictReader(file)
            if row["year"] == "2020"
        }
    persons = tables["synthetic_persons"]
    counts = persons.group_by(["sex", "age_group"]).aggregate([("person", "count")]).to_pylist()
    made = {(row["sex"], row["age_group"]): row["person_count"] for row in counts}
    groups = ["0-4", "5-9", "10-14"]
    for sex in ("male", "female"):
        whole, theirs = sum(made[sex, each] for each in groups), sum(national[sex, each] for each in groups)
        for each in groups:
            assert abs(made[sex, each] / whole - national[sex, each] / theirs) < 0.001


def test_households_hold_together(tables: dict[str, pa.Table]) -> None:
    persons, households = tables["synthetic_persons"], tables["synthetic_households"]
    counted = persons.group_by("household").aggregate([("person", "count")]).sort_by("household")
    assert counted["person_count"].to_pylist() == households.sort_by("household")["size"].to_pylist()
    heads = persons.filter(pc.equal(persons["role"], "head"))
    families = households.filter(pc.equal(households["kind"], "family"))
    assert sorted(heads["household"].to_pylist()) == families["household"].to_pylist()
    assert pc.min(heads["age"]).as_py() >= 20
    partners = persons.filter(pc.equal(persons["role"], "partner"))
    pairs = partners.join(heads, "household", right_suffix="_head", join_type="inner")
    assert len(pairs) == len(partners)
    assert share(pairs, pc.equal(pairs["sex"], pairs["sex_head"])) == 0
    assert np.median(np.abs(pairs["age"].to_numpy() - pairs["age_head"].to_numpy())) < 10
    places = persons.join(households, "household", right_suffix="_home", join_type="inner")
    assert share(places, pc.equal(places["division"], places["division_home"])) == 1
    assert pc.max(persons.filter(pc.equal(persons["role"], "child"))["age"]).as_py() < 20


def test_sizes_of_households_are_the_least_presuming_ones_of_their_mean() -> None:
    shares = size_shares(2.486)
    sizes = np.arange(1, 11)
    assert np.isclose((shares * sizes).sum(), 2.486)
    assert np.allclose(np.diff(np.log(shares)), np.log(shares[1] / shares[0])), "a truncated geometric distribution"


def test_every_row_says_that_it_is_synthetic_and_no_code_can_be_a_real_ones(tables: dict[str, pa.Table]) -> None:
    for table in tables.values():
        assert table["synthetic"].unique().to_pylist() == ["合成"]
    firms = tables["synthetic_legal_entities"]
    codes = firms["uscc"].to_pylist()
    assert check_digits("uscc", codes).all()
    assert all(uscc.is_valid(code) for code in codes[:200])
    assert len(set(codes)) == len(codes)
    assert not code_list("gbt2260").contains([code[2:8] for code in codes]).any()
    assert all(name.startswith("合成") for name in firms["name"].to_pylist())
    for code in codes[:200]:  # the organisation's own check character, GB 11714
        total = sum(int(digit) * weight for digit, weight in zip(code[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
        assert "0123456789X"[(11 - total % 11) % 11] == code[16]


def test_every_family_has_one_dwelling_in_its_street_and_buildings_have_no_more_homes_than_floors_hold(tables) -> None:
    homes, households = tables["synthetic_housing_units"], tables["synthetic_households"]
    families = households.filter(pc.equal(households["kind"], "family"))
    assert sorted(homes["household"].to_pylist()) == sorted(families["household"].to_pylist())
    assert len(set(homes["unit_code"].to_pylist())) == len(homes)
    assert len(set(homes["address"].to_pylist())) == len(homes)
    places = homes.join(households, "household", right_suffix="_home", join_type="inner")
    assert share(places, pc.equal(places["division"], places["division_home"])) == 1
    assert share(homes, pc.less_equal(homes["floor"], homes["floors"])) == 1
    buildings = homes.group_by("building").aggregate([("floors", "count_distinct"), ("built", "count_distinct")])
    assert (
        set(buildings["floors_count_distinct"].to_pylist()) == {1} == set(buildings["built_count_distinct"].to_pylist())
    )
    owned = homes.filter(pc.is_valid(homes["owner_code"]))
    assert abs(len(owned) / len(homes) - 0.08) < 0.01


def test_licences_and_credit_are_of_firms_that_there_are_and_not_older_than_these(tables) -> None:
    firms = {row["uscc"]: row for row in tables["synthetic_legal_entities"].to_pylist()}
    licences = tables["synthetic_e_licences"].to_pylist()
    assert sorted(each["holder_code"] for each in licences) == sorted(firms)
    records = tables["synthetic_public_credit"].to_pylist()
    assert {each["kind"] for each in records} <= {each.code for each in code_list("credit_record_kinds")}
    for each in records:
        assert each["subject_name"] == firms[each["subject_code"]]["name"]
        assert each["decided"] >= firms[each["subject_code"]]["established"]
        assert (each["amount"] is not None) == (each["kind"] == "penalty")
    assert all(uscc.is_valid(code) for code in {each["issuer_code"] for each in licences})


def test_the_same_seed_gives_the_same_people_and_another_one_others(catalogue: Catalogue, tables) -> None:
    figures = read_figures(catalogue)
    again, other = (SyntheticPopulation.draw(figures, 20_000, seed) for seed in (7, 8))
    assert SyntheticPopulation.draw(figures, 20_000, 7) == again
    assert other["synthetic_persons"] != again["synthetic_persons"]


def test_it_is_released_as_datasets_that_say_what_they_are_and_how_they_were_made(
    catalogue: Catalogue, tmp_path
) -> None:
    made = SyntheticPopulation(catalogue, scratch=tmp_path)
    done = made.synthesise(5_000, 42, by=SYSTEM)
    assert done.persons == 5_000
    assert dict(done.releases) == {name: f"{name}@1" for name in done.releases}
    for name in done.releases:
        dataset = catalogue.dataset(name)
        assert dataset.release().refused == 0
        assert "合成" in dataset.card.name.zh
        assert "Seed 42" in dataset.card.summary.en
        assert "synthetic" in dataset.card.keywords
    assert made.synthesise(5_000, 42, by=SYSTEM).releases == done.releases, "again changes nothing"
    with pytest.raises(BadInput):
        made.synthesise(10, 1, by=SYSTEM)
