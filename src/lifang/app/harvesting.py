"""A harvest as a job: it can be stopped between two datasets, and run again after the program was killed.

It is begun by a person, or by itself once a portal's period is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lifang.app.jobs import JobContext, Jobs
from lifang.core import Clock, Rounds
from lifang.guard import SYSTEM
from lifang.harvest import Harvests

HARVEST = "harvest"
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
        fault = "portals that are due are not harvested"
        self._rounds = Rounds(self.begin_due, name="harvester", fault=fault, every_s=_WAIT_S)

    def start(self) -> None:
        """Start; what was due while the program was down is due now."""
        self._rounds.start()

    def close(self) -> None:
        """Stop; harvests that were begun go on as jobs do."""
        self._rounds.close()

    def begin_due(self) -> None:
        """Begin a harvest of each portal that is due, and has none waiting or running."""
        due = self._harvests.due(self._clock.now())
        if due:
            begun = {str(job.arguments["source"]) for job in self._jobs.unfinished() if job.kind == HARVEST}
            for source in due:
                if source.id not in begun:
                    self._jobs.submit(HARVEST, {"source": source.id}, subject=SYSTEM)
