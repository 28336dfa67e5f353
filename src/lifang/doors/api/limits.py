"""Bounds on a connection: the size and number of headers, and how long it may keep the server waiting."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_MAX = 64 * 1024  # bytes of address and headers, of trailers, and of anything else that is not body
HEADERS_MAX = 200

_TEXT = b"The request's headers are too large."
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_TEXT), _TEXT)
)


class BoundedHttp(HttpToolsProtocol):
    """Uvicorn's HTTP protocol that closes a connection which sends too large a head, or stalls.

    A head must be whole within ``stall_s`` of its first byte (or of the connection), a body must bring some bytes and
    an answer must be taken in as often. A head beyond ``HEAD_MAX`` bytes or ``HEADERS_MAX`` headers gets 431.
    """

    stall_s: ClassVar[float] = 30.0

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._refused = False
        self._in_head = True
        self._whole = False  # the request has arrived; the next has not begun
        self._overhead = 0  # bytes since the parser last got somewhere
        self._head_bytes = 0
        self._moved = self._blocked = self.loop.time()
        self._was_paused = False
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to watch the connection."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._look = self.loop.call_later(self.stall_s, self._watch)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the watch."""
        if self._look:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came; refuse it once it is too much."""
        if self._refused:
            return
        if self._whole or not self._in_head:
            self._moved = self.loop.time()
        self._overhead += len(data)
        super().data_received(data)
        if not self._refused and self._overhead > HEAD_MAX:
            self._refuse()

    def on_message_begin(self) -> None:
        """Begin to count a new head."""
        super().on_message_begin()
        self._in_head, self._whole, self._head_bytes = True, False, 0

    def on_url(self, url: bytes) -> None:
        """Take in a part of the address."""
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header, or a trailer."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes <= HEAD_MAX and len(self.headers) <= HEADERS_MAX:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start to answer, unless the head is too large."""
        if self._refused:
            return
        self._overhead, self._in_head = 0, False
        if self._head_bytes > HEAD_MAX or len(self.headers) > HEADERS_MAX:
            self._refuse()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take in a part of the body."""
        self._overhead = 0
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next request, for as long as connections are kept."""
        self._overhead, self._in_head, self._whole = 0, True, True
        if not self._refused:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Note since when the answer is not taken in."""
        self._blocked = self.loop.time()
        super().pause_writing()

    def _refuse(self) -> None:
        self._refused = True
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_REFUSAL)
        self.transport.close()

    def _watch(self) -> None:
        """Close the connection if it has stalled, else look again when it could have."""
        now = self.loop.time()
        if self.flow.read_paused or self._was_paused:
            self._moved = now  # it is the city that does not read
        self._was_paused = self.flow.read_paused
        since = [self._moved] if self._is_arriving() else []
        since += [self._blocked] if self.flow.write_paused else []
        left = min(since, default=now) + self.stall_s - now
        if left > 0:
            self._look = self.loop.call_later(left, self._watch)
        else:
            self.transport.abort()

    def _is_arriving(self) -> bool:
        answered = self.cycle is None or self.cycle.response_complete
        return not self._whole or (answered and self.timeout_keep_alive_task is None)
