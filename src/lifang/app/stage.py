"""The stage: finds the scenes, gives them what they may use, runs them when their period has passed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import lifang.scenes
from lifang.app.bus import Bus
from lifang.app.grades import Grades
from lifang.core import BadInput, Plugins, format_instant, parse_instant
from lifang.guard import Classification
from lifang.scenes import SceneContext, SceneSpec
from lifang.sensing import Observations
from lifang.store import Store, read_setting, write_setting

_CATCH_UP = 72
_LOG = logging.getLogger(__name__)


class Stage:
    """The city's scenes; each is classified as the strictest of what it reads, and so is all that it makes."""

    def __init__(
        self, context: SceneContext, store: Store, bus: Bus, *, grades: Grades, now: Callable[[], datetime]
    ) -> None:
        self._context, self._store, self._bus, self._grades, self._now = context, store, bus, grades, now
        self._plugins = Plugins(lifang.scenes)

    def specs(self) -> list[SceneSpec]:
        """Return every scene's spec, by id."""
        return self._plugins.specs()

    def spec(self, scene: str) -> SceneSpec:
        """Return one scene's spec, or ``NotFound``."""
        found: SceneSpec = self._plugins.get(scene).spec
        return found

    def classification(self, scene: str) -> Classification:
        """Return the strictest classification of what the scene reads."""
        return self._grades.of(self.spec(scene).reads)

    def view(self, scene: str, at: datetime | None = None) -> dict[str, Any]:
        """Return what the scene shows for a moment (now, if none is given), changing nothing."""
        module = self._plugins.get(scene)
        moment = at or self._now()
        shown: dict[str, Any] = module.view(self._given(scene), moment)
        return shown

    def run(self, scene: str, moment: datetime | None = None) -> dict[str, Any]:
        """Return the scene's result for a moment, its rules evaluated, its indicators written.

        ``BadInput`` for a moment later than the city's now: a rule that was told the future would wait for it.
        """
        module = self._plugins.get(scene)
        now = self._now()
        if moment is not None and moment > now:
            later = format_instant(moment)
            raise BadInput(f"{later} is later than the city's now.", where="at", mend=f"Up to {format_instant(now)}.")
        context = self._given(scene)
        result = module.run(context, moment or now)
        for indicator in result.indicators:
            self._bus.publish("indicator", indicator, classification=context.classification)
        shown: dict[str, Any] = result.result
        return shown

    def watch(self, observations: Observations) -> None:
        """Show committed observations to every scene that watches them; one that fails does not stop the others."""
        for module in self._plugins:
            if hasattr(module, "watch"):
                try:
                    module.watch(self._given(module.spec.id), observations)
                except Exception:  # noqa: BLE001 - the other scenes go on; the failure is logged
                    _LOG.exception("scene %s failed to watch", module.spec.id)

    def run_due(self, now: datetime, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Run every scene for each of its periods passed since its last run; return how many runs there were.

        At most the newest 72 periods are made up for; one that tells of the present runs for the newest.
        """
        runs = 0
        for spec in self.specs():
            at_most = 1 if spec.of_present else _CATCH_UP
            for moment in due_moments(self._last(spec.id), now, spec.period, at_most=at_most):
                if stopping():
                    return runs
                self.run(spec.id, moment)
                self._remember(spec.id, moment)
                runs += 1
        return runs

    def begin(self, moment: datetime, *, back: timedelta = timedelta(0)) -> None:
        """Have scenes that never ran start ``back`` before ``moment``."""
        for spec in self.specs():
            if self._last(spec.id) is None:
                self._remember(spec.id, moment - back)

    def _given(self, scene: str) -> SceneContext:
        return replace(self._context, classification=self.classification(scene))

    def _last(self, scene: str) -> datetime | None:
        value = read_setting(self._store, f"scene:{scene}")
        return parse_instant(value["moment"]) if value else None

    def _remember(self, scene: str, moment: datetime) -> None:
        write_setting(self._store, f"scene:{scene}", {"moment": format_instant(moment)})


def due_moments(last: datetime | None, now: datetime, period: timedelta, *, at_most: int) -> list[datetime]:
    """Return the whole periods after ``last`` up to ``now``, oldest first; only the newest ``at_most`` of them."""
    newest = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % period
    if last is None or newest - last > period * at_most:
        last = newest - period * (at_most if last else 1)
    count = int((newest - last) / period)
    return [last + period * step for step in range(1, count + 1)]
