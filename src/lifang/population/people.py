"""Whole persons in whole households, drawn from fitted cells: one seed, the same people each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lifang.core import BadInput
from lifang.population.figures import RESIDENCES, SEXES, Figures
from lifang.population.fitting import Floats, Integers, fit, integerise

ADULT = 20
_SIZE_MAX = 10
_COLLECTIVE_SIZE = 4  # persons who share one collective household record (assumed)
_OLDEST = 104
_WIDTH = 5
_ROLES = ("head", "partner", "child", "member", "collective")


@dataclass(frozen=True)
class People:
    """The tables of persons and of households."""

    persons: pa.Table
    households: pa.Table


def draw(figures: Figures, count: int, rng: np.random.Generator) -> People:
    """Return ``count`` persons and their households, in the proportions of ``figures``."""
    cells = integerise(fit(figures.seed, figures.margins), count, rng)
    numbers = np.repeat(np.arange(len(cells)), cells)
    shape = (len(figures.ages), len(SEXES), len(RESIDENCES))
    group, sex, residence = np.unravel_index(numbers, shape)
    first = figures.ages[group]
    age = np.minimum(first + rng.integers(0, _WIDTH, len(numbers)), _OLDEST)
    family = np.flatnonzero(residence == 0)
    homes = round(len(family) * figures.households / figures.in_families)
    household, role = _families(age[family], sex[family], _sizes(len(family), homes, rng), rng)
    whole, roles = np.empty(len(numbers), np.int64), np.full(len(numbers), len(_ROLES) - 1)
    whole[family], roles[family] = household, role
    others = rng.permutation(np.flatnonzero(residence == 1))
    whole[others] = homes + np.arange(len(others)) // _COLLECTIVE_SIZE
    return _tables(figures, age, sex, whole, roles, homes, rng)


def size_shares(mean: float) -> Floats:
    """Return the shares of households of 1 to 10 persons with this mean and no other knowledge (maximum entropy)."""
    sizes = np.arange(1, _SIZE_MAX + 1)
    low, high = 1e-9, 1.0
    for _ in range(200):
        ratio = (low + high) / 2
        weights = ratio**sizes
        if (weights * sizes).sum() / weights.sum() < mean:
            low = ratio
        else:
            high = ratio
    shares: Floats = weights / weights.sum()
    return shares


def _sizes(persons: int, homes: int, rng: np.random.Generator) -> Integers:
    """Return the size of each household: so many of them that hold just so many persons."""
    if not 1 <= persons / max(homes, 1) <= (_SIZE_MAX + 1) / 2:
        raise BadInput("The census tells no mean size of households that is possible.", where="census_2020")
    counts = integerise(size_shares(persons / homes), homes, rng)
    sizes = rng.permutation(np.repeat(np.arange(1, _SIZE_MAX + 1), counts))
    off = persons - int(sizes.sum())
    step = 1 if off > 0 else -1
    fit_for = np.flatnonzero((sizes + step >= 1) & (sizes + step <= _SIZE_MAX))
    sizes[rng.choice(fit_for, abs(off), replace=False)] += step
    return sizes


def _families(age: Integers, sex: Integers, sizes: Integers, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Return the household and the role of each person: an adult at its head, partners of like age, then the others.

    Children go to households that have room and a head of 20 to 64 first.
    """
    homes = len(sizes)
    adults = rng.permutation(np.flatnonzero(age >= ADULT))
    if len(adults) < homes:
        raise BadInput("There are fewer adults than households.", where="census_2020", mend="Compare its figures.")
    heads, rest = adults[:homes], adults[homes:]
    household, role = np.full(len(age), -1), np.full(len(age), 3)
    household[heads], role[heads] = np.arange(homes), 0
    room = sizes - 1
    for one in range(len(SEXES)):
        here = heads[(sex[heads] == one) & (room > 0)]
        there = rest[sex[rest] != one]
        pairs = min(len(here), len(there))
        mine = here[np.argsort(age[here], kind="stable")][_spread(len(here), pairs)]
        theirs = there[np.argsort(age[there], kind="stable")][_spread(len(there), pairs)]
        household[theirs], role[theirs] = household[mine], 1
        room[household[mine]] -= 1
    placed = household >= 0
    children = rng.permutation(np.flatnonzero(~placed & (age < ADULT)))
    members = rng.permutation(np.flatnonzero(~placed & (age >= ADULT)))
    able = (age[heads] < 65).astype(np.int64)
    order = np.lexsort((rng.random(homes), -able))  # households that may well have children come first
    slots = np.repeat(order, room[order])
    waiting = np.concatenate([children, members])
    household[waiting] = slots
    role[children] = 2
    return household, role


def _spread(count: int, chosen: int) -> Integers:
    """Return ``chosen`` of ``count`` places, evenly."""
    places: Integers = np.floor(np.arange(chosen) * (count / max(chosen, 1))).astype(np.int64)
    return places


def _tables(
    figures: Figures,
    age: Integers,
    sex: Integers,
    household: Integers,
    role: Integers,
    families: int,
    rng: np.random.Generator,
) -> People:
    homes = int(household.max()) + 1
    sizes = np.bincount(household, minlength=homes)
    street = rng.integers(0, len(figures.streets), homes)
    streets, districts = pa.array(figures.streets), pa.array(figures.districts)
    ids = _ids("SYN-H-", homes)
    order = np.argsort(household, kind="stable")
    place = household[order]
    groups = [f"{low}-{low + _WIDTH - 1}" if low < 100 else "100+" for low in figures.ages]
    persons = pa.table(
        {
            "person": _ids("SYN-P-", len(age)),
            "household": ids.take(pa.array(place)),
            "role": pa.array(_ROLES).take(pa.array(role[order])),
            "sex": pa.array(SEXES).take(pa.array(sex[order])),
            "age": age[order],
            "age_group": pa.array(groups).take(pa.array(np.minimum(age[order] // _WIDTH, len(groups) - 1))),
            "residence_street": streets.take(pa.array(street[place])),
            "division": districts.take(pa.array(street[place])),
            "synthetic": pa.repeat(pa.scalar("合成"), len(age)),
        }
    )
    kinds = pa.array(RESIDENCES).take(pa.array((np.arange(homes) >= families).astype(np.int64)))
    households = pa.table(
        {
            "household": ids,
            "kind": kinds,
            "size": sizes,
            "residence_street": streets.take(pa.array(street)),
            "division": districts.take(pa.array(street)),
            "synthetic": pa.repeat(pa.scalar("合成"), homes),
        }
    )
    return People(persons, households)


def _ids(prefix: str, count: int) -> pa.Array:
    numbers = np.char.zfill(np.arange(1, count + 1).astype("U9"), 9)
    return pa.array(np.char.add(prefix, numbers))
