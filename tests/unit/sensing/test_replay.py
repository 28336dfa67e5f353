from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifang.core import BadInput, ManualClock, Unauthenticated, Unavailable, to_micros
from lifang.guard import ANONYMOUS, SYSTEM, Role, Subject
from lifang.sensing import Replay, Sensing, make_observations, stood_at
from lifang.sensing.model import pick
from lifang.store import Observations

pytestmark = pytest.mark.slow

START = datetime(2019, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def recorded(hours: int = 48) -> pa.Table:
    """Return a value an hour of each of six datastreams, from a day before START on; value = hour."""
    hour = np.repeat(np.arange(hours), 6)
    micros = to_micros(START - 24 * HOUR) + hour * 3_600_000_000
    return pa.table(
        {
            "datastream": pa.array(np.tile(np.arange(1, 7), hours), pa.int32()),
            "time": pa.array(micros, pa.timestamp("us", "UTC")),
            "value": hour.astype(float),
        }
    )


def replay(sensing: Sensing, clock: ManualClock, **options: Any) -> Replay:
    return Replay(sensing, recorded(), clock=clock, start=START, **{"speed": 3600.0, **options})


def stored(sensing: Sensing) -> list[float]:
    whole = (START - 48 * HOUR, START + 48 * HOUR)
    assert sensing.store.lake.observation_count() == len(sensing.many_series(range(1, 7), *whole))  # none twice
    found: list[float] = sensing.series("s1.co", *whole)["value"].to_pylist()
    return found


def test_values_come_due_as_city_time_passes(sensing: Sensing, clock: ManualClock) -> None:
    played = replay(sensing, clock)
    assert played.now == START
    assert played.step() == 0  # what lies at or before the start is history
    clock.advance(2.5 * SECOND)
    assert played.now == START + 2.5 * HOUR
    assert played.step() == 12
    assert played.step() == 0
    assert stored(sensing) == [25.0, 26.0]


def test_what_a_door_stored_but_did_not_acknowledge_is_not_stored_twice(sensing: Sensing, clock: ManualClock) -> None:
    played, refused = replay(sensing, clock), [True, True]

    def carry(due: Observations) -> None:
        if refused:
            sensing.ingest(pick(due, slice(0, 4 * len(refused))), by=SYSTEM).result()
            refused.pop()
            raise Unavailable("The answer was lost.")
        sensing.ingest(due, by=SYSTEM).result()

    played.deliver_by(carry)
    clock.advance(2.5 * SECOND)
    for _ in range(2):
        with pytest.raises(Unavailable):
            played.step()
    assert played.step() == 0
    played.deliver_by(None)
    clock.advance(SECOND)
    assert played.step() == 6
    assert stored(sensing) == [25.0, 26.0, 27.0]


def test_city_time_goes_on_without_a_jump_when_paused_and_when_its_speed_changes(
    sensing: Sensing, clock: ManualClock
) -> None:
    played = replay(sensing, clock)
    clock.advance(SECOND)
    played.set_speed(7200)
    assert played.now == START + HOUR
    clock.advance(SECOND)
    assert played.now == START + 3 * HOUR
    played.pause()
    clock.advance(100 * SECOND)
    assert played.now == START + 3 * HOUR
    assert played.paused
    played.resume()
    clock.advance(SECOND)
    assert played.now == START + 5 * HOUR
    assert played.step() == 30


def test_city_time_stands_at_the_end(sensing: Sensing, clock: ManualClock) -> None:
    played = replay(sensing, clock)
    clock.advance(timedelta(days=3))
    assert played.step() == 23 * 6
    assert played.now == played.end == START + 23 * HOUR
    assert played.state()["ended"]
    assert played.step() == 0


def test_a_clock_that_steps_back_moves_city_time_neither_back_nor_twice(sensing: Sensing, clock: ManualClock) -> None:
    played = replay(sensing, clock)
    clock.advance(3 * SECOND)
    assert played.step() == 18
    clock.advance(timedelta(days=-1))
    assert played.now == START + 3 * HOUR
    assert played.step() == 0
    clock.advance(SECOND)
    assert played.step() == 6
    assert stored(sensing) == [25.0, 26.0, 27.0, 28.0]


def test_after_a_clean_stop_it_goes_on_where_it_stood(
    sensing: Sensing, clock: ManualClock, reopen: Callable[[], Sensing]
) -> None:
    played = replay(sensing, clock)
    clock.advance(3.5 * SECOND)
    played.step()
    played.set_speed(1800)
    played.close()
    clock.advance(timedelta(days=2))  # nobody was there
    again = replay(reopen(), clock)
    assert (again.now, again.speed) == (START + 3.5 * HOUR, 1800.0)
    clock.advance(SECOND)
    assert again.step() == 6
    assert stored(again._sensing) == [25.0, 26.0, 27.0, 28.0]


def test_after_a_crash_no_value_is_lost_and_none_comes_twice(
    sensing: Sensing, clock: ManualClock, reopen: Callable[[], Sensing]
) -> None:
    replay(sensing, clock).close()
    played = replay(sensing, clock)
    clock.advance(4 * SECOND)
    assert played.step() == 24  # stored, but the position was not saved: nothing is closed
    assert sensing.store.registry.get("setting", "replay:city")["value"]["position"] == to_micros(START)
    again = replay(reopen(), clock)
    assert again.now == START + 4 * HOUR
    clock.advance(timedelta(minutes=1))
    assert again.step() == (23 - 4) * 6
    assert stored(again._sensing) == [float(hour) for hour in range(25, 48)]


def test_a_value_that_came_another_way_is_not_stored_again(sensing: Sensing, clock: ManualClock) -> None:
    number = sensing.datastream("s1.co").number
    late = make_observations([number], [to_micros(START + 10 * HOUR)], [34.0])
    sensing.ingest(late, by=SYSTEM).result(10)
    played = replay(sensing, clock)
    assert played.now == START
    clock.advance(timedelta(minutes=1))
    assert played.step() == 23 * 6 - 1
    assert stored(sensing) == [float(hour) for hour in range(25, 48)]


def test_what_the_store_refuses_is_due_again(
    sensing: Sensing, clock: ManualClock, reopen: Callable[[], Sensing]
) -> None:
    played = replay(sensing, clock)
    clock.advance(2 * SECOND)
    sensing.close()
    with pytest.raises(OSError, match="not being taken"):
        played.step()
    sensing.start()
    assert played.step() == 12
    assert stored(sensing) == [25.0, 26.0]


@pytest.mark.parametrize("speed", [0, -1, 1e9, float("nan"), float("inf")])
def test_a_speed_out_of_bounds_is_refused(sensing: Sensing, clock: ManualClock, speed: float) -> None:
    with pytest.raises(BadInput, match="cannot run at speed"):
        replay(sensing, clock).set_speed(speed)


def test_steering_is_for_operators_and_in_the_ledger(sensing: Sensing, clock: ManualClock) -> None:
    played = replay(sensing, clock)
    with pytest.raises(Unauthenticated):
        played.pause(by=ANONYMOUS)
    played.pause(by=Subject("wang", "Wang", frozenset({Role.OPERATOR})))
    (record,) = sensing.store.ledger.records(resource="replay:city")
    assert record.entry.subject == "wang"
    assert record.entry.detail["paused"] is True


def test_history_is_loaded_once_up_to_the_start(sensing: Sensing, reopen: Callable[[], Sensing]) -> None:
    assert sensing.load_history(recorded(), before=START, by=SYSTEM) == 24 * 6
    assert sensing.load_history(recorded(), before=START, by=SYSTEM) == 0
    assert stored(sensing) == [float(hour) for hour in range(24)]
    assert reopen().load_history(recorded(), before=START, by=SYSTEM) == 0


def test_history_that_was_broken_off_is_completed(sensing: Sensing) -> None:
    part = recorded(hours=10)
    for name in ("first", "second"):
        sensing.load_history(part if name == "first" else recorded(), before=START, by=SYSTEM, name=name)
    assert stored(sensing) == [float(hour) for hour in range(24)]


def test_a_table_with_two_values_for_one_moment_is_refused(sensing: Sensing, clock: ManualClock) -> None:
    with pytest.raises(BadInput, match="two values"):
        Replay(sensing, pa.concat_tables([recorded(), recorded()]), clock=clock, start=START)


def test_gaps_in_the_table_are_not_emitted(sensing: Sensing, clock: ManualClock) -> None:
    table = recorded()
    values = table["value"].to_numpy().copy()
    values[-6:] = np.nan
    gappy = table.set_column(2, "value", pa.array(values, from_pandas=True))
    played = Replay(sensing, gappy, clock=clock, start=START, speed=86_400)
    clock.advance(SECOND)
    assert played.step() == 22 * 6


def test_a_replay_that_is_through_needs_nothing_of_its_recording(sensing: Sensing, clock: ManualClock) -> None:
    assert stood_at(sensing.store, START) == START
    played = replay(sensing, clock, speed=86_400)
    clock.advance(2 * SECOND)
    played.step()
    played.close()
    end = stood_at(sensing.store, START)
    assert end == played.end
    again = Replay(sensing, recorded().slice(0, 0), clock=clock, start=START)
    assert again.state()["ended"]
    assert (again.now, again.step()) == (end, 0)
