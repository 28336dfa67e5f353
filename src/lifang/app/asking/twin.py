"""The twin as an asker may see it: objects, their history, what differs between two moments, tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from lifang.app.asking.asker import Asker, Page
from lifang.app.asking.linked import find_linked, object_resource
from lifang.catalogue import Move
from lifang.core import Box, NotFound, format_instant, to_micros
from lifang.guard import Action, Classification, Resource
from lifang.store import Expression, ObjectQuery
from lifang.twin import (
    Area,
    CityObject,
    Examination,
    ModelCard,
    PlanStudy,
    Quadrant,
    Scenario,
    TileSource,
    VectorSource,
)

_OPEN = Classification.OPEN
_EVER = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


@dataclass(frozen=True)
class About:
    """Everything about an object: itself, what it is part of, and its parts."""

    object: CityObject
    whole: CityObject | None
    parts: list[CityObject]


class TwinView:
    """Reads the twin for an asker: each reading is decided, and recorded if it is not open."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._twin = asker.city.twin
        self.classes = asker.classes(Action.READ, "object")
        self.knowable = asker.knowable(Action.READ, "object")

    def objects(
        self,
        *,
        at: datetime,
        recorded: datetime | None = None,
        box: Box | None = None,
        kind: str | None = None,
        model: str | None = None,
        text: str = "",
        after: str | None = None,
        limit: int = 100,
        **more: Any,
    ) -> Page[CityObject]:
        """Return the objects that held ``at`` a moment and that the asker may read, by id, past ``after``.

        ``more`` as in :meth:`query`.
        """
        query = self.query(
            at, recorded, box=box, text=text, model=model, kind=kind, after=after, limit=limit + 1, **more
        )
        found = self._twin.objects(query)
        page = Page(found[:limit], more=len(found) > limit)
        self._asker.seen(*map(object_resource, page))
        return page

    def object(self, object_id: str, *, at: datetime, recorded: datetime | None = None) -> CityObject:
        """Return an object as it was ``at`` a moment, as known by ``recorded``, or ``NotFound``."""
        fetch = partial(self._twin.object, object_id, at=at, recorded=recorded, among=self.knowable)
        return self._asker.see("object", object_id, fetch, object_resource)

    def about(self, object_id: str, *, at: datetime, recorded: datetime | None = None) -> About:
        """Return an object with its whole and its parts, of which the asker sees what they may read."""
        return self.about_of(self.object(object_id, at=at, recorded=recorded), at=at, recorded=recorded)

    def about_of(self, found: CityObject, *, at: datetime, recorded: datetime | None = None) -> About:
        """Return what :meth:`about` does of an object that the asker was given."""
        parts = self._twin.objects(self.query(at, recorded, parents=[found.id]))
        whole = self._twin.objects(self.query(at, recorded, ids=[found.parent])) if found.parent else []
        self._asker.seen(*map(object_resource, [*parts, *whole]))
        return About(found, next(iter(whole), None), parts)

    def history(self, object_id: str) -> list[CityObject]:
        """Return every version of an object that the asker may read, or ``NotFound``."""
        versions = self._asker.see(
            "object",
            object_id,
            lambda: self._twin.history(object_id, self.knowable),
            lambda found: object_resource(found[-1]),
        )
        return [each for each in versions if each.classification in self.classes]

    def examination(self, model: str, *, at: datetime) -> Examination:
        """Return what the checks found in a model that the asker may read, or ``NotFound``."""
        if not self._twin.models(self.query(at, None, model=model)):
            raise NotFound(f"There is no model {model[:80]!r} then.", mend="List them: GET /api/v1/twin/models.")
        self._asker.seen(*(Resource("object", f"model/{model}", each) for each in self.classes))
        return self._twin.examination(model)

    def difference(
        self,
        before: datetime,
        after: datetime,
        *,
        model: str | None = None,
        scenarios: tuple[str | None, str | None] = (None, None),
    ) -> list[tuple[str, str]]:
        """Return (id, change) of what was added, removed, moved or changed between two moments in the city.

        ``scenarios`` are those as of which the two moments are looked at, ``None`` for the city as it is.
        """
        moments = zip((before, after), scenarios, strict=True)
        found = self._twin.difference(*(self.query(at, None, model=model, scenario=each) for at, each in moments))
        self._asker.seen(*(Resource("object", "*", each) for each in self.classes))
        return list(zip(found["id"].to_pylist(), found["change"].to_pylist(), strict=True))

    def difference_table(self, before: datetime, after: datetime, *, model: str | None, limit: int) -> pa.Table:
        """Return up to ``limit`` rows of what two moments in the city differ in, by id, with outlines."""
        views = [self.query(each, None, model=model) for each in (before, after)]
        found, grades = self._twin.difference_table(*views, limit=limit)
        self._asker.seen(*(Resource("object", "*", each) for each in grades if each != _OPEN))
        return found

    def features(
        self,
        *,
        at: datetime,
        until: datetime | None = None,
        limit: int,
        where: Expression | None = None,
        move: Move | None = None,
        **more: Any,
    ) -> tuple[list[dict[str, Any]], int]:
        """Return up to ``limit`` GeoJSON features of objects that the asker may read, by id, and how many there are.

        They held ``at`` a moment, or at any from then on ``until`` another, and meet ``where``; ``move`` brings their
        outlines into another coordinate system; ``more`` as in :meth:`query`.
        """
        late = None if until is None else to_micros(until)
        asked = replace(self.query(at, None, limit=limit, **more), until=late, where=where)
        found, grades = self._twin.features(asked, move)
        self._asker.seen(*(Resource("object", "*", each) for each in grades if each != _OPEN))
        return found, self._twin.count(replace(asked, after=None))

    def statistics(self, by: str, *, at: datetime, is_property: bool = False, **more: Any) -> pa.Table:
        """Return counts and heights of what the asker may read, by a column or a property; ``more`` as in query."""
        found = self._twin.statistics(self.query(at, None, **more), by, is_property=is_property)
        self._asker.seen(*(Resource("object", "*", each) for each in self.classes))
        return found

    def models(self, *, at: datetime, scenario: str | None = None) -> list[tuple[str, int, ModelCard]]:
        """Return id, number of objects that the asker may read ``at`` a moment, and card of each model."""
        return self._twin.models(self.query(at, None, scenario=scenario))

    def scenarios(self) -> list[Scenario]:
        """Return the scenarios that the asker may know."""
        found = [each for each in self._twin.scenarios.all() if each.classification in self.classes]
        self._asker.seen(*(each.resource for each in found))
        return found

    def adopt(self, scenario: str, *, since: datetime, stage: str) -> Scenario:
        """Return a scenario that the asker may know, adopted from ``since`` on; see :meth:`Twin.adopt`."""
        return self._twin.adopt(self._scenario(scenario), since=since, stage=stage, by=self._asker.subject)

    def take_back(self, scenario: str) -> Scenario:
        """Return a scenario that the asker may know, no longer adopted; see :meth:`Twin.take_back`."""
        return self._twin.take_back(self._scenario(scenario), by=self._asker.subject)

    def _scenario(self, scenario: str) -> Scenario:
        for each in self.scenarios():
            if each.id == scenario:
                return each
        raise NotFound(f"There is no scenario {scenario[:64]!r}.", mend="List them: GET /api/v1/twin/scenarios.")

    def card(self, model: str) -> ModelCard:
        """Return what is told of a model that :meth:`models` named."""
        return self._twin.card(model)

    def kinds(self, model: str, *, at: datetime) -> list[str]:
        """Return the classes of the objects of a model that the asker may read ``at`` a moment."""
        return list(self._twin.statistics(self.query(at, None, model=model), "class")["group"].to_pylist())

    def knows(self, model: str) -> bool:
        """Return whether the asker may read an object that a model has, had or will have."""
        asked = self.query(_EVER[0], None, model=model, limit=1)
        return bool(self._twin.names(replace(asked, until=to_micros(_EVER[1]))))

    def extent(self, *, at: datetime, model: str, kind: str | None = None) -> tuple[float, ...] | None:
        """Return west, south, east, north, bottom and top of what the asker may read of a model, if anything."""
        return self._twin.extent(self.query(at, None, model=model, kind=kind))

    def moments(self) -> list[tuple[datetime, int]]:
        """Return the moments at which something begins that the asker may read, and how many objects each."""
        return self._twin.moments([each.value for each in self.classes])

    def properties(self, *, at: datetime, model: str | None = None, scenario: str | None = None) -> pa.Table:
        """Return what properties the objects have ``at`` a moment that the asker may read."""
        self._asker.seen(*(Resource("object", "*", each) for each in self.classes))
        return self._twin.properties(self.query(at, None, model=model, scenario=scenario))

    def tiles(self, *, at: datetime, model: str | None = None, scenario: str | None = None) -> SeenTiles:
        """Return the tiles of a model, or of all, ``at`` a moment; see :meth:`Twin.tiles`."""
        source = self._twin.tiles(self.query(at, None, model=model, scenario=scenario))
        asked = {"at": format_instant(at), "model": model, "scenario": scenario, "classes": list(self.classes)}
        return SeenTiles(self._asker, source, self._version, asked)

    def vector(
        self, *, at: datetime, model: str | None = None, properties: Sequence[str] = (), scenario: str | None = None
    ) -> SeenVector:
        """Return the vector tiles of a model, or of all, ``at`` a moment."""
        source = self._twin.vector(self.query(at, None, model=model, scenario=scenario), properties)
        return SeenVector(self._asker, source, self._version)

    @property
    def _version(self) -> str:
        """The name of the state that tiles tell."""
        return f"{self._twin.version} {self._twin.scenarios.state} {' '.join(self.classes)}"

    def export(
        self,
        path: Path,
        form: str,
        *,
        at: datetime,
        recorded: datetime | None = None,
        box: Box | None = None,
        kind: str | None = None,
        model: str | None = None,
        crs: str = "",
        element: str | None = None,
        scenario: str | None = None,
        lighten_m: float = 0.0,
    ) -> int:
        """Write the objects that held ``at`` a moment and that the asker may read into ``path``, or ``NotFound``.

        ``element`` takes out one object with its parts. Returns how many shapes go out without their textures.
        """
        ids = None if element is None else self._with_parts(element, at, recorded)
        export = self._twin.export(
            self.query(at, recorded, box=box, model=model, kind=kind, ids=ids, scenario=scenario)
        )
        self._asker.seen(*(Resource("object", "*", each) for each in export.classes(form) if each != _OPEN))
        return export.write(path, form, crs=crs, lighten_m=lighten_m)

    def _with_parts(self, element: str, at: datetime, recorded: datetime | None) -> list[str]:
        """Return the ids of an object and of its parts, the parts of those, and so on; or ``NotFound``."""
        ids = [self.object(element, at=at, recorded=recorded).id]
        known, above = set(ids), list(ids)
        while above:
            parts = [each.id for each in self._twin.objects(self.query(at, recorded, parents=above))]
            above = [each for each in parts if each not in known]
            known |= set(above)
            ids += above
        return ids

    def study(self, *, at: datetime, model: str | None = None, scenario: str | None = None) -> PlanStudy:
        """Return studies of the objects ``at`` a moment that the asker may read; what is not open is recorded.

        ``NotFound`` if nothing of a ``model`` that is asked for stands then: a wrong name would have all look free.
        """

        def seen(classes: Sequence[Classification]) -> None:
            self._asker.seen(*(Resource("object", "*", each) for each in classes if each != _OPEN))

        query = self.query(at, None, model=model, scenario=scenario)
        if model is not None and not self._twin.count(query):
            raise NotFound(f"Nothing of a model {model[:80]!r} stands then.", mend="List them: lifang twin list.")
        return self._twin.study(query, seen)

    def query(
        self,
        at: datetime,
        recorded: datetime | None,
        *,
        box: Box | None = None,
        text: str = "",
        model: str | None = None,
        kind: str | None = None,
        ids: Sequence[str] | None = None,
        parents: Sequence[str] | None = None,
        after: str | None = None,
        limit: int | None = None,
        fuzzy: str = "",
        level: int | None = None,
        stage: str | None = None,
        linked: str | None = None,
        scenario: str | None = None,
        area: Area | None = None,
    ) -> ObjectQuery:
        """Return the query for what the asker may read in an ``area``, as of a ``scenario``; see :meth:`Twin.query`.

        What is asked for by id, or as a part, is found in whichever scenario it stands. ``NotFound`` for a scenario
        that the asker may not know.
        """
        if scenario is not None:
            self._scenario(scenario)
        links = None
        if linked is not None:
            kind_of_end, _, end = linked.partition(":")
            known = find_linked(self._asker, [(kind_of_end, end)], at=at, recorded=recorded) or kind_of_end == "outside"
            wanted = [linked] if known else []
            links = self._twin.links.query(at=at, recorded=recorded, targets=wanted, classes=self.classes)
        query = self._twin.query(
            at=at,
            recorded=recorded,
            box=box,
            text=text,
            after=after,
            limit=limit,
            levels=None if level is None else [level],
            stages=None if stage is None else [stage],
            linked=links,
            models=None if model is None else [model],
            classes=None if kind is None else [kind],
            ids=ids,
            parents=parents,
            classifications=[each.value for each in self.classes],
        )
        if ids is None and parents is None:
            query = self._twin.scenarios.within(query, scenario, named=() if model is None else (model,))
        if fuzzy:
            query = replace(query, named=[each.name for each in self._twin.likest(query, fuzzy)])
        if area is None:
            return query
        found = self._twin.ids_in(query, area)
        if not fuzzy:
            found = [each for each in found if after is None or each > after][:limit]
        return replace(query, ids=found, box=None)


