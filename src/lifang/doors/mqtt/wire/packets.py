"""The packets of MQTT 3.1.1 and 5.0 (clause 3 of both)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from lifang.doors.mqtt.wire.properties import Properties
from lifang.doors.mqtt.wire.reasons import Reason

V311, V5 = 4, 5  # protocol levels


class Kind(IntEnum):
    """The type in a packet's first byte (MQTT 5.0, table 2-1)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


@dataclass(slots=True)
class Will:
    """What is published for a client that goes without saying so."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Connect:
    """A client's first packet; ``clean`` is Clean Session (3.1.1) or Clean Start (5.0), ``keep_alive_s`` in seconds."""

    client_id: str
    version: int = V311
    clean: bool = True
    keep_alive_s: int = 60
    user: str | None = None
    password: bytes | None = None
    will: Will | None = None
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Connack:
    """The answer to CONNECT."""

    session_present: bool = False
    code: int = Reason.SUCCESS
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Publish:
    """A message on its way; ``packet_id`` is 0 with QoS 0."""

    topic: str
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int = 0
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Ack:
    """PUBACK, PUBREC, PUBREL or PUBCOMP, by ``kind``."""

    kind: Kind
    packet_id: int
    code: int = Reason.SUCCESS
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Wanted:
    """One filter of a SUBSCRIBE with its options (MQTT 5.0, clause 3.8.3.1)."""

    filter: str
    qos: int = 0
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0


@dataclass(slots=True)
class Subscribe:
    """A wish to get what is published under some filters."""

    packet_id: int
    wanted: tuple[Wanted, ...]
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Suback:
    """The answer to SUBSCRIBE, one code a filter."""

    packet_id: int
    codes: tuple[int, ...]
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Unsubscribe:
    """The end of that wish."""

    packet_id: int
    filters: tuple[str, ...]
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Unsuback:
    """The answer to UNSUBSCRIBE; codes are sent in 5.0 only."""

    packet_id: int
    codes: tuple[int, ...] = ()
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Ping:
    """PINGREQ: a client is still there."""


@dataclass(slots=True)
class Pong:
    """PINGRESP: so is the server."""


@dataclass(slots=True)
class Disconnect:
    """A farewell; in 3.1.1 only from the client and without a code."""

    code: int = Reason.SUCCESS
    properties: Properties = field(default_factory=dict)


@dataclass(slots=True)
class Auth:
    """A step of an extended authentication (5.0), which lifang does not offer."""

    code: int = Reason.SUCCESS
    properties: Properties = field(default_factory=dict)


Packet = (
    Connect | Connack | Publish | Ack | Subscribe | Suback | Unsubscribe | Unsuback | Ping | Pong | Disconnect | Auth
)
