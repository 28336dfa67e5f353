"""A harvest as a job: it can be stopped between two datasets, and run again after the program was killed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lifang.app.jobs import JobContext
from lifang.harvest import Harvests


def harvest_job(harvests: Harvests) -> Callable[[JobContext], Mapping[str, Any]]:
    """Return the function of the job ``harvest``: it reads the source that its arguments name, and tells its report."""

    def run(job: JobContext) -> Mapping[str, Any]:
        source = str(job.job.arguments["source"])
        return harvests.run(source, by=job.by, progress=job.progress, cancelled=job.cancelled).as_json()

    return run
