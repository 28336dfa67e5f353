"""Bodies of harvests: the portals, and what came of reading them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Said


class HarvestAsked(Asked):
    """A portal to harvest; ``kind`` is found by asking it, its ``id`` made of its address, if they are not told.

    ``classification`` is what its datasets are at least.
    """

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    kind: Literal["auto", "dcat", "data.json", "ckan"] = "auto"
    id: Annotated[str, Field(max_length=24)] = ""
    title: Annotated[str, Field(max_length=200)] = ""
    classification: Literal["open", "shared", "restricted"] = "open"


class SourceBody(Said):
    """A portal that is harvested; ``report`` is what came of the last harvest: counts, and why some were refused."""

    id: str
    url: str
    kind: str
    title: str
    classification: str
    created: str
    harvested: str | None
    report: Json | None


class SourcePage(Said):
    """The portals."""

    items: list[SourceBody]
    next: str | None
