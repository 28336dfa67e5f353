"""What a client that was let in may say, packet by packet; and what is retained for those who ask later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lifang.core import Denied, NotFound, Problem, Unauthenticated
from lifang.doors.mqtt.broker.link import Link
from lifang.doors.mqtt.broker.message import Message
from lifang.doors.mqtt.broker.session import Subscription
from lifang.doors.mqtt.wire import (
    Ack,
    Disconnect,
    Kind,
    Packet,
    Ping,
    Pong,
    Reason,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Wanted,
    WireFault,
    matches,
    split_shared,
)

if TYPE_CHECKING:
    from lifang.doors.mqtt.broker.broker import Broker

_SUBSCRIPTIONS_MAX = 1000  # of one session
_RETAINED_MAX, _RETAINED_BYTES = 100_000, 256_000_000


class Dialogue:
    """Answers packets; ``retained`` holds the last message of each topic on which one was to stay."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.retained: dict[str, Message] = {}
        self._bytes = 0
        self._handlers: dict[type, Callable[[Link, Any], None]] = {
            Ack: self._ack,
            Subscribe: self._take_subscribe,
            Unsubscribe: self._unsubscribe,
            Ping: lambda link, _: link.send(Pong()),
            Disconnect: broker.depart,
        }

    def recall(self, retained: Mapping[str, Message]) -> None:
        """Retain again what was retained when the city stopped."""
        self.retained = dict(retained)
        self._bytes = sum(len(message.payload) for message in retained.values())

    def handle(self, link: Link, packet: Packet) -> None:
        """Take a packet; ``WireFault`` for one that a client may not send now."""
        handler = self._handlers.get(type(packet))
        if handler is None:
            raise WireFault(f"{type(packet).__name__} may not come from a client now.", Reason.PROTOCOL_ERROR)
        handler(link, packet)

    def _ack(self, link: Link, packet: Ack) -> None:
        session = link.session
        if packet.kind is not Kind.PUBREL or session is None:
            self._broker.confirm(link, packet)
            return
        known = packet.packet_id in session.received
        session.received.discard(packet.packet_id)
        link.send(Ack(Kind.PUBCOMP, packet.packet_id, Reason.SUCCESS if known else Reason.PACKET_ID_NOT_FOUND))

    def _take_subscribe(self, link: Link, packet: Subscribe) -> None:
        link.hold()
        self._broker.spawn(self._subscribe(link, packet))

    async def _subscribe(self, link: Link, packet: Subscribe) -> None:
        try:
            await self._answer(link, packet)
        finally:
            link.go_on()

    async def _answer(self, link: Link, packet: Subscribe) -> None:
        identifier = packet.properties.get("subscription_identifier", [0])[0]
        codes: list[int] = []
        reasons: list[str] = []
        fresh: list[tuple[Subscription, bool]] = []
        for wanted in packet.wanted:
            try:
                subscription = await self._granted(link, wanted, identifier, packet)
            except Problem as problem:
                codes.append(_code_of(problem))
                reasons.append(problem.what)
                continue
            if link.session is None:
                return
            is_new = wanted.filter not in link.session.subscriptions
            self._broker.subscriptions.add(subscription)
            fresh.append((subscription, is_new))
            codes.append(wanted.qos)
        session = link.session
        if session is None:
            return
        if session.is_kept and fresh:
            self._broker.keeper.session(session)
            await self._broker.keeper.flush()
        told = {"reason_string": " ".join(reasons)[:1000]} if reasons and link.wants_reasons else {}
        link.send(Suback(packet.packet_id, tuple(codes), told))
        for subscription, is_new in fresh:
            self._greet(subscription, is_new=is_new)
        if fresh:
            self._broker.house.ready(session)

    async def _granted(self, link: Link, wanted: Wanted, identifier: int, packet: Subscribe) -> Subscription:
        session, login = link.session, link.login
        if session is None or login is None:
            raise NotFound("The client is gone.")
        if len(session.subscriptions) >= _SUBSCRIPTIONS_MAX:
            raise WireFault("The session has too many subscriptions.", Reason.QUOTA_EXCEEDED)
        group, path = split_shared(wanted.filter)
        if group and wanted.no_local:
            raise WireFault("A shared subscription cannot be no-local.", Reason.PROTOCOL_ERROR)
        grant = await self._broker.house.grant(login, path, packet.properties)
        return Subscription(session, wanted, grant, group, identifier)

    def _greet(self, subscription: Subscription, *, is_new: bool) -> None:
        """Send what was retained (clause 3.8.3.1): never to shared subscriptions, else as the client asked."""
        wish = subscription.wanted.retain_handling
        if subscription.group or wish == 2 or (wish == 1 and not is_new):
            return
        for message in self._broker.house.standing(subscription.grant):
            subscription.deliver(message, retain=True)

    def standing(self, path: str) -> list[Message]:
        """Return the retained messages under a filter, those that are still worth something."""
        now = self._broker.now()
        for topic in [t for t, m in self.retained.items() if m.until is not None and m.until <= now]:
            self.retain(topic, None)
        if "+" not in path and "#" not in path:
            return [self.retained[path]] if path in self.retained else []
        return [message for topic, message in self.retained.items() if matches(path, topic)]

    def retain(self, topic: str, message: Message | None) -> None:
        """Keep a message for later subscribers of its topic, or forget the one that is kept."""
        old = self.retained.get(topic)
        more = (len(message.payload) if message else 0) - (len(old.payload) if old else 0)
        if message is None:
            if self.retained.pop(topic, None) is None:
                return
        elif (old is None and len(self.retained) >= _RETAINED_MAX) or self._bytes + more > _RETAINED_BYTES:
            raise WireFault("No more messages can be retained.", Reason.QUOTA_EXCEEDED)
        else:
            self.retained[topic] = message
        self._bytes += more
        self._broker.keeper.retained(topic, message)

    def _unsubscribe(self, link: Link, packet: Unsubscribe) -> None:
        session = link.session
        if session is None:
            return
        had = [self._broker.subscriptions.remove(session, wanted) for wanted in packet.filters]
        if session.is_kept:
            self._broker.keeper.session(session)
        codes = tuple(Reason.SUCCESS if each else Reason.NO_SUBSCRIPTION_EXISTED for each in had)
        link.send(Unsuback(packet.packet_id, codes))


def _code_of(problem: Problem) -> int:
    if isinstance(problem, WireFault):
        return problem.code
    if isinstance(problem, Denied | Unauthenticated):
        return Reason.NOT_AUTHORIZED
    return Reason.TOPIC_FILTER_INVALID if isinstance(problem, ValueError | LookupError) else Reason.UNSPECIFIED
