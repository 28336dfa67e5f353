"""Long work: the kinds of job a city does, each safe to be killed at any moment and run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lifang.app.jobs import Job, JobContext, Jobs
from lifang.catalogue import Admission, Card, Catalogue
from lifang.store import Store

ADD_DATASET, BACKUP = "add_dataset", "backup"


class LongWork:
    """Admissions and backups as jobs. ``spool`` holds the files that wait to be admitted, one a job."""

    def __init__(self, store: Store, catalogue: Catalogue, spool: Path) -> None:
        self._store, self._catalogue, self._spool = store, catalogue, spool

    def register(self, jobs: Jobs) -> None:
        """Have ``jobs`` know this work."""
        jobs.register(ADD_DATASET, self._add_dataset, ended=_drop_source)
        jobs.register(BACKUP, self._backup)

    def sweep(self, jobs: Jobs) -> int:
        """Return how many files were removed from the spool that no unfinished job waits for."""
        awaited = {job.arguments.get("path") for job in jobs.unfinished()}
        left = [path for path in self._spool.iterdir() if str(path) not in awaited]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _add_dataset(self, job: JobContext) -> Mapping[str, Any]:
        card = job.job.arguments.get("card")
        admission = self._catalogue.add(
            Path(job.job.arguments["path"]),
            name=job.job.arguments["name"],
            card=Card.from_mapping(card) if card else None,
            by=job.by,
            progress=job.progress,
            cancelled=job.cancelled,
        )
        if _released_before_the_end(job, admission):
            admission = replace(admission, unchanged=False)
        return admission.as_json()

    def _backup(self, job: JobContext) -> Mapping[str, Any]:
        target = Path(job.job.arguments["target"])
        if job.resumed:
            target.unlink(missing_ok=True)  # finished, but nobody was told of it
        summary = self._store.backup(target, progress=job.progress, cancelled=job.cancelled)
        return {"path": str(summary.path), "sha256": summary.sha256, "bytes": summary.bytes, "files": summary.files}


def _released_before_the_end(job: JobContext, admission: Admission) -> bool:
    """Return whether what is there already was released by this very job, in a run that was killed afterwards."""
    release = admission.release
    return bool(job.resumed and admission.unchanged and release and release.recorded >= job.job.created)


def _drop_source(job: Job) -> None:
    Path(job.arguments["path"]).unlink(missing_ok=True)
