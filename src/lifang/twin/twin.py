"""The face of the twin: models come in, objects are found, their tiles made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa

from lifang.core import BadInput, Box, Clock, NotFound, TooLarge, check_slug, from_micros, to_micros
from lifang.guard import Action, Classification, Resource, Subject, require, strictest
from lifang.store import (
    FOREVER,
    OBJECT_COLUMNS,
    NearName,
    ObjectChange,
    ObjectQuery,
    Store,
    change_setting,
    read_setting,
    write_setting,
)
from lifang.twin.areas import COLUMNS as AREA_COLUMNS
from lifang.twin.areas import Area
from lifang.twin.checking import checked
from lifang.twin.clashing import Clashes
from lifang.twin.documents import Documents
from lifang.twin.examination import Examination
from lifang.twin.exporting import Export
from lifang.twin.flat import VectorSource, classes_of
from lifang.twin.imagery import Imagery
from lifang.twin.kept import KeptTiles
from lifang.twin.linking import Ends, LinkRule, linked_by
from lifang.twin.links import Links
from lifang.twin.model import CityObject, ModelCard, check_stage
from lifang.twin.originals import Originals
from lifang.twin.planning import PlanStudy
from lifang.twin.reading import ModelFile
from lifang.twin.scenarios import Scenario, Scenarios
from lifang.twin.studying import OBJECTS_MAX
from lifang.twin.tabling import difference_table, object_table
from lifang.twin.tiles import TILE_IMAGES_MAX, HeldCells, TileSource
from lifang.twin.tiling import Pictures
from lifang.twin.topics import Topics
from lifang.twin.writing import features

_ALL = tuple(Classification)
_CARDS, _EXAMINED = "twin:cards", "twin:examined:"


@dataclass(frozen=True)
class Added:
    """What became of a model: the change of the objects, and what the checks found."""

    change: ObjectChange
    examination: Examination


class Twin:
    """The objects of one city."""

    def __init__(self, store: Store, clock: Clock, extent: Box | None = None) -> None:
        self._extent = extent  # where the city lies
        self._store = store
        self._clock = clock
        self._objects = store.lake.objects
        self.links = Links(store)
        self.clashes = Clashes(store, clock)
        self.imagery = Imagery(store, clock)
        self.topics = Topics(store)
        self._documents = Documents(store)
        self.originals = Originals(store, self._objects)
        self.scenarios = Scenarios(store, self._objects)
        self._cells = HeldCells()
        self._kept = KeptTiles(store.folder / "tiles")
        self._watchers: list[Callable[[str, Classification], None]] = []

    def on_change(self, watcher: Callable[[str, Classification], None]) -> None:
        """Have ``watcher`` told of each change: the model, and who may know of it."""
        self._watchers.append(watcher)

    def add(
        self,
        model: str,
        found: ModelFile,
        *,
        classification: Classification,
        valid_from: datetime,
        valid_to: datetime | None = None,
        stage: str = "operation",
        by: Subject,
    ) -> Added:
        """Return what became of a model's objects: each holds in the valid time given, replacing what held there.

        An object of the model that ``found`` does not name any more ends at ``valid_from``. The same again changes
        nothing. ``BadInput`` if nothing of the model could be taken.
        """
        check_slug(model, what="model id")
        require(by, Action.ADMIT, Resource("object", model, classification))
        check_stage(stage)
        found = checked(found, within=self._extent)
        if not len(found.rows):
            telling = [each for each in found.faults if each.severity == "error" or each.rule == "left out"]
            first = min(telling, key=lambda each: each.severity, default=None)
            what = f"{first.object}: {first.what}" if first else "It holds no object with a geometry."
            raise BadInput(
                f"Nothing of the model could be taken. {what}", mend=first.mend if first else "Send another."
            )
        rows = _completed(found.rows, model, classification, stage, valid_from, valid_to)
        blobs_held = self._store.blobs.lock if found.pictures else nullcontext()  # others wait as long as it takes
        with blobs_held, self._store.lake.changing_objects():
            for picture in found.pictures.values():
                self._store.blobs.put(BytesIO(picture), max_bytes=len(picture))
            change = self._objects.record(rows, subject=by.id, whole=model, at=to_micros(valid_from))
            linked = self.links.add_of_model(
                model, found, classification=classification, valid_from=valid_from, valid_to=valid_to, by=by
            )
        told = Examination.of(found.faults, at=self._clock.now())
        is_new = change.is_one or linked.is_one
        try:
            is_new |= self._documents.keep(
                model, found.told, classification, valid_from=valid_from, valid_to=valid_to, recorded=change.recorded
            )
            write_setting(self._store, f"{_EXAMINED}{model}", told.as_json())
            self._store.record_change(change, model=model)
            self._store.record_change(linked, what="links", source=f"model:{model}")
        finally:  # who looks at the objects is told of them also where the registry has no room left
            if is_new:
                self._tell(model, classification)
        return Added(change, told)

    def end(self, model: str, *, at: datetime, by: Subject) -> ObjectChange:
        """Return the change by which nothing of a model holds from a moment in the city on; what was before stays.

        The links that its file told of end with it. The same again changes nothing; ``NotFound`` if there never was
        such a model.
        """
        found = self._objects.versions_of(model)
        grades = [Classification(each) for each in found["classification"].unique().to_pylist()]
        for grade in grades:
            require(by, Action.ADMIT, Resource("object", model, grade))
        if not grades:
            raise NotFound(f"There is no model {model[:80]!r}.", mend="List them: GET /api/v1/twin/models.")
        with self._store.lake.changing_objects():
            change = self._objects.end(found["id"].unique().to_pylist(), at=to_micros(at), subject=by.id)
            linked = self.links.end_of_model(model, at=at, by=by)
        try:
            self._store.record_change(change, model=model)
            self._store.record_change(linked, what="links", source=f"model:{model}")
        finally:
            if change.is_one:
                self._tell(model, strictest(*grades))
        return change

    def needing(self, sha256: str) -> str:
        """Return what needs the file of a hash: ``imagery:ID``, ``topic:GUID`` or ``model:ID``; ``""`` if none."""
        asked = (self.imagery.needing, self.topics.needing, self.originals.needing)
        return next(filter(None, (each(sha256) for each in asked)), "")

    def adopt(self, scenario: Scenario, *, since: datetime, stage: str = "planned", by: Subject) -> Scenario:
        """Return the scenario, adopted: from ``since`` on the city is planned to be as it has it; see ``Scenarios``."""
        check_stage(stage)
        return self._became(scenario, self.scenarios.adopt(scenario, since=to_micros(since), stage=stage, by=by))

    def take_back(self, scenario: Scenario, *, by: Subject) -> Scenario:
        """Return the scenario, no longer adopted: the city is as it was known before; see ``Scenarios``."""
        return self._became(scenario, self.scenarios.take_back(scenario, by=by))

    def _became(self, scenario: Scenario, change: ObjectChange) -> Scenario:
        """Return a scenario as it is now, once its ``change`` is on record and told."""
        self._store.record_change(change, scenario=scenario.id)
        for model in scenario.models or (scenario.id,):
            self._tell(model, scenario.classification)
        return self.scenarios.get(scenario.id)

    def _tell(self, model: str, classification: Classification) -> None:
        for watcher in self._watchers:
            watcher(model, classification)

    def object(
        self, object_id: str, *, at: datetime, recorded: datetime | None = None, among: Sequence[Classification] = _ALL
    ) -> CityObject:
        """Return an object as it was ``at`` a moment in the city, as known by ``recorded``; else ``NotFound``."""
        return self.held(self.history(object_id, among), at=at, recorded=recorded)

    @staticmethod
    def held(versions: Sequence[CityObject], *, at: datetime, recorded: datetime | None = None) -> CityObject:
        """Return that of an object's ``versions`` which held ``at`` a moment, as known by ``recorded``."""
        for each in versions:
            if each.holds(at, recorded):
                return each
        raise NotFound(f"There is no object {versions[0].id[:80]!r} then.", mend="Look at its history.")

    def ids_in(self, query: ObjectQuery, area: Area) -> list[str]:
        """Return the ids of the objects that meet ``query`` and lie in ``area``, in order; ``TooLarge`` past 20,000."""
        asked = replace(query, box=area.box, after=None, limit=OBJECTS_MAX + 1)
        rows = self._objects.read(asked, AREA_COLUMNS)
        if len(rows) > OBJECTS_MAX:
            raise TooLarge(f"More than {OBJECTS_MAX:,} objects stand there.", mend="Choose a smaller area.")
        return list(rows["id"].filter(pa.array(area.holding(rows))).to_pylist()) if len(rows) else []

    def likest(self, query: ObjectQuery, text: str) -> list[NearName]:
        """Return the names of what meets ``query`` that hold ``text`` or something near it, the likest first."""
        return self._objects.likest(replace(query, after=None, limit=None), text)

    def called(self, query: ObjectQuery, text: str, limit: int) -> list[CityObject]:
        """Return what meets ``query`` and is called ``text`` or nearly so, or has an id that holds it, by id."""
        return self.objects(replace(query, ids=self._objects.called(query, text, limit)))

    def names(self, query: ObjectQuery) -> list[tuple[str, str, Classification]]:
        """Return id, name and classification of the objects that meet ``query``, by id."""
        found = self._objects.read(query, ("id", "name", "classification")).to_pylist()
        return [(each["id"], each["name"], Classification(each["classification"])) for each in found]

    def objects(self, query: ObjectQuery) -> list[CityObject]:
        """Return the objects that meet ``query``, by id."""
        return [CityObject.from_row(row) for row in self._objects.read(query).to_pylist()]

    def history(self, object_id: str, among: Sequence[Classification] = _ALL) -> list[CityObject]:
        """Return every version of an object, also those known to be wrong now; ``NotFound`` if there is none.

        Only those ``among`` some classifications are looked for.
        """
        rows = self._objects.history(object_id, [each.value for each in among]).to_pylist()
        if not rows:
            raise NotFound(
                f"There is no object {object_id[:80]!r}.",
                mend="List them: lifang twin list or GET /api/v1/twin/objects.",
            )
        return [CityObject.from_row(row) for row in rows]

    def difference(self, before: ObjectQuery, after: ObjectQuery) -> pa.Table:
        """Return ``id, change`` of what was added, removed, moved or changed between two views."""
        return self._objects.difference(before, after)

    def table(self, query: ObjectQuery) -> tuple[pa.Table, list[Classification]]:
        """Return what meets ``query`` as a plain table, see :func:`object_table`, with the classifications in it."""
        rows = self._objects.read(query)
        return object_table(rows, generated=frozenset(self._generated())), classes_of(rows)

    def features(
        self, query: ObjectQuery, move: Callable[[Any], Any] | None = None
    ) -> tuple[list[dict[str, Any]], list[Classification]]:
        """Return what meets ``query`` as GeoJSON features by id, with the classifications among them.

        ``move`` brings positions from degrees on WGS 84 into another coordinate system.
        """
        rows = self._objects.read(query)
        return features(rows, generated=frozenset(self._generated()), move=move) if len(rows) else [], classes_of(rows)

    def extent(self, query: ObjectQuery) -> tuple[float, ...] | None:
        """Return west, south, east, north in degrees, bottom and top in metres of what meets ``query``, if anything."""
        return self._objects.extent(query)

    def count(self, query: ObjectQuery) -> int:
        """Return how many objects meet ``query``."""
        return int(self._objects.count(query)["count"][0].as_py())

    def difference_table(
        self, before: ObjectQuery, after: ObjectQuery, *, limit: int | None = None
    ) -> tuple[pa.Table, list[Classification]]:
        """Return what two views differ in as a plain table, see :func:`difference_table`, and the classifications."""
        changes = self._objects.difference(before, after).slice(0, limit)
        ids = changes["id"].to_pylist()
        sides = [self._objects.read(replace(each, ids=ids)) for each in (before, after)]
        grades = {grade for side in sides for grade in classes_of(side)}
        return difference_table(changes, *sides), sorted(grades)

    def tiles(self, query: ObjectQuery) -> TileSource:
        """Return the tiles of the objects that meet ``query``."""
        shaped, generated = replace(query, shaped=True), frozenset(self._generated())
        pictures = Pictures(self._store.blobs.read, *TILE_IMAGES_MAX)
        return TileSource(self._objects, shaped, self._cells, self._kept, generated, pictures)

    def models(self, query: ObjectQuery) -> list[tuple[str, int, ModelCard]]:
        """Return id, number of objects and card of each model of the objects that meet ``query``, by id."""
        counted = self._objects.count(query, "model").to_pylist()
        return [(each["model"], each["count"], self.card(each["model"])) for each in counted]

    def card(self, model: str) -> ModelCard:
        """Return what is told of a model; its id is its title if nothing was."""
        told = self._cards().get(model)
        return ModelCard(**told) if told else ModelCard(model, model)

    def standing(self, at: datetime, *, model: str | None = None) -> list[int]:
        """Return numbers that differ when what stands ``at`` a moment becomes known to be other than before."""
        (row,) = self._objects.count(self.query(at=at, models=None if model is None else [model])).to_pylist()
        return [row["count"], row["recorded"] or 0]

    def last_known(self) -> int:
        """Return when the newest version of an object was recorded, in microseconds UTC; 0 while there is none."""
        return self._objects.recorded_after(0)[1]

    def first_changed(self, recorded: int) -> datetime | None:
        """Return the first moment in the city of which something else became known after it was ``recorded``."""
        first, _ = self._objects.recorded_after(recorded)
        return None if first is None else from_micros(first)

    def linked_by(self, rule: LinkRule, ends: Ends, *, at: datetime) -> pa.Table:
        """Return the links that ``rule`` makes to ``ends`` from the objects that hold ``at`` a moment."""
        query = self.query(at=at, models=rule.models or None, classes=rule.classes or None)
        return linked_by(rule, self._objects.read(query, ("id", "geometry", "properties")), ends)

    def examination(self, model: str) -> Examination:
        """Return what the checks found when the model last came in; ``NotFound`` if it never did."""
        told = read_setting(self._store, f"{_EXAMINED}{model}")
        if told is None:
            raise NotFound(f"No model {model[:80]!r} was checked.", mend="List them: GET /api/v1/twin/models.")
        return Examination.from_json(told)

    def describe(self, model: str, card: ModelCard) -> None:
        """Keep what is told of a model."""
        change_setting(self._store, _CARDS, lambda held: {**(held or {}), model: asdict(card)})

    def statistics(self, query: ObjectQuery, by: str, *, is_property: bool = False) -> pa.Table:
        """Return counts and heights of the objects that meet ``query``; see :meth:`Objects.statistics`."""
        return self._objects.statistics(query, by, is_property=is_property)

    def properties(self, query: ObjectQuery) -> pa.Table:
        """Return the properties of the objects that meet ``query``, see :meth:`Objects.properties`."""
        return self._objects.properties(query)

    def moments(self, classifications: Sequence[str]) -> list[tuple[datetime, int]]:
        """Return the moments since which objects are as they are, and how many of them each; the earliest first."""
        found = self._objects.moments(classifications).to_pylist()
        return [(from_micros(each["moment"]), each["begins"]) for each in found]

    def _cards(self) -> dict[str, Any]:
        return read_setting(self._store, _CARDS) or {}

    def _generated(self) -> list[str]:
        return [model for model, card in self._cards().items() if card["generated"]]

    def vector(self, query: ObjectQuery, properties: Sequence[str] = ()) -> VectorSource:
        """Return the vector tiles of the objects that meet ``query``, with some of their ``properties``."""
        shaped, generated = replace(query, shaped=True), frozenset(self._generated())
        return VectorSource(self._objects, shaped, self._cells, self._kept, properties, generated)

    def study(self, query: ObjectQuery, seen: Callable[[Sequence[Classification]], None]) -> PlanStudy:
        """Return studies of the objects that meet ``query``; ``seen`` is told what is looked at."""
        return PlanStudy(self._objects, query, seen)

    def export(self, query: ObjectQuery) -> Export:
        """Return the objects that meet ``query`` as they can be written into a file."""
        model = query.models[0] if query.models and len(query.models) == 1 else ""
        return Export(
            self._objects, self.links, self._documents, self._store.blobs, query, frozenset(self._generated()), model
        )

    @property
    def version(self) -> int:
        """The number of the last change: what was read before holds while it stands."""
        return self._objects.last_change

    @staticmethod
    def query(
        *,
        at: datetime,
        recorded: datetime | None = None,
        box: Box | None = None,
        text: str = "",
        after: str | None = None,
        limit: int | None = None,
        **among: Any,
    ) -> ObjectQuery:
        """Return the query for what held ``at`` a moment; ``among``: its other conditions."""
        known = None if recorded is None else to_micros(recorded)
        return ObjectQuery(to_micros(at), known, box=box, text=text, after=after, limit=limit, **among)


def _completed(
    rows: pa.Table,
    model: str,
    classification: Classification,
    stage: str,
    valid_from: datetime,
    valid_to: datetime | None,
) -> pa.Table:
    """Return the rows with what holds for all of them alike."""
    end = FOREVER if valid_to is None else to_micros(valid_to)
    same = {
        "model": model,
        "stage": stage,
        "classification": classification.value,
        "valid_from": to_micros(valid_from),
        "valid_to": end,
    }
    for name, value in same.items():
        kind = OBJECT_COLUMNS.field(name).type
        rows = rows.append_column(name, pa.array(np.full(len(rows), value), kind))
    return rows.select(OBJECT_COLUMNS.names)
