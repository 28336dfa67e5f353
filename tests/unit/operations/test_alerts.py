from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lifang.core import BadInput, Conflict, Denied, ManualClock, NeedsPurpose, NotFound, Unauthenticated
from lifang.guard import ANONYMOUS, Classification, Role, Subject
from lifang.operations import Alert, AlertChange, AlertRule, Alerts, Level, Severity
from lifang.store import Store

START = datetime(2019, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = Classification.OPEN
OPERATOR = Subject("person_1", "Li", frozenset({Role.OPERATOR}))
CITIZEN = Subject("person_2", "Wang", frozenset({Role.CITIZEN}))
RULE = AlertRule(
    id="heat",
    scene="test",
    zh="高温",
    en="Heat",
    unit="Cel",
    levels=(Level(Severity.BLUE, 35, 33), Level(Severity.ORANGE, 40, 38)),
    hold=HOUR,
    clear_hold=HOUR,
    stale_after=4 * HOUR,
)


@pytest.fixture
def alerts(store: Store, clock: ManualClock) -> Alerts:
    return Alerts(store, clock)


def feed(alerts: Alerts, values: list[float | None], *, since: int = 0) -> list[str]:
    changes: list[AlertChange] = []
    for hour, value in enumerate(values, since):
        changes += alerts.evaluate(
            RULE, "city:x", START + hour * HOUR, value, detail={"hour": hour}, classification=OPEN
        )
    return [each.kind for each in changes]


def only(alerts: Alerts) -> Alert:
    (alert,) = alerts.alerts()
    return alert


def acts(store: Store) -> list[str]:
    return [each.entry.action for each in store.ledger.records(limit=100) if each.entry.action.startswith("alert.")]


def test_an_alert_goes_from_pending_to_firing_to_cleared_and_each_step_is_in_the_ledger(
    alerts: Alerts, store: Store
) -> None:
    assert feed(alerts, [36, 36, 41, 41, 32, 32]) == ["pending", "fired", "raised", "cleared"]
    alert = only(alerts)
    assert (alert.state, alert.severity) == ("cleared", Severity.ORANGE)
    assert (alert.opened, alert.fired, alert.cleared) == (START, START + HOUR, START + 5 * HOUR)
    assert alert.facts["peak"] == 41
    assert acts(store) == ["alert.pending", "alert.fired", "alert.raised", "alert.cleared"]
    record = store.ledger.records(limit=100)[-1]
    assert record.entry.resource == f"alert:{alert.id}"
    assert record.entry.detail["for"] == "city:x"
    assert store.ledger.verify().ok


def test_listeners_hear_of_a_change_after_it_is_durable(alerts: Alerts) -> None:
    heard: list[tuple[str, str]] = []
    alerts.on_change(lambda change: heard.append((change.kind, alerts.alert(change.alert.id).state)))
    feed(alerts, [36, 36, 32, 32])
    assert heard == [("pending", "pending"), ("fired", "firing"), ("cleared", "cleared")]


def test_a_pending_alert_that_never_fired_leaves_only_its_ledger_records(alerts: Alerts, store: Store) -> None:
    assert feed(alerts, [36, 30]) == ["pending", "dropped"]
    assert alerts.alerts() == []
    assert acts(store) == ["alert.pending", "alert.dropped"]


def test_quiet_values_write_nothing(alerts: Alerts, store: Store) -> None:
    assert feed(alerts, [30, None, 31]) == []
    assert acts(store) == []


def test_the_same_moment_twice_changes_nothing(alerts: Alerts, store: Store) -> None:
    feed(alerts, [36, 36, 32, 32])
    before = (alerts.alerts(), acts(store))
    assert feed(alerts, [36, 36, 32, 32]) == []
    assert (alerts.alerts(), acts(store)) == before


def test_running_timers_survive_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    first = Store.open(tmp_path / "c", clock=clock, threads=1)
    feed(Alerts(first, clock), [36])
    first.close()
    second = Store.open(tmp_path / "c", clock=clock, threads=1)
    assert feed(Alerts(second, clock), [36, 32], since=1) == ["fired"]
    second.close()
    third = Store.open(tmp_path / "c", clock=clock, threads=1)
    assert feed(Alerts(third, clock), [36, 36, 32, 32]) == ["cleared"]
    third.close()


def test_resources_have_alerts_of_their_own(alerts: Alerts) -> None:
    for hour in (0, 1):
        alerts.evaluate(RULE, "city:x", START + hour * HOUR, 36)
        alerts.evaluate(RULE, "city:y", START + hour * HOUR, 30)
    assert [each.resource for each in alerts.alerts(state="firing")] == ["city:x"]


def test_an_acknowledged_alert_keeps_firing_and_says_who_saw_it(alerts: Alerts, store: Store) -> None:
    feed(alerts, [36, 36])
    alert = alerts.acknowledge(only(alerts).id, OPERATOR, "patrol is out")
    assert (alert.state, alert.acknowledged_by) == ("firing", "Li")
    assert alert.notes[0].text == "patrol is out"
    record = store.ledger.records(limit=100)[-1].entry
    assert (record.subject, record.action, record.detail["note"]) == ("person_1", "alert.acknowledged", "patrol is out")
    assert feed(alerts, [36], since=2) == []
    assert only(alerts).acknowledged_by == "Li"
    with pytest.raises(Conflict, match="Li acknowledged"):
        alerts.acknowledge(alert.id, OPERATOR)


def test_a_raised_severity_asks_for_attention_again(alerts: Alerts) -> None:
    feed(alerts, [36, 36])
    alerts.acknowledge(only(alerts).id, OPERATOR)
    assert feed(alerts, [41, 41], since=2) == ["raised"]
    assert only(alerts).acknowledged is None
    assert len(only(alerts).notes) == 1


def test_a_cleared_alert_is_closed_without_words(alerts: Alerts) -> None:
    feed(alerts, [36, 36, 32, 32])
    alert = alerts.close(only(alerts).id, OPERATOR)
    assert (alert.state, alert.closed_by) == ("closed", "Li")
    with pytest.raises(Conflict):
        alerts.close(alert.id, OPERATOR)
    with pytest.raises(Conflict):
        alerts.acknowledge(alert.id, OPERATOR)


def test_closing_a_firing_alert_needs_a_reason_and_quiets_the_rule_until_it_clears(alerts: Alerts) -> None:
    feed(alerts, [36, 36])
    first = only(alerts)
    with pytest.raises(BadInput, match="still fires"):
        alerts.close(first.id, OPERATOR, "  ")
    alerts.close(first.id, OPERATOR, "sensor in the sun")
    assert feed(alerts, [36, 37, 36, 32, 32], since=2) == []
    assert only(alerts).cleared == START + 6 * HOUR
    assert feed(alerts, [36, 36], since=7) == ["pending", "fired"]
    assert [each.state for each in alerts.alerts()] == ["firing", "closed"]


def test_a_worse_level_than_the_one_closed_opens_a_new_alert(alerts: Alerts) -> None:
    feed(alerts, [36, 36])
    first = alerts.close(only(alerts).id, OPERATOR, "known")
    assert feed(alerts, [41, 41], since=2) == ["fired"]
    newest, closed = alerts.alerts()
    assert (newest.state, newest.severity, closed.id) == ("firing", Severity.ORANGE, first.id)
    assert feed(alerts, [32, 32], since=4) == ["cleared"]


def test_only_those_who_may_handle_alerts_do(alerts: Alerts) -> None:
    feed(alerts, [36, 36])
    with pytest.raises(Denied):
        alerts.acknowledge(only(alerts).id, CITIZEN)
    with pytest.raises(Unauthenticated):
        alerts.close(only(alerts).id, ANONYMOUS, "no")
    assert only(alerts).state == "firing"


def test_a_pending_alert_cannot_be_handled_yet(alerts: Alerts) -> None:
    feed(alerts, [36])
    with pytest.raises(Conflict, match="pending"):
        alerts.acknowledge(only(alerts).id, OPERATOR)
    with pytest.raises(Conflict, match="pending"):
        alerts.close(only(alerts).id, OPERATOR, "no")


def test_bad_requests_say_what_is_wrong(alerts: Alerts) -> None:
    feed(alerts, [36, 36])
    with pytest.raises(NotFound):
        alerts.alert("alert_none")
    with pytest.raises(NotFound):
        alerts.acknowledge("alert_none", OPERATOR)
    with pytest.raises(BadInput, match="note"):
        alerts.acknowledge(only(alerts).id, OPERATOR, "x" * 2001)
    with pytest.raises(BadInput, match="limit"):
        alerts.alerts(limit=0)


def test_the_alert_firing_at_a_moment_is_found(alerts: Alerts) -> None:
    feed(alerts, [36, 36, 32, 32, 30, 36, 36])
    second, first = alerts.alerts()
    found = [alerts.firing_at(RULE, "city:x", START + hour * HOUR) for hour in range(8)]
    assert [each and each.id for each in found] == [None, *[first.id] * 2, None, None, None, *[second.id] * 2]
    alerts.close(second.id, OPERATOR, "known")
    assert alerts.firing_at(RULE, "city:x", START + 6 * HOUR) is None


def test_missing_values_are_told(alerts: Alerts) -> None:
    assert feed(alerts, [36, 36, None, None, None, None, None]) == ["pending", "fired", "stale"]
    told = only(alerts).as_json()
    assert (told["state"], told["value"]) == ("firing", 36)
    assert (told["detail"]["missing"], told["detail"]["stale"]) == (5, True)


def test_alerts_come_newest_first_in_pages(alerts: Alerts) -> None:
    feed(alerts, [36, 36, 32, 32] * 3)
    everything = alerts.alerts()
    assert [each.opened for each in everything] == sorted((each.opened for each in everything), reverse=True)
    page = alerts.alerts(limit=2)
    assert alerts.alerts(after=page[-1].id) == everything[2:]


def test_the_words_follow_severity_and_value(alerts: Alerts) -> None:
    for hour, value in enumerate([36, 36, 41, 41]):
        alerts.evaluate(RULE, "city:x", START + hour * HOUR, value, text=lambda s, _: (f"{s.zh}", f"{s.en}"))
    assert only(alerts).as_json()["text"] == {"zh": "橙色", "en": "orange"}
    feed(alerts, [41], since=4)
    assert only(alerts).zh == "高温：橙色预警"


def test_a_cleared_alert_tells_its_worst_not_the_value_that_ended_it(alerts: Alerts) -> None:
    for hour, value in enumerate([36, 41, 43, 37, 32, 32]):
        alerts.evaluate(RULE, "city:x", START + hour * HOUR, value, text=lambda s, v: (f"{s.zh}{v}", f"{s.en} {v}"))
    told = only(alerts).as_json()
    assert (told["state"], told["value"], told["detail"]["peak"]) == ("cleared", 32, 43)
    assert told["text"] == {"zh": "橙色43", "en": "orange 43"}


def test_alerts_are_told_as_they_were_at_a_moment_in_the_city(store: Store, clock: ManualClock) -> None:
    city = ManualClock(START)
    alerts = Alerts(store, clock, now=city.now)
    feed(alerts, [36, 36, 36])
    city.moment, clock.moment = START + 2.5 * HOUR, datetime(2026, 1, 1, tzinfo=UTC)
    alerts.acknowledge(only(alerts).id, OPERATOR, "seen")
    feed(alerts, [41, 41, 41, 30, 30, 30], since=3)
    city.moment = START + 9 * HOUR
    alerts.close(only(alerts).id, OPERATOR)

    def then(hours: float) -> tuple[str, str, bool]:
        (alert,) = alerts.alerts(at=START + hours * HOUR)
        return alert.state, alert.severity.code, alert.acknowledged is not None

    assert alerts.alerts(at=START - HOUR) == []
    assert then(0) == ("pending", "blue", False)
    assert then(1) == ("firing", "blue", False)
    assert then(2.5) == ("firing", "blue", True)
    assert then(4) == ("firing", "orange", False), "a raised severity asks for attention again"
    assert then(7) == ("cleared", "orange", False)
    assert then(9) == ("closed", "orange", False)
    assert [each.state for each in alerts.alerts(at=START + HOUR, state="firing")] == ["firing"]
    assert alerts.alerts(at=START + HOUR, state="closed") == []
    assert alerts.alerts(at=START + 7 * HOUR)[0].closed is None


def test_a_persons_act_has_the_time_of_the_clock_and_the_time_in_the_city(store: Store, clock: ManualClock) -> None:
    alerts = Alerts(store, clock, now=lambda: START + 2 * HOUR)
    told: list[AlertChange] = []
    alerts.on_change(told.append)
    feed(alerts, [36, 36])
    clock.moment = recorded = datetime(2026, 1, 1, tzinfo=UTC)
    alert = alerts.acknowledge(only(alerts).id, OPERATOR, "seen")
    assert (alert.acknowledged, alert.acknowledged_at) == (recorded, START + 2 * HOUR)
    shown = alerts.close(alert.id, OPERATOR, "known").as_json()
    assert (shown["closed"], shown["closed_at"]) == ("2026-01-01T00:00:00Z", "2019-12-01T02:00:00Z")
    assert shown["detail"]["notes"][0] | {"text": ""} == {
        "act": "acknowledged",
        "by": "Li",
        "moment": "2026-01-01T00:00:00Z",
        "at": "2019-12-01T02:00:00Z",
        "text": "",
    }
    assert told[-1].moment == START + 2 * HOUR


def test_an_alert_is_as_hidden_as_the_strictest_data_it_ever_came_from(alerts: Alerts) -> None:
    shared, restricted = Classification.SHARED, Classification.RESTRICTED
    for hour, grade in enumerate((OPEN, shared, OPEN)):
        alerts.evaluate(RULE, "city:x", START + hour * HOUR, 36, classification=grade)
    assert only(alerts).classification is shared
    assert alerts.alerts(classes=[OPEN]) == []
    assert len(alerts.alerts(classes=[OPEN, shared])) == 1
    alerts.evaluate(RULE, "city:x", START + 3 * HOUR, 36, classification=restricted)
    with pytest.raises(Denied, match="No rule allows operator to handle an alert classified restricted"):
        alerts.acknowledge(only(alerts).id, OPERATOR)
    chief = Subject("person_3", "Zhou", frozenset({Role.ADMINISTRATOR}))
    with pytest.raises(NeedsPurpose):
        alerts.acknowledge(only(alerts).id, chief)
    assert alerts.acknowledge(only(alerts).id, chief, purpose="dispatch").acknowledged_by == "Zhou"


def test_an_alert_kept_before_its_steps_were_is_told_by_the_moments_of_its_data(alerts: Alerts, store: Store) -> None:
    feed(alerts, [36, 36, 30, 30])
    alert = only(alerts)
    row = store.registry.get("alert", alert.id)
    assert row is not None
    with store.registry.transaction() as tx:
        tx.update("alert", alert.id, {"detail": {k: v for k, v in row["detail"].items() if k != "history"}})
    states = [[each.state for each in alerts.alerts(at=START + hour * HOUR)] for hour in range(-1, 4)]
    assert states == [[], ["pending"], ["firing"], ["firing"], ["cleared"]]
