"""Questions over the graph of entities as SQL: paths become joins, links to many become ``EXISTS``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, cast

import sqlalchemy as sa

from lifang.core import BadInput
from lifang.store.expression import Among, Call, Expression, Field, Kind, Literal, all_of, conjuncts, walk
from lifang.store.expression_compiler import Part
from lifang.store.registry.graph import NUMBER, Classes, Derived, EntityQuery, Graph, Link, Node, Parents, node_of
from lifang.store.registry.select import table_of
from lifang.store.registry.types import Json, Moment, Truth, Whole
from lifang.store.registry.where import Element, condition_of, json_part, listed, part_of, value_of

BOUNDS = ("west", "south", "east", "north")
PARENT = "parent"
_STEPS_MAX = 12
_Source = Any  # a table's alias or a join of them


def rows_of(graph: Graph, query: EntityQuery) -> sa.Select[Any]:
    """Return the query for the entities asked for: their columns as stored, then ``key_0`` …: the values of the order.

    With parents the first column is ``parent``, the number of the parent each row belongs to.
    """
    node = node_of(graph, query.kind)
    root, source, parent = _source(graph, node, query.parents)
    scope = _Scope(graph, query.classes, node, root)
    chosen = [_told(node.table, name) for name in query.columns or root.c.keys()]
    if parent is not None:
        chosen.insert(0, parent[0].label(PARENT))
    keys = [(scope.value(expression).sql, descending) for expression, descending in query.order]
    chosen += [value.label(f"key_{at}") for at, (value, _) in enumerate(keys)]
    if parent is not None and parent[1] is not None and not keys:
        keys = [(parent[1], False)]
    keys.append((root.c.number, False))
    order = [value.desc() if descending else value.asc() for value, descending in keys]
    found = sa.select(*chosen).select_from(source).where(*_conditions(scope, query, parent))
    if query.after is not None:
        found = found.where(_past(keys, query.after))
    if parent is None or (query.limit is None and not query.offset) or _one(query.parents):
        return found.order_by(*order).limit(query.limit).offset(query.offset or None)
    place = sa.func.row_number().over(partition_by=parent[0], order_by=order).label("place")
    ranked = found.add_columns(place).subquery()
    end = [] if query.limit is None else [ranked.c.place <= query.offset + query.limit]
    shown = [each for each in ranked.c if each.name != "place"]
    return sa.select(*shown).where(ranked.c.place > query.offset, *end).order_by(ranked.c[PARENT], ranked.c.place)


def count_of(graph: Graph, query: EntityQuery) -> sa.Select[Any]:
    """Return the query that counts the entities asked for, whatever its limit; per parent where there are parents."""
    node = node_of(graph, query.kind)
    root, source, parent = _source(graph, node, query.parents)
    scope = _Scope(graph, query.classes, node, root)
    wanted = _conditions(scope, query, parent)
    if parent is None:
        return _where(sa.select(sa.func.count()), source, wanted)
    return _where(sa.select(parent[0], sa.func.count()), source, wanted).group_by(parent[0])


def _where(chosen: Any, source: _Source, conditions: Sequence[Element]) -> sa.Select[Any]:
    found: sa.Select[Any] = chosen.select_from(source).where(*conditions)
    return found


def matches_of(graph: Graph, query: EntityQuery, most: int) -> sa.Select[Any] | None:
    """Return the query for up to ``most`` numbers of entities whose links meet what ``where`` says of them.

    ``None`` where ``where`` follows no link, or not only to ends that must be there: then each entity has to be asked.
    """
    node = node_of(graph, query.kind)
    root, _, _ = _source(graph, node, None)
    scope = _Scope(graph, query.classes, node, root)
    far = [each for each in conjuncts(query.where) if scope.leaves(each)]
    if not far or query.parents is not None or not all(_demands(each) for each in far):
        return None
    condition = scope.condition(all_of(*far) or far[0])
    source: _Source = root
    for following, link in scope.joins:
        source = source.join(following, link)
    return _where(sa.select(root.c.number).distinct(), source, [condition]).limit(most)


def without_links(graph: Graph, query: EntityQuery, numbers: Sequence[int]) -> EntityQuery:
    """Return the query with what ``where`` says of links told as the ``numbers`` of entities for which it holds."""
    node = node_of(graph, query.kind)
    scope = _Scope(graph, query.classes, node, _source(graph, node, None)[0])
    near = [each for each in conjuncts(query.where) if not scope.leaves(each)]
    return replace(query, where=all_of(*near, Among(Field(NUMBER), tuple(numbers))))


def _demands(expression: Expression) -> bool:
    """Return whether ``expression`` holds only where there is a linked entity."""
    if isinstance(expression, Among):
        return True
    if not isinstance(expression, Call) or expression.name in {"or", "not", "ne"}:
        return False
    return not any(isinstance(part, Literal) and part.value is None for part, _ in walk(expression))


def numbers_of(graph: Graph, query: EntityQuery) -> sa.Select[Any]:
    """Return the query for the numbers of the entities asked for, in no order."""
    node = node_of(graph, query.kind)
    root, source, parent = _source(graph, node, query.parents)
    scope = _Scope(graph, query.classes, node, root)
    return _where(sa.select(root.c.number), source, _conditions(scope, query, parent)).limit(query.limit)


def _one(parents: Parents | None) -> bool:
    return parents is not None and len(parents.numbers) == 1


_Parent = tuple[Element, Element | None]


@cache
def _root(table: str) -> _Source:
    """Return the table under the name that each question gives it: the same, since to make it takes half a question."""
    return table_of(table).alias("root")


@cache
def _told(table: str, column: str) -> Element:
    return cast("Element", _raw(_root(table).c[column]).label(column))


def _source(graph: Graph, node: Node, parents: Parents | None) -> tuple[_Source, _Source, _Parent | None]:
    """Return the table of ``node``, what to select from, and with parents their number and the link's own order."""
    root = _root(node.table)
    if parents is None:
        return root, root, None
    origin = node_of(graph, parents.kind)
    link = origin.links[parents.link]
    source: _Source = table_of(origin.table).alias("origin")
    start = source
    at, passed = source, []
    for place, step in enumerate(link.steps, start=1):
        following = root if place == len(link.steps) else _way(link, place)
        source = source.join(following, at.c[step.left] == following.c[step.right])
        at = following
        passed.append(following)
    own = None if link.order is None else passed[link.order[0]].c[link.order[1]]
    return root, source, (start.c.number, own)


