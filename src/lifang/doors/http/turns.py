"""Turns: how many queries run at a time, how many wait, and for how long; the doors that take queries share them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter

from lifang.core import Unavailable

_WAITING = 8
_WAIT_S = 2.0


class Turns:
    """At most ``running`` at a time and ``waiting`` for ``wait_s`` seconds; whoever else comes is told at once.

    For one event loop. What runs does so on threads of its own, so that no other route waits for it.
    """

    def __init__(self, running: int, *, waiting: int = _WAITING, wait_s: float = _WAIT_S) -> None:
        self._free = asyncio.Semaphore(running)
        self._most, self._wait_s = waiting, wait_s
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[CapacityLimiter]:
        """Hold a turn, with the threads to use in it; ``Unavailable`` when too many wait or the wait is too long."""
        if self._waiting >= self._most:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1
        try:
            yield CapacityLimiter(1)
        finally:
            self._free.release()


def _busy() -> Unavailable:
    return Unavailable("Too many queries are running.", mend="Try again in a moment.")
