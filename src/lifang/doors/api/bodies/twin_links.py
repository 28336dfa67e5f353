"""Bodies of links: what objects lead to, everything about one, live states."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said
from lifang.doors.api.bodies.twin import AboutBody, ObjectBody
from lifang.guard import Classification

Text = Annotated[str, Field(max_length=200)]
Moment = Annotated[str, Field(max_length=64, description="ISO 8601 with an offset.")]


class NewObjectLink(Asked):
    """A link from an object to ``target``: ``object:``, ``row:DATASET/KEY``, ``datastream:``, ``thing:``, …"""

    object: str = Field(min_length=1, max_length=300)
    kind: Text
    target: str = Field(min_length=1, max_length=320)
    role: Text = Field("", description="What it is for the object, such as `room temperature`.")
    name: Text = Field("", description="What the target is called, if it is kept elsewhere.")


class NewObjectLinks(Asked):
    """Links that hold in a valid time, as their source says; ``whole``: the source says no others from then on."""

    links: Annotated[list[NewObjectLink], Field(min_length=1, max_length=10_000)]
    source: Text
    classification: Classification = Classification.SHARED
    valid_from: Moment
    valid_to: Moment | None = None
    whole: bool = False


class EndedLink(Asked):
    """The link that holds no more from a moment in the city on."""

    object: str = Field(min_length=1, max_length=300)
    kind: Text
    target: str = Field(min_length=1, max_length=320)
    at: Moment


class LinkChangeBody(Said):
    """What became of links: taken in, replaced, known already, ended."""

    links: int
    replaced: int
    unchanged: int
    ended: int


class EndBody(Said):
    """What stands at the other end of a link."""

    kind: str
    id: str
    name: Name


class ObjectLinkBody(Said):
    """A link of an object: ``out`` leads from it, else it leads to it. ``kind_name`` is read from the object."""

    kind: str
    kind_name: Name
    out: bool
    end: EndBody
    role: str
    source: str
    classification: str
    valid_from: str
    valid_to: str | None
    recorded: str


class ObjectLinkPage(Said):
    """The links of an object."""

    items: list[ObjectLinkBody]
    next: str | None = None


class LiveBody(Said):
    """The latest value of a datastream bound to an object; ``age_s`` is how old it was at the moment asked for."""

    object: str
    role: str
    datastream: str
    name: Name
    observed_property: str
    unit: str
    unit_symbol: str
    time: str | None
    value: float | None
    quality: str | None
    quality_name: Name | None
    age_s: float | None
    simulated: bool = Field(description="Whether nobody measured it: it is made up.")


class StatePage(Said):
    """Live values by object."""

    items: list[LiveBody]
    next: str | None = None


class RowBody(Said):
    """A row of a dataset that an object leads to."""

    dataset: str
    key: str
    row: Json


class EverythingBody(AboutBody):
    """All that one may know of an object: itself, whole and parts, versions, links, live values, dataset rows."""

    versions: list[ObjectBody]
    links: list[ObjectLinkBody]
    live: list[LiveBody]
    rows: list[RowBody]


class ObjectFigures(Said):
    """How many objects a group has, and how high they are in metres."""

    group: str
    count: int
    least_m: float
    mean_m: float
    greatest_m: float


class ObjectFiguresBody(Said):
    """Counts and heights by group."""

    items: list[ObjectFigures]