def _way(link: Link, place: int) -> _Source:
    """Return the table between two ends; of a link that repeats only the pairs of ends, each once."""
    step, name = link.steps[place - 1], f"way{place}"
    table = table_of(step.table)
    if not link.repeats:
        return table.alias(name)
    return sa.select(table.c[step.right], table.c[link.steps[place].left]).distinct().subquery(name)


def _conditions(scope: _Scope, query: EntityQuery, parent: _Parent | None) -> list[Element]:
    found = scope.visible(scope.node, scope.root, led=parent is not None)
    if parent is not None and query.parents is not None:
        numbers = query.parents.numbers
        found.append(parent[0] == numbers[0] if len(numbers) == 1 else parent[0].in_(listed(numbers)))
    plain = [each for each in conjuncts(query.where) if not scope.leaves(each)]
    far = all_of(*(each for each in conjuncts(query.where) if scope.leaves(each)))
    found += [scope.condition(each) for each in plain]
    if far is not None:
        found.append(scope.exists(far))
    return found


def _raw(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    if isinstance(column.type, Moment | Truth):
        return sa.type_coerce(column, Whole)
    return sa.type_coerce(column, sa.Text) if isinstance(column.type, Json) else column


def _past(keys: Sequence[tuple[Element, bool]], after: Sequence[Any]) -> Element:
    """Return what comes after the row whose keys are ``after``; null is the smallest value (clause 9.3.3.1)."""
    if len(after) != len(keys):
        raise BadInput("The link to the next page does not fit the order.", mend="Start again from the first page.")
    found: Element | None = None
    for (key, descending), value in reversed(list(zip(keys, after, strict=True))):
        beyond = _beyond(key, value, descending)
        same = key.is_(None) if value is None else key == value
        found = beyond if found is None else sa.or_(beyond, sa.and_(same, found))
    return sa.true() if found is None else found


def _beyond(key: Element, value: Any, descending: bool) -> Element:
    if value is None:
        return sa.false() if descending else key.is_not(None)
    return sa.or_(key < value, key.is_(None)) if descending else key > value


class _Scope:
    """The entity that an expression speaks of, and the linked ones that its paths lead to."""

    def __init__(self, graph: Graph, classes: Classes, node: Node, root: _Source) -> None:
        self.graph, self.classes, self.node, self.root = graph, classes, node, root
        self._joined: dict[tuple[str, ...], tuple[Node, _Source]] = {(): (node, root)}
        self.joins: list[tuple[_Source, Element]] = []

    def leaves(self, expression: Expression) -> bool:
        """Return whether a path in ``expression`` follows a link."""
        return any(self._split(part.name)[0] for part, _ in walk(expression) if isinstance(part, Field)) or any(
            self._split(part.value.name)[0] for part, _ in walk(expression) if isinstance(part, Among)
        )

    def condition(self, expression: Expression) -> Element:
        return condition_of(expression, self.column)

    def exists(self, expression: Expression) -> Element:
        """Return whether there are linked entities for which ``expression`` holds."""
        inner = _Scope(self.graph, self.classes, self.node, self.root)
        condition = inner.condition(expression)
        one = sa.select(sa.literal(1, Whole).label("one")).subquery(f"start{len(inner.joins)}")
        source: _Source = one
        for following, link in inner.joins:
            source = source.outerjoin(following, link)
        asked = sa.select(sa.literal(1, Whole)).select_from(source).where(condition)
        return asked.correlate(self.root).exists()

    def value(self, expression: Expression) -> Part[Element]:
        """Return a value to order by; one at the end of a link is looked up for each entity."""
        if not self.leaves(expression):
            return value_of(expression, self.column)
        inner = _Scope(self.graph, self.classes, self.node, self.root)
        part = value_of(expression, inner.column)
        source: _Source = sa.select(sa.literal(1, Whole).label("one")).subquery("start")
        for following, link in inner.joins:
            source = source.outerjoin(following, link)
        asked = sa.select(part.sql).select_from(source).order_by(part.sql).limit(1).correlate(self.root)
        return Part(part.kind, asked.scalar_subquery())

    def column(self, name: str) -> Part[Element]:
        """Return the column, or the place in one, that a path leads to."""
        way, rest = self._split(name)
        node, source = self._reach(way)
        if not rest:
            raise BadInput(f"{name[:80]!r} is an entity, not a value.", mend="Name one of its properties, or id.")
        return _field(node, source, rest, name)

    def _split(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the links that a path follows, and what it names at their end."""
        steps = name.split("/")
        if len(steps) > _STEPS_MAX:
            raise BadInput(f"{name[:80]!r} is too long a path.", mend="Shorten it.")
        node, at = self.node, 0
        while at < len(steps) and steps[at] in node.links:
            node = node_of(self.graph, node.links[steps[at]].target)
            at += 1
        return tuple(steps[:at]), tuple(steps[at:])

    def _reach(self, way: tuple[str, ...]) -> tuple[Node, _Source]:
        if way in self._joined:
            return self._joined[way]
        node, source = self._reach(way[:-1])
        link = node.links[way[-1]]
        target = node_of(self.graph, link.target)
        label = "_".join(way)
        for place, step in enumerate(link.steps, start=1):
            last = place == len(link.steps)
            following = table_of(step.table).alias(f"{label}_{place}")
            on = source.c[step.left] == following.c[step.right]
            self.joins.append((following, sa.and_(on, *(self.visible(target, following) if last else ()))))
            source = following
        self._joined[way] = (target, source)
        return target, source

    def visible(self, node: Node, source: _Source, *, led: bool = True) -> list[Element]:
        """Return the conditions under which an entity of ``node`` may be seen.

        Where links have ``led`` to it, the classification is checked and not searched by: nearly all are open, and
        SQLite, which does not know that, would look at every open entity of the city.
        """
        found: list[Element] = []
        if node.only is not None:
            found.append(source.c[node.only[0]] == node.only[1])
        allowed = self.classes.get(node.name, ())
        if len(allowed) == _CLASS_COUNT:
            return found
        if node.guarded:
            return [*found, self._guarded(node, source, allowed)]
        column = sa.func.coalesce(source.c.classification, "") if led else source.c.classification
        return [*found, _is_among(column, allowed)]

    def _guarded(self, node: Node, source: _Source, allowed: Sequence[str]) -> Element:
        """Return whether what carries the classification of an entity of ``node`` is of one that is allowed."""
        at, ends, ways = source, list[_Source](), list[Element]()
        while node.guarded:
            (step,) = node.links[node.guarded].steps
            node = node_of(self.graph, node.links[node.guarded].target)
            end = table_of(node.table).alias(f"guard{len(ends)}_{source.name}")
            ways.append(at.c[step.left] == end.c[step.right])
            at = end
            ends.append(end)
        asked = sa.select(at.c.number).select_from(*ends).where(*ways, _is_among(at.c.classification, allowed))
        return asked.correlate(source).exists()


_CLASS_COUNT = 3  # of classifications: whoever may see them all needs no condition


def _is_among(column: Element, allowed: Sequence[str]) -> Element:
    return column == allowed[0] if len(allowed) == 1 else column.in_(allowed)


def _field(node: Node, source: _Source, steps: Sequence[str], name: str) -> Part[Element]:
    first, rest = steps[0], steps[1:]
    if first == NUMBER and not rest:
        return _number(source)
    if first in node.derived and len(rest) <= 1:
        return _derived(source, node.derived[first], rest)
    column = node.fields.get(first)
    if column is None and rest and (first, rest[0]) in node.inside:
        return _inside(source.c[node.inside[first, rest[0]]], rest[1:], name)
    if column is None:
        known = ", ".join(("id", *node.fields, *node.derived, *node.links))
        raise BadInput(f"A {node.name} has no {first[:40]!r}.", where=name[:80], mend=f"Known: {known}.")
    stored = source.c[column]
    if isinstance(stored.type, Json):
        return _stored(node, source, first, rest)
    if rest:
        raise BadInput(f"{first} has no parts.", where=name[:80], mend=f"Write {first} alone.")
    if first in node.defaults:
        return Part(Kind.TEXT, sa.case((stored == "", node.defaults[first]), else_=stored))
    if first in node.instead:
        return Part(Kind.TEXT, sa.case((stored == "", source.c[node.instead[first]]), else_=stored))
    return part_of(stored)


def _inside(column: sa.ColumnElement[Any], rest: Sequence[str], name: str) -> Part[Element]:
    """Return a column that is read as if it stood in a JSON field, or what lies at ``rest`` in it."""
    if isinstance(column.type, Json):
        return json_part(column, rest)
    if rest:
        raise BadInput(f"{name[:80]!r} leads too far.", where=name[:80], mend=f"Leave {'/'.join(rest)[:40]} out.")
    return part_of(column)


def _number(source: _Source) -> Part[Element]:
    number: Element = source.c.number
    readings = {Kind.NUMBER: number, **({Kind.TEXT: source.c.id} if "id" in source.c else {})}
    return Part(Kind.ANY, number, readings)


def _stored(node: Node, source: _Source, first: str, rest: Sequence[str]) -> Part[Element]:
    column = source.c[node.fields[first]]
    if first == node.shape and not rest:
        west, south, east, north = (source.c[name] for name in BOUNDS)
        plain: Element = sa.type_coerce(column, sa.Text)
        return Part(Kind.GEOMETRY, plain, bounds=(west, south, east, north))
    found = json_part(column, rest)
    inner = node.inside.get((first, rest[0])) if rest else None
    if inner is None or (len(rest) > 1 and not isinstance(source.c[inner].type, Json)):
        return found
    other = source.c[inner]
    if isinstance(other.type, Json):
        return json_part(other, rest[1:])
    readings = dict(found.readings)
    kind = Kind.TEXT if isinstance(other.type, sa.Text) else Kind.NUMBER
    readings[kind] = sa.func.coalesce(readings[kind], other)
    return Part(Kind.ANY, sa.func.coalesce(found.sql, other), readings)


def _derived(source: _Source, derived: Derived, rest: Sequence[str]) -> Part[Element]:
    stored: Element = sa.type_coerce(source.c[derived.stored], sa.Text)
    if not rest:
        return Part(Kind.ANY, sa.func.coalesce(stored, source.c[derived.code]), {})
    named = json_part(source.c[derived.stored], rest)
    meanings = {code: told[rest[0]] for code, told in derived.meanings.items() if rest[0] in told}
    if not meanings:
        return named
    text: Element = sa.func.coalesce(named.readings[Kind.TEXT], sa.case(meanings, value=source.c[derived.code]))
    return Part(Kind.ANY, text, {**named.readings, Kind.TEXT: text})
