"""Mailboxes: devices that wait for their next command, each woken when there is one for it, and no other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lifang.core import Unavailable
from lifang.sensing import tasking

_MOST = 20_000  # devices that wait at once


class Mailboxes:
    """Who waits for the commands of which device; told from any thread, waited for on an event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}
        self._count = 0
        self.ended = False

    def tell(self, command: tasking.Command) -> None:
        """Wake those who wait for an accepted command's device or its gateway."""
        if command.state is tasking.CommandState.ACCEPTED:
            self._wake({command.queue, command.device})

    def end(self) -> None:
        """Wake everybody, for good."""
        self.ended = True
        self._wake(set(self._waiting))

    def _wake(self, devices: set[str]) -> None:
        with self._lock:
            found = [each for device in devices for each in self._waiting.get(device, ())]
        for loop, arrived in found:
            if not loop.is_closed():
                loop.call_soon_threadsafe(arrived.set)

    @contextmanager
    def waiting(self, device: str) -> Iterator[asyncio.Event]:
        """Yield the event that is set when there is something for ``device``, or nothing comes any more.

        ``Unavailable`` if too many wait.
        """
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            if self._count >= _MOST:
                raise Unavailable("No more devices can wait now.", mend="Ask again in a while.")
            if self.ended:
                entry[1].set()
            self._count += 1
            self._waiting.setdefault(device, set()).add(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                self._count -= 1
                self._waiting[device].discard(entry)
                if not self._waiting[device]:
                    del self._waiting[device]
