"""Late datasets: those whose update cycle is over, by the city's calendar, without a new release."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lifang.scenes.lateness import PERIOD, Deadline, Late, late_rule, open_view
from lifang.scenes.model import SceneContext, SceneResult, SceneSpec

spec = SceneSpec(
    id="late_datasets",
    zh="数据更新超期",
    en="Late datasets",
    reads=(),
    writes=("alert:dataset_late",),
    units={"late": "d"},
    citation="更新周期: GB/T 21063.3-2007. Levels: lifang's defaults.",
    citation_zh="更新周期：GB/T 21063.3-2007。级别：里坊的默认值。",
    period=PERIOD,
    of_present=True,
)

LATE = late_rule("dataset_late", spec.id, "数据更新超期", "Dataset late")
RULES = (LATE,)
_DEADLINE = Deadline(LATE, "数据集“{name}”更新超期{days:.0f}天", "The dataset {name} is {days:.0f} days late")


def view(context: SceneContext, at: datetime) -> dict[str, Any]:
    """Return the open datasets that are late now, the latest first."""
    return open_view(_late(context), at, "datasets")


def run(context: SceneContext, moment: datetime) -> SceneResult:
    """Return what is shown; an alert fires for each dataset that is late, and clears with its next release."""
    late = _late(context)
    return _DEADLINE.run(context, moment, late, open_view(late, moment, "datasets"))


def _late(context: SceneContext) -> list[Late]:
    now = context.clock.now()  # releases are recorded by the clock, also where the city replays
    due = ((dataset, dataset.due) for dataset in context.catalogue.datasets())
    return [
        Late.at(now, f"dataset:{dataset.id}", dataset, when, update_cycle=dataset.card.update_cycle)
        for dataset, when in due
        if when is not None and when < now
    ]
