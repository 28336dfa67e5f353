"""broker: an MQTT server: connections, sessions, subscriptions, messages in and out; what they mean is the house's.

Does not belong here: the city, rights, SensorThings; the broker asks its :class:`House`.
Reads and writes no dataset; what outlives a restart goes to the journal it is given.
"""

from lifang.doors.mqtt.broker.broker import Broker, Limits
from lifang.doors.mqtt.broker.delivery import Delivery
from lifang.doors.mqtt.broker.house import Grant, House, Login
from lifang.doors.mqtt.broker.keeper import Keeper
from lifang.doors.mqtt.broker.link import Link
from lifang.doors.mqtt.broker.message import Message
from lifang.doors.mqtt.broker.session import Session, Subscription

__all__ = [
    "Broker",
    "Delivery",
    "Grant",
    "House",
    "Keeper",
    "Limits",
    "Link",
    "Login",
    "Message",
    "Session",
    "Subscription",
]
