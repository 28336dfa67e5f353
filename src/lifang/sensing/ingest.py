"""Group commit: whatever waits is stored in one durable commit, and only then acknowledged.

One thread drains the queue. A group becomes one batch of the lake and, in the ledger, one record per subject with the
rows it sent and their digest. When the store cannot take a group its senders are told, and the next group is tried.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby
from threading import Condition, Thread

from lifang.core import Problem, Unavailable
from lifang.guard import Action, Subject
from lifang.sensing.model import concatenate, pick
from lifang.store import Batch, Entry, Observations, Store

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Waiting:
    observations: Observations
    subject: Subject
    done: Future[int] = field(default_factory=Future)


class Committer:
    """The one writer of observations.

    ``assess`` sees each group before it is stored (quality rules) and returns what to store; ``committed`` is told of
    it once it is durable, before the senders are, ``told`` after them. ``queue_rows`` bounds what may wait,
    ``group_rows`` one commit.
    """

    def __init__(
        self,
        store: Store,
        *,
        assess: Callable[[Observations], Observations],
        committed: Callable[[Observations], None],
        told: Callable[[Observations], None] = lambda _: None,
        queue_rows: int = 2_000_000,
        group_rows: int = 200_000,
    ) -> None:
        self._store = store
        self._assess = assess
        self._committed, self._told = committed, told
        self._queue_rows, self._group_rows = queue_rows, group_rows
        self._change = Condition()
        self._waiting: deque[_Waiting] = deque()
        self._waiting_rows = 0
        self._unrecorded: list[Entry] = []
        self._thread: Thread | None = None
        self._open = False

    @property
    def waiting_rows(self) -> int:
        """How many rows wait for their commit."""
        return self._waiting_rows

    def start(self) -> None:
        """Start the committing thread; again does nothing."""
        with self._change:
            if self._open:
                return
            self._open = True
            self._thread = Thread(target=self._run, name="lifang-committer", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Commit what waits, then stop; later submissions are refused."""
        with self._change:
            self._open = False
            self._change.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def submit(self, observations: Observations, subject: Subject) -> Future[int]:
        """Return a future of the batch id, done when the rows are on disk; ``Unavailable`` when too many rows wait."""
        waiting = _Waiting(observations, subject)
        with self._change:
            if not self._open:
                raise Unavailable("Observations are not being taken now.", mend="Start the city, then send them again.")
            if self._waiting and self._waiting_rows + len(observations) > self._queue_rows:
                raise Unavailable(
                    f"{self._waiting_rows:,} observations wait to be stored already.",
                    mend="Send these again in a second.",
                )
            self._waiting.append(waiting)
            self._waiting_rows += len(observations)
            self._change.notify_all()
        return waiting.done

    def _run(self) -> None:
        while group := self._next_group():
            try:
                self._commit(group)
            except Problem as error:
                _logger.warning("a group of %d submissions was not stored: %s", len(group), error)
                _refuse(group, error)
            except Exception as error:
                _logger.exception("a group of %d submissions was not stored", len(group))
                _refuse(group, Unavailable(f"The observations were not stored: {error}.", mend="Send them again."))

    def _next_group(self) -> list[_Waiting]:
        """Return what waits, up to ``group_rows``; empty when closed and drained."""
        with self._change:
            while self._open and not self._waiting:
                self._change.wait()
            group: list[_Waiting] = []
            rows = 0
            while self._waiting and (not group or rows + len(self._waiting[0].observations) <= self._group_rows):
                group.append(self._waiting.popleft())
                rows += len(group[-1].observations)
            self._waiting_rows -= rows
            return group

    def _commit(self, group: Sequence[_Waiting]) -> None:
        self._record([])
        group = sorted(group, key=lambda each: each.subject.id)  # stable: a subject's own order stays
        observations = self._assess(concatenate([each.observations for each in group]))
        subjects = list(dict.fromkeys(each.subject.id for each in group))
        batch = self._store.lake.append_batch(observations, subject=" ".join(subjects))
        self._committed(observations)
        try:
            self._record(entries(batch, observations, group))
            for each in group:
                each.done.set_result(batch.id)
        finally:
            self._told(observations)

    def _record(self, fresh: Sequence[Entry]) -> None:
        """Write ``fresh`` entries, and any that an earlier failure left unwritten, in one transaction."""
        self._unrecorded += fresh
        if not self._unrecorded:
            return
        with self._store.registry.transaction() as tx:
            for entry in self._unrecorded:
                tx.record(entry)
        self._unrecorded = []


def entries(batch: Batch, stored: Observations, group: Sequence[_Waiting]) -> list[Entry]:
    """Return one ledger entry per subject of ``group``: the rows that ``batch`` holds from that subject, their digest.

    ``stored`` are the batch's rows, in the order of ``group``, which has each subject's submissions side by side.
    """
    found, start = [], 0
    for subject, parts in groupby(group, key=lambda each: each.subject.id):
        end = start + sum(len(each.observations) for each in parts)
        digest = batch.digest if end - start == batch.rows else pick(stored, slice(start, end)).digest()
        detail = {"rows": end - start, "digest": digest}
        found.append(Entry(subject, Action.OBSERVE.value, f"batch:{batch.id}", detail=detail))
        start = end
    return found


def _refuse(group: Sequence[_Waiting], error: Problem) -> None:
    for each in group:
        if not each.done.done():
            each.done.set_exception(error)
