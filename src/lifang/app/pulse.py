"""The pulse: one thread that lets the city's time pass: it replays, runs the scenes when due, and tells the bus."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lifang.app.bus import Bus
from lifang.app.stage import Stage
from lifang.core import Clock, Rounds, format_instant
from lifang.sensing import Replay

_BEAT_S = 0.25
_BEATS_PER_CLOCK_EVENT = 4


class StandingClock:
    """A clock that stands until it is let go: a city at rest, looked at from the command line, grows no older."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._stood, self._gone = clock, clock.now(), False

    def now(self) -> datetime:
        """Return the moment it stands at, or the passed-in clock's once it was let go, less the time it stood."""
        return self._clock.now() - self._late if self._gone else self._stood

    def go(self) -> None:
        """Let it go; again does nothing."""
        if not self._gone:
            self._late, self._gone = self._clock.now() - self._stood, True


class Pulse:
    """Beats four times a second from ``start`` to ``close``."""

    def __init__(self, wall: Clock, stage: Stage, bus: Bus, *, clock: StandingClock, replay: Replay | None) -> None:
        self._wall, self._clock, self._stage, self._bus, self._replay = wall, clock, stage, bus, replay
        self._beats = 0
        self._rounds = Rounds(self._beat, name="pulse", fault="the pulse missed a beat", every_s=_BEAT_S, at_once=False)

    @property
    def now(self) -> datetime:
        """The city's time: the replay's if the city replays, else the clock's."""
        return self._replay.now if self._replay else self._wall.now()

    def start(self) -> None:
        """Start beating: the city's time passes."""
        self._clock.go()
        self._rounds.start()

    def close(self) -> None:
        """Stop after the present beat."""
        self._rounds.close()

    def state(self) -> dict[str, Any]:
        """Return the clock as the page shows it: mode, now, speed, paused, start, end."""
        if self._replay is None:
            now = format_instant(self._wall.now())
            return {"mode": "live", "now": now, "speed": 1.0, "paused": False, "start": None, "end": None}
        replay = self._replay
        return {
            "mode": "replay",
            "now": format_instant(replay.now),
            "speed": replay.speed,
            "paused": replay.paused or replay.now >= replay.end,
            "start": format_instant(replay.start),
            "end": format_instant(replay.end),
        }

    def _beat(self) -> None:
        self._beats += 1
        self._rounds.attempt(self._step)
        if self._beats % _BEATS_PER_CLOCK_EVENT == 0:
            self._bus.publish("clock", self.state())

    def _step(self) -> None:
        if self._replay:
            self._replay.step()
        self._stage.run_due(self.now, stopping=lambda: self._rounds.ending)
