"""A link: one client's connection. It cuts the stream into packets, keeps answers in order, and minds slow clients."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

from lifang.doors.mqtt.broker.delivery import Delivery
from lifang.doors.mqtt.broker.house import Login
from lifang.doors.mqtt.broker.session import Session
from lifang.doors.mqtt.wire import (
    V5,
    V311,
    Ack,
    Connect,
    Disconnect,
    Kind,
    Packet,
    Publish,
    Reason,
    Splitter,
    WireFault,
    check_topic,
    decode,
    encode,
)

if TYPE_CHECKING:
    from lifang.doors.mqtt.broker.broker import Broker

RECEIVE_MAXIMUM = 2000  # messages of one client that may wait for their answer
ALIASES = 64
_CONNECT_MAX = 400_000  # bytes before anybody was let in
_WRITE_HIGH = 64 * 1024  # bytes
_BYTES_AHEAD = 8_000_000  # of one client's messages that wait for their answer
_PUBACK, _PUBREC = b"\x40\x02", b"\x50\x02"
_TRANSIENT = frozenset({Reason.QUOTA_EXCEEDED, Reason.SERVER_BUSY, Reason.SERVER_UNAVAILABLE})


class Link(asyncio.Protocol):
    """One connection; it belongs to a session once its CONNECT was accepted."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._splitter = Splitter(min(_CONNECT_MAX, broker.limits.packet_max_bytes))
        self._held: list[tuple[int, bytes]] = []
        self._is_new, self._is_busy = True, False
        self._answers: deque[Delivery] = deque()
        self._unsettled, self._unsettled_bytes = 0, 0
        self._is_reading = True
        self._aliases: dict[int, str] = {}
        self.transport: asyncio.Transport | None = None
        self.session: Session | None = None
        self.login: Login | None = None
        self.version = V311
        self.writable = True
        self.stalled_since: float | None = None
        self.keep_alive_s = 0.0
        self.heard = 0.0
        self.receive_maximum = 65_535
        self.packet_maximum = 268_435_460
        self.wants_reasons = True
        self.peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet: the client has a few seconds to say who it is."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(_WRITE_HIGH)
        self.heard = self._broker.time()
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self._broker.entered(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Take note that the client is gone."""
        del error
        self.transport = None
        self._answers.clear()
        self._broker.lost(self)

    def pause_writing(self) -> None:
        """The client reads slowly: from now on its messages wait in bounded queues."""
        self.writable, self.stalled_since = False, self._broker.time()

    def resume_writing(self) -> None:
        """The client caught up."""
        self.writable, self.stalled_since = True, None
        if self.session is not None:
            self.session.pump()

    def write(self, data: bytes) -> None:
        """Send bytes, unless the client is gone."""
        if self.transport is not None:
            self.transport.write(data)

    def send(self, packet: Packet) -> None:
        """Send a packet."""
        self.write(encode(packet, self.version))

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        self.heard = self._broker.time()
        if self._is_new and data[0] != Kind.CONNECT << 4:
            self.close()
            return
        self._is_new = False
        try:
            frames = self._splitter.feed(data)
            if self._is_busy or self._held:
                self._held += frames
                return
            self._take(frames)
        except WireFault as fault:
            self.fail(fault.code, fault.what)

    def _take(self, frames: list[tuple[int, bytes]]) -> None:
        for place, (first, body) in enumerate(frames):
            if self.transport is None or self.transport.is_closing():
                return
            if self._is_busy:
                self._held = frames[place:]
                return
            packet = decode(first, body, self.version if self.session else V5)
            if self.session is None:
                if not isinstance(packet, Connect):
                    raise WireFault("The first packet is not CONNECT.", Reason.PROTOCOL_ERROR)
                self.version = packet.version
                self._broker.admit(self, packet)
            elif isinstance(packet, Publish):
                self._publish(packet)
            else:
                self._broker.handle(self, packet)

    def hold(self) -> None:
        """Take nothing more from the client until it is told to go on: its last packet is still being seen to."""
        self._is_busy = True
        self._read(on=False)

    def go_on(self, packet_max_bytes: int | None = None) -> None:
        """Go on with what the client sent meanwhile; packets may be larger from now on."""
        self._is_busy = False
        self._splitter.most_bytes = packet_max_bytes or self._splitter.most_bytes
        held, self._held = self._held, []
        try:
            self._take(held)
            self._resume()
        except WireFault as fault:
            self.fail(fault.code, fault.what)

    def _publish(self, packet: Publish) -> None:
        session = self.session
        if session is None:
            return
        if self.version == V5 and "topic_alias" in packet.properties:
            packet.topic = self._aliased(packet)
        delivery = Delivery(packet, session, self)
        if packet.qos:
            if self._unsettled >= RECEIVE_MAXIMUM and self.version == V5:
                raise WireFault("Too many messages wait for their answer.", Reason.RECEIVE_MAXIMUM_EXCEEDED)
            self._answers.append(delivery)
        self._unsettled += 1
        self._unsettled_bytes += len(packet.payload)
        if self._unsettled >= RECEIVE_MAXIMUM or self._unsettled_bytes >= _BYTES_AHEAD:
            self._read(on=False)
        if packet.qos == 2 and packet.packet_id in session.received:
            delivery.settle()
        else:
            self._broker.house.take(delivery)

    def _aliased(self, packet: Publish) -> str:
        alias = packet.properties.pop("topic_alias")
        if not 1 <= alias <= ALIASES:
            raise WireFault(f"Topic alias {alias} is not offered.", Reason.TOPIC_ALIAS_INVALID)
        if packet.topic:
            self._aliases[alias] = packet.topic
        elif alias not in self._aliases:
            raise WireFault(f"Topic alias {alias} stands for nothing.", Reason.PROTOCOL_ERROR)
        return check_topic(self._aliases[alias])

    def settled(self, delivery: Delivery) -> None:
        """Answer, soon, a message of this client that was stored or refused."""
        self._unsettled -= 1
        self._unsettled_bytes -= len(delivery.packet.payload)
        if delivery.packet.qos and self.transport is not None:
            self._broker.answer_soon(self)
        if not self._is_reading:
            self._resume()

    def _resume(self) -> None:
        """Read on, unless the client is ahead or is seen to."""
        if not self._is_busy and self._unsettled < RECEIVE_MAXIMUM // 2 and self._unsettled_bytes < _BYTES_AHEAD // 2:
            self._read(on=True)

    def answer(self) -> None:
        """Write the answers that are due, in the order in which the messages came (clause 4.6)."""
        answers = self._answers
        due: list[bytes] = []
        while answers and answers[0].is_settled:
            delivery = answers.popleft()
            if delivery.code >= Reason.UNSPECIFIED and self.version != V5 and delivery.code in _TRANSIENT:
                self.write(b"".join(due))
                self.close()  # 3.1.1 has no other way to ask that it be sent again
                return
            due.append(self._answer(delivery))
        self.write(b"".join(due))

    def _answer(self, delivery: Delivery) -> bytes:
        packet = delivery.packet
        if packet.qos == 2 and delivery.code < Reason.UNSPECIFIED and self.session is not None:
            self.session.received.add(packet.packet_id)
        if self.version != V5 or (not delivery.code and not delivery.reason):
            return (_PUBACK if packet.qos == 1 else _PUBREC) + packet.packet_id.to_bytes(2, "big")
        told = {"reason_string": delivery.reason} if delivery.reason and self.wants_reasons else {}
        return encode(Ack(Kind.PUBACK if packet.qos == 1 else Kind.PUBREC, packet.packet_id, delivery.code, told), V5)

    def _read(self, *, on: bool) -> None:
        if self.transport is None or on == self._is_reading or self.transport.is_closing():
            return
        self._is_reading = on
        if on:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def fail(self, code: int, what: str) -> None:
        """Say why (5.0), and close."""
        if self.session is not None and self.version == V5:
            self.send(Disconnect(code, {"reason_string": what} if self.wants_reasons else {}))
        self.close()

    def close(self) -> None:
        """Close once what was written is sent."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Close at once: the client does not read, or does not answer."""
        if self.transport is not None:
            self.transport.abort()
