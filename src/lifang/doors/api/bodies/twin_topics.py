"""Bodies of topics of the twin."""

from __future__ import annotations

from typing import Annotated

from pydantic import Base64Bytes, ConfigDict, Field

from lifang.doors.api.bodies.kinds import Asked, Said
from lifang.guard import Classification

Id = Annotated[str, Field(min_length=1, max_length=300)]
Place = Annotated[list[float], Field(min_length=3, max_length=3, description="Longitude, latitude, metres.")]


class ViewpointBody(Asked):
    """A perspective view, and the objects that it is about; the others are ``shown`` but the ``exceptions``."""

    eye: Place
    target: Place
    field_of_view: float = Field(50.0, gt=0, lt=180, description="Degrees, from top to bottom.")
    selection: list[Id] = Field([], max_length=10_000)
    shown: bool = True
    exceptions: list[Id] = Field([], max_length=10_000)


class NewTopic(Asked):
    """What somebody has to say about a view, with its picture."""

    model_config = ConfigDict(str_max_length=14_000_000)

    title: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=10_000)
    view: ViewpointBody
    snapshot: Base64Bytes | None = Field(None, description="PNG of up to 10 MB, in base64.")
    link: str = Field("", max_length=2_000, pattern=r"^(\?.*)?$", description="The query of the view on the page.")
    classification: Classification = Classification.SHARED


class TopicStatus(Asked):
    """What becomes of a topic."""

    status: str = Field(max_length=20, description="Open or Closed.")


class TopicBody(Said):
    """A topic."""

    guid: str
    title: str
    description: str
    author: str
    created: str
    kind: str
    status: str
    view: ViewpointBody | None
    pictured: bool = Field(description="Whether there is a picture: …/snapshot.")
    link: str
    classification: str


class TopicList(Said):
    """The topics, the newest first."""

    items: list[TopicBody]
    next: str | None = None