@dataclass(frozen=True)
class SeenTiles:
    """Tiles whose reading is recorded where they hold what is not open; ``version`` names the state they tell."""

    asker: Asker
    source: TileSource
    version: str
    view: Mapping[str, Any]

    def tileset(self) -> tuple[dict[str, Any], str]:
        """Return the tileset and the name of its state; levels of detail that it lacks will be made meanwhile."""
        told = self.source.tileset()
        self.asker.city.detailer.seen(self.source, self.view)
        return told, f"{self.version} {len(self.source.unmade)}"

    def content(self, level: int, x: int, y: int, part: str = "") -> bytes:
        """Return the binary glTF of a tile, or of a ``part`` that its levels name; ``NotFound`` if there is none."""
        found = self.source.part(level, x, y, part) if part else self.source.content(level, x, y)
        self._saw(found.classes, level, x, y)
        return found.glb

    def levels(self, level: int, x: int, y: int) -> bytes:
        """Return the tileset of a tile's levels of detail, or ``NotFound``."""
        found = self.source.levels(level, x, y)
        self._saw(found.classes, level, x, y)
        return found.glb

    def values(self, level: int, x: int, y: int, name: str) -> dict[str, Any]:
        """Return a property of each object of a tile by its id, or ``NotFound``."""
        found = self.source.values(level, x, y, name)
        self._saw(found.classes, level, x, y)
        return found.of

    def _saw(self, classes: Sequence[Classification], level: int, x: int, y: int) -> None:
        hidden = [Resource("object", f"tile/{level}/{x}/{y}", each) for each in classes if each != _OPEN]
        self.asker.seen(*hidden)


@dataclass(frozen=True)
class SeenVector:
    """Vector tiles whose reading is recorded where they hold what is not open; ``version`` names their state."""

    asker: Asker
    source: VectorSource
    version: str

    def tile(self, at: Quadrant) -> bytes:
        """Return a vector tile, empty where nothing is."""
        found = self.source.tile(at)
        self._seen(f"vector/{at.z}/{at.x}/{at.y}", found.classes)
        return found.mvt

    def archive(self, target: BinaryIO, *, zooms: range, name: str) -> None:
        """Write all tiles of some zooms as PMTiles, or ``NotFound``."""
        self._seen("*", self.source.archive(target, zooms=zooms, name=name))

    def _seen(self, what: str, classes: Sequence[Classification]) -> None:
        self.asker.seen(*(Resource("object", what, each) for each in classes if each != _OPEN))
