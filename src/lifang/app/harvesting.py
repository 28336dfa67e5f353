"""A harvest as a job: it can be stopped between two datasets, and run again after the program was killed.

It is begun by a person, or by itself once a portal's period is over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from lifang.app.jobs import JobContext, Jobs
from lifang.core import Clock
from lifang.guard import SYSTEM
from lifang.harvest import Harvests

HARVEST = "harvest"
_LOG = logging.getLogger(__name__)
_WAIT_S = 60.0


def harvest_job(harvests: Harvests) -> Callable[[JobContext], Mapping[str, Any]]:
    """Return the function of the job ``harvest``: it reads the source that its arguments name, and tells its report."""

    def run(job: JobContext) -> Mapping[str, Any]:
        source = str(job.job.arguments["source"])
        return harvests.run(source, by=job.by, progress=job.progress, cancelled=job.cancelled).as_json()

    return run


class Harvester:
    """Has the portals read that are due, from ``start`` to ``close``."""

    def __init__(self, harvests: Harvests, jobs: Jobs, clock: Clock) -> None:
        self._harvests, self._jobs, self._clock = harvests, jobs, clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start; what was due while the program was down is due now."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="harvester", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop; harvests that were begun go on as jobs do."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=30)

    def begin_due(self) -> None:
        """Begin a harvest of each portal that is due, and has none waiting or running."""
        due = self._harvests.due(self._clock.now())
        if due:
            begun = {str(job.arguments["source"]) for job in self._jobs.unfinished() if job.kind == HARVEST}
            for source in due:
                if source.id not in begun:
                    self._jobs.submit(HARVEST, {"source": source.id}, subject=SYSTEM)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self.begin_due()
            except Exception:  # noqa: BLE001 - the next look is a minute away; the failure is logged
                _LOG.exception("portals that are due are not harvested")
            self._stop.wait(_WAIT_S)
