"""Bodies of the twin: objects, their versions, what differs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said


class ShapeBody(Said):
    """Geometry at one level of detail."""

    lod: str
    kind: str
    base_m: float
    top_m: float


class ObjectBody(Said):
    """One version of an object. Heights are metres above the height datum of its model."""

    id: str
    model: str
    kind: str
    kind_name: Name
    category: Name
    level: int = Field(description="CIM level, 1 to 7.")
    stage: Name
    parent: str | None
    name: str
    bbox: list[float] = Field(description="West, south, east, north in degrees.")
    bottom_m: float
    top_m: float
    classification: str
    properties: Json
    shapes: list[ShapeBody]
    valid_from: str
    valid_to: str | None
    recorded: str
    recorded_to: str | None


class ObjectPage(Said):
    """Objects by id."""

    items: list[ObjectBody]
    next: str | None = None


class AboutBody(Said):
    """Everything about an object that the asker may see."""

    object: ObjectBody
    whole: ObjectBody | None
    parts: list[ObjectBody]


class ObjectHistory(Said):
    """Every version of an object, by when it was recorded, then by when it holds."""

    items: list[ObjectBody]


class ObjectDifference(Said):
    """One object that is not the same at two moments."""

    id: str
    change: Literal["added", "removed", "moved", "changed"]


class ObjectDifferenceBody(Said):
    """What is not the same at two moments."""

    counts: dict[str, int]
    items: list[ObjectDifference]


class OutlinesBody(Asked):
    """A dataset of outlines that become upright solids."""

    dataset: str
    model: str
    key: str = Field(description="The column of ids.")
    height: str = Field(description="The column of heights in metres, or of floors.")
    metres_each: float = Field(1.0, gt=0, le=20, description="3.0 or so where the column counts floors.")
    base: str = Field("", description="The column of the ground's height in metres.")
    name: str = Field("", description="The column of names.")
    kind: str = "Building"
    valid_from: str
    stage: str = "operation"
