"""Levels of detail are made as a job, so that no viewer waits for them: meanwhile each sees the tiles as they are.

A job is one turn of some seconds, and has the next put behind what else waits: it holds up no other work, and a turn
that the end of the program broke off is taken up at the next start, where what was made is kept.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lifang.app.jobs import JobContext, Jobs
from lifang.core import Rounds, format_instant, parse_instant
from lifang.guard import SYSTEM, Classification
from lifang.twin import TileSource, Twin

MAKE_LEVELS = "make_levels"
_TURN_S = 10.0
_MOST_BYTES = 768 << 20  # of levels that are made unasked: beyond, they would drive each other out
_LOOK_S, _QUIET = 60.0, 0.25  # how often it is looked whether some lack; of one core, in that time
_TRIED_MAX = 1024
_CLASSES = ([each.value for each in Classification], [Classification.OPEN.value])  # who sees all, who sees the open
View = Mapping[str, Any]


class Detailer:
    """Has levels of detail made: of a model that came in, and of what a viewer looks at that has none."""

    def __init__(self, twin: Twin, jobs: Jobs, *, now: Callable[[], datetime]) -> None:
        self._twin, self._jobs, self._now = twin, jobs, now
        self._tried: OrderedDict[Any, None] = OrderedDict()
        self._tended: Any = None  # the state of the city when it was
        self._rounds = Rounds(
            self._look, name="detailer", fault="levels of detail were not made", every_s=_LOOK_S, at_once=False
        )
        self._spent = (time.monotonic(), time.process_time())
        jobs.register(MAKE_LEVELS, self._make)

    def start(self) -> None:
        """Begin to look, a minute from now and then each minute, whether levels lack that nobody asked for yet."""
        self._rounds.start()

    def close(self) -> None:
        """Look no more."""
        self._rounds.close()

    def after(self, model: str) -> None:
        """Have the levels made of a model that came in, for a view of it alone and for one of all."""
        lacking = [each for each in self._views(None, model) if self._source(each).unmade]
        if lacking:
            self._submit(lacking)

    def tend(self) -> None:
        """Have the levels made that lack in the city as it is, once while it stays so: of the models of packs too.

        Those that are there already count: no more are made than may be kept together.
        """
        state = self._source(self._views(None)[0]).state
        if state == self._tended:
            return
        self._tended = state
        lacking: list[View] = []
        made: dict[Any, int] = {}
        for view in self._views(None, *self._models()):
            source = self._source(view)
            made |= source.made
            if source.unmade and self._is_new(source.state):
                lacking.append(view)
        if lacking and (size := sum(made.values())) < _MOST_BYTES:
            self._submit(lacking, spent=size)

    def seen(self, source: TileSource, view: View) -> None:
        """Have the levels made that a ``view`` lacks, once for as long as what it shows stays as it is."""
        if not source.unmade or any(job.kind == MAKE_LEVELS for job in self._jobs.unfinished()):
            return
        if self._is_new(source.state):
            self._submit([view])

    def _look(self) -> None:
        """Tend what lacks if the program had little to do since it looked last, and nothing waits."""
        (clock, spent), now = self._spent, (time.monotonic(), time.process_time())
        self._spent = now
        if now[1] - spent < _QUIET * (now[0] - clock) and not self._jobs.unfinished():
            self.tend()

    def _is_new(self, state: Any) -> bool:
        """Return whether a state of what is shown was not tried before; it is now."""
        if state in self._tried:
            return False
        self._tried[state] = None
        while len(self._tried) > _TRIED_MAX:
            self._tried.popitem(last=False)
        return True

    def _views(self, *models: str | None) -> list[View]:
        """Return who may look at each of ``models`` alone (``None``: at all there is), now."""
        told = {"at": format_instant(self._now()), "scenario": None}
        return [{**told, "model": each, "classes": classes} for each in models for classes in _CLASSES]

    def _models(self) -> list[str]:
        query = self._twin.query(at=self._now(), classifications=_CLASSES[0])
        return [each for each, _, _ in self._twin.models(query)]

    def _submit(self, views: Sequence[View], *, spent: int = 0) -> None:
        self._jobs.submit(MAKE_LEVELS, {"views": [dict(each) for each in views], "bytes": spent}, subject=SYSTEM)

    def _source(self, view: View) -> TileSource:
        models = None if view["model"] is None else [view["model"]]
        query = self._twin.query(at=parse_instant(view["at"]), models=models, classifications=view["classes"])
        return self._twin.tiles(self._twin.scenarios.within(query, view["scenario"], named=models or ()))

    def _make(self, job: JobContext) -> dict[str, Any]:
        """Make what is lacking, cell by cell, for one turn; what an earlier one made is kept."""
        views, spent = job.job.arguments["views"], int(job.job.arguments.get("bytes", 0))
        made = size = 0
        until = time.monotonic() + _TURN_S
        for number, view in enumerate(views):
            source = self._source(view)
            for at, standing in enumerate(source.unmade):
                job.check()
                if made and time.monotonic() > until:
                    if spent + size < _MOST_BYTES:
                        self._submit(views[number:], spent=spent + size)
                    return {"cells": made, "bytes": size}
                size += source.make(standing)
                made += 1
                job.progress((number + (at + 1) / len(source.unmade)) / len(views))
        return {"cells": made, "bytes": size}
