"""Bodies of the city itself: its clock, its layers, its health."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifang.doors.api.bodies.catalogue import Term
from lifang.doors.api.bodies.kinds import Asked, Name, Said
from lifang.doors.api.bodies.session import SubjectBody
from lifang.doors.api.bodies.twin_imagery import ImageryBody


class ClockBody(Said):
    """The city's clock: ``speed`` is city seconds a second; ``start`` and ``end`` bound a replay."""

    mode: Literal["replay", "live"]
    now: str
    speed: float
    paused: bool
    start: str | None
    end: str | None


class ReplayChange(Asked):
    """What to change of the replay; what is left out stays."""

    speed: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] | None = None
    paused: bool | None = None


class Layer(Said):
    """A dataset that the map draws; ``style`` names how."""

    id: str
    name: Name
    dataset: str
    geometry: Literal["polygon", "line", "point"]
    label_column: str | None
    attribution: Name
    licence: str
    licence_name: Name
    source: str
    classification: str
    style: str


class ObservationCount(Said):
    """How many observations there are, and the moments of the first and last."""

    count: int
    first: str | None
    last: str | None


class CityBody(Said):
    """What the city says of itself; ``extent`` is west, south, east, north in degrees."""

    id: str
    name: Name
    area_code: str
    extent: list[float]
    time_zone: str
    now: str
    clock: ClockBody
    version: str
    mqtt: str | None = Field(description="Where the city, or its broker, is reached by MQTT.")
    observations: ObservationCount
    subject: SubjectBody | None
    layers: list[Layer]
    imagery: list[ImageryBody]
    themes: list[Term] = Field(description="By which datasets are classed, whether there are any yet or not.")
    embedded_by: list[str] = Field(description="Sites that may show the page in a frame; `*`: every site.")


class Health(Said):
    """Whether the city answers."""

    status: Literal["ok"]
    city: str
    version: str
    now: str
