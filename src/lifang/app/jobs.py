"""Jobs: long work with progress, cancel, and resume after a restart.

A job is a row of the registry; its function is found by kind, must be safe to run again from its last checkpoint,
and asks ``context.cancelled()`` between steps.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lifang.app.bus import Bus
from lifang.core import BadInput, Clock, Conflict, NotFound, Problem, format_instant, new_id
from lifang.guard import Classification, Role, Subject
from lifang.store import Entry, Row, Store

_LOG = logging.getLogger(__name__)
_ENDED = frozenset({"done", "failed", "cancelled"})
_PROGRESS_STEP = 0.01
_STARTS, _MOST_STARTS = "starts", 3


class Cancelled(Exception):
    """Raised inside a job function when a person has cancelled the job."""


@dataclass(frozen=True)
class Job:
    """One piece of long work: ``state`` is queued, running, done, failed or cancelled; ``progress`` is 0 to 1."""

    id: str
    kind: str
    state: str
    progress: float
    subject: str
    arguments: Mapping[str, Any]
    checkpoint: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    created: datetime
    updated: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the job as JSON-able values; arguments and checkpoint stay inside."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "progress": self.progress,
            "subject": self.subject,
            "result": self.result,
            "error": self.error,
            "created": format_instant(self.created),
            "updated": format_instant(self.updated),
        }


@dataclass
class JobContext:
    """What a job function is given: its arguments, its checkpoint, and how to report and to be stopped."""

    job: Job
    by: Subject
    _jobs: Jobs
    _cancel: threading.Event
    _told: float = field(default=0.0)

    def progress(self, fraction: float, note: str = "") -> None:
        """Report the done share, 0 to 1; written down at each percent."""
        if fraction - self._told >= _PROGRESS_STEP:
            self._told = fraction
            self._jobs.update(self.job.id, {"progress": min(1.0, fraction)}, note=note)

    def cancelled(self) -> bool:
        """Return whether a person or the end of the program asks the job to stop."""
        return self._cancel.is_set()

    @property
    def resumed(self) -> bool:
        """Whether an earlier run of the job was broken off by the death of the program."""
        return int(self.job.checkpoint.get(_STARTS, 1)) > 1

    @property
    def interrupted(self) -> bool:
        """Whether the program is ending: the job will be run again, from its checkpoint, at the next start."""
        return self._jobs.stopping

    def check(self) -> None:
        """Raise ``Cancelled`` if the job should stop."""
        if self.cancelled():
            raise Cancelled

    def save(self, checkpoint: Mapping[str, Any]) -> None:
        """Keep where the job is, so that it can go on from there after a restart."""
        kept = {_STARTS: self.job.checkpoint.get(_STARTS, 0), **checkpoint}
        self._jobs.update(self.job.id, {"checkpoint": kept})


JobFunction = Callable[[JobContext], Mapping[str, Any]]
JobEnd = Callable[[Job], None]


class Jobs:
    """The city's job queue: one worker thread, oldest first."""

    def __init__(self, store: Store, clock: Clock, bus: Bus) -> None:
        self._store, self._clock, self._bus = store, clock, bus
        self._kinds: dict[str, JobFunction] = {}
        self._ended: dict[str, JobEnd] = {}
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._cancels: dict[str, threading.Event] = {}
        self._subjects: dict[str, Subject] = {}
        self.stopping = False
        self._thread: threading.Thread | None = None

    def register(self, kind: str, function: JobFunction, *, ended: JobEnd | None = None) -> None:
        """Make ``kind`` a job that can be submitted; ``ended`` tidies up once its end, any end, is written down."""
        self._kinds[kind] = function
        if ended:
            self._ended[kind] = ended

    def unfinished(self) -> list[Job]:
        """Return the jobs that are to be run, or run on, the oldest first."""
        states = ("running", "queued")
        return [_job(row) for state in states for row in self._store.registry.find("job", where={"state": state})]

    def start(self) -> None:
        """Start the worker; jobs that a restart interrupted go on from their checkpoints. Again does nothing."""
        if self._thread:
            return
        for job in self.unfinished():
            if job.id not in self._cancels:
                self._enqueue(job.id)
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the present step; what is unfinished stays in the registry and resumes at the next start."""
        self.stopping = True
        for event in self._cancels.values():
            event.set()
        self._queue.put(None)
        if self._thread:
            self._thread.join(timeout=30)

    def submit(self, kind: str, arguments: Mapping[str, Any], *, subject: Subject) -> Job:
        """Return the new job; ``BadInput`` for an unknown kind."""
        if kind not in self._kinds:
            raise BadInput(f"There is no job {kind!r}.", mend=f"Known: {', '.join(sorted(self._kinds))}.")
        now = self._clock.now()
        row: Row = {
            "id": new_id("job", now),
            "kind": kind,
            "state": "queued",
            "progress": 0.0,
            "subject": subject.id,
            "arguments": {**arguments, "roles": sorted(subject.roles), "organisation": subject.organisation},
            "checkpoint": {},
            "result": None,
            "error": None,
            "created": now,
            "updated": now,
        }
        with self._store.registry.transaction() as tx:
            tx.insert("job", row)
            tx.record(Entry(subject.id, "run", f"job:{row['id']}", detail={"kind": kind}))
        self._subjects[row["id"]] = subject
        self._enqueue(row["id"])
        return _job(row)

    def get(self, job_id: str) -> Job:
        """Return the job, or ``NotFound``."""
        row = self._store.registry.get("job", job_id)
        if row is None:
            raise NotFound(f"There is no job {job_id[:80]!r}.")
        return _job(row)

    def recent(self, *, after: str | None = None, limit: int = 100) -> list[Job]:
        """Return jobs, newest first, those older than ``after``."""
        rows = self._store.registry.find("job", descending=True, after=after, limit=limit)
        return [_job(row) for row in rows]

    def cancel(self, job_id: str, subject: Subject) -> Job:
        """Return the job, told to stop; ``Conflict`` if it has ended."""
        job = self.get(job_id)
        if job.state in _ENDED:
            raise Conflict(f"The job is {job.state} already.", where=job_id)
        with self._store.registry.transaction() as tx:
            tx.record(Entry(subject.id, "cancel", f"job:{job_id}"))
        self._cancels.setdefault(job_id, threading.Event()).set()
        return self.update(job_id, {"state": "cancelled"} if job.state == "queued" else {})

    def wait(self, job_id: str, *, timeout_s: float = 600.0) -> Job:
        """Return the job once it has ended; ``Conflict`` when that takes longer than ``timeout_s`` seconds."""
        waited = threading.Event()
        for _ in range(int(timeout_s / 0.05)):
            job = self.get(job_id)
            if job.state in _ENDED:
                return job
            waited.wait(0.05)
        raise Conflict(f"The job is still {job.state} after {timeout_s:g} s.", where=job_id)

    def update(self, job_id: str, changes: Mapping[str, Any], *, note: str = "") -> Job:
        """Return the job after ``changes``, which the bus is told of."""
        with self._store.registry.transaction() as tx:
            row = tx.update("job", job_id, {**changes, "updated": self._clock.now()})
        job = _job(row)
        told = {**job.as_json(), "result": None, "error": None, "note": note}  # both may quote hidden data
        self._bus.publish("job", told, classification=Classification.SHARED)
        return job

    def _enqueue(self, job_id: str) -> None:
        self._cancels.setdefault(job_id, threading.Event())
        self._queue.put(job_id)

    def _broken_off(self, context: JobContext, reason: Cancelled | Problem) -> None:
        if context.interrupted:
            kept = self.get(context.job.id).checkpoint
            self.update(context.job.id, {"checkpoint": {**kept, _STARTS: kept[_STARTS] - 1}})
            return
        if context.cancelled():
            self.update(context.job.id, {"state": "cancelled"})
        elif isinstance(reason, Problem):
            error = {"detail": reason.what, "where": reason.where, "mend": reason.mend}
            self.update(context.job.id, {"state": "failed", "error": error})

    def _work(self) -> None:
        while (job_id := self._queue.get()) is not None and not self.stopping:
            job = self.get(job_id)
            if job.state not in _ENDED:
                self._run(job)
                job = self.get(job_id)
            if job.state in _ENDED and job.kind in self._ended:
                self._tidy(job)

    def _tidy(self, job: Job) -> None:
        try:
            self._ended[job.kind](job)
        except OSError:
            _LOG.exception("job %s left something behind", job.id)

    def _run(self, job: Job) -> None:
        by = self._subjects.pop(job.id, None) or _subject(job)
        starts = int(job.checkpoint.get(_STARTS, 0)) + 1
        if starts > _MOST_STARTS:
            error = {
                "detail": f"The program ended {_MOST_STARTS} times while this job ran.",
                "mend": "Look at the log.",
            }
            self.update(job.id, {"state": "failed", "error": error})
            return
        running = self.update(job.id, {"state": "running", "checkpoint": {**job.checkpoint, _STARTS: starts}})
        context = JobContext(running, by, self, self._cancels[job.id])
        try:
            result = self._kinds[job.kind](context)
        except (Cancelled, Problem) as reason:
            self._broken_off(context, reason)
        except BaseException:  # noqa: BLE001 - the worker outlives any job, also a parser's panic; it is logged and told
            _LOG.exception("job %s failed", job.id)
            self.update(job.id, {"state": "failed", "error": {"detail": "Unexpected failure; see the log."}})
        else:
            self.update(job.id, {"state": "done", "progress": 1.0, "result": dict(result)})


def _subject(job: Job) -> Subject:
    roles = frozenset(Role(role) for role in job.arguments.get("roles", ()))
    return Subject(job.subject, job.subject, roles, job.arguments.get("organisation", ""))


def _job(row: Row) -> Job:
    return Job(**{name: row[name] for name in Job.__dataclass_fields__})
