"""Consolidation as a job: kind after kind; it can be stopped at any moment and goes on with the kind it was at.

It is begun by a person, or by itself once the sources of a kind had releases and then none for a while.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from lifang.app.jobs import JobContext, Jobs
from lifang.catalogue import CatalogueChange
from lifang.core import Problem
from lifang.guard import SYSTEM
from lifang.masterdata import MasterData

CONSOLIDATE = "consolidate"
_LOG = logging.getLogger(__name__)
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

            done.append(masterdata.consolidate(kind, by=job.by, progress=progress).as_json())
            job.save({"done": done})
        return {"items": done}

    return run


class Consolidator:
    """Keeps master data up to date: hears of releases of its sources, waits for the last of them, has a job do it."""

    def __init__(
        self, masterdata: MasterData, jobs: Jobs, *, quiet_s: float = _QUIET_S, longest_s: float = _LONGEST_S
    ) -> None:
        """``quiet_s`` without a release are waited for, but no longer than ``longest_s`` after the first."""
        self._masterdata, self._jobs = masterdata, jobs
        self._quiet_s, self._longest_s = quiet_s, longest_s
        self._heard, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start; what was released or destroyed before the program ended, and not taken up, is now."""
        if self._thread is None:
            self._masterdata.forget_destroyed()
            self._heard.set()
            self._thread = threading.Thread(target=self._work, name="consolidator", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop; what was heard of is found again at the next start."""
        self._stop.set()
        self._heard.set()
        if self._thread:
            self._thread.join(timeout=30)

    def hear(self, change: CatalogueChange) -> None:
        """Take note of a change in the catalogue."""
        if change.kind == "release" and self._masterdata.is_source(change.dataset):
            self._heard.set()
        if change.kind == "destroyed":
            self._masterdata.forget_destroyed()

    def _work(self) -> None:
        while self._heard.wait() and not self._stop.is_set():
            self._settle()
            if self._stop.is_set():
                return
            try:
                self._begin()
            except Problem as problem:
                _LOG.warning("master data are not brought up to date: %s", problem)
            except Exception:  # noqa: BLE001 - the next release is heard of all the same; the failure is logged
                _LOG.exception("master data are not brought up to date")

    def _settle(self) -> None:
        """Return once nothing was heard for a while."""
        latest = time.monotonic() + self._longest_s
        while self._heard.is_set() and not self._stop.is_set():
            self._heard.clear()
            self._stop.wait(min(self._quiet_s, max(0.0, latest - time.monotonic())))
            if time.monotonic() >= latest:
                self._heard.clear()

    def _begin(self) -> None:
        kinds = self._masterdata.behind()
        waiting = [job for job in self._jobs.unfinished() if job.kind == CONSOLIDATE and job.state == "queued"]
        if kinds and not any(set(kinds) <= set(job.arguments["kinds"]) for job in waiting):
            self._jobs.submit(CONSOLIDATE, {"kinds": kinds}, subject=SYSTEM)
