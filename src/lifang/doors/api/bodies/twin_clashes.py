"""Bodies of clash detection."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Said
from lifang.twin import SPACES

Model = Annotated[str, Field(min_length=1, max_length=64)]


class ClashRequest(Asked):
    """Two models whose objects are compared, and from when on they clash."""

    one: Model
    other: Model
    tolerance_m: float = Field(0.01, description="They clash if they share space deeper than this.")
    clearance_m: float = Field(0.0, description="They also clash if they are nearer than this; 0: only if they meet.")
    without: list[Annotated[str, Field(max_length=64)]] = Field(
        list(SPACES), max_length=50, description="Classes that are left out: space that others stand in."
    )
    at: str | None = Field(None, max_length=64, description="As they stand at this moment in the city.")


class ClashBody(Said):
    """Two objects, how near or how deep, and where: longitude, latitude, metres."""

    one: str
    other: str
    gap_m: float = Field(description="Negative: how deep they share space.")
    at: list[float]


class ClashReportBody(Said):
    """Which objects of two models clash: ``hard`` share space, ``near`` come nearer than the clearance."""

    one: str
    other: str
    at: str
    checked: str
    tolerance_m: float
    clearance_m: float
    compared: list[int] = Field(description="How many objects of each.")
    hard: int
    near: int
    items: list[ClashBody]


class ClashReportList(Said):
    """The reports there are, without their items."""

    items: list[ClashReportBody]
    next: str | None = None
