"""Scenarios: what the city would be, as a branch beside what it is.

A scenario has models of its own, whose objects stand in it and nowhere else, and says which real objects are gone in
it. Everything else is as the city is at the moment asked for, so a scenario grows with the city. Once it is adopted,
the city itself is so from a moment on.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa

from lifang.core import BadInput, Conflict, NotFound, check_slug
from lifang.guard import Action, Classification, Resource, Subject, require
from lifang.store import (
    OBJECT_COLUMNS,
    Entry,
    ObjectChange,
    ObjectQuery,
    Objects,
    Store,
    read_setting,
    write_setting,
)

_KEY = "twin:scenarios"
_REMOVES_MAX = 100_000


@dataclass(frozen=True)
class Scenario:
    """A branch of the city: ``models`` stand in it alone, the objects ``removes`` are gone in it.

    ``adopted`` is since when the city is planned to be so, in microseconds; ``None`` while it is only thought of.
    ``known`` is the moment of our knowledge before that, in microseconds.
    """

    id: str
    zh: str
    en: str
    models: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    classification: Classification = Classification.SHARED
    adopted: int | None = None
    known: int | None = None

    @property
    def resource(self) -> Resource:
        """The scenario as the guard knows it."""
        return Resource("object", f"scenario/{self.id}", self.classification)


class Scenarios:
    """The scenarios of one city's twin."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store, self._objects = store, objects
        self._lock = threading.Lock()
        self._known: dict[str, Scenario] | None = None

    def put(self, scenario: Scenario, *, at: int, by: Subject) -> Scenario:
        """Return the scenario, kept in place of one of the same id; ``at`` in microseconds is the city's now.

        ``Conflict`` if one of its models stands in the real city, ``BadInput`` if what it removes was never there.
        """
        require(by, Action.ADMIT, scenario.resource)
        for each in (scenario.id, *scenario.models):
            check_slug(each, what="id")
        if len(scenario.removes) > _REMOVES_MAX:
            raise BadInput(f"More than {_REMOVES_MAX:,} objects are removed.", mend="Split the scenario.")
        for model in set(scenario.models) - self.models:
            query = ObjectQuery(at, models=[model], limit=1)
            if len(self._objects.read(query, ["id"])):
                what = f"The model {model!r} stands in the real city."
                raise Conflict(what, where="models", mend="Name a model that is to be added to the scenario.")
        if scenario.removes:
            found = self._objects.read(ObjectQuery(at, ids=list(scenario.removes)), ["id"])["id"].to_pylist()
            if lost := sorted(set(scenario.removes) - set(found)):
                raise BadInput(f"There is no object {lost[0][:80]!r}.", where="removes", mend="Remove what is there.")
        known = self._all.get(scenario.id)
        if known and known.adopted is not None:
            raise Conflict(f"The scenario {scenario.id!r} was adopted.", where="id", mend="Put one under another id.")
        return self._kept(scenario, by, {"models": [*scenario.models]})

    def adopt(self, scenario: Scenario, *, since: int, stage: str, by: Subject) -> ObjectChange:
        """Return the change by which the city is as a scenario has it, from the moment ``since`` on, at a ``stage``.

        What it removes ends then. The same again completes or changes nothing; ``Conflict`` for another moment. What
        was known before is kept first, so that it can be taken back also if this breaks off.
        """
        require(by, Action.ADMIT, scenario.resource)
        if scenario.adopted not in {None, since}:
            raise Conflict(f"The scenario {scenario.id!r} was adopted.", where="valid_from", mend="Look at its date.")
        known = self._objects.known if scenario.known is None else scenario.known
        self._kept(replace(scenario, adopted=since, known=known), by, {"adopted": since, "stage": stage})
        rows = self._objects.read(self._standing(scenario, since)).select(OBJECT_COLUMNS.names)
        told = {"stage": pa.array([stage] * len(rows), pa.string()), "valid_from": pa.array([since] * len(rows))}
        for name, values in told.items():
            rows = rows.set_column(OBJECT_COLUMNS.names.index(name), name, values)
        return self._objects.record(rows, subject=by.id, gone=scenario.removes, at=since)

    def take_back(self, scenario: Scenario, *, by: Subject) -> ObjectChange:
        """Return the change by which the city is as it was known before it adopted a scenario, which is alone again.

        ``Conflict`` if it was not adopted, or if one of its objects was changed since.
        """
        require(by, Action.ADMIT, scenario.resource)
        if scenario.adopted is None or scenario.known is None:
            raise Conflict(f"The scenario {scenario.id!r} is not adopted.", where="id", mend="Look at its date.")
        query = self._standing(scenario, scenario.adopted, known=scenario.known)
        ids = [*scenario.removes, *self._objects.read(query, ["id"])["id"].to_pylist()]
        change = self._objects.revert(ids, after=scenario.known, subject=by.id)
        self._kept(replace(scenario, adopted=None, known=None), by, {"taken_back": scenario.adopted})
        return change

    @staticmethod
    def _standing(scenario: Scenario, at: int, *, known: int | None = None) -> ObjectQuery:
        return ObjectQuery(at, known, models=list(scenario.models))

    def _kept(self, scenario: Scenario, by: Subject, detail: dict[str, Any]) -> Scenario:
        with self._lock:
            known = {**self._all, scenario.id: scenario}
            entry = Entry(by.id, Action.ADMIT.value, f"scenario:{scenario.id}", detail=detail)
            write_setting(self._store, _KEY, [asdict(each) for each in known.values()], entry=entry)
            self._known = known
        return scenario

    def all(self) -> list[Scenario]:
        """Return every scenario, by id."""
        return [self._all[key] for key in sorted(self._all)]

    def get(self, scenario: str) -> Scenario:
        """Return a scenario, or ``NotFound``."""
        found = self._all.get(scenario)
        if found is None:
            raise NotFound(f"There is no scenario {scenario[:64]!r}.", mend="List them: GET /api/v1/twin/scenarios.")
        return found

    @property
    def models(self) -> frozenset[str]:
        """The models that belong to scenarios."""
        return frozenset(model for each in self._all.values() for model in each.models)

    def _alone(self, at: int) -> set[str]:
        """Return the models that stand in scenarios alone at a moment."""
        thought = (each for each in self._all.values() if each.adopted is None or at < each.adopted)
        return {model for each in thought for model in each.models}

    @property
    def state(self) -> int:
        """A number that is another whenever a scenario is."""
        return hash(tuple(self.all()))

    def within(self, query: ObjectQuery, scenario: str | None, *, named: Sequence[str] = ()) -> ObjectQuery:
        """Return the query as of a scenario, or of the real city for ``None``; ``named`` models are kept."""
        shown = self.get(scenario) if scenario else None
        alone = self._alone(query.valid if query.until is None else query.until)
        hidden = alone - set(named) - set(shown.models if shown else ())
        removed = list(shown.removes) if shown else None
        return replace(query, without_models=sorted(hidden) or None, without=removed or None)

    @property
    def _all(self) -> dict[str, Scenario]:
        if self._known is None:
            told = read_setting(self._store, _KEY) or []
            self._known = {each["id"]: _scenario(each) for each in told}
        return self._known


def _scenario(told: dict[str, Any]) -> Scenario:
    lists = {name: tuple(told[name]) for name in ("models", "removes")}
    return Scenario(**{**told, **lists, "classification": Classification(told["classification"])})
