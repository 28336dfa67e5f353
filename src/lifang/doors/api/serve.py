"""The server: uvicorn on uvloop and httptools, ready when it says so, gone soon after Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn

from lifang.app import City
from lifang.core import Conflict
from lifang.doors.api.app import create_app
from lifang.doors.api.events import Streams
from lifang.doors.api.limits import BoundedHttp
from lifang.doors.mqtt import Listener, Uplink, listen

_GRACE_S = 3  # for requests in progress after Ctrl-C
_BACKLOG = 2048
_FILES = 100_000  # open at once, connections among them


class _Server(uvicorn.Server):
    """A server that ends event streams as soon as it is told to stop, and says when it is ready."""

    def __init__(
        self, config: uvicorn.Config, *, streams: Streams, ready: Callable[[], None], ending: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._streams, self._ready, self._ending = streams, ready, ending
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell that the city answers."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the streams first, so that nothing waits for them; say that it ends while it still answers."""
        self._ending()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._streams.end)
        super().handle_exit(sig, frame)


def serve(
    city: City,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    ready: Callable[[str], None] | None = None,
    ending: Callable[[], None] | None = None,
) -> None:
    """Serve ``city`` until Ctrl-C or SIGTERM, then close it; ``ready`` is told the address once it answers.

    ``ending`` is called when it is told to stop, before it answers no more; it must not wait for anything. ``port`` 0
    takes a free one. ``Conflict`` when the port is taken.
    """
    listener = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}/"
    city.addresses["http"] = address
    beside = _beside(city, listener)
    app = create_app(city, beside=beside)
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=30,
        lifespan="on",
        ws="none",
    )
    _shorten_pauses()
    _allow_many_connections()
    server = _Server(
        config,
        streams=app.state.streams,
        ready=lambda: ready(address) if ready else None,
        ending=ending or (lambda: None),
    )
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
        for door in beside:
            door.close()


def _beside(city: City, listener: socket.socket) -> list[Listener | Uplink]:
    """Return the doors that do not speak HTTP, their sockets taken; on a failure ``listener`` is given up too."""
    try:
        found = listen(city)
    except BaseException:
        listener.close()
        raise
    return [found] if found else []


def _shorten_pauses() -> None:
    """Keep the interpreter's pauses below the time of an acknowledgement.

    What is loaded by now is not looked through by the garbage collector again, which then runs rarely; a thread that
    waits for the interpreter gets it after half a millisecond. ``bench/ingest.py`` shows what it is worth.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    sys.setswitchinterval(0.0005)


def _allow_many_connections() -> None:
    """Let this process open as many files as it may: the 1,024 that are usual are few for a city's devices."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Conflict(
            f"Port {port} of {host} cannot be used: {error.strerror}.", mend="Choose another with --port or PORT=."
        ) from error
    return listener
