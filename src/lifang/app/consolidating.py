"""Consolidation as a job: kind after kind; it can be stopped at any moment and goes on with the kind it was at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lifang.app.jobs import JobContext
from lifang.masterdata import MasterData

CONSOLIDATE = "consolidate"


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
