"""The published figures that a synthetic population is fitted to, read from the city's own datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lifang.catalogue import Catalogue
from lifang.core import BadInput
from lifang.population.fitting import Floats, Integers, Margin
from lifang.store import Condition

SEXES = ("male", "female")
RESIDENCES = ("family", "collective")
_YEAR = 2020
_BANDS = ((0, 15), (15, 60), (60, 65), (65, 200))  # what the census tells apart
_LIVES_TOGETHER = ((15, 0.05), (60, 1.0), (200, 0.2))  # below an age: how likely in a collective household (assumed)


@dataclass(frozen=True)
class Figures:
    """Cells of age group, sex and residence with a seed and margins; households; streets with their districts.

    ``ages`` is the first year of each five-year group; cells are numbered (age, sex, residence), residence fastest.
    """

    ages: Integers
    seed: Floats
    margins: tuple[Margin, ...]
    residents: int
    households: int
    in_families: int
    streets: tuple[str, ...]
    districts: tuple[str, ...]


def read_figures(catalogue: Catalogue) -> Figures:
    """Return the figures of the city; ``NotFound`` if it lacks a dataset, ``BadInput`` if one lacks a figure."""
    facts = _facts(catalogue)
    ages, national = _national(catalogue)
    streets = catalogue.dataset("streets").rows().select(["code", "area_code"])
    count = len(ages)
    age, sex, residence = (axis.ravel() for axis in np.indices((count, len(SEXES), len(RESIDENCES))))
    together = np.array([next(share for below, share in _LIVES_TOGETHER if first < below) for first in ages])
    seed = national[age, sex] * np.where(residence == 1, together[age], 1.0)
    whole = float(facts["total"])
    bands = np.array([next(n for n, (low, high) in enumerate(_BANDS) if low <= first < high) for first in ages])
    by_band = [
        facts["age_0_14"],
        facts["age_15_59"],
        facts["age_60_plus"] - facts["age_65_plus"],
        facts["age_65_plus"],
    ]
    homes = [facts["family_household_population"], facts["collective_household_population"]]
    margins = (
        _margin(sex, [facts["male"], facts["female"]], whole),
        _margin(residence, homes, whole),
        _margin(bands[age], by_band, whole),
    )
    return Figures(
        ages,
        seed,
        margins,
        facts["total"],
        facts["family_households"],
        facts["family_household_population"],
        tuple(streets["code"].to_pylist()),
        tuple(streets["area_code"].to_pylist()),
    )


def _margin(groups: Integers, totals: list[int], whole: float) -> Margin:
    """Return a margin brought to the census total: its age groups are rounded to hundreds."""
    values = np.array(totals, np.float64)
    return Margin(groups.astype(np.int64), values * (whole / values.sum()))


def _facts(catalogue: Catalogue) -> Mapping[str, int]:
    table = catalogue.dataset("census_2020").rows().select(["fact", "value"])
    facts = dict(zip(table["fact"].to_pylist(), table["value"].to_pylist(), strict=True))
    wanted = ("total", "male", "female", "family_households", "family_household_population", "age_0_14", "age_15_59",
              "age_60_plus", "age_65_plus", "collective_household_population")  # fmt: skip
    if lacking := [name for name in wanted if name not in facts]:
        raise BadInput(f"census_2020 lacks {lacking[0]}.", where="census_2020", mend="Add the row to it.")
    return facts


def _national(catalogue: Catalogue) -> tuple[Integers, Floats]:
    """Return the first year of each age group, and the persons of each by sex, for the country."""
    year = Condition("year", "=", _YEAR)
    table = catalogue.dataset("population_by_age").rows().select(["sex", "age", "population"], where=[year])
    ages = np.array([int(text.rstrip("+").partition("-")[0]) for text in table["age"].to_pylist()], np.int64)
    found = np.unique(ages)
    persons = np.zeros((len(found), len(SEXES)))
    sexes = np.array([SEXES.index(text) for text in table["sex"].to_pylist()], np.int64)
    persons[np.searchsorted(found, ages), sexes] = table["population"].to_numpy()
    if not len(found) or not persons.all():
        raise BadInput(f"population_by_age has no {_YEAR}.", where="population_by_age", mend="Add that year.")
    return found, persons
