"""A recorded table played back as if it were live, at a chosen speed, each value exactly once.

City time runs from an anchor: ``now = city anchor + (clock - clock anchor) x speed``. Changing speed, pausing and the
clock stepping back set a new anchor, so that city time never jumps and never runs backwards. After a restart it goes on
where it stood: what the lake holds already is not emitted again, what it does not hold is not lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lifang.core import BadInput, Clock, Problem, from_micros, to_micros
from lifang.guard import SYSTEM, Action, Resource, Subject, require
from lifang.sensing.history import absent, observations_of
from lifang.sensing.model import pick
from lifang.store import Entry, Observations, Store, read_setting, write_setting

if TYPE_CHECKING:
    from lifang.sensing.sensing import Sensing

SPEED_MIN, SPEED_MAX = 0.01, 86_400.0  # city seconds per second
SAVE_EVERY = timedelta(seconds=5)
Deliver = Callable[[Observations], None]  # returns once all are durable, or raises a Problem


@dataclass(frozen=True)
class _Pace:
    """City time as a function of the clock: from an anchor (``city`` microseconds at ``wall``) on, at ``speed``."""

    city: int
    wall: datetime
    speed: float
    paused: bool

    def at(self, wall: datetime, end: int) -> int:
        passed = 0.0 if self.paused else max(0.0, (wall - self.wall).total_seconds())
        return int(min(self.city + passed * self.speed * 1e6, max(self.city, end)))


def _key(name: str) -> str:
    return f"replay:{name}"


def stood_at(store: Store, start: datetime, *, name: str = "city") -> datetime:
    """Return where the replay called ``name`` stood when it was last saved; ``start`` if it never was."""
    saved = read_setting(store, _key(name)) or {}
    return max(start, from_micros(int(saved.get("position", to_micros(start)))))


class Replay:
    """A recorded table and the clock it runs by.

    ``source`` has columns datastream (number), time, value and, if wanted, quality; rows without a value are gaps.
    City time begins at ``start``; what lies before it is history (see ``Sensing.load_history``). Rows no later than
    :func:`stood_at` may be left out: they were played.
    """

    def __init__(
        self,
        sensing: Sensing,
        source: pa.Table,
        *,
        clock: Clock,
        start: datetime,
        speed: float = 1.0,
        name: str = "city",
    ) -> None:
        self._sensing, self._clock, self._key = sensing, clock, _key(name)
        self._lock = Lock()
        self._source = observations_of(source)
        saved = read_setting(sensing.store, self._key) or {}
        self._start = to_micros(start)
        city = to_micros(stood_at(sensing.store, start, name=name))
        self._end = int(self._source.time[-1]) if len(self._source) else city
        ahead = pick(self._source, slice(int(np.searchsorted(self._source.time, city, side="right")), None))
        missing = absent(sensing, ahead)
        stored = int(missing.argmax()) if missing.any() else len(ahead)  # without a break, from the saved position on
        if stored:
            city = max(city, int(ahead.time[stored - 1]))
        self._ahead, self._next = pick(ahead, missing), 0
        self._saved = self._shown = city
        self._saved_wall = clock.now()
        speed = check_speed(float(saved.get("speed", speed)))
        self._pace = _Pace(city, self._saved_wall, speed, bool(saved.get("paused")))
        self._deliver: Deliver = self._ingest
        self._unsure = False  # whether some of what is due may have been stored though it was not acknowledged

    @property
    def start(self) -> datetime:
        """Where city time began."""
        return from_micros(self._start)

    @property
    def end(self) -> datetime:
        """The last recorded moment: city time stands still there."""
        return from_micros(self._end)

    @property
    def speed(self) -> float:
        """City seconds per second."""
        return self._pace.speed

    @property
    def paused(self) -> bool:
        """Whether city time is made to stand still."""
        return self._pace.paused

    @property
    def now(self) -> datetime:
        """The city's time; never earlier than it was when last asked for."""
        self._shown = max(self._shown, self._pace.at(self._clock.now(), self._end))
        return from_micros(self._shown)

    def state(self) -> Mapping[str, Any]:
        """Return ``now``, ``start``, ``end`` (aware moments), ``speed``, ``paused`` and ``ended``."""
        now, pace = self.now, self._pace
        told = {"now": now, "start": self.start, "end": self.end, "speed": pace.speed, "paused": pace.paused}
        return {**told, "ended": now >= self.end}

    def set_speed(self, speed: float, *, by: Subject = SYSTEM) -> None:
        """Run at ``speed`` from now on; city time goes on without a jump."""
        self._steer(by, speed=check_speed(speed))

    def pause(self, *, by: Subject = SYSTEM) -> None:
        """Let city time stand still."""
        self._steer(by, paused=True)

    def resume(self, *, by: Subject = SYSTEM) -> None:
        """Let city time run on from where it stands."""
        self._steer(by, paused=False)

    def _steer(self, by: Subject, **changes: Any) -> None:
        require(by, Action.RUN, Resource("replay"))
        with self._lock:
            self._anchor(self._clock.now())
            self._pace = replace(self._pace, **changes)
            detail = {"speed": self._pace.speed, "paused": self._pace.paused, "now": self._pace.city}
            self._save(Entry(by.id, Action.RUN.value, self._key, detail=detail))

    def _anchor(self, wall: datetime) -> None:
        self._pace = replace(self._pace, city=max(self._shown, self._pace.at(wall, self._end)), wall=wall)

    def advance(self, wall: datetime) -> Observations:
        """Return the values whose city time has come by the clock's moment ``wall``, each once, in order of time."""
        with self._lock:
            return self._due(wall)

    def _due(self, wall: datetime) -> Observations:
        self._anchor(wall)
        first = self._next
        self._next = max(first, int(np.searchsorted(self._ahead.time, self._pace.city, side="right")))
        return pick(self._ahead, slice(first, self._next))

    def step(self) -> int:
        """Store what is due now; return how many values that were, once they are durable.

        Raises what the store says when it cannot take them; they are due again at the next step.
        """
        with self._lock:
            wall, before = self._clock.now(), self._next
            due = self._due(wall)
            if self._unsure:
                due = pick(due, absent(self._sensing, due))
            try:
                if len(due):
                    self._deliver(due)
            except Problem:
                self._next, self._unsure = before, True
                raise
            self._unsure = False
            if abs(wall - self._saved_wall) >= SAVE_EVERY and self._position() != self._saved:
                self._save()
            return len(due)

    def deliver_by(self, deliver: Deliver | None) -> None:
        """Have what is due carried to the city by ``deliver`` from now on; ``None``: stored at once, without a door."""
        self._deliver = deliver or self._ingest

    def _ingest(self, due: Observations) -> None:
        self._sensing.ingest(due, by=SYSTEM).result()

    def close(self) -> None:
        """Save where city time stands, so that a later replay of the same name goes on from there."""
        with self._lock:
            self._anchor(self._clock.now())
            self._save()

    def _position(self) -> int:
        """Return how far city time has come, never past a value that is not stored yet."""
        if self._next < len(self._ahead):
            return min(self._pace.city, int(self._ahead.time[self._next]) - 1)
        return self._pace.city

    def _save(self, entry: Entry | None = None) -> None:
        position = self._position()
        value = {"position": position, "speed": self._pace.speed, "paused": self._pace.paused}
        write_setting(self._sensing.store, self._key, value, entry=entry)
        self._saved, self._saved_wall = position, self._pace.wall


def check_speed(speed: float) -> float:
    """Return ``speed`` (city seconds per second) if a replay can run at it."""
    if not (math.isfinite(speed) and SPEED_MIN <= speed <= SPEED_MAX):
        raise BadInput(f"A replay cannot run at speed {speed}.", mend=f"Choose {SPEED_MIN} to {SPEED_MAX:,.0f}.")
    return speed
