"""Topics that mean nothing to the city itself: devices, gateways and connectors talk on them among one another.

Published by those who may send observations, heard by those who may read shared data.
"""

from __future__ import annotations

from lifang.core import Problem
from lifang.doors.mqtt.broker import Broker, Delivery, Message, Subscription
from lifang.doors.mqtt.wire import Reason

_PASSED_ON = (
    "payload_format_indicator",
    "content_type",
    "response_topic",
    "correlation_data",
    "user_property",
)


class FreeTopics:
    """Passes messages on, and keeps those that are to be retained."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def take(self, delivery: Delivery) -> None:
        """Pass a message on; it is answered once those who are away are sure to get it."""
        try:
            heard = self._pass_on(delivery)
            if delivery.packet.qos or delivery.packet.retain:
                await self._broker.keeper.flush()
        except Problem as problem:
            delivery.settle(Reason.QUOTA_EXCEEDED, str(problem))
            return
        delivery.settle(Reason.SUCCESS if heard else Reason.NO_MATCHING_SUBSCRIBERS)

    async def tell(self, topic: str, payload: bytes) -> int:
        """Return how many hear what the city itself has to say; those who are away are sure to get it then."""
        message = Message(topic, payload, qos=1, properties={"content_type": "application/json"})
        hearers = list(self._broker.subscriptions.hearers(topic, _may_hear))
        for subscription in hearers:
            subscription.deliver(message)
        await self._broker.keeper.flush()
        return len(hearers)

    def _pass_on(self, delivery: Delivery) -> int:
        packet, broker = delivery.packet, self._broker
        life_s = packet.properties.get("message_expiry_interval")
        until = None if life_s is None else broker.now() + life_s
        properties = {name: packet.properties[name] for name in _PASSED_ON if name in packet.properties}
        message = Message(packet.topic, packet.payload, packet.qos, packet.retain, properties, until)
        if packet.retain:
            broker.dialogue.retain(packet.topic, message if packet.payload else None)
        heard = 0
        for subscription in list(broker.subscriptions.hearers(packet.topic, _may_hear)):
            if subscription.wanted.no_local and subscription.session is delivery.session:
                continue
            subscription.deliver(message)
            heard += 1
        return heard


def _may_hear(subscription: Subscription) -> bool:
    return bool(subscription.grant.view.is_free)
