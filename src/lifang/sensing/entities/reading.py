"""Entities read: one by its id, a page of a collection, what lies at the end of a link, and links inside links.

Children of a whole page are read in one query a link, never one by one; what may not be seen (``sight``) is on no page,
at no end of a link, in no count, and no filter finds anything by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from lifang.core import BadInput, NotFound
from lifang.sensing.entities.columns import NATURAL
from lifang.sensing.entities.computed import Computed, is_time
from lifang.sensing.entities.kinds import GRAPH, OBSERVATION, PLURALS, STREAMS, WAYS
from lifang.sensing.entities.linked import Linked
from lifang.sensing.entities.observation import observation_id, parse_id, told, when_of
from lifang.sensing.entities.observing import Observing, ask, columns_of
from lifang.sensing.entities.question import DEPTH_MAX, Entity, Page, Question, Sight, Start
from lifang.sensing.entities.rewriting import NUMBER, Foreign, asked_apart, rewrite, rewrite_observations
from lifang.sensing.model import Numbers
from lifang.sensing.roster import Roster
from lifang.store import (
    Among,
    Call,
    EntityQuery,
    Expression,
    Field,
    Literal,
    Parents,
    Row,
    Store,
    all_of,
    rising,
)

Order = tuple[tuple[Expression, bool], ...]
_ANY = Question("")


class Reading:
    """The entities of one city, as far as the one who asks may see."""

    def __init__(self, store: Store, roster: Roster) -> None:
        self._store, self._roster = store, roster
        self.observing = Observing(store.lake, roster)
        self._computed = Computed(store, roster, self.observing)
        self._linked = Linked(store, roster)
        self._counts: dict[tuple[Any, ...], tuple[int, int]] = {}

    def page(self, question: Question, sight: Sight, start: Start | None = None, link: str = "") -> Page:
        """Return the page asked for: of a whole collection, or of what a link of ``start`` leads to."""
        if question.kind == OBSERVATION:
            page = self._observations(question, sight, start)
        else:
            page = self._entities(question, sight, start, link)
        self._expand(page.items, question, sight, 1)
        return page

    def get(self, kind: str, key: int | str, sight: Sight, expand: tuple[tuple[str, Question], ...] = ()) -> Entity:
        """Return the entity with this number or id; ``NotFound`` if there is none that may be seen."""
        if kind == OBSERVATION:
            found = self._observation(key, sight)
        else:
            where = Call("eq", (Field(NUMBER), Literal(key)))
            rows = self._store.registry.entities(GRAPH, EntityQuery(kind, sight, where, limit=1))
            if not rows:
                raise NotFound(
                    f"There is no {kind} {str(key)[:80]!r}.", mend=f"List them: GET /sta/v1.1/{PLURALS[kind]}."
                )
            found = Entity(kind, rows[0])
        self._expand([found], replace(_ANY, kind=kind, expand=expand), sight, 1)
        return found

    def follow(self, start: Start, link: str, sight: Sight, expand: tuple[tuple[str, Question], ...] = ()) -> Entity:
        """Return the one entity at the end of ``start``'s ``link``; ``NotFound`` if there is none to be seen."""
        if start.kind == OBSERVATION:
            begin = self.observing.one(start.number, start.when)
        else:
            begin = self.get(start.kind, start.number, sight)
        target = WAYS[start.kind][link].target
        self._expand([begin], Question(start.kind, expand=((link, Question(target, expand=expand)),)), sight, 1)
        found = begin.links[link]
        if not isinstance(found, Entity):
            raise NotFound(f"There is no {link} here.", mend="The entity has none.")
        return found

    def numbers(self, kind: str, where: Expression, sight: Sight) -> list[int]:
        """Return the numbers of the entities of ``kind`` for which ``where`` holds."""
        query = EntityQuery(kind, sight, self._registry_filter(kind, where, sight))
        return self._store.registry.entity_numbers(GRAPH, query)

    def _entities(self, question: Question, sight: Sight, start: Start | None, link: str) -> Page:
        where = None if question.where is None else self._registry_filter(question.kind, question.where, sight)
        parents = None if start is None else Parents(start.kind, link, (start.number,))
        query = EntityQuery(
            question.kind,
            sight,
            where,
            self._registry_order(question, sight),
            question.top + 1,
            question.skip,
            question.after,
            parents,
        )
        if any(is_time(question.kind, key) for key, _ in query.order):
            rows = self._computed.ordered(query, question) if question.top else []
        else:
            rows = self._store.registry.entities(GRAPH, query) if question.top else []
        more = len(rows) > question.top
        rows = rows[: question.top]
        count = self._count(query) if question.count else None
        after = _keys(rows[-1], question) if rows else None
        return Page([Entity(question.kind, row) for row in rows], more, after, count)

    def _count(self, query: EntityQuery) -> int:
        """Return how many there are; of a whole collection that is known until it changes."""
        registry = self._store.registry
        if query.where is not None or query.parents is not None:
            return registry.entity_count(GRAPH, query)
        table = GRAPH[query.kind].table
        key = (query.kind, *sorted((kind, classes) for kind, classes in query.classes.items()))
        version = registry.version(table, "thing", "actuator")
        known = self._counts.get(key)
        if known is None or known[0] != version:
            self._counts[key] = known = (version, registry.entity_count(GRAPH, query))
        return known[1]

    def _observations(self, question: Question, sight: Sight, start: Start | None) -> Page:
        numbers = self.visible(sight)
        where = self._lake_filter(question.where, sight)
        if start is not None and start.kind in STREAMS:
            numbers = _both(numbers, np.array([start.number], np.int32))
        elif start is not None:
            linked = self.streams_of(start.number)
            of_feature = self._of_features([start.number])
            numbers, where = _both(numbers, linked), of_feature if where is None else all_of(of_feature, where)
        ordered = replace(question, order=self._linked.order(question.order, sight, numbers))
        return self.observing.page(ordered, where, numbers)

    def expand(self, entities: Sequence[Entity], question: Question, sight: Sight) -> None:
        """Hang on ``entities`` what is at the ends of the links that ``question`` expands."""
        self._expand(entities, question, sight, 1)

    def window(
        self, where: Expression | None, sight: Sight, start: Start | None
    ) -> tuple[datetime | None, datetime | None, Numbers | None]:
        """Return the span and the datastreams (``None``: all) that ``where`` narrows to.

        ``BadInput`` if it asks for more than bounds of phenomenonTime and conditions on datastreams.
        """
        numbers = self.visible(sight)
        if start is not None:
            numbers = _both(numbers, np.array([start.number], np.int32))
        query = ask(self._lake_filter(where, sight), numbers, NATURAL, None)
        if query.where is not None:
            raise BadInput(
                "Figures are made of whole spans.", where="$filter", mend="Bound phenomenonTime, name datastreams."
            )
        return query.start, query.end, query.datastreams

    def every(self) -> Numbers:
        """Return the numbers of every datastream there is."""
        return (np.flatnonzero(self._roster.alive[: self._roster.highest + 1])).astype(np.int32)

    def visible(self, sight: Sight) -> Numbers | None:
        """Return the datastreams whose observations may be seen; ``None`` where that is all there are."""
        return self._roster.visible(sight.get("Datastream", ()))

    def _observation(self, key: int | str, sight: Sight) -> Entity:
        found = parse_id(key)
        missing = NotFound(f"There is no Observation {str(key)[:80]!r}.", mend="List them: GET /sta/v1.1/Observations.")
        if found is None or not self._roster.knows(np.array([found[0]]))[0]:
            raise missing
        numbers = self.visible(sight)
        if numbers is not None and found[0] not in numbers:
            raise missing
        try:
            return self.observing.one(*found)
        except NotFound:
            raise missing from None

    def _registry_filter(self, kind: str, where: Expression, sight: Sight) -> Expression:
        def answer(foreign: Foreign, inner: Expression) -> Sequence[int]:
            if foreign.what == "computed":
                return self._computed.numbers(inner, sight)
            found = self._lake_filter(inner, sight) or Call("ge", (Field("datastream"), Literal(0)))
            if foreign.kind in STREAMS:
                return self.observing.streams_where(found, self.visible(sight))
            return self.observing.features_where(found, self.visible(sight))

        def numbers(inner: Expression) -> Expression:
            return Among(Field(NUMBER), tuple(self.numbers(kind, inner, sight)))

        return rewrite(kind, asked_apart(where, numbers), answer)

    def _registry_order(self, question: Question, sight: Sight) -> Order:
        kind = question.kind
        return tuple(
            (key if is_time(kind, key) else self._registry_filter(kind, key, sight), down)
            for key, down in question.order
        )

    def _lake_filter(self, where: Expression | None, sight: Sight) -> Expression | None:
        if where is None:
            return None

        def answer(kind: str, inner: Expression) -> Expression:
            numbers = self.numbers(kind, inner, sight)
            return Among(Field("datastream"), tuple(numbers)) if kind in STREAMS else self._of_features(numbers)

        def rewritten(each: Expression) -> Expression:
            return rewrite_observations(each, answer, lambda inner: self._linked.within(inner, sight))

        return columns_of(rewritten(asked_apart(where, rewritten)))

    def _of_features(self, features: Sequence[int]) -> Expression:
        """Return what observations of ``features`` meet: named in the row, or the datastream's own."""
        owners = self._roster.owners(features).tolist()
        named = Field("extra.feature")
        own = Call("and", (Among(Field("datastream"), tuple(owners)), Call("eq", (named, Literal(None)))))
        return Call("or", (own, Among(named, tuple(features))))

    def streams_of(self, feature: int) -> Numbers:
        """Return the datastreams that have, or may have, observations of ``feature``."""
        rows = self._store.registry.find("datastream_feature", where={"feature": feature}, order="datastream")
        linked = np.array([row["datastream"] for row in rows], dtype=np.int32)
        return np.union1d(self._roster.owners([feature]), linked).astype(np.int32)

    def _expand(self, entities: Sequence[Entity], question: Question, sight: Sight, depth: int) -> None:
        if depth > DEPTH_MAX:
            raise BadInput(
                f"$expand goes at most {DEPTH_MAX} levels deep.", where="$expand", mend="Ask again from there."
            )
        if not entities:
            return
        for link, wanted in question.expand:
            way = WAYS[question.kind].get(link)
            if way is None:
                known = ", ".join(WAYS[question.kind])
                raise BadInput(f"A {question.kind} has no {link[:40]!r}.", where="$expand", mend=f"Known: {known}.")
            if question.kind == OBSERVATION:
                children = self._ends_of(entities, link, wanted, sight)
            elif way.target == OBSERVATION:
                children = self._nested_observations(entities, question.kind, link, wanted, sight)
            else:
                children = self._nested(entities, question.kind, link, wanted, sight)
            self._expand(children, wanted, sight, depth + 1)

    def _nested(self, entities: Sequence[Entity], kind: str, link: str, wanted: Question, sight: Sight) -> list[Entity]:
        """Return the entities at the ends of ``link``, hung on each of ``entities``; one query for all."""
        way = WAYS[kind][link]
        where = None if wanted.where is None else self._registry_filter(way.target, wanted.where, sight)
        query = EntityQuery(
            way.target,
            sight,
            where,
            self._registry_order(wanted, sight),
            wanted.top + 1 if way.many else None,
            wanted.skip if way.many else 0,
            parents=Parents(kind, link, tuple(dict.fromkeys(entity.number for entity in entities))),
        )
        rows: dict[int, list[Row]] = {}
        for row in self._store.registry.entities(GRAPH, query):
            rows.setdefault(row["parent"], []).append(row)
        counts = self._store.registry.entity_counts(GRAPH, query) if wanted.count and way.many else {}
        children: list[Entity] = []
        for entity in entities:
            own = rows.get(entity.number, [])
            if not way.many:
                entity.links[link] = Entity(way.target, own[0]) if own else None
                children += [Entity(way.target, own[0])] if own else []
                if own:
                    entity.links[link] = children[-1]
                continue
            shown = [Entity(way.target, row) for row in own[: wanted.top]]
            after = _keys(own[len(shown) - 1], wanted) if shown else None
            count = counts.get(entity.number, 0) if wanted.count else None
            entity.links[link] = Page(shown, len(own) > wanted.top, after, count)
            children += shown
        return children

    def _nested_observations(
        self, entities: Sequence[Entity], kind: str, link: str, wanted: Question, sight: Sight
    ) -> list[Entity]:
        children: list[Entity] = []
        if kind in STREAMS:
            where = self._lake_filter(wanted.where, sight)
            numbers = rising(np.array([entity.number for entity in entities], dtype=np.int32))
            ordered = replace(wanted, order=self._linked.order(wanted.order, sight, numbers))
            pages = self.observing.nested(ordered, where, numbers)
            for entity in entities:
                page = entity.links[link] = pages[entity.number]
                children += page.items
            return children
        for entity in entities:
            page = self._observations(wanted, sight, Start(kind, entity.number))
            entity.links[link] = page
            children += page.items
        return children

    def _ends_of(self, entities: Sequence[Entity], link: str, wanted: Question, sight: Sight) -> list[Entity]:
        """Return the one entity at the end of each observation's ``link``, hung on it."""
        numbers = [self.feature_of(each) if link == "FeatureOfInterest" else each.number for each in entities]
        distinct = tuple(sorted({number for number in numbers if number}))
        where: Expression = Among(Field(NUMBER), distinct)
        if wanted.where is not None:
            where = all_of(where, self._registry_filter(link, wanted.where, sight)) or where
        rows = self._store.registry.entities(GRAPH, EntityQuery(link, sight, where)) if distinct else []
        found = {row["number"]: Entity(link, row) for row in rows}
        for entity, number in zip(entities, numbers, strict=True):
            entity.links[link] = found.get(number or 0)
        return list(found.values())

    def feature_of(self, observation: Entity) -> int | None:
        """Return the number of the feature that an observation is of."""
        extra = told(observation.row)["feature"] if observation.row["extra"] else None
        own = int(self._roster.own[observation.number])
        return int(extra) if extra else own or None


def start_of(entity: Entity) -> Start:
    """Return where a path goes on from an entity."""
    if entity.kind == OBSERVATION:
        return Start(entity.kind, entity.number, when_of(entity.row))
    return Start(entity.kind, entity.number)


def key_text(entity: Entity) -> int | str:
    """Return what an entity is called by: its number, or an observation's id."""
    if entity.kind != OBSERVATION:
        return entity.number
    return observation_id(entity.number, *when_of(entity.row))


def _keys(row: Row, question: Question) -> tuple[Any, ...]:
    return (*(row[f"key_{at}"] for at in range(len(question.order))), row["number"])


def _both(some: Numbers | None, others: Numbers) -> Numbers:
    return others if some is None else np.intersect1d(some, others)
