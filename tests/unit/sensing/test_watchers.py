import threading

from lifang.sensing import Observations, make_observations
from lifang.sensing.watchers import Watchers


def test_what_comes_while_a_watcher_is_busy_is_told_in_one_call_and_in_order() -> None:
    watchers, told = Watchers(pause_s=0), []
    busy, go_on = threading.Event(), threading.Event()

    def watch(observations: Observations) -> None:
        told.append(observations.time.tolist())
        busy.set()
        go_on.wait(10)

    watchers.add(watch)
    watchers.start()
    watchers.tell(make_observations([1], [0], [1.0]))
    assert busy.wait(10)
    for moment in (1, 2, 3):
        watchers.tell(make_observations([1], [moment], [1.0]))
    go_on.set()
    watchers.close()
    assert told == [[0], [1, 2, 3]]


def test_a_slow_watcher_makes_tell_wait_rather_than_memory_grow() -> None:
    watchers, go_on, rows = Watchers(pause_s=0, most_rows=1), threading.Event(), []

    def watch(observations: Observations) -> None:
        rows.append(len(observations))
        go_on.wait(10)

    def tell() -> None:
        for moment in range(4):
            watchers.tell(make_observations([1, 1], [moment, moment], [1.0, 1.0]))

    watchers.add(watch)
    watchers.start()
    teller = threading.Thread(target=tell)
    teller.start()
    teller.join(0.2)
    assert teller.is_alive()
    go_on.set()
    teller.join(10)
    watchers.close()
    assert sum(rows) == 8


def test_nothing_is_kept_when_nobody_watches() -> None:
    watchers = Watchers()
    watchers.tell(make_observations([1], [0], [1.0]))
    watchers.start()
    watchers.close()
