"""Standing checks score what is there, through time; what falls short is an issue until it is mended and confirmed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lifang.app.upkeep import Upkeep
from lifang.catalogue import EXISTING, Card, Catalogue, IssueState, LifeState
from lifang.catalogue.punctuality import due_after, punctual_share
from lifang.catalogue.quality import Facts, issue_step, scores_of, thresholds_of
from lifang.core import BadInput, Conflict, ManualClock, Settings, TooMany
from lifang.guard import SYSTEM
from lifang.standards import WorkingCalendar
from lifang.store import Store

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKING = WorkingCalendar(SHANGHAI)
STREETS = {
    "id": "streets",
    "classification": "open",
    "update_cycle": "monthly",
    "key": ["code"],
    "columns": {"code": {"type": "integer"}, "district": {"references": "districts.code"}, "name": {}},
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 30, 4, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store.open(tmp_path / "city", clock=clock, threads=1) as opened:
        yield opened


@pytest.fixture
def catalogue(store: Store, clock: ManualClock, tmp_path: Path) -> Catalogue:
    made = Catalogue(store, clock, Settings("t", "测", "t", "0"))
    add(made, tmp_path, {"id": "districts", "classification": "open"}, "code,name\nA1,甲\nA2,乙\n")
    return made


def add(catalogue: Catalogue, folder: Path, card: dict[str, object], content: str) -> None:
    path = folder / "file.csv"
    path.write_text(content, "utf-8")
    catalogue.add(path, name="file.csv", card=Card.from_mapping(card), by=SYSTEM)


def test_scores_are_shares_and_a_hundred_is_whole() -> None:
    told = Facts(rows=3, columns=2, filled=5, received=4, distinct=2, punctual=0.5, referring=3000, dangling=1)
    assert scores_of(told) == {
        "completeness": 83.33,
        "validity": 75.0,
        "uniqueness": 66.66,
        "timeliness": 50.0,
        "consistency": 99.96,
    }
    nothing = Facts(rows=0, columns=0, filled=0, received=0, distinct=0, punctual=None, referring=0, dangling=0)
    assert set(scores_of(nothing).values()) == {None}


@pytest.mark.parametrize("wrong", [{"beauty": 1}, {"validity": 101}, {"validity": "x"}, {"validity": True}])
def test_a_threshold_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        thresholds_of(wrong)


@pytest.mark.parametrize(
    ("last", "cycle", "due"),
    [
        ("2026-01-31T10:00", "monthly", "2026-03-01T00:00"),  # 28 February 2026, a Saturday, was worked to make up
        ("2026-01-15T10:00", "monthly", "2026-02-25T00:00"),  # the first day of the Spring Festival's nine
        ("2026-01-14T10:00", "daily", "2026-01-16T00:00"),
        ("2024-02-29T10:00", "yearly", "2025-03-01T00:00"),
        ("2026-01-14T10:00", "hourly", "2026-01-14T12:00"),
        ("2026-01-14T10:00", "once", None),
    ],
)
def test_a_release_is_due_by_the_calendar(last: str, cycle: str, due: str | None) -> None:
    found = due_after(datetime.fromisoformat(last).replace(tzinfo=SHANGHAI), cycle, WORKING)
    assert (found.strftime("%Y-%m-%dT%H:%M") if found else None) == due


def test_lateness_grows_to_a_whole_cycle() -> None:
    last = datetime(2026, 1, 5, 4, tzinfo=UTC)
    due = due_after(last, "weekly", WORKING)
    shares = [punctual_share(last, "weekly", WORKING, due + part * (due - last)) for part in (-0.5, 0, 0.5, 1, 9)]
    assert shares == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_a_release_scores_by_what_is_in_it_and_in_what_it_refers_to(catalogue: Catalogue, tmp_path: Path) -> None:
    add(catalogue, tmp_path, STREETS, "code,district,name\n1,A1,x\n2,A9,\n3,,y\nbad,A1,z\n")
    run = catalogue.check("streets")
    assert run.scores == {
        "completeness": 77.77,
        "validity": 75.0,
        "uniqueness": 100.0,
        "timeliness": 100.0,
        "consistency": 50.0,
    }
    told = {check.dimension: check.detail for check in run.checks}
    assert told["consistency"]["references"] == [
        {"column": "district", "references": "districts.code", "checked": 2, "missing": 1, "examples": ["A9"]}
    ]
    assert {each.dimension for each in catalogue.issues.find(dataset="streets")} == {"validity", "consistency"}


def test_a_reference_to_what_is_not_there_is_told_and_scores_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    columns = {"district": {"references": "nowhere.code"}, "name": {"references": "districts.nothing"}}
    add(catalogue, tmp_path, {"id": "lanes", "columns": columns}, "district,name\nA1,x\n")
    run = catalogue.check("lanes")
    assert run.scores["consistency"] is None
    (told,) = [check.detail["references"] for check in run.checks if check.dimension == "consistency"]
    assert [each["note"] for each in told] == ["there is no such dataset in use", "it has no such column"]


def test_what_falls_short_is_mended_by_a_release_and_closed_once_confirmed(
    catalogue: Catalogue, tmp_path: Path, clock: ManualClock
) -> None:
    add(catalogue, tmp_path, STREETS, "code,district,name\n1,A9,x\n")
    catalogue.check("streets")
    catalogue.check("streets")
    (issue,) = catalogue.issues.find(dataset="streets")
    move = catalogue.issues.move
    assigned = move(issue.id, "assign", by="ann", assignee="民政局")
    assert (assigned.state, assigned.due) == (IssueState.ASSIGNED, clock.now() + timedelta(days=15))
    clock.advance(timedelta(days=16))
    assert catalogue.issues.get(issue.id).is_overdue(clock.now())
    add(catalogue, tmp_path, STREETS, "code,district,name\n1,A2,x\n")
    catalogue.check("streets")
    assert catalogue.issues.get(issue.id).state is IssueState.MENDED
    add(catalogue, tmp_path, STREETS, "code,district,name\n1,A8,x\n")
    catalogue.check("streets")
    assert catalogue.issues.get(issue.id).state is IssueState.OPEN
    add(catalogue, tmp_path, STREETS, "code,district,name\n1,A1,x\n")
    catalogue.check("streets")
    assert move(issue.id, "confirm", by="ann").state is IssueState.CLOSED
    told = [each.move for each in catalogue.issues.events(issue.id)]
    assert sorted(told) == sorted(["file", "assign", "mend", "reopen", "mend", "confirm"])
    assert len(catalogue.quality.history("streets")) == 5


@pytest.mark.parametrize(
    ("state", "move", "note", "after"),
    [
        ("open", "mend", "换了表", "mended"),
        ("open", "decline", "不是错误", "declined"),
        ("declined", "reopen", "仍然错", "open"),
        ("closed", "reopen", "又错了", "open"),
        ("open", "confirm", "", None),
        ("closed", "assign", "", None),
        ("open", "mend", " ", None),
        ("open", "explode", "x", None),
    ],
)
def test_an_issue_takes_its_steps_and_no_others(state: str, move: str, note: str, after: str | None) -> None:
    if after is None:
        with pytest.raises((BadInput, Conflict)):
            issue_step(IssueState(state), move, note)
    else:
        assert issue_step(IssueState(state), move, note) == after


def test_nobody_files_without_end(catalogue: Catalogue, clock: ManualClock) -> None:
    for number in range(5):
        catalogue.issues.file("districts", 1, f"错 {number}", by="visitor:1", known=False)
    with pytest.raises(TooMany):
        catalogue.issues.file("districts", 1, "再错", by="visitor:1", known=False)
    catalogue.issues.file("districts", 1, "别人", by="visitor:2", known=False)
    clock.advance(timedelta(days=1, seconds=1))
    catalogue.issues.file("districts", 1, "次日", by="visitor:1", known=False)


def test_upkeep_checks_releases_and_archives_what_was_kept_long_enough(
    store: Store, catalogue: Catalogue, tmp_path: Path, clock: ManualClock
) -> None:
    upkeep = Upkeep(store, catalogue, clock)
    for name in ("short", "held"):
        add(catalogue, tmp_path, {"id": name, "retention": "P10D"}, f"a\n{name}\n")
    catalogue.lifecycle.move("held", "hold", by=SYSTEM, reason="诉讼", authority="案 1")
    upkeep.tend()
    assert [len(catalogue.quality.history(name)) for name in ("short", "held", "districts")] == [1, 1, 0]
    clock.advance(timedelta(days=9))
    upkeep.tend()
    assert catalogue.dataset("short").state is LifeState.PUBLISHED
    assert len(catalogue.quality.history("districts")) == 1
    clock.advance(timedelta(days=2))
    upkeep.tend()
    assert catalogue.dataset("short", states=EXISTING).state is LifeState.ARCHIVED
    assert catalogue.dataset("held").state is LifeState.PUBLISHED


def test_upkeep_makes_up_for_releases_that_nobody_checked(
    store: Store, catalogue: Catalogue, clock: ManualClock
) -> None:
    upkeep = Upkeep(store, catalogue, clock)
    upkeep.start()
    upkeep.close()
    assert len(catalogue.quality.history("districts")) == 1
