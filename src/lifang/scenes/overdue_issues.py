"""Overdue issues: what was found wrong with a dataset, assigned with a deadline, and not mended by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lifang.core import NotFound
from lifang.scenes.lateness import MOST, PERIOD, Deadline, Late, late_rule, open_view
from lifang.scenes.model import SceneContext, SceneResult, SceneSpec

spec = SceneSpec(
    id="overdue_issues",
    zh="数据问题整改超期",
    en="Overdue issues",
    reads=(),
    writes=("alert:issue_overdue",),
    units={"overdue": "d"},
    citation="Deadlines are those given with each issue. Levels: lifang's defaults.",
    citation_zh="期限：以问题指派时确定的为准。级别：里坊的默认值。",
    period=PERIOD,
    of_present=True,
)

OVERDUE = late_rule("issue_overdue", spec.id, "数据问题整改超期", "Issue overdue")
RULES = (OVERDUE,)
_DEADLINE = Deadline(
    OVERDUE, "数据集“{name}”的问题整改超期{days:.0f}天", "An issue of the dataset {name} is {days:.0f} days overdue"
)


def view(context: SceneContext, at: datetime) -> dict[str, Any]:
    """Return how many issues of open datasets are overdue now, and which, the longest overdue first."""
    return open_view(_overdue(context), at, "issues")


def run(context: SceneContext, moment: datetime) -> SceneResult:
    """Return what is shown; an alert fires for each issue that is overdue, and clears once it is mended or declined."""
    overdue = _overdue(context)
    return _DEADLINE.run(context, moment, overdue, open_view(overdue, moment, "issues"))


def _overdue(context: SceneContext) -> list[Late]:
    now = context.clock.now()  # deadlines are set by the clock, also where the city replays
    found: list[Late] = []
    for issue in context.catalogue.issues.overdue(now, limit=MOST):
        try:
            dataset = context.catalogue.dataset(issue.dataset)
        except NotFound:  # destroyed since
            continue
        if issue.due is not None:
            found.append(Late.at(now, f"issue:{issue.id}", dataset, issue.due, issue=issue.id))
    return found
