"""The bus: what happens in the city, told to whoever listens; slow listeners lose the oldest, never block the city."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from lifang.guard import Classification

_KEPT = 256


@dataclass(frozen=True)
class Event:
    """One thing that happened: ``kind`` (clock, observations, alert, indicator, job), its data and running number."""

    kind: str
    data: dict[str, Any]
    seq: int
    classification: Classification = Classification.OPEN


class Subscription:
    """The events from now on, for one listener, as an asynchronous iterator; at most 256 wait, the oldest go first."""

    def __init__(self, bus: Bus, loop: asyncio.AbstractEventLoop) -> None:
        self._bus = bus
        self._loop = loop
        self._waiting: deque[Event] = deque(maxlen=_KEPT)
        self._arrived = asyncio.Event()
        self._closed = False

    def offer(self, event: Event) -> None:
        """Hand over an event, from any thread."""
        self._waiting.append(event)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._arrived.set)

    def close(self) -> None:
        """Stop listening; the iteration ends."""
        self._closed = True
        self._bus.leave(self)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._arrived.set)

    async def __aiter__(self) -> AsyncIterator[Event]:
        while not self._closed:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                yield self._waiting.popleft()


class Bus:
    """Publish from any thread, listen from an event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Subscription] = set()
        self._seq = 0

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def publish(
        self, kind: str, data: dict[str, Any], *, classification: Classification = Classification.OPEN
    ) -> Event:
        """Return the event that every listener was handed."""
        with self._lock:
            self._seq += 1
            event = Event(kind, data, self._seq, classification)
            for listener in self._listeners:
                listener.offer(event)
        return event

    def subscribe(self) -> Subscription:
        """Return a new subscription of the running event loop; close it when done."""
        subscription = Subscription(self, asyncio.get_running_loop())
        with self._lock:
            self._listeners.add(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Forget a listener."""
        with self._lock:
            self._listeners.discard(subscription)

    def close(self) -> None:
        """End every subscription."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.close()
