"""A dataset whose cycle is over without a new release alarms, as hidden as itself, until the release comes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lifang.catalogue import Card
from lifang.core import ManualClock
from lifang.guard import SYSTEM
from lifang.scenes import SceneContext
from lifang.scenes import late_datasets as scene


def release(context: SceneContext, folder: Path, dataset: str, cycle: str, grade: str, content: str) -> None:
    path = folder / "file.csv"
    path.write_text(content, "utf-8")
    card = Card.from_mapping({"id": dataset, "update_cycle": cycle, "classification": grade})
    context.catalogue.add(path, name="file.csv", card=card, by=SYSTEM)


def test_what_is_late_alarms_and_its_next_release_clears_it(
    context: SceneContext, clock: ManualClock, tmp_path: Path
) -> None:
    for dataset, cycle, grade in (("a", "weekly", "open"), ("b", "weekly", "restricted"), ("c", "yearly", "open")):
        release(context, tmp_path, dataset, cycle, grade, f"n\n{dataset}\n")
    assert list(scene.run(context, clock.now()).changes) == []
    clock.advance(timedelta(days=9))
    found = scene.run(context, clock.now())
    told = [(each.alert.resource, each.alert.severity.code, each.alert.classification) for each in found.changes]
    assert sorted(told) == [("dataset:a", "blue", "open"), ("dataset:b", "blue", "restricted")]
    assert [each["dataset"] for each in found.result["datasets"]] == ["a"]
    clock.advance(timedelta(days=8))
    raised = scene.run(context, clock.now()).changes
    assert {each.alert.severity.code for each in raised} == {"yellow"}
    release(context, tmp_path, "a", "weekly", "open", "n\nfresh\n")
    clock.advance(timedelta(hours=1))
    cleared = scene.run(context, clock.now()).changes
    assert [(each.kind, each.alert.resource) for each in cleared] == [("cleared", "dataset:a")]
