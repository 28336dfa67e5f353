"""Clashes between models as an asker may find and see them: only between objects that they may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from lifang.app.asking.asker import Asker
from lifang.app.asking.linked import object_resource
from lifang.app.asking.twin import TwinView
from lifang.core import BadInput, NotFound, parse_instant
from lifang.guard import Resource
from lifang.store import ObjectQuery
from lifang.twin import CLASSES, SPACES, ClashReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from lifang.app.jobs import JobContext
    from lifang.guard import Subject

DETECT_CLASHES = "detect_clashes"
_REACH_MAX_M = 100.0
_ELEMENTS = sorted(set(CLASSES) - set(SPACES))


class ClashView:
    """Finds and reads clashes for an asker."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._view = TwinView(asker)
        self._clashes = asker.city.twin.clashes

    def detect(
        self,
        one: str,
        other: str,
        *,
        at: datetime | None = None,
        tolerance_m: float = 0.01,
        clearance_m: float = 0.0,
        without: tuple[str, ...] = SPACES,
    ) -> ClashReport:
        """Return the report on two models as they stand ``at`` a moment (now); it is kept."""
        check_clash_request(one, other, tolerance_m=tolerance_m, clearance_m=clearance_m)
        when = at or self._asker.city.now
        self._asker.seen(*(Resource("object", "*", each) for each in self._view.classes))
        kinds = sorted(set(CLASSES) - set(without))
        queries = [replace(self._view.query(when, None, model=model), classes=kinds) for model in (one, other)]
        return self._clashes.detect(*queries, at=when, tolerance_m=tolerance_m, clearance_m=clearance_m)

    def reports(self) -> list[ClashReport]:
        """Return the reports on models that the asker may read, without their items."""
        return [replace(each, items=()) for each in map(self._told, self._clashes.reports()) if each is not None]

    def report(self, one: str, other: str) -> ClashReport:
        """Return the report on two models, with those clashes both of whose objects the asker may read."""
        for each in self._clashes.reports():
            if (each.one, each.other) == (one, other) and (found := self._told(each)) is not None:
                return found
        raise NotFound(f"There is no report on {one[:64]!r} and {other[:64]!r}.", mend="GET /api/v1/twin/clashes.")

    def _told(self, short: ClashReport) -> ClashReport | None:
        """Return a report as the asker may read it; ``None`` if nothing that stood then of one of its models may be."""
        twin, models = self._asker.city.twin, (short.one, short.other)
        counts = [twin.count(self._query(model, short.at)) for model in models]
        if not all(counts):
            return None
        found = self._clashes.report(*models)
        ids = sorted({name for each in found.items for name in (each.one, each.other)})
        objects = twin.objects(self._view.query(found.at, None, ids=ids))
        self._asker.seen(*map(object_resource, objects))
        seen = {each.id for each in objects}
        items = [each for each in found.items if {each.one, each.other} <= seen]
        if len(items) == len(found.items):
            return found
        hard = sum(each.gap_m < 0 for each in items)
        return replace(found, items=items, hard=hard, near=len(items) - hard, compared=(counts[0], counts[1]))

    def _query(self, model: str, at: datetime) -> ObjectQuery:
        return replace(self._view.query(at, None, model=model), classes=_ELEMENTS, shaped=True)

    def write_bcf(self, one: str, other: str, target: IO[bytes]) -> None:
        """Write the report on two models as BCF 2.1, of those clashes that :meth:`report` tells."""
        found = self.report(one, other)
        ids = sorted({name for each in found.items for name in (each.one, each.other)})
        named = self._asker.city.twin.names(self._view.query(found.at, None, ids=ids))
        found.write_bcf(target, {own: name for own, name, _ in named}, author=self._asker.subject.id)


def check_clash_request(one: str, other: str, *, tolerance_m: float, clearance_m: float) -> None:
    """Raise ``BadInput`` unless two models can be compared so."""
    if one == other:
        raise BadInput("A model is not compared with itself.", where="other", mend="Name another model.")
    if not (1e-4 <= tolerance_m <= _REACH_MAX_M and 0 <= clearance_m <= _REACH_MAX_M):
        mend = f"A tolerance of 0.0001 to {_REACH_MAX_M:g} m, a clearance of up to {_REACH_MAX_M:g} m."
        raise BadInput("These distances cannot be.", where="tolerance_m", mend=mend)


def clash_job(asker_of: Callable[[Subject, str], Asker], job: JobContext) -> Mapping[str, Any]:
    """Find the clashes of two models as a job."""
    asked = job.job.arguments
    report = ClashView(asker_of(job.by, asked.get("purpose", ""))).detect(
        asked["one"],
        asked["other"],
        at=parse_instant(asked["at"]) if asked.get("at") else None,
        tolerance_m=asked["tolerance_m"],
        clearance_m=asked["clearance_m"],
        without=tuple(asked["without"]),
    )
    return {"one": report.one, "other": report.other, "hard": report.hard, "near": report.near}
