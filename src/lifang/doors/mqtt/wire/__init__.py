"""wire: MQTT 3.1.1 and 5.0 as bytes: packets, their properties and reason codes, topics and filters.

Does not belong here: connections, sessions, what a topic means to the city. All of it is pure functions of bytes.
Reads and writes no dataset.
"""

from lifang.doors.mqtt.wire.decoding import Splitter, decode
from lifang.doors.mqtt.wire.encoding import encode, encode_publish
from lifang.doors.mqtt.wire.packets import (
    V5,
    V311,
    Ack,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Kind,
    Packet,
    Ping,
    Pong,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Wanted,
    Will,
)
from lifang.doors.mqtt.wire.properties import Properties
from lifang.doors.mqtt.wire.reasons import Reason, WireFault
from lifang.doors.mqtt.wire.topics import Filters, check_filter, check_topic, matches, split_shared

__all__ = [
    "V5",
    "V311",
    "Ack",
    "Auth",
    "Connack",
    "Connect",
    "Disconnect",
    "Filters",
    "Kind",
    "Packet",
    "Ping",
    "Pong",
    "Properties",
    "Publish",
    "Reason",
    "Splitter",
    "Suback",
    "Subscribe",
    "Unsuback",
    "Unsubscribe",
    "Wanted",
    "Will",
    "WireFault",
    "check_filter",
    "check_topic",
    "decode",
    "encode",
    "encode_publish",
    "matches",
    "split_shared",
]
