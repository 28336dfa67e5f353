"""Long work: the kinds of job a city does, each safe to be killed at any moment and run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lifang.app.asking import ADD_IMAGERY, imagery_job
from lifang.app.cataloguing import CATALOGUE_DIFFERENCE, CATALOGUE_MODEL, ModelShelf
from lifang.app.jobs import Job, JobContext, Jobs
from lifang.app.linking import LINK_OBJECTS, Linker
from lifang.catalogue import Admission, Card, Catalogue, visible
from lifang.core import parse_instant
from lifang.guard import SYSTEM, Classification
from lifang.population import SyntheticPopulation
from lifang.store import ObjectChange, Store
from lifang.twin import ModelFile, Placement, Twin, read_model, read_outlines

ADD_DATASET, ADD_MODEL, RAISE_OUTLINES, BACKUP = "add_dataset", "add_model", "raise_outlines", "backup"
END_MODEL = "end_model"
SYNTHESISE = "synthesise_population"
_FAULTS_TOLD = 100


class LongWork:
    """Admissions, models and backups as jobs. ``spool`` holds the files that wait to be admitted, one a job.

    ``after`` is told of each model that came in.
    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        twin: Twin,
        linker: Linker,
        shelf: ModelShelf,
        spool: Path,
        *,
        after: Callable[[str], None],
    ) -> None:
        self._store, self._catalogue, self._twin, self._spool = store, catalogue, twin, spool
        self._linker, self._shelf, self._after = linker, shelf, after

    def register(self, jobs: Jobs) -> None:
        """Have ``jobs`` know this work."""
        jobs.register(ADD_DATASET, self._add_dataset, ended=_drop_source)
        jobs.register(ADD_MODEL, self._add_model, ended=_drop_source)
        jobs.register(ADD_IMAGERY, lambda job: imagery_job(self._twin.imagery, job), ended=_drop_source)
        jobs.register(RAISE_OUTLINES, self._raise_outlines)
        jobs.register(END_MODEL, self._end_model)
        jobs.register(LINK_OBJECTS, lambda job: self._linker.apply(by=job.by, check=job.check))
        jobs.register(CATALOGUE_MODEL, self._catalogue_model)
        jobs.register(CATALOGUE_DIFFERENCE, self._catalogue_difference)
        jobs.register(BACKUP, self._backup)
        jobs.register(SYNTHESISE, self._synthesise)

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

    def _add_model(self, job: JobContext) -> Mapping[str, Any]:
        asked, path = job.job.arguments, Path(job.job.arguments["path"])
        placement = asked.get("placement")
        found = read_model(
            path.read_bytes(),
            prefix=asked["model"],
            scratch=self._store.folder / "scratch",
            crs=asked["crs"],
            placement=Placement.parse(placement) if placement else None,
            poll=job.check,
        )
        told = self._modelled(job, found)  # before the file: nothing is kept of a model that is refused
        return {**told, "source_sha256": self._twin.originals.keep(asked["model"], path)}

    def _raise_outlines(self, job: JobContext) -> Mapping[str, Any]:
        asked = job.job.arguments
        rows = self._catalogue.dataset(asked["dataset"]).rows()
        told = rows.select([each.name for each in visible(rows.columns)])
        found = read_outlines(told, prefix=asked["model"], **asked["columns"])
        return self._modelled(job, found)

    def _modelled(self, job: JobContext, found: ModelFile) -> Mapping[str, Any]:
        asked = job.job.arguments
        added = self._twin.add(
            asked["model"],
            found,
            classification=Classification(asked["classification"]),
            valid_from=parse_instant(asked["valid_from"]),
            stage=asked["stage"],
            by=job.by,
        )
        faults = [{**asdict(each), "zh": each.in_chinese} for each in added.examination.faults[:_FAULTS_TOLD]]
        return {**self._changed(job, added.change), **added.examination.counts, "faults": faults}

    def _end_model(self, job: JobContext) -> Mapping[str, Any]:
        asked = job.job.arguments
        return self._changed(job, self._twin.end(asked["model"], at=parse_instant(asked["at"]), by=job.by))

    def _changed(self, job: JobContext, change: ObjectChange) -> dict[str, Any]:
        """Return what is told of a model's change once what follows from it is done."""
        model = job.job.arguments["model"]
        self._linker.apply(by=SYSTEM, check=job.check)
        self._shelf.keep_up(model, by=SYSTEM)
        self._after(model)
        figures = {name: getattr(change, name) for name in ("replaced", "unchanged", "ended")}
        return {"model": model, "objects": change.rows, **figures}

    def _catalogue_model(self, job: JobContext) -> Mapping[str, Any]:
        return self._shelf.publish(job.job.arguments["model"], by=job.by).as_json()

    def _catalogue_difference(self, job: JobContext) -> Mapping[str, Any]:
        asked = job.job.arguments
        before, after = parse_instant(asked["before"]), parse_instant(asked["after"])
        admission = self._shelf.publish_difference(asked["dataset"], before, after, model=asked["model"], by=job.by)
        return admission.as_json()

    def _synthesise(self, job: JobContext) -> Mapping[str, Any]:
        made = SyntheticPopulation(self._catalogue, scratch=self._store.folder / "scratch").synthesise(
            int(job.job.arguments["persons"]),
            int(job.job.arguments["seed"]),
            by=job.by,
            progress=job.progress,
            cancelled=job.cancelled,
        )
        return made.as_json()

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
