"""Levels of detail are made as a job, so that no viewer waits for them: meanwhile each sees the tiles as they are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lifang.app.jobs import JobContext, Jobs
from lifang.core import format_instant, parse_instant
from lifang.guard import SYSTEM, Classification
from lifang.twin import TileSource, Twin

MAKE_LEVELS = "make_levels"
_MOST_BYTES = 128 << 20  # of levels that one job makes: half of what is kept of tiles
_TRIED_MAX = 64
_CLASSES = ([each.value for each in Classification], [Classification.OPEN.value])  # who sees all, who sees the open
View = Mapping[str, Any]


class Detailer:
    """Has levels of detail made: of a model that came in, and of what a viewer looks at that has none."""

    def __init__(self, twin: Twin, jobs: Jobs, *, now: Callable[[], datetime]) -> None:
        self._twin, self._jobs, self._now = twin, jobs, now
        self._tried: OrderedDict[Any, None] = OrderedDict()
        jobs.register(MAKE_LEVELS, self._make)

    def after(self, model: str) -> None:
        """Have the levels made of a model that came in, for a view of it alone and for one of all."""
        at = format_instant(self._now())
        views = [
            {"at": at, "model": each, "scenario": None, "classes": classes}
            for each in (None, model)
            for classes in _CLASSES
        ]
        lacking = [each for each in views if self._source(each).unmade]
        if lacking:
            self._submit(lacking)

    def seen(self, source: TileSource, view: View) -> None:
        """Have the levels made that a ``view`` lacks, once for as long as what it shows stays as it is."""
        if not source.unmade or source.state in self._tried:
            return
        if any(job.kind == MAKE_LEVELS for job in self._jobs.unfinished()):
            return
        self._tried[source.state] = None
        while len(self._tried) > _TRIED_MAX:
            self._tried.popitem(last=False)
        self._submit([view])

    def _submit(self, views: Sequence[View]) -> None:
        self._jobs.submit(MAKE_LEVELS, {"views": [dict(each) for each in views]}, subject=SYSTEM)

    def _source(self, view: View) -> TileSource:
        models = None if view["model"] is None else [view["model"]]
        query = self._twin.query(at=parse_instant(view["at"]), models=models, classifications=view["classes"])
        return self._twin.tiles(self._twin.scenarios.within(query, view["scenario"], named=models or ()))

    def _make(self, job: JobContext) -> dict[str, Any]:
        """Make what is lacking, cell by cell; what an earlier run made is kept."""
        views = job.job.arguments["views"]
        made = size = 0
        for number, view in enumerate(views):
            source = self._source(view)
            for at, standing in enumerate(source.unmade):
                job.check()
                if size > _MOST_BYTES:
                    return {"cells": made, "bytes": size}
                size += source.make(standing)
                made += 1
                job.progress((number + (at + 1) / len(source.unmade)) / len(views))
        return {"cells": made, "bytes": size}
