"""An issue that is not mended by its deadline alarms, as hidden as its dataset, until it is mended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lifang.catalogue import Card
from lifang.core import ManualClock
from lifang.guard import SYSTEM
from lifang.scenes import SceneContext
from lifang.scenes import overdue_issues as scene


def issue(context: SceneContext, folder: Path, dataset: str, grade: str) -> str:
    path = folder / "file.csv"
    path.write_text(f"n\n{dataset}\n", "utf-8")
    card = Card.from_mapping({"id": dataset, "update_cycle": "yearly", "classification": grade})
    context.catalogue.add(path, name="file.csv", card=card, by=SYSTEM)
    return context.catalogue.issues.file(dataset, 1, "A cell is wrong.", by="ann", known=True).id


def test_what_is_not_mended_in_time_alarms_until_it_is(
    context: SceneContext, clock: ManualClock, tmp_path: Path
) -> None:
    issues = context.catalogue.issues
    ids = {dataset: issue(context, tmp_path, dataset, grade) for dataset, grade in (("a", "open"), ("b", "restricted"))}
    unassigned = issue(context, tmp_path, "c", "open")
    for each in ids.values():
        issues.move(each, "assign", by="bob", assignee="bureau")
    clock.advance(timedelta(days=14))
    assert list(scene.run(context, clock.now()).changes) == []
    clock.advance(timedelta(days=2))
    found = scene.run(context, clock.now())
    told = [(each.alert.resource, each.alert.severity.code, each.alert.classification) for each in found.changes]
    assert sorted(told) == sorted([(f"issue:{ids['a']}", "blue", "open"), (f"issue:{ids['b']}", "blue", "restricted")])
    assert [each["issue"] for each in found.result["issues"]] == [ids["a"]]
    clock.advance(timedelta(days=7))
    assert {each.alert.severity.code for each in scene.run(context, clock.now()).changes} == {"yellow"}
    issues.move(ids["a"], "mend", by="ann", note="done")
    clock.advance(timedelta(hours=1))
    (cleared,) = scene.run(context, clock.now()).changes
    assert (cleared.alert.resource, cleared.alert.state) == (f"issue:{ids['a']}", "cleared")
    assert unassigned not in str(scene.view(context, clock.now()))
