"""Observations as pages of entities: from the hot state, from the tally, and from the lake where those do not say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from lifang.core import NotFound, from_micros, to_micros
from lifang.sensing.entities.columns import NATURAL, Order, key_of, numbers_in, order_of, own_columns
from lifang.sensing.entities.kinds import OBSERVATION
from lifang.sensing.entities.observation import When, moved_to, observation_id, when_of
from lifang.sensing.entities.question import Entity, Page, Question
from lifang.sensing.hot import NEVER
from lifang.sensing.model import Numbers
from lifang.sensing.roster import RICH, Roster
from lifang.store import Call, Expression, Field, Lake, Literal, ObservationQuery, all_of, conjuncts, rising

_TICK = timedelta(microseconds=1)
_HOPS = 16  # moves of one observation that are followed
_LATEST = ((Field("phenomenonTime"), True),)
_NEWEST = ("time", True)
_ROW = ("datastream", "time", "value", "quality", "extra")
_BOUNDS = {"ge": 0, "gt": 1, "lt": 0, "le": 1}


class Observing:
    """The observations of a city, read for pages and filters; ``where`` speaks of columns (:func:`own_columns`)."""

    def __init__(self, lake: Lake, roster: Roster) -> None:
        self._lake, self._roster = lake, roster

    def page(self, question: Question, where: Expression | None, numbers: Numbers | None) -> Page:
        """Return the observations of datastreams ``numbers`` (``None``: all) that meet ``where``."""
        order = order_of(question.order)
        query = ask(where, numbers, order, question)
        if not question.top:
            return Page(count=self.count(where, numbers) if question.count else None)
        if where is None and order == NATURAL:
            found = self._window(query, question)
        elif order[0] == _NEWEST and ask(where, numbers, order, None).where is None:
            found = self._newest_first(query, question)
        else:
            found = self._lake.read(query)
        rows = _rows(found.slice(0, question.top))
        count = None if not question.count else self.count(where, numbers)
        after = key_of(rows[-1]) if rows else None
        return Page([Entity(OBSERVATION, row) for row in rows], len(found) > question.top > 0, after, count)

    def count(self, where: Expression | None, numbers: Numbers | None) -> int:
        """Return how many observations of ``numbers`` meet ``where``; the lake knows it where there is no condition."""
        return self._lake.count(ask(where, numbers, NATURAL, None))

    def _newest_first(self, query: ObservationQuery, question: Question) -> pa.Table:
        """Return the rows of a page from the newest back, looked for only since when memory knows of enough of them.

        Where as many datastreams have a latest value since some moment as rows are wanted, none of these is older.
        """
        before = to_micros(query.end) if query.end else None
        if question.after is not None:
            before = int(question.after[0]) if before is None else min(before, int(question.after[0]))
        wanted = query.offset + (query.limit or 0)
        since = self._roster.hot.reached(self._all(query.datastreams), wanted, before)
        if since is not None and (query.start is None or from_micros(since) > query.start):
            found = self._lake.read(replace(query, start=from_micros(since)))
            if len(found) == query.limit:
                return found
        return self._lake.read(query)

    def _all(self, numbers: Numbers | None) -> Numbers:
        return np.arange(1, self._roster.highest + 1, dtype=np.int32) if numbers is None else numbers

    def _window(self, query: ObservationQuery, question: Question) -> pa.Table:
        """Return the rows of a plain page, looked for only in the datastreams that hold them."""
        numbers = self._all(query.datastreams)
        if question.after is not None:
            numbers = numbers[numbers >= int(question.after[0])]
        if not len(numbers):
            return self._lake.read(replace(query, datastreams=np.zeros(0, np.int32)))
        ends = np.cumsum(self._lake.tally(numbers).count)
        first = int(np.searchsorted(ends, query.offset, side="right"))
        before = int(ends[first - 1]) if first else 0
        wanted = query.offset + (query.limit or 0)
        spare = int(ends[0]) if question.after is not None else 0  # of the first, some lie before the page
        last = int(np.searchsorted(ends, wanted + spare, side="left")) + 1
        chosen = numbers[first:last]
        return self._lake.read(replace(query, datastreams=chosen, offset=query.offset - before))

    def nested(self, question: Question, where: Expression | None, numbers: Numbers) -> dict[int, Page]:
        """Return a page for each of ``numbers``: the latest from memory, others in one look."""
        newest = question.order == _LATEST and question.top == 1 and not question.skip and where is None
        found = self._newest(numbers) if newest else self._each(question, where, numbers)
        counts = self._lake.tally(numbers).count if question.count or newest else None
        for at, number in enumerate(numbers.tolist()):
            page = found.setdefault(number, Page())
            if counts is not None and newest:
                page.more = int(counts[at]) > 1
            if question.count:
                one = np.array([number], np.int32)
                page.count = int(counts[at]) if counts is not None and where is None else self.count(where, one)
        return found

    def _newest(self, numbers: Numbers) -> dict[int, Page]:
        latest = self.latest(numbers).items()
        return {number: Page([each], after=(*when_of(each.row), number)) for number, each in latest}

    def latest(self, numbers: Numbers) -> dict[int, Entity]:
        """Return the latest observation of each of ``numbers`` that has one: from memory where it is a plain number."""
        latest = self._roster.hot.of(numbers)
        rich = (self._roster.flags[numbers] & RICH) > 0
        there = latest.time != NEVER
        found: dict[int, Entity] = {}
        if (beside := rich & there).any():
            since = from_micros(int(latest.time[beside].min()))
            query = ObservationQuery(numbers[beside], since, order=order_of(_LATEST), each=1)
            found = {row["datastream"]: Entity(OBSERVATION, row) for row in _rows(self._lake.read(query))}
        plain = there & ~rich
        columns = (numbers, latest.time, latest.value, latest.quality)
        for row in zip(*(column[plain].tolist() for column in columns), strict=True):
            found[row[0]] = Entity(OBSERVATION, dict(zip(_ROW, (*row, None), strict=True)))
        return found

    def _each(self, question: Question, where: Expression | None, numbers: Numbers) -> dict[int, Page]:
        order = order_of(question.order)
        end = question.skip + question.top
        query = ask(where, numbers, order, None)
        found: dict[int, list[dict[str, Any]]] = {}
        for row in _rows(self._lake.read(replace(query, each=end + 1))):
            found.setdefault(row["datastream"], []).append(row)
        pages: dict[int, Page] = {}
        for number, rows in found.items():
            part = rows[question.skip : end]
            after = key_of(part[-1]) if part else None
            pages[number] = Page([Entity(OBSERVATION, row) for row in part], len(rows) > end, after)
        return pages

    def one(self, number: int, when: When) -> Entity:
        """Return the observation of ``number`` at ``when``, wherever it has moved since; ``NotFound`` if it is gone.

        A moment of which nothing was ever recorded means the one interval that begins then: ids told no ends once.
        """
        for _ in range(_HOPS):
            moment = from_micros(when[0])
            query = ObservationQuery(np.array([number], np.int32), moment, moment + _TICK)
            rows = _rows(self._lake.read(query))
            for row in rows:
                if when_of(row) == when:
                    return Entity(OBSERVATION, row)
            versions = self._versions(number, when)
            if not versions and when[1] is None and len(rows) == 1:
                return Entity(OBSERVATION, rows[0])
            moved = moved_to(orjson.loads(versions[-1])) if versions and versions[-1] else None
            if moved is None:
                break
            when = moved
        raise NotFound(
            f"There is no observation {observation_id(number, *when)!r}.",
            mend=f"List them: GET /sta/v1.1/Datastreams({number})/Observations.",
        )

    def _versions(self, number: int, when: When) -> list[str | None]:
        """Return what stood beside every version of the observation at ``when``, the last one last."""
        versions = self._lake.history(number, when[0]).select(["until", "extra"]).to_pylist()
        return [each["extra"] for each in versions if each["until"] == when[1]]

    def is_of(self, number: int, feature: int) -> bool:
        """Return whether any observation of the datastream names this feature."""
        where = Call("eq", (Field("extra.feature"), Literal(feature)))
        return bool(len(self._lake.read(ObservationQuery(np.array([number], np.int32), where=where, limit=1))))

    def features_at(self, wanted: Collection[tuple[int, When]]) -> set[tuple[int, int]]:
        """Return the datastreams of ``wanted`` with the features that their observations at those times name."""
        times = [when[0] for _, when in wanted]
        query = ObservationQuery(
            rising(np.array([number for number, _ in wanted], np.int32)),
            from_micros(min(times)),
            from_micros(max(times)) + _TICK,
            Call("ne", (Field("extra.feature"), Literal(None))),
        )
        rows = [row for row in _rows(self._lake.read(query)) if (row["datastream"], when_of(row)) in wanted]
        return {(row["datastream"], int(orjson.loads(row["extra"])["feature"])) for row in rows}

    def streams_where(self, where: Expression, numbers: Numbers | None) -> list[int]:
        """Return the datastreams that have an observation for which ``where`` holds."""
        return [int(each) for each in self._lake.distinct(ask(where, numbers, NATURAL, None), "datastream")]

    def features_where(self, where: Expression, numbers: Numbers | None) -> list[int]:
        """Return the features of observations for which ``where`` holds."""
        query = ask(where, numbers, NATURAL, None)
        named = {int(each) for each in self._lake.distinct(query, "extra.feature")}
        plain = ask(all_of(where, Call("eq", (Field("extra.feature"), Literal(None)))), numbers, NATURAL, None)
        owners = np.array(self._lake.distinct(plain, "datastream"), dtype=np.int32)
        return sorted(named | set(self._roster.own[owners].tolist()) - {0})

    def result_times(self, numbers: Numbers) -> dict[int, tuple[int, int]]:
        """Return the first and last resultTime of those of ``numbers`` that have any, in microseconds."""
        rich = numbers[(self._roster.flags[numbers] & RICH) > 0]
        if not len(rich):
            return {}
        found = self._lake.extremes(ObservationQuery(rich), "resultTime").to_pydict()
        return dict(zip(found["datastream"], zip(found["first"], found["last"], strict=True), strict=True))


def ask(where: Expression | None, numbers: Numbers | None, order: Order, question: Question | None) -> ObservationQuery:
    """Return the lake's query: bounds of time and datastreams are taken out of ``where``, so that little is read."""
    kept: list[Expression] = []
    start: datetime | None = None
    end: datetime | None = None
    for part in conjuncts(where):
        narrowed = numbers_in(part)
        bound = _bound(part)
        if narrowed is not None:
            inside = np.array([each for each in narrowed if 0 < each < 2**31], dtype=np.int32)
            numbers = rising(inside) if numbers is None else np.intersect1d(numbers, inside)
        elif bound is None:
            kept.append(part)
        elif bound[0]:
            start = bound[1] if start is None else max(start, bound[1])
        else:
            end = bound[1] if end is None else min(end, bound[1])
    if question is None:
        return ObservationQuery(numbers, start, end, all_of(*kept), order)
    return ObservationQuery(numbers, start, end, all_of(*kept), order, question.after, question.top + 1, question.skip)


def _bound(part: Expression) -> tuple[bool, datetime] | None:
    """Return (whether it is a start, the moment) of a comparison of the time with a moment."""
    if not isinstance(part, Call) or part.name not in _BOUNDS:
        return None
    left, right = part.args
    if not isinstance(left, Field) or left.name != "time" or not isinstance(right, Literal):
        return None
    if not isinstance(right.value, datetime) or not 1 < right.value.year < 9998:
        return None
    return part.name in {"ge", "gt"}, right.value + _TICK * _BOUNDS[part.name]


def _rows(found: pa.Table) -> list[dict[str, Any]]:
    if not len(found):
        return []
    times = found["time"].cast(pa.int64())
    return found.set_column(found.schema.get_field_index("time"), "time", times).to_pylist()  # type: ignore[no-any-return]


def columns_of(expression: Expression | None) -> Expression | None:
    """Return a filter in the standard's names as one over columns."""
    return None if expression is None else own_columns(expression)


def numbers_of(rows: Sequence[Entity]) -> Numbers:
    """Return the datastreams of some observations, each once."""
    return rising(np.array([each.number for each in rows], dtype=np.int32))
