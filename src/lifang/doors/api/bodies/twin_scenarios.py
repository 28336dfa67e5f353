"""Bodies of scenarios of the twin."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Name, Said
from lifang.guard import Classification

Id = Annotated[str, Field(min_length=1, max_length=300)]


class ScenarioName(Asked):
    """A name in Chinese and English."""

    zh: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)


class NewScenario(Asked):
    """What the city would be: models that stand in it alone, objects that are gone in it."""

    id: str = Field(min_length=1, max_length=64)
    name: ScenarioName
    models: list[Annotated[str, Field(max_length=64)]] = Field([], max_length=50)
    removes: list[Id] = Field([], max_length=100_000)
    classification: Classification = Classification.SHARED


class Adoption(Asked):
    """Since when the city is planned to be as a scenario has it, and at which stage its objects are then."""

    valid_from: str = Field(max_length=64, description="ISO 8601 with an offset.")
    stage: str = Field("planned", max_length=20)


class ScenarioBody(Said):
    """A scenario."""

    id: str
    name: Name
    models: list[str]
    removes: list[str]
    classification: str
    adopted: str | None = Field(description="Since when the city is planned to be so, if it was adopted.")


class ScenarioList(Said):
    """The scenarios, by id."""

    items: list[ScenarioBody]
    next: str | None = None
