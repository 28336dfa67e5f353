"""Everything about an object in one call, and the state of many: their links, live values and rows, as one may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lifang.app.asking.asker import Asker, Current, datastream_resource
from lifang.app.asking.linked import End, Linked, find_linked, object_resource
from lifang.app.asking.twin import About, TwinView
from lifang.core import NotFound
from lifang.guard import Action, Resource
from lifang.sensing import Datastream
from lifang.twin import CityObject, Link

_SENSOR, _OBJECT, _DATASTREAM, _THING = "sensor", "object", "datastream", "thing"


@dataclass(frozen=True)
class SeenLink:
    """A link with what stands at its other end: what it leads to (``out``), or the object that it comes from."""

    link: Link
    out: bool
    end: End
    linked: Linked


@dataclass(frozen=True)
class Live:
    """A datastream that is bound to an object, in a role, with its latest value as of the moment asked for."""

    object: str
    role: str
    current: Current


@dataclass(frozen=True)
class Everything:
    """All that an asker may know of an object at a moment."""

    about: About
    versions: list[CityObject]
    links: list[SeenLink]
    live: list[Live]


class LinkView:
    """Reads links, live states and everything about objects for an asker."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._view = TwinView(asker)
        self._links = asker.city.twin.links

    def everything(self, object_id: str, *, at: datetime | None = None, recorded: datetime | None = None) -> Everything:
        """Return all about an object as it was ``at`` a moment (now), as known by ``recorded``; or ``NotFound``."""
        when = at or self._asker.city.now
        twin, versions = self._asker.city.twin, list[CityObject]()

        def fetch() -> CityObject:
            versions.extend(twin.history(object_id, self._view.knowable))
            return twin.held(versions, at=when, recorded=recorded)

        found = self._asker.see(_OBJECT, object_id, fetch, object_resource)
        about = self._view.about_of(found, at=when, recorded=recorded)
        told = [each for each in versions if _known(each, recorded) and each.classification in self._view.classes]
        ids = [object_id, *(each.id for each in about.parts)]
        out = self._links.of(ids, at=when, recorded=recorded, classes=self._view.classes)
        links = self._seen([each for each in out if each.object == object_id], object_id, when, recorded)
        return Everything(about, told, links, self._live([each for each in out if each.kind == _SENSOR], at))

    def links(self, object_id: str, *, at: datetime, recorded: datetime | None = None) -> list[SeenLink]:
        """Return the links out of an object and into it whose other end the asker may know; or ``NotFound``."""
        self._view.object(object_id, at=at, recorded=recorded)
        out = self._links.of([object_id], at=at, recorded=recorded, classes=self._view.classes)
        return self._seen(out, object_id, at, recorded)

    def states(
        self,
        *,
        at: datetime | None = None,
        ids: Sequence[str] | None = None,
        model: str | None = None,
        parent: str | None = None,
        observed_property: str | None = None,
        after: tuple[str, str, str] | None = None,
        limit: int = 1000,
    ) -> tuple[list[Live], tuple[str, str, str] | None]:
        """Return the live values of objects (of a model, or below a parent) ``at`` a moment (now), and where to go on.

        At most ``limit`` links are followed, past the link ``after``.
        """
        when = at or self._asker.city.now
        objects = self._view.query(when, None, ids=ids, model=model, parents=None if parent is None else [parent])
        query = self._links.query(at=when, kinds=[_SENSOR], classes=self._view.classes)
        found = self._links.page(replace(query, of=objects, after=after, limit=limit + 1))
        live = self._live(found[:limit], at, observed_property)
        self._asker.seen(*(Resource(_OBJECT, each.object, each.classification) for each in found[:limit]))
        last = found[limit - 1] if len(found) > limit else None
        return live, (last.object, last.kind, last.target) if last else None

    def _seen(self, out: Sequence[Link], object_id: str, at: datetime, recorded: datetime | None) -> list[SeenLink]:
        """Return the links ``out`` of an object and those into it, with what stands at their other ends."""
        classes = self._view.classes
        into = self._links.to([f"{_OBJECT}:{object_id}"], at=at, recorded=recorded, classes=classes)
        ends = [(each, True, each.end) for each in out] + [(each, False, (_OBJECT, each.object)) for each in into]
        linked = find_linked(self._asker, {end for _, _, end in ends}, at=at, recorded=recorded)
        seen = [
            SeenLink(link, is_out, end, linked[end] if end in linked else Linked(link.name, link.name))
            for link, is_out, end in ends
            if end in linked or end[0] == "outside"
        ]
        told = [Resource("object", f"link/{each.link.object}", each.link.classification) for each in seen]
        self._asker.seen(*told, *(resource for each in seen for resource in each.linked.resources))
        return seen

    def _live(self, links: Sequence[Link], at: datetime | None, observed_property: str | None = None) -> list[Live]:
        bound = [
            (link, stream)
            for link in links
            for stream in self._streams(link)
            if observed_property is None or stream.observed_property == observed_property
        ]
        streams = list({stream.number: stream for _, stream in bound}.values())
        self._asker.seen(*map(datastream_resource, streams))
        current = self._asker.with_values(streams, at)
        values = {each.datastream.number: each for each in current}
        return [Live(link.object, link.role, values[stream.number]) for link, stream in bound]

    def _streams(self, link: Link) -> list[Datastream]:
        """Return the datastreams of a link of kind sensor that the asker may read."""
        kind, name = link.end
        sensing = self._asker.city.sensing
        try:
            found = [sensing.datastream(name)] if kind == _DATASTREAM else []
            found += sensing.datastreams(thing=name) if kind == _THING else []
        except NotFound:
            return []
        return [each for each in found if self._asker.may(Action.READ, datastream_resource(each))]


def _known(version: CityObject, recorded: datetime | None) -> bool:
    return recorded is None or version.recorded <= recorded
