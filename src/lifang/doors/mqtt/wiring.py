"""One connection to an outside broker, seen from the client: packets in and out, answers in order, a heartbeat."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

from lifang.core import Denied, Unavailable
from lifang.doors.mqtt.broker import Delivery, Session
from lifang.doors.mqtt.wire import (
    V5,
    Ack,
    Connack,
    Disconnect,
    Kind,
    Packet,
    Ping,
    Publish,
    Reason,
    Splitter,
    Suback,
    Subscribe,
    WireFault,
    decode,
    encode,
)

Answer = TypeVar("Answer", Connack, Suback)
KEEP_ALIVE_S = 30
_ANSWER_S = 20.0
_PACKET_MAX = 64_000_000
_WAITING_MAX = 100_000  # topics whose newest message waits for a slow broker


class Wiring(asyncio.Protocol):
    """A connection; ``take`` gets each message, whose ``settle`` acknowledges it.

    ``is_other`` says that the broker broke off before its first answer, or answered in another ``version``.
    """

    def __init__(self, session: Session, take: Callable[[Delivery], None], version: int = V5) -> None:
        self._session, self._take, self.version = session, take, version
        self.is_other = False
        self._splitter = Splitter(_PACKET_MAX)
        self._answers: deque[Delivery] = deque()
        self._waiting: dict[str, bytes] = {}
        self._aliases: dict[int, str] = {}
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._beat: asyncio.TimerHandle | None = None
        self._writable = True
        self._connack: asyncio.Future[Connack] = self._loop.create_future()
        self._suback: asyncio.Future[Suback] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()

    async def greet(self, hello: bytes, wishes: Subscribe) -> None:
        """Connect and subscribe; ``Denied`` or ``Unavailable`` says why that failed."""
        self._write(hello)
        answer = await self._awaited(self._connack)
        if answer.code:
            raise Denied(f"The broker does not let the city in: {_told(answer)}.", mend="Check user and password_file.")
        self._write(encode(wishes, self.version))
        granted = await self._awaited(self._suback)
        if max(granted.codes) >= Reason.UNSPECIFIED:
            raise Denied(f"The broker does not let the city subscribe: {_told(granted)}.", mend="Give it the right.")
        self._pulse()

    async def _awaited(self, future: asyncio.Future[Answer]) -> Answer:
        either: set[asyncio.Future[Any]] = {future, self.ended}
        done, _ = await asyncio.wait(either, timeout=_ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        if future not in done:
            version = "5.0" if self.version == V5 else "3.1.1"
            raise Unavailable(
                f"The broker does not answer as MQTT {version}.",
                mend="Check its address; if it breaks off, the other version is tried next.",
            )
        return future.result()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        """End; whoever waits is told."""
        del error
        self._transport = None
        self.is_other |= not self._connack.done()
        if self._beat is not None:
            self._beat.cancel()
        if not self.ended.done():
            self.ended.set_result(None)

    def pause_writing(self) -> None:
        """The broker reads slowly: only the newest message of each topic waits."""
        self._writable = False

    def resume_writing(self) -> None:
        """The broker caught up."""
        self._writable = True
        waiting, self._waiting = self._waiting, {}
        for topic, payload in waiting.items():
            self.publish(topic, payload, retain=True)

    def data_received(self, data: bytes) -> None:
        """Take what the broker sent."""
        self._heard = self._loop.time()
        try:
            for first, body in self._splitter.feed(data):
                self._handle(decode(first, body, self.version))
        except WireFault:
            self.abort()

    def _handle(self, packet: Packet) -> None:
        if isinstance(packet, Publish):
            self._received(packet)
        elif isinstance(packet, Connack) and not self._connack.done():
            self.is_other = packet.code in {1, Reason.UNSUPPORTED_VERSION}
            self._connack.set_result(packet)
        elif isinstance(packet, Suback) and not self._suback.done():
            self._suback.set_result(packet)
        elif isinstance(packet, Disconnect):
            self.abort()

    def _received(self, packet: Publish) -> None:
        delivery = Delivery(packet, self._session, self)
        if packet.qos:
            self._answers.append(delivery)
        self._take(delivery)

    def settled(self, delivery: Delivery) -> None:
        """Acknowledge what was stored, in the order in which it came."""
        del delivery
        answers, due = self._answers, bytearray()
        while answers and answers[0].is_settled:
            packet = answers.popleft().packet
            due += encode(Ack(Kind.PUBACK if packet.qos == 1 else Kind.PUBREC, packet.packet_id), self.version)
        self._write(bytes(due))

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Send a message with QoS 0; while the broker does not keep up, the newest of each retained topic waits."""
        if self._writable:
            self._write(encode(Publish(topic, payload, retain=retain), self.version))
        elif retain and (topic in self._waiting or len(self._waiting) < _WAITING_MAX):
            self._waiting[topic] = payload

    def _pulse(self) -> None:
        if self._loop.time() - self._heard > 2 * KEEP_ALIVE_S:
            self.abort()
            return
        self._write(encode(Ping(), self.version))
        self._beat = self._loop.call_later(KEEP_ALIVE_S / 2, self._pulse)

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._transport.write(data)

    def leave(self) -> None:
        """Say farewell; the broker keeps the session."""
        self._write(encode(Disconnect(), self.version))
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Break the connection off."""
        if self._transport is not None:
            self._transport.abort()


def _told(answer: Connack | Suback) -> str:
    codes = answer.codes if isinstance(answer, Suback) else (answer.code,)
    reason = answer.properties.get("reason_string", "")
    return ", ".join(f"{code:#x}" for code in codes if code) + (f" ({reason})" if reason else "")
