"""Processes to be killed. One process has loaded the house (:mod:`tests.preloaded`); each victim is forked from it, and
costs an opening of a city, not an interpreter and its imports.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import lifang
from lifang.doors.api import serve

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.preloaded"])
_END_S = 30


class Victim:
    """A process that runs ``task(*args, tell)`` and says things by ``tell.send(...)``; it is killed in the end."""

    def __init__(self, task: Callable[..., None], *args: Any) -> None:
        self._said, tell = _FORKS.Pipe(duplex=False)
        self._process = _FORKS.Process(target=task, args=(*args, tell))
        self._process.start()
        tell.close()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def hear(self) -> Any:
        """Return the next thing said, waiting for it.

        Raises:
            EOFError: The process is gone, and nothing that it said is left.
        """
        return self._said.recv()

    def kill(self) -> list[Any]:
        """End it by SIGKILL, if it lives; return what it had said and nobody has heard."""
        self._process.kill()
        self._process.join(_END_S)
        said: list[Any] = []
        while not self._said.closed:
            try:
                said.append(self.hear())
            except EOFError:
                self._said.close()
        return said

    def stop(self) -> None:
        """End it by SIGTERM and wait until it is gone."""
        self._process.terminate()
        self._process.join(_END_S)
        assert self._process.exitcode is not None, "it did not stop"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class Doors(NamedTuple):
    """Where a served city is spoken to: HTTP's address, its owner's secret, MQTT's port (0: none)."""

    url: str
    secret: str
    mqtt: int


def serve_city(folder: Path, tell: Connection) -> None:
    """A task: serve the city in ``folder`` and say its :class:`Doors`."""
    city = lifang.open(folder)

    def ready(url: str) -> None:
        mqtt = city.addresses.get("mqtt", ":0")
        tell.send(Doors(url, city.owner_secret, int(mqtt.rpartition(":")[2])))

    serve(city, port=0, ready=ready)
