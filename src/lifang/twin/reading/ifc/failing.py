"""Objects on which a kernel hangs or crashes: work is done in a copy of the process, and again without those.

A kernel cannot be interrupted, and does not say at what it is. So whoever asks it for the next shape is ended once that
takes too much processor time (:func:`in_time`); then each object that had not come is tried by itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import ifcopenshell

Entity = ifcopenshell.entity_instance
Result = TypeVar("Result")
_STEP_S, _ALONE_S = 10.0, 5.0  # of processor time: for the next shape, and for an object by itself
_FAILURES_MAX = 5  # are looked for: each costs its time
_ENDED_BY = (signal.SIGVTALRM, signal.SIGPROF, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE)


@dataclass(frozen=True)
class Failing:
    """Objects that work was done without: those at which a kernel ``hangs`` or ``crashes``, and ``untried`` ones.

    A kernel failed on some of those that were not tried, too, or they come last after too many that fail.
    """

    hangs: list[Entity] = field(default_factory=list)
    crashes: list[Entity] = field(default_factory=list)
    untried: list[Entity] = field(default_factory=list)


def in_time(step: Callable[[], Result]) -> Result:
    """Return what ``step`` does; a process that needs more than 10 s of processor time for it ends."""
    signal.setitimer(signal.ITIMER_VIRTUAL, _STEP_S)
    try:
        return step()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def done_without_failing(
    work: Callable[[Sequence[Entity], Failing], None],
    alone: Callable[[Entity], None],
    products: Sequence[Entity],
    came: Callable[[], set[str]],
) -> None:
    """Do ``work`` in a copy of this process with all ``products``, or with all but those that it fails on.

    It is told which those are. ``came`` says which had come when it failed, by their GlobalIds; each other is tried
    ``alone``. Ends this process if nothing helps.
    """
    if _ended(lambda: work(products, Failing())) == 0:
        return
    known = came()
    doubted = [each for each in products if each.GlobalId not in known]
    failing = _found(alone, doubted)
    for found in (failing, Failing(untried=doubted)):
        lost = {each.id() for some in (found.hangs, found.crashes, found.untried) for each in some}
        if _ended(lambda found=found, lost=lost: work([p for p in products if p.id() not in lost], found)) == 0:  # type: ignore[misc]
            return
    os._exit(1)


def _found(alone: Callable[[Entity], None], doubted: Sequence[Entity]) -> Failing:
    """Return which of some objects fail by themselves."""
    failing, start = Failing(), 0
    while start < len(doubted):
        if len(failing.hangs) + len(failing.crashes) == _FAILURES_MAX:
            failing.untried.extend(doubted[start:])
            break
        begun, ended = _tried(alone, doubted[start:])
        if ended == 0:
            break
        at = doubted[start + begun - 1]
        (failing.hangs if ended == signal.SIGPROF else failing.crashes).append(at)
        start += begun
    return failing


def _tried(alone: Callable[[Entity], None], some: Sequence[Entity]) -> tuple[int, int]:
    """Return with how many a copy of this process began, and how it ended: 0 if it came through."""
    reading, writing = os.pipe()

    def one_by_one() -> None:
        os.close(reading)
        for each in some:
            os.write(writing, b".")
            signal.setitimer(signal.ITIMER_PROF, _ALONE_S)
            alone(each)

    ended = _ended(one_by_one, lambda: os.close(writing))
    with os.fdopen(reading, "rb") as begun:
        return len(begun.read()), ended


def _ended(work: Callable[[], None], begun: Callable[[], None] = lambda: None) -> int:
    """Return which signal ended a copy of this process that did ``work``, 0 if none; ends this one if it failed."""
    copy = os.fork()
    if not copy:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    begun()
    _, status = os.waitpid(copy, 0)
    code = os.waitstatus_to_exitcode(status)
    if code > 0 or (code < 0 and -code not in _ENDED_BY):
        os._exit(1)
    return -code
