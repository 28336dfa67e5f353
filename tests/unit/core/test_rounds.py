"""Rounds: a step done again and again, whatever it throws, until it is told to end."""

import logging
from collections.abc import Iterator
from queue import Empty, SimpleQueue

import pytest

from lifang.core import Conflict, Rounds

PATIENCE_S = 10.0


class Steps:
    """Steps that tell that they were taken, and fail as they are told to."""

    def __init__(self) -> None:
        self.taken: SimpleQueue[int] = SimpleQueue()
        self.failures: list[Exception] = []
        self._count = 0

    def __call__(self) -> None:
        self._count += 1
        self.taken.put(self._count)
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def rounds(steps: Steps) -> Iterator[Rounds]:
    made = Rounds(steps, name="steps", fault="a step was missed", every_s=None)
    yield made
    made.close()


def test_the_first_comes_at_once_and_others_when_woken(rounds: Rounds, steps: Steps) -> None:
    rounds.start()
    rounds.start()
    assert steps.taken.get(timeout=PATIENCE_S) == 1
    rounds.wake()
    assert steps.taken.get(timeout=PATIENCE_S) == 2
    with pytest.raises(Empty):
        steps.taken.get(timeout=0.05)


def test_it_comes_again_by_itself_after_its_time(steps: Steps) -> None:
    rounds = Rounds(steps, name="steps", fault="", every_s=0.01, at_once=False)
    rounds.start()
    assert [steps.taken.get(timeout=PATIENCE_S) for _ in range(3)] == [1, 2, 3]
    rounds.close()


def test_a_failure_is_logged_and_the_next_comes_all_the_same(
    rounds: Rounds, steps: Steps, caplog: pytest.LogCaptureFixture
) -> None:
    steps.failures = [Conflict("The disk is away."), ZeroDivisionError()]
    with caplog.at_level(logging.WARNING):
        rounds.start()
        for number in (1, 2, 3):
            assert steps.taken.get(timeout=PATIENCE_S) == number
            rounds.wake()
        rounds.close()
    assert [each.getMessage() for each in caplog.records] == [
        "a step was missed: The disk is away.",
        "a step was missed",
    ]
    assert [each.levelname for each in caplog.records] == ["WARNING", "ERROR"]


def test_a_pause_within_a_step_ends_when_it_is_closed() -> None:
    begun: SimpleQueue[bool] = SimpleQueue()

    def step() -> None:
        begun.put(rounds.ending)
        rounds.pause(60)
        begun.put(rounds.ending)

    rounds = Rounds(step, name="steps", fault="", every_s=None)
    rounds.start()
    assert begun.get(timeout=PATIENCE_S) is False
    rounds.close()
    assert begun.get(timeout=PATIENCE_S) is True


def test_a_step_sees_that_it_was_woken_meanwhile() -> None:
    told: SimpleQueue[bool] = SimpleQueue()

    def step() -> None:
        told.put(rounds.woken())
        rounds.wake()
        told.put(rounds.woken())
        told.put(rounds.woken())

    rounds = Rounds(step, name="steps", fault="", every_s=None)
    rounds.start()
    assert [told.get(timeout=PATIENCE_S) for _ in range(3)] == [False, True, False]
    rounds.close()
    assert told.empty()
