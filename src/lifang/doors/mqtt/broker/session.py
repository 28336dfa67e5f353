"""A session: what a client subscribed to, and what is on its way to it, connected or not (MQTT 5.0, clause 4.1)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lifang.doors.mqtt.broker.house import Grant
from lifang.doors.mqtt.broker.message import Message
from lifang.doors.mqtt.broker.waiting import Bounds, Waiting
from lifang.doors.mqtt.wire import Ack, Kind, Reason, Wanted, Will, encode

if TYPE_CHECKING:
    from lifang.doors.mqtt.broker.link import Link

Key = tuple[str, str]
_IDS = 65_535


@dataclass(slots=True, eq=False)
class Subscription:
    """One filter of a session, with what was granted; ``group`` names a shared subscription."""

    session: Session
    wanted: Wanted
    grant: Grant
    group: str = ""
    identifier: int = 0

    def deliver(self, message: Message, *, retain: bool = False) -> None:
        """Send the message with the lower of both QoS; ``retain`` marks one that stood before the subscription."""
        qos = min(message.qos, self.wanted.qos)
        kept = retain or (message.retain and self.wanted.retain_as_published)
        if qos == 0 and kept == message.retain and not self.identifier:
            message = message.plain()
        elif self.identifier or qos != message.qos or kept != message.retain or self.session.is_kept:
            named = {"subscription_identifier": [self.identifier]} if self.identifier else None
            message = message.at(qos, retain=kept, properties=named)
        self.session.send(message)


@dataclass(slots=True)
class _Flight:
    message: Message
    received: bool = False  # QoS 2: PUBREC came, PUBREL is out


def _nothing(_: Session, __: Message) -> None:
    """Keep no note."""


@dataclass(slots=True)
class Notes:
    """Whom a session tells of messages that it queued to keep, of those that arrived, and of those it let go."""

    queued: Callable[[Session, Message], None] = _nothing
    arrived: Callable[[Session, Message], None] = _nothing
    dropped: Callable[[Session, Message], None] = _nothing


@dataclass(eq=False)
class Session:
    """The state of one client; ``expiry_s`` is how long it outlives the connection, 0: not at all."""

    key: Key
    bounds: Bounds = field(default_factory=Bounds)
    now: Callable[[], float] = time.time
    expiry_s: int = 0
    link: Link | None = None
    will: Will | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    left_at: float | None = None
    notes: Notes = field(default_factory=Notes)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    received: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    _flying: dict[int, _Flight] = field(default_factory=dict)
    _last_id: int = 0

    def __post_init__(self) -> None:
        self._waiting = Waiting(self.bounds.waiting, self.bounds.bytes)
        self._waiting_0 = Waiting(self.bounds.waiting_0, self.bounds.bytes_0)

    @property
    def is_kept(self) -> bool:
        """Whether the session outlives its connection."""
        return self.expiry_s > 0

    def pending(self) -> list[Message]:
        """Return the messages that the client has not confirmed, in order."""
        return [flight.message for flight in self._flying.values()] + list(self._waiting)

    def restore(self, messages: Iterable[Message]) -> None:
        """Queue messages that were waiting when the city stopped."""
        for message in messages:
            self._waiting.put(message)

    def part(self) -> None:
        """Take note that the connection is gone: what was only for it is let go."""
        self.link = None
        self._waiting_0.clear()

    def send(self, message: Message) -> None:
        """Send a message now or when the client takes it; beyond the bounds the oldest QoS 0 goes first."""
        if message.qos == 0:
            if self.link is not None:
                self._send_0(message, self.link)
            return
        if self.link is None and not self.is_kept:
            return
        if not self._waiting.fits(message):
            self.notes.dropped(self, message)
            return
        if self.is_kept:
            self.notes.queued(self, message)
        self._waiting.put(message)
        self.pump()

    def _send_0(self, message: Message, link: Link) -> None:
        if link.writable and not self._waiting_0:
            self._write_0(message, link)
            return
        while not self._waiting_0.fits(message):
            self.notes.dropped(self, self._waiting_0.take())
        self._waiting_0.put(message)

    def _write_0(self, message: Message, link: Link) -> None:
        data = message.wire(link.version)
        if len(data) <= link.packet_maximum and (message.until is None or message.until > self.now()):
            link.write(data)

    def pump(self) -> None:
        """Send what waits, as far as the client takes it."""
        link = self.link
        if link is None:
            return
        now = self.now()
        while self._waiting and link.writable and len(self._flying) < link.receive_maximum:
            message = self._waiting.take()
            if message.until is not None and message.until <= now:
                self.notes.arrived(self, message)
                continue
            self._last_id = self._free_id()
            data = message.encoded(link.version, self._last_id, message.qos, now=now)
            if len(data) > link.packet_maximum:
                self.notes.arrived(self, message)
                continue
            self._flying[self._last_id] = _Flight(message)
            link.write(data)
        while self._waiting_0 and link.writable:
            self._write_0(self._waiting_0.take(), link)

    def _free_id(self) -> int:
        found = self._last_id
        while True:
            found = found % _IDS + 1
            if found not in self._flying:
                return found

    def resume(self) -> None:
        """Send again what a returning client has not confirmed, in the order it was sent (clause 4.4)."""
        link = self.link
        if link is None:
            return
        for packet_id, flight in self._flying.items():
            if flight.received:
                link.write(encode(Ack(Kind.PUBREL, packet_id), link.version))
            else:
                link.write(flight.message.encoded(link.version, packet_id, flight.message.qos, dup=True))
        self.pump()

    def confirmed(self, ack: Ack) -> Ack | None:
        """Take a PUBACK, PUBREC or PUBCOMP; return what has to be answered, if anything."""
        flight = self._flying.get(ack.packet_id)
        if ack.kind is Kind.PUBREC:
            if flight is None:
                return Ack(Kind.PUBREL, ack.packet_id, Reason.PACKET_ID_NOT_FOUND)
            if ack.code < Reason.UNSPECIFIED:
                flight.received = True
                return Ack(Kind.PUBREL, ack.packet_id)
        if flight is not None:
            del self._flying[ack.packet_id]
            self.notes.arrived(self, flight.message)
            self.pump()
        return None
