"""Observations in: what arrives together is stored together, and answered once it is on disk.

While one commit is under way the next one gathers, so that under load many messages share one; each subject's rows go
in its own name. What is refused is refused message by message.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from lifang.app import City
from lifang.core import BadInput, Denied, NotFound, Problem, TooLarge, Unavailable
from lifang.doors.http import Metrics
from lifang.doors.mqtt.access import Guest, asker_of, is_known
from lifang.doors.mqtt.broker import Delivery
from lifang.doors.mqtt.meaning import Bulk
from lifang.doors.mqtt.wire import Reason
from lifang.doors.sensorthings import by_rows, is_plain
from lifang.sensing import make_observations

_AT_ONCE = 2  # commits of one city under way for this door
_SMALL = 100_000  # bytes; decoded sooner than handed to a thread
_ROWS_MAX = 500_000  # that may wait for their turn
_BYTES_MAX = 256_000_000  # of bodies that may
_PATIENCE_S, _AGAIN_S = 10.0, 0.2
Done = TypeVar("Done")
Refuse = Callable[[Delivery, Problem], None]


@dataclass
class _Group:
    """Rows of one subject, as columns, with the deliveries that brought them."""

    guest: Guest
    numbers: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    senders: list[Guest] = field(default_factory=list)
    size: int = 0

    def keep(self, rows: Sequence[int]) -> None:
        """Leave only these rows."""
        self.numbers = [self.numbers[row] for row in rows]
        self.times = [self.times[row] for row in rows]
        self.values = [self.values[row] for row in rows]
        self.deliveries = [self.deliveries[row] for row in rows]
        self.senders = [self.senders[row] for row in rows]


class Intake:
    """Takes observations for a city; ``refuse`` is told of those that were not stored, and why."""

    def __init__(
        self,
        city: City,
        metrics: Metrics,
        *,
        refuse: Refuse,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        still: Callable[[Guest], Awaitable[bool]],
    ) -> None:
        self._city, self._metrics = city, metrics
        self._refuse, self._spawn, self._still = refuse, spawn, still
        self._groups: dict[str, _Group] = {}
        self._under_way = 0
        self._rows, self._bytes = 0, 0
        self._is_due = False

    def add(self, delivery: Delivery, guest: Guest, number: int, micros: int, value: float) -> None:
        """Take one value of datastream ``number``; ``Unavailable`` when too many wait."""
        if self._rows >= _ROWS_MAX:
            raise Unavailable(f"{self._rows:,} observations wait already.", mend="Send it again in a second.")
        self._rows += 1
        group = self._groups.get(guest.subject.id)
        if group is None:
            group = self._groups[guest.subject.id] = _Group(guest)
        group.numbers.append(number)
        group.times.append(micros)
        group.values.append(value)
        group.deliveries.append(delivery)
        group.senders.append(guest)
        if not self._is_due and self._under_way < _AT_ONCE:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._go)

    def _go(self) -> None:
        self._is_due = False
        groups, self._groups = self._groups, {}
        for group in groups.values():
            self._under_way += 1
            group.size = len(group.numbers)
            self._spawn(self._store(group))

    async def _store(self, group: _Group) -> None:
        try:
            await self._drop_strangers(group)
            if group.deliveries:
                await self._commit(group)
        finally:
            self._rows -= group.size
            self._under_way -= 1
            if self._groups and not self._is_due:
                self._go()

    async def _drop_strangers(self, group: _Group) -> None:
        """Refuse what came by a log-in that does not hold any more."""
        for guest in set(group.senders):
            if is_known(self._city, guest) or await self._still(guest):
                continue
            kept = []
            for row, delivery in enumerate(group.deliveries):
                if group.senders[row] is guest:
                    self._refuse(delivery, Denied("The log-in does not hold any more."))
                else:
                    kept.append(row)
            group.keep(kept)

    async def _commit(self, group: _Group) -> None:
        start = time.perf_counter()
        rows = make_observations(group.numbers, group.times, group.values)
        try:
            await patiently(lambda: self._city.sensing.ingest_async(rows, by=group.guest.subject))
        except Unavailable as problem:
            for delivery in group.deliveries:
                self._refuse(delivery, problem)
        except Problem:
            await self._one_by_one(group)
        else:
            self._metrics.commit.observe(time.perf_counter() - start)
            self._metrics.values.labels("mqtt").inc(len(rows))
            for delivery in group.deliveries:
                delivery.settle()

    async def _one_by_one(self, group: _Group) -> None:
        """Store the rows of a refused group each on its own, so that only the faulty ones are refused."""
        columns = zip(group.numbers, group.times, group.values, group.deliveries, strict=True)
        stored = [
            self._single(make_observations([number], [micros], [value]), group.guest, delivery)
            for number, micros, value, delivery in columns
        ]
        await asyncio.gather(*stored)

    async def _single(self, rows: Any, guest: Guest, delivery: Delivery) -> None:
        try:
            await self._city.sensing.ingest_async(rows, by=guest.subject)
        except Problem as problem:
            self._refuse(delivery, problem)
        else:
            self._metrics.values.labels("mqtt").inc()
            delivery.settle()

    def add_bulk(self, delivery: Delivery, guest: Guest, form: Bulk, body: bytes) -> None:
        """Take a body of many observations; ``Unavailable`` when too much waits."""
        if self._bytes and self._bytes + len(body) > _BYTES_MAX:
            raise Unavailable(f"{self._bytes:,} bytes wait already.", mend="Send it again in a second.")
        self._bytes += len(body)
        self._spawn(self._bulk(delivery, guest, form, body))

    async def _bulk(self, delivery: Delivery, guest: Guest, form: Bulk, body: bytes) -> None:
        start = time.perf_counter()
        try:
            if not is_known(self._city, guest) and not await self._still(guest):
                raise Denied("The log-in does not hold any more.")
            count, lost = await patiently(lambda: self._stored(guest, form, body))
        except Problem as problem:
            self._refuse(delivery, problem)
            return
        finally:
            self._bytes -= len(body)
        self._metrics.commit.observe(time.perf_counter() - start)
        self._metrics.values.labels("mqtt").inc(count - lost)
        if lost:
            what = f"{lost:,} of {count:,} observations were not stored; the others are safe."
            self._refuse(delivery, BadInput(what, mend="See that their datastreams are there and their rows whole."))
        else:
            delivery.settle()

    async def _stored(self, guest: Guest, form: Bulk, body: bytes) -> tuple[int, int]:
        """Return how many rows a body has, and how many of them were not stored; the others are on disk."""
        sensing = self._city.sensing
        if form is Bulk.DATA_ARRAY and not is_plain(body):
            return await self._by_rows(guest, body)
        receive = sensing.receive_data_array if form is Bulk.DATA_ARRAY else sensing.receive_arrow
        work = partial(receive, body, by=guest.subject)
        try:
            receipt = work() if len(body) < _SMALL else await asyncio.to_thread(work)
        except (TooLarge, Denied):
            raise
        except BadInput:
            if form is Bulk.ARROW:
                raise
            return await self._by_rows(guest, body)  # one bad row costs only itself
        await asyncio.wrap_future(receipt.batch)
        return len(receipt.accepted), int((~receipt.accepted).sum())

    async def _by_rows(self, guest: Guest, body: bytes) -> tuple[int, int]:
        outcomes = await asyncio.to_thread(by_rows, asker_of(self._city, guest), body, "")
        return len(outcomes), outcomes.count("error")


async def patiently(work: Callable[[], Awaitable[Done]]) -> Done:
    """Return what ``work`` returns; while the store cannot take more, it is asked again and senders are held back."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return await work()
        except Unavailable:
            if time.monotonic() > end:
                raise
        await asyncio.sleep(_AGAIN_S)


def code_of(problem: Problem) -> Reason:
    """Return the reason code (MQTT 5.0, clause 3.4.2.1) under which a refusal is told."""
    if isinstance(problem, Denied):
        return Reason.NOT_AUTHORIZED
    if isinstance(problem, Unavailable):
        return Reason.QUOTA_EXCEEDED
    if isinstance(problem, NotFound):
        return Reason.TOPIC_NAME_INVALID
    return Reason.PAYLOAD_FORMAT_INVALID if isinstance(problem, ValueError) else Reason.IMPLEMENTATION
