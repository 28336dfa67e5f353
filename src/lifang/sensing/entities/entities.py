"""The face of the room: entities asked for, created, changed and deleted; their observations with them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import numpy as np

from lifang.core import BadInput, Clock
from lifang.guard import Classification, Subject
from lifang.sensing.entities.arrays import create_rows
from lifang.sensing.entities.bodies import OBSERVED, check_names, reference
from lifang.sensing.entities.change import Change, Changed
from lifang.sensing.entities.covering import covered
from lifang.sensing.entities.creating import check_result, create, of_feature
from lifang.sensing.entities.kinds import COMPUTED, OBSERVATION, STREAMS
from lifang.sensing.entities.observation import (
    Draft,
    draft_of,
    observation_id,
    observations_of,
    told,
    tombstone,
    when_of,
)
from lifang.sensing.entities.question import Entity, Question, Sight, Start
from lifang.sensing.entities.reading import Reading
from lifang.sensing.entities.updating import apply_patch, delete, patched, unlink, update
from lifang.sensing.model import Numbers
from lifang.sensing.roster import RICH, Roster
from lifang.store import DELETED, Observations, Store

_PART = 50_000  # observations of a feature deleted at once
_logger = logging.getLogger(__name__)
ChangeWatcher = Callable[[Sequence[Changed]], None]
Ingest = Callable[[Observations, Subject], Future[int]]


class Entities:
    """The entities of one city; safe to use from many threads.

    ``ingest`` stores observations durably; ``changed`` is told after each change of datastreams.
    """

    def __init__(
        self, store: Store, roster: Roster, clock: Clock, *, ingest: Ingest, changed: Callable[[], None]
    ) -> None:
        self._store, self._roster, self._clock = store, roster, clock
        self._ingest, self._changed = ingest, changed
        self.reading = Reading(store, roster)
        self._watchers: list[ChangeWatcher] = []

    def on_change(self, watcher: ChangeWatcher) -> None:
        """Call ``watcher`` with what each change did to entities, soon after it is durable; it has to be quick.

        It runs on the thread that made the change. Observations are told of by ``Sensing.on_commit``; that some were
        deleted is told here, by the number of their datastream.
        """
        self._watchers.append(watcher)

    @contextmanager
    def change(self, by: Subject, sight: Sight, purpose: str = "") -> Iterator[Change]:
        """Yield a change: all of it is durable when the block ends, none of it when the block raises.

        Observations in it are on disk by then too, after the entities that they are of.
        """
        with self._roster.lock:
            with self._store.registry.transaction() as tx:
                change = Change(tx, self._roster, by, purpose, sight, self._clock.now())
                yield change
                rows, places = change.rows_to_take_in()
                entry = change.entry()
                if entry is not None:
                    tx.record(entry)
                stored = observations_of(change.drafts) if change.drafts else None
            change.remember(rows, places)
            self._changed()
        if stored is not None:
            change.loosened |= self._replaced(change.drafts)
            self._ingest(stored, by).result()
        for number, feature in change.loosened:
            self._forget_feature(number, feature)
        self._tell([*change.changed, *_removed(change.drafts)])

    def _replaced(self, drafts: Sequence[Draft]) -> set[tuple[int, int]]:
        """Return the datastreams with the features that observations are of which ``drafts`` correct."""
        fresh = [draft for draft in drafts if draft.quality != DELETED]
        numbers = np.array([draft.number for draft in fresh], np.int32)
        late = (self._roster.flags[numbers] & RICH > 0) & (
            np.array([draft.time for draft in fresh], np.int64) <= self._roster.hot.of(numbers).time
        )
        wanted = {(fresh[row].number, fresh[row].when) for row in np.flatnonzero(late).tolist()}
        return self.reading.observing.features_at(wanted) if wanted else set()

    def _tell(self, changed: Sequence[Changed]) -> None:
        if not changed:
            return
        for watcher in self._watchers:
            try:
                watcher(changed)
            except Exception:
                _logger.exception("a watcher of changed entities failed")

    def features_made(self, numbers: Sequence[int]) -> None:
        """Tell of features that were made from where things are, as their values came in."""
        self._tell([Changed("create", "FeatureOfInterest", number) for number in numbers])

    def _forget_feature(self, number: int, feature: int) -> None:
        """Let a datastream cover a feature no more, if no observation of it is left."""
        if self.reading.observing.is_of(number, feature):
            return
        with self._roster.lock, self._store.registry.transaction() as tx:
            tx.delete_where("datastream_feature", {"datastream": number, "feature": feature})

    def create(self, change: Change, kind: str, body: Any, start: Start | None = None, link: str = "") -> int | str:
        """Return the number of the new entity, or the id of the new observation; see :func:`create`."""
        return create(change, kind, body, start, link)

    def create_rows(self, change: Change, groups: Any) -> list[int | str | None]:
        """Return, per row of a dataArray, the id of its observation, ``None`` where it is not stored."""
        return create_rows(change, groups)

    def update(self, change: Change, kind: str, key: int | str, body: Any, *, whole: bool = False) -> int | str:
        """Return what the entity is called by after PATCH, or PUT with ``whole``."""
        if kind == OBSERVATION:
            return self._observe_again(change, key, check_names(kind, body, where=kind), whole=whole)
        return int(update(change, kind, key, body, whole=whole)["number"])

    def patch(self, change: Change, kind: str, key: int | str, operations: Any) -> int | str:
        """Return what the entity is called by after a JSON Patch."""
        if kind != OBSERVATION:
            return int(patched(change, kind, key, operations)["number"])
        entity = self.reading.get(kind, key, change.sight)
        document = _document(entity)
        return self._observe_again(change, key, apply_patch(document, operations, set(OBSERVED)), whole=True)

    def unlink(self, change: Change, kind: str, key: int | str, link: str, other: int | str | None) -> None:
        """Take away the link of an entity to an ``other``; both stay. ``BadInput`` where one cannot be without it."""
        unlink(change, kind, key, link, other)

    def delete(self, change: Change, kind: str, key: int | str) -> None:
        """Delete the entity with what hangs on it; its observations are no more, their rows stay in the lake."""
        if kind == OBSERVATION:
            change.may(kind)
            row = self.reading.get(kind, key, change.sight).row
            if (feature := told(row)["feature"]) is not None:
                change.loosened.add((row["datastream"], feature))
            change.drafts.append(tombstone(row["datastream"], when_of(row)))
            change.note("delete", kind, str(key), None)
            return
        if kind == "FeatureOfInterest":
            self._delete_observations(change, change.find(kind, key)["number"])
        delete(change, kind, key)

    def _delete_observations(self, change: Change, feature: int) -> None:
        question = Question(OBSERVATION, top=_PART)
        while True:
            page = self.reading.page(question, change.sight, Start("FeatureOfInterest", feature), "Observations")
            change.drafts += [tombstone(each.row["datastream"], when_of(each.row)) for each in page.items]
            if not page.more:
                return
            question = Question(OBSERVATION, top=_PART, after=page.after)

    def _observe_again(self, change: Change, key: int | str, body: dict[str, Any], *, whole: bool) -> int | str:
        """Return the id of the observation after its change; at another time it leaves word where it went."""
        change.may(OBSERVATION)
        entity = self.reading.get(OBSERVATION, key, change.sight)
        number, when = entity.row["datastream"], when_of(entity.row)
        for kind in STREAMS:
            if kind in body:
                raise BadInput("An Observation stays in its Datastream.", where=kind, mend="Create it there anew.")
        feature = body.pop("FeatureOfInterest", None)
        merged = body if whole else {**_document(entity), **body}
        stream = change.fetch("Datastream", number)
        draft = draft_of(number, merged, change.now)
        check_result(stream, draft)
        named = self.reading.feature_of(entity)
        if feature is not None:
            other = reference(feature)
            if other is None:
                raise BadInput("A feature is named in an update.", where="FeatureOfInterest", mend='{"@iot.id": …}')
            if (before := told(entity.row)["feature"]) is not None:
                change.loosened.add((number, before))
            named = change.linked("FeatureOfInterest", other)["number"]
        draft = of_feature(change, stream, draft, named)
        if draft.when != when:
            change.drafts.append(tombstone(number, when, moved=draft.when))
            change.enrich(change.fetch("Datastream", number))
        change.drafts.append(draft)
        change.note("update", OBSERVATION, observation_id(number, *when), draft.id)
        return draft.id

    def covers(
        self, streams: Numbers, observed: Numbers, sight: Sight, names: Collection[str] = COMPUTED
    ) -> dict[int, dict[str, Any]]:
        """Return, by number, what each of ``streams`` covers: ``phenomenonTime``, ``resultTime``, ``observedArea``.

        Of those in ``observed`` whose observations are complex, ``multi`` is true. Nothing is scanned: times come from
        the tally, areas from the bounds of the features that the asker may see.
        """
        found = covered(self._store, self._roster, self.reading.observing, streams, sight, names)
        for number in observed[self._roster.multi[observed]].tolist():
            found.setdefault(number, {})["multi"] = True
        return found

    def is_multi(self, number: int) -> bool:
        """Return whether a datastream is a MultiDatastream, whose results are lists; from memory."""
        return bool(self._roster.multi[number])

    def grade_of(self, number: int) -> str:
        """Return the classification of a datastream."""
        return str(list(Classification)[int(self._roster.classes[number])])

    def knows(self, number: int) -> bool:
        """Return whether there is a datastream of this number."""
        return bool(self._roster.knows(np.array([number]))[0])


def _removed(drafts: Sequence[Draft]) -> list[Changed]:
    numbers = dict.fromkeys(draft.number for draft in drafts if draft.quality == DELETED)
    return [Changed("delete", OBSERVATION, number) for number in numbers]


def _document(entity: Entity) -> dict[str, Any]:
    """Return an observation's properties as a client may send them again; those it has not are left out."""
    return {name: value for name, value in told(entity.row).items() if name in OBSERVED and value is not None}
