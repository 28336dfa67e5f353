"""Consolidation as a job: kind after kind; it can be stopped at any moment and goes on with the kind it was at.

It is begun by a person, or by itself once the sources of a kind had releases and then none for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lifang.app.jobs import Job, JobContext, Jobs
from lifang.catalogue import CatalogueChange
from lifang.core import Rounds
from lifang.guard import SYSTEM, Subject
from lifang.masterdata import MasterData

CONSOLIDATE = "consolidate"
_QUIET_S, _LONGEST_S = 30.0, 600.0


def consolidation_job(masterdata: MasterData) -> Callable[[JobContext], Mapping[str, Any]]:
    """Return the function of the job ``consolidate`` of the ``kinds`` that its arguments name, in their order."""

    def run(job: JobContext) -> Mapping[str, Any]:
        kinds = [str(each) for each in job.job.arguments["kinds"]]
        done: list[Mapping[str, Any]] = list(job.job.checkpoint.get("done", ()))
        for number, kind in enumerate(kinds[len(done) :], start=len(done)):

            def progress(share: float, *, behind: int = number) -> None:
                job.check()
                job.progress((behind + share) / len(kinds))

            done.append({**masterdata.consolidate(kind, by=job.by, progress=progress).as_json(), "unresolved": ()})
            job.save({"done": done})
        return {"items": [{**each, "unresolved": masterdata.unresolved(each["kind"])} for each in done]}

    return run


class Consolidator:
    """Keeps master data up to date: hears of releases of its sources, waits for the last of them, has a job do it."""

    def __init__(
        self, masterdata: MasterData, jobs: Jobs, *, quiet_s: float = _QUIET_S, longest_s: float = _LONGEST_S
    ) -> None:
        """``quiet_s`` without a release are waited for, but no longer than ``longest_s`` after the first."""
        self._masterdata, self._jobs = masterdata, jobs
        self._quiet_s, self._longest_s = quiet_s, longest_s
        self._rounds = Rounds(
            self._catch_up, name="consolidator", fault="master data are not brought up to date", every_s=None
        )

    def start(self) -> None:
        """Start; what was released or destroyed before the program ended, and not taken up, is now."""
        self._rounds.start()

    def close(self) -> None:
        """Stop; what was heard of is found again at the next start."""
        self._rounds.close()

    def hear(self, change: CatalogueChange) -> None:
        """Take note of a change in the catalogue."""
        if change.kind == "destroyed" or (change.kind == "release" and self._masterdata.is_source(change.dataset)):
            self._rounds.wake()

    def wake(self) -> None:
        """Have it seen soon what is behind."""
        self._rounds.wake()

    def _catch_up(self) -> None:
        """Begin once nothing was heard for a while."""
        latest = time.monotonic() + self._longest_s
        while True:
            self._rounds.pause(min(self._quiet_s, max(0.0, latest - time.monotonic())))
            if self._rounds.ending:
                return
            if not self._rounds.woken() or time.monotonic() >= latest:
                break
        if kinds := self._masterdata.behind():
            self.begin(kinds, by=SYSTEM)

    def begin(self, kinds: Sequence[str], *, by: Subject) -> Job:
        """Return the job that consolidates these kinds: one that waits to begin already, else a new one."""
        waiting = [job for job in self._jobs.unfinished() if job.kind == CONSOLIDATE and job.state == "queued"]
        found = next((job for job in waiting if set(kinds) <= set(job.arguments["kinds"])), None)
        return found or self._jobs.submit(CONSOLIDATE, {"kinds": list(kinds)}, subject=by)
