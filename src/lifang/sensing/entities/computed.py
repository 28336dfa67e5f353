"""What no row holds: conditions over a datastream's times and area, and its order by times.

Times come from the tally and the rows that tell a resultTime, areas from the bounds of features (:mod:`.covering`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from lifang.core import BadInput
from lifang.sensing.entities.covering import areas_of
from lifang.sensing.entities.kinds import GRAPH, STREAMS
from lifang.sensing.entities.observing import Observing
from lifang.sensing.entities.question import Question, Sight
from lifang.sensing.entities.rewriting import NUMBER, TIMES, compared_time
from lifang.sensing.model import Numbers
from lifang.sensing.roster import Roster
from lifang.store import NEVER, Among, Call, EntityQuery, Expression, Field, Geometry, Literal, Row, Store

Mask = np.ndarray[Any, np.dtype[np.bool_]]
_COMPARE: Mapping[str, Callable[[Any, Any, int], Any]] = {  # an interval against a moment
    "eq": lambda first, last, at: (first == at) & (last == at),
    "ne": lambda first, last, at: (first != at) | (last != at),
    "gt": lambda first, _last, at: first > at,
    "ge": lambda first, _last, at: first >= at,
    "lt": lambda _first, last, at: last < at,
    "le": lambda _first, last, at: last <= at,
}
_RELATIONS = {
    "equals": "equals",
    "disjoint": "disjoint",
    "touches": "touches",
    "within": "within",
    "overlaps": "overlaps",
    "crosses": "crosses",
    "intersects": "intersects",
    "contains": "contains",
}
AREA = "observedArea"


class Computed:
    """What is worked out of the datastreams of one city."""

    def __init__(self, store: Store, roster: Roster, observing: Observing) -> None:
        self._store, self._roster, self._observing = store, roster, observing

    def numbers(self, expression: Expression, sight: Sight) -> list[int]:
        """Return the datastreams whose times, or whose area, meet ``expression``."""
        numbers = np.arange(1, self._roster.highest + 1, dtype=np.int32)
        return numbers[self._mask(expression, numbers, sight)].tolist()  # type: ignore[no-any-return]

    def _mask(self, expression: Expression, numbers: Numbers, sight: Sight) -> Mask:
        if isinstance(expression, Call) and expression.name in {"and", "or", "not"}:
            masks = np.array([self._mask(each, numbers, sight) for each in expression.args])
            if expression.name == "not":
                return np.asarray(~masks[0])
            return np.asarray(masks.all(axis=0) if expression.name == "and" else masks.any(axis=0))
        if isinstance(expression, Call) and expression.name.rpartition(".")[2].removeprefix("st_") in _RELATIONS:
            return self._related(expression, numbers, sight)
        return self._timed(expression, numbers)

    def _timed(self, expression: Expression, numbers: Numbers) -> Mask:
        name, compare, literal = compared_time(expression)
        first, last = self._spans(name, numbers)
        known = first != NEVER
        if literal.value is None:
            return np.asarray(~known if compare == "eq" else known)
        at = literal.plain()
        if not isinstance(at, int) or literal.kind.name != "MOMENT":
            raise BadInput(f"{name} is compared with a moment.", mend="Write 2019-01-12T00:00:00Z.")
        return np.asarray(known & _COMPARE[compare](first, last, at))

    def _related(self, call: Call, numbers: Numbers, sight: Sight) -> Mask:
        """Return which areas stand in the relation that ``call`` names to its literal geometry."""
        literal = next((each for each in call.args if isinstance(each, Literal)), None)
        if len(call.args) != 2 or literal is None or not isinstance(literal.value, Geometry):
            raise BadInput(f"{AREA} is compared with a geometry.", mend="Write geography'POLYGON ((…))'.")
        try:
            shape = shapely.from_wkt(literal.value.wkt)
        except shapely.errors.GEOSException as error:
            raise BadInput(f"{literal.value.wkt[:60]!r} is no well-known text.", mend="Correct it.") from error
        areas = areas_of(self._store, self._roster, numbers, sight)
        mask = np.zeros(len(numbers), bool)
        if not areas or shape is None:
            return mask
        relation = getattr(shapely, _RELATIONS[call.name.rpartition(".")[2].removeprefix("st_")])
        shapes = np.array([_shape(*sides) for sides in areas.values()], dtype=object)
        met = relation(shape, shapes) if call.args[0] is literal else relation(shapes, shape)
        mask[np.fromiter(areas, np.int64, len(areas)) - 1] = met
        return mask

    def _spans(self, name: str, numbers: Numbers) -> tuple[Any, Any]:
        """Return the first and the last moment of a time of datastreams; of its ``/start`` or ``/end`` that, twice."""
        if name not in TIMES:
            raise BadInput(f"A Datastream has no {name[:60]!r}.", where=name[:80], mend=f"Known: {', '.join(TIMES)}.")
        whole, _, part = name.partition("/")
        first, last = self._whole(whole, numbers)
        return (last if part == "end" else first), (first if part == "start" else last)

    def _whole(self, name: str, numbers: Numbers) -> tuple[Any, Any]:
        if name == "phenomenonTime":
            tally = self._store.lake.tally(numbers)
            return tally.first, tally.end
        told = self._observing.result_times(numbers)
        first, last = (np.full(len(numbers), NEVER, np.int64) for _ in range(2))
        for at, number in enumerate(numbers.tolist()):
            if number in told:
                first[at], last[at] = told[number]
        return first, last

    def ordered(self, query: EntityQuery, question: Question) -> list[Row]:
        """Return the rows of a page of datastreams that are ordered by their times, and by what else is asked.

        Every datastream that meets the query is looked at; of an interval its start counts, then its end.
        """
        plain = tuple((key, down) for key, down in query.order if not is_time(query.kind, key))
        whole = replace(query, order=plain, columns=("number",), limit=None, offset=0, after=None)
        rows = self._store.registry.entities(GRAPH, whole)
        numbers = np.array([row["number"] for row in rows], dtype=np.int32)
        keys = self._keys(query, rows, numbers)
        ways = [*(down for _, down in query.order), False]
        places = list(range(len(rows)))
        if query.after is not None:
            if len(query.after) != len(ways):
                raise BadInput("The link to the next page does not fit the order.", mend="Start from the first page.")
            bound = [_rank(value) for value in query.after]
            places = [at for at in places if _comes_after([key[at] for key in keys], bound, ways)]
        for key, down in reversed(list(zip(keys, ways, strict=True))):
            places.sort(key=key.__getitem__, reverse=down)
        chosen = places[question.skip : question.skip + question.top + 1]
        wanted = tuple(int(numbers[at]) for at in chosen)
        found = self._store.registry.entities(
            GRAPH, EntityQuery(query.kind, query.classes, Among(Field(NUMBER), wanted))
        )
        by_number = {row["number"]: row for row in found}
        return [
            by_number[int(numbers[at])] | {f"key_{n}": key[at][1] for n, key in enumerate(keys[:-1])} for at in chosen
        ]

    def _keys(self, query: EntityQuery, rows: Sequence[Row], numbers: Numbers) -> list[list[tuple[int, Any]]]:
        found: list[list[tuple[int, Any]]] = []
        plain = 0
        for key, _ in query.order:
            if is_time(query.kind, key) and isinstance(key, Field):
                first, last = self._spans(key.name, numbers)
                pairs = zip(first.tolist(), last.tolist(), strict=True)
                found.append([_rank(None if one == NEVER else f"{one:020d}/{two:020d}") for one, two in pairs])
            else:
                found.append([_rank(row[f"key_{plain}"]) for row in rows])
                plain += 1
        return [*found, [_rank(number) for number in numbers.tolist()]]


def is_time(kind: str, key: Expression) -> bool:
    """Return whether ``key`` is a time of a datastream, which no row of the registry holds."""
    return kind in STREAMS and isinstance(key, Field) and key.name in TIMES


def _rank(value: Any) -> tuple[int, Any]:
    """Return what sorts ``value`` among others: null first, then numbers, then texts (18-088, clause 9.3.3.1)."""
    return (0, None) if value is None else (2 if isinstance(value, str) else 1, value)


def _comes_after(key: Sequence[Any], bound: Sequence[Any], ways: Sequence[bool]) -> bool:
    for one, other, down in zip(key, bound, ways, strict=True):
        if one != other:
            return bool(one < other if down else one > other)
    return False


def _shape(west: float, south: float, east: float, north: float) -> Any:
    """Return the box as the geometry it is: a point or a line where it has no extent."""
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)
