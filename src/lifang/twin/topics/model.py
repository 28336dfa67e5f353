"""The words of topics, as BCF has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from lifang.core import format_instant, parse_instant
from lifang.guard import Classification, Resource

STATUSES = ("Open", "Closed")
Place = tuple[float, float, float]


@dataclass(frozen=True)
class Viewpoint:
    """A perspective view from ``eye`` towards ``target``: degrees on WGS 84, metres above the models' height datum.

    ``selection`` are the ids of the objects that it is about. All others are ``shown`` but the ``exceptions``; or none
    but them.
    """

    eye: Place
    target: Place
    field_of_view: float = 50.0
    selection: tuple[str, ...] = ()
    shown: bool = True
    exceptions: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Viewpoint:
        """Return what its fields say, with lists for tuples."""
        given: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
        return cls(**given)


@dataclass(frozen=True)
class Topic:
    """What is said about a view: ``snapshot`` is the hash of its picture, ``link`` the query of the page's address."""

    guid: str
    title: str
    description: str
    author: str
    created: datetime
    kind: str = "Issue"
    status: str = "Open"
    view: Viewpoint | None = None
    snapshot: str | None = None
    link: str = ""
    classification: Classification = Classification.SHARED

    @property
    def resource(self) -> Resource:
        """The topic as the guard knows it."""
        return Resource("object", f"topic/{self.guid}", self.classification)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {**asdict(self), "created": format_instant(self.created)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Topic:
        """Return what ``as_json`` gave."""
        view = told["view"] and Viewpoint.from_json(told["view"])
        grade = Classification(told["classification"])
        return cls(**{**told, "created": parse_instant(told["created"]), "view": view, "classification": grade})
