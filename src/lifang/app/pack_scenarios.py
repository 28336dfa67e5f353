"""The scenarios of city packs: what a city would be, beside what it is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from lifang.core import to_micros
from lifang.guard import SYSTEM, Classification
from lifang.twin import Area, Scenario

if TYPE_CHECKING:
    from lifang.app.city import City


def furnish_scenarios(city: City, pack: Path, *, whole: bool) -> None:
    """Put the scenarios of a pack that are not there as it has them: their names first, what they remove once it is.

    What is known of a scenario that somebody changed or adopted stays as it is.
    """
    known = {each.id for each in city.twin.scenarios.all()}
    for card in sorted((pack / "scenarios").glob("*.toml")):
        named = _scenario(card)
        if not whole and named.id not in known:
            city.twin.scenarios.put(named, at=to_micros(city.now), by=SYSTEM)
        there = city.twin.scenarios.get(named.id)
        if whole and not there.removes and there.adopted is None and (removes := _removed(city, card)):
            city.twin.scenarios.put(_scenario(card, removes), at=to_micros(city.now), by=SYSTEM)


def _scenario(card: Path, removes: tuple[str, ...] = ()) -> Scenario:
    written = tomllib.loads(card.read_text("utf-8"))
    title = written["title"]
    grade = Classification(written.get("classification", Classification.SHARED))
    return Scenario(card.stem, title["zh"], title["en"], tuple(written.get("models", ())), removes, grade)


def _removed(city: City, card: Path) -> tuple[str, ...]:
    """Return the ids of the objects of a model that stand in the box from which the scenario clears them."""
    asked = tomllib.loads(card.read_text("utf-8")).get("removes")
    if asked is None:
        return ()
    query = city.twin.query(at=city.now, models=[asked["model"]])
    return tuple(city.twin.ids_in(query, Area(shapely.box(*asked["within"]))))
