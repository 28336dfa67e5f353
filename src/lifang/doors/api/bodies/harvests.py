"""Bodies of harvests: the portals, and what came of reading them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said


class HarvestAsked(Asked):
    """A portal to harvest; ``kind`` is found by asking it, its ``id`` made of its address, if they are not told.

    ``classification`` is what its datasets are at least.
    """

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    kind: Literal["auto", "dcat", "data.json", "ckan"] = "auto"
    id: Annotated[str, Field(max_length=24)] = ""
    title: Annotated[str, Field(max_length=200)] = ""
    classification: Literal["open", "shared", "restricted"] = "open"
    every_days: Annotated[int, Field(ge=0, le=366, description="By itself; 0: only when asked.")] = 0


class HarvestTried(Asked):
    """A portal to ask a first question of."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    kind: Literal["auto", "dcat", "data.json", "ckan"] = "auto"


class HarvestChanged(Asked):
    """How often a portal is read by itself, and whether it is at all."""

    every_days: Annotated[int | None, Field(ge=0, le=366)] = None
    active: bool | None = None


class NotTaken(Said):
    """A dataset that cannot be taken in, and why."""

    identifier: str
    why: str


class Listed(Said):
    """A dataset as its portal lists it."""

    identifier: str
    title: Name


class HarvestTrialBody(Said):
    """What a portal answers to a first question; ``whole`` tells that it lists no others than ``found``."""

    kind: str
    found: int
    whole: bool
    examples: list[Listed]
    refused: list[NotTaken]


class SourceBody(Said):
    """A portal that is harvested; ``report`` is what came of the last harvest: counts, and why some were refused.

    ``trouble`` tells why the last one failed, if it did; ``due`` when the next one begins by itself.
    """

    id: str
    url: str
    kind: str
    title: str
    classification: str
    created: str
    harvested: str | None
    report: Json | None
    every_days: int
    active: bool
    attempted: str | None
    trouble: Json | None
    due: str | None


class SourcePage(Said):
    """The portals."""

    items: list[SourceBody]
    next: str | None
