"""The pulse: one thread that lets the city's time pass: it replays, runs the scenes when due, and tells the bus."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from lifang.app.bus import Bus
from lifang.app.stage import Stage
from lifang.core import Clock, Problem, format_instant
from lifang.sensing import Replay

_LOG = logging.getLogger(__name__)
_BEAT_S = 0.25
_BEATS_PER_CLOCK_EVENT = 4


class Pulse:
    """Beats four times a second from ``start`` to ``close``."""

    def __init__(self, clock: Clock, stage: Stage, bus: Bus, replay: Replay | None) -> None:
        self._clock, self._stage, self._bus, self._replay = clock, stage, bus, replay
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def now(self) -> datetime:
        """The city's time: the replay's if the city replays, else the clock's."""
        return self._replay.now if self._replay else self._clock.now()

    def start(self) -> None:
        """Start beating."""
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the present beat."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=30)

    def state(self) -> dict[str, Any]:
        """Return the clock as the page shows it: mode, now, speed, paused, start, end."""
        if self._replay is None:
            now = format_instant(self._clock.now())
            return {"mode": "live", "now": now, "speed": 1.0, "paused": False, "start": None, "end": None}
        replay = self._replay
        return {
            "mode": "replay",
            "now": format_instant(replay.now),
            "speed": replay.speed,
            "paused": replay.paused,
            "start": format_instant(replay.start),
            "end": format_instant(replay.end),
        }

    def _beat(self) -> None:
        beats = 0
        while not self._stop.wait(_BEAT_S):
            beats += 1
            self._guarded(self._step)
            if beats % _BEATS_PER_CLOCK_EVENT == 0:
                self._bus.publish("clock", self.state())

    def _step(self) -> None:
        if self._replay:
            self._replay.step()
        self._stage.run_due(self.now, stopping=self._stop.is_set)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Problem as problem:
            _LOG.warning("the pulse missed a beat: %s", problem)
        except Exception:  # noqa: BLE001 - time must go on; the failure is logged
            _LOG.exception("the pulse missed a beat")
