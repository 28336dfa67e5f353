"""A worker: one connector's pulls on a thread of its own: in time, bounded, backing off, going on where it stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lifang.core import Clock, Problem, from_micros, zone
from lifang.outside import hide
from lifang.sensing.connectors.mapping import Issue
from lifang.sensing.connectors.running.config import Config, Head
from lifang.sensing.connectors.running.model import Context, Portion, Refused, Trial, Trouble
from lifang.sensing.connectors.running.records import Records, with_trouble
from lifang.sensing.connectors.running.storing import Storing
from lifang.sensing.model import Thing
from lifang.sensing.sensing import Sensing

_LOG = logging.getLogger(__name__)
_SAVE_EVERY_S = 1.0
_OVERDUE = 2.0  # times limit_s
_TRIAL_S = 10.0
_TRIAL_RECORDS = 1000
_SHOWN = 20
_SHORTEST_S = 0.05


@dataclass(frozen=True)
class Surroundings:
    """What every worker of a city stands in."""

    sensing: Sensing
    records: Records
    clock: Clock
    folder: Path
    centre: tuple[float, float]
    jitter: Callable[[], float]


def wait_s(head: Head, failures: int, jitter: Callable[[], float]) -> float:
    """Return the seconds from one pull to the next.

    After failures the wait doubles from ``retry_s`` to ``retry_max_s``, less up to half of it by chance (``jitter``,
    0 to 1), so that many connectors do not return to a troubled source at once.
    """
    if not failures:
        return head.every_s
    span = min(head.retry_max_s, head.retry_s * 2.0 ** min(failures - 1, 60))
    return span * (1.0 - jitter() / 2)


class Worker:
    """Pulls for one connector; ``pull`` is the function of its module."""

    def __init__(
        self, config: Config, pull: Callable[..., Iterator[Portion]], secrets: Mapping[str, str], around: Surroundings
    ) -> None:
        self.config, self._pull, self._secrets, self._around = config, pull, secrets, around
        self._stop, self._wake, self._busy = threading.Event(), threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._began: float | None = None
        self._saved_at = 0.0
        self._well = False  # whether this pull's success is kept already
        self._unsaved: dict[str, int] = {}
        self.next_attempt: datetime | None = None
        row = around.records.row(config.id) or {}
        self._failures = int(row.get("failures", 0))
        created = int((row.get("counts") or {}).get("datastreams", 0))
        head = config.head
        self._storing = Storing(
            around.sensing, config.id, create=head.create, create_max=head.create_max, created=created
        )

    def start(self) -> None:
        """Begin to pull, at once and then as the file says."""
        self._thread = threading.Thread(target=self._run, name=f"connector-{self.config.id}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell the worker to end; ``join`` waits for that."""
        self._stop.set()
        self._wake.set()

    def join(self, timeout_s: float) -> bool:
        """Return whether it has ended within ``timeout_s`` seconds."""
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout=max(0.0, timeout_s))
        return not self._thread.is_alive()

    @property
    def overdue(self) -> bool:
        """Whether the present pull takes far longer than it may."""
        began = self._began
        if began is None or self.config.spec.continuous:
            return False
        return time.monotonic() - began > _OVERDUE * self.config.head.limit_s

    def pull_once(self) -> bool:
        """Pull now; return whether that went well. What went wrong is kept in the connector's state."""
        with self._busy:
            self._began = time.monotonic()
            try:
                return self._pull_and_keep()
            finally:
                self._began = None

    def trial(self) -> Trial:
        """Return what the source would bring now; nothing is stored or marked."""
        context = self._context(limit_s=min(_TRIAL_S, self.config.head.limit_s), trial=True)
        count, values, issues = 0, list[tuple[Any, Any]](), list[Issue]()
        things, streams = dict[str, Thing](), dict[str, None]()
        trouble = None
        try:
            for portion in self._pull(self.config.options(self._secrets), {}, context):
                mapped = self._mapped(portion)
                count += len(portion.records) + len(portion.things)
                values += mapped.values.items()
                things |= {**{each.id: each for each in portion.things}, **mapped.things}
                streams |= dict.fromkeys(mapped.units)
                issues += [*portion.issues, *mapped.issues]
                if count >= _TRIAL_RECORDS or (count and self.config.spec.continuous):
                    break
        except Refused as refused:
            issues += refused.issues
            trouble = self._trouble(refused)
        except Problem as problem:
            trouble = self._trouble(problem)
        told = [
            {"datastream": name, "time": from_micros(moment), "value": value, "quality": quality}
            for (name, moment), (value, quality) in values[:_SHOWN]
        ]
        hidden = [self._hidden(issue) for issue in issues[:_SHOWN]]
        return Trial(count, told, list(things.values())[:_SHOWN], list(streams)[:_SHOWN], hidden, trouble)

    def _run(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            self.pull_once()
            if self._stop.is_set():
                break
            whole = wait_s(self.config.head, self._failures, self._around.jitter)
            spent = time.monotonic() - started if not self._failures else 0.0
            left = max(_SHORTEST_S, whole - spent)
            self.next_attempt = from_micros(round((self._around.clock.now().timestamp() + left) * 1e6))
            self._wake.wait(left)
            self._wake.clear()

    def _pull_and_keep(self) -> bool:
        self._keep({"attempted": self._around.clock.now()}, pulls=1)
        try:
            self._pull_all()
        except Problem as problem:
            self._fail(self._trouble(problem), problem.issues if isinstance(problem, Refused) else ())
            return False
        except BaseException as error:  # noqa: BLE001 - the worker outlives whatever a parser throws; it is logged and kept
            _LOG.exception("connector %s failed", self.config.id)
            what = hide(f"Unexpected failure: {type(error).__name__}.", self._secrets)
            mend = "Look at the log; tell those who maintain lifang."
            self._fail(Trouble(self._around.clock.now(), what, self.config.id, mend), ())
            return False
        self._succeed(force=True)
        return True

    def _pull_all(self) -> None:
        continuous, self._well = self.config.spec.continuous, False
        self._storing.begin()
        context = self._context(limit_s=float("inf") if continuous else self.config.head.limit_s, trial=False)
        row = self._around.records.row(self.config.id) or {}
        portions = self._pull(self.config.options(self._secrets), row.get("checkpoint") or {}, context)
        try:
            for portion in portions:
                self._store(portion)
                if continuous:
                    self._succeed(force=False)
                if self._stop.is_set():
                    break
                context.check()
        finally:
            close = getattr(portions, "close", None)
            if close is not None:
                close()

    def _store(self, portion: Portion) -> None:
        """Store a portion, then keep that it was, then tell the source: broken off between, it is brought again."""
        changed = 0
        if portion.things:
            changed = self._around.sensing.register(portion.things, (), by=self._storing.subject)
        mapped = self._mapped(portion)
        stored = self._storing.store(mapped, where=portion.where)
        issues = [self._hidden(each) for each in (*portion.issues, *stored.issues)]
        changes: dict[str, Any] = {}
        if portion.checkpoint is not None:
            changes["checkpoint"] = dict(portion.checkpoint)
        if stored.newest is not None:
            changes["newest"] = from_micros(stored.newest)
        counted = {
            "values": stored.values,
            "refused": len(issues),
            "things": stored.things + changed,
            "datastreams": stored.datastreams,
        }
        must = bool(portion.checkpoint is not None or portion.marks or issues or stored.datastreams)
        if must or time.monotonic() - self._saved_at >= _SAVE_EVERY_S:
            self._keep(changes, marks=portion.marks, issues=issues, **counted)
        else:
            self._remember(counted)
        portion.acknowledge()

    def _mapped(self, portion: Portion) -> Any:
        mapper = self.config.mapper(self._around.centre, source_zone=portion.zone, stated=portion.properties)
        return mapper.apply(portion.records, where=portion.where)

    def _remember(self, counted: Mapping[str, int]) -> None:
        for name, count in counted.items():
            self._unsaved[name] = self._unsaved.get(name, 0) + count

    def _keep(
        self,
        changes: Mapping[str, Any],
        *,
        marks: Mapping[str, Mapping[str, Any]] | None = None,
        issues: list[Issue] | None = None,
        **counted: int,
    ) -> None:
        self._remember(counted)
        known, self._unsaved = self._unsaved, {}
        self._around.records.save(self.config.id, changes, counted=known, marks=marks, issues=issues or ())
        self._saved_at = time.monotonic()

    def _succeed(self, *, force: bool) -> None:
        if force or not self._well or time.monotonic() - self._saved_at >= _SAVE_EVERY_S:
            self._keep({"succeeded": self._around.clock.now(), "failures": 0})
        self._failures, self._well = 0, True

    def _fail(self, trouble: Trouble, issues: Any) -> None:
        self._failures += 1
        _LOG.warning("connector %s: %s (%s)", self.config.id, trouble.what, trouble.where)
        hidden = [self._hidden(each) for each in issues]
        try:
            row = self._around.records.row(self.config.id) or {}
            kept = {"failures": self._failures, "troubles": with_trouble(row.get("troubles") or (), trouble)}
            self._keep(kept, issues=hidden, failures=1, refused=len(hidden))
        except Problem as problem:
            _LOG.warning("connector %s: its failure could not be kept: %s", self.config.id, problem)

    def _trouble(self, problem: Problem) -> Trouble:
        told = (hide(each, self._secrets) for each in (problem.what, problem.where, problem.mend))
        return Trouble(self._around.clock.now(), *told)

    def _hidden(self, issue: Issue) -> Issue:
        if not self._secrets:
            return issue
        return Issue(**{**vars(issue), **{name: hide(str(getattr(issue, name)), self._secrets)
                                          for name in ("where", "column", "value", "mend")}})  # fmt: skip

    def _context(self, *, limit_s: float, trial: bool) -> Context:
        around = self._around
        return Context(
            id=self.config.id,
            folder=around.folder,
            clock=around.clock,
            zone=zone(self.config.head.zone or self.config.city_zone),
            centre=around.centre,
            limit_s=limit_s,
            marked=lambda key: not trial and around.records.marked(self.config.id, key),
            stopping=self._stop.is_set,
            trial=trial,
        )
