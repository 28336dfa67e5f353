"""Reason codes of MQTT 5.0, clause 2.4, and the fault that carries one."""

from __future__ import annotations

from enum import IntEnum

from lifang.core import BadInput


class Reason(IntEnum):
    """Why a packet was answered as it was; 0x80 and above say that it failed (MQTT 5.0, table 2-6)."""

    SUCCESS = 0x00
    GRANTED_QOS_1 = 0x01
    GRANTED_QOS_2 = 0x02
    DISCONNECT_WITH_WILL = 0x04
    NO_MATCHING_SUBSCRIBERS = 0x10
    NO_SUBSCRIPTION_EXISTED = 0x11
    UNSPECIFIED = 0x80
    MALFORMED = 0x81
    PROTOCOL_ERROR = 0x82
    IMPLEMENTATION = 0x83
    UNSUPPORTED_VERSION = 0x84
    CLIENT_ID_NOT_VALID = 0x85
    BAD_USER_OR_PASSWORD = 0x86
    NOT_AUTHORIZED = 0x87
    SERVER_UNAVAILABLE = 0x88
    SERVER_BUSY = 0x89
    BANNED = 0x8A
    SERVER_SHUTTING_DOWN = 0x8B
    BAD_AUTHENTICATION_METHOD = 0x8C
    KEEP_ALIVE_TIMEOUT = 0x8D
    SESSION_TAKEN_OVER = 0x8E
    TOPIC_FILTER_INVALID = 0x8F
    TOPIC_NAME_INVALID = 0x90
    PACKET_ID_IN_USE = 0x91
    PACKET_ID_NOT_FOUND = 0x92
    RECEIVE_MAXIMUM_EXCEEDED = 0x93
    TOPIC_ALIAS_INVALID = 0x94
    PACKET_TOO_LARGE = 0x95
    MESSAGE_RATE_TOO_HIGH = 0x96
    QUOTA_EXCEEDED = 0x97
    ADMINISTRATIVE_ACTION = 0x98
    PAYLOAD_FORMAT_INVALID = 0x99
    QOS_NOT_SUPPORTED = 0x9B
    SHARED_NOT_SUPPORTED = 0x9E


# What a 3.1.1 client is told in CONNACK (MQTT 3.1.1, table 3.1); other failures are "server unavailable".
_CONNACK_V311 = {
    Reason.SUCCESS: 0,
    Reason.UNSUPPORTED_VERSION: 1,
    Reason.CLIENT_ID_NOT_VALID: 2,
    Reason.SERVER_UNAVAILABLE: 3,
    Reason.BAD_USER_OR_PASSWORD: 4,
    Reason.BANNED: 5,
    Reason.NOT_AUTHORIZED: 5,
}


def connack_code_v311(code: int) -> int:
    """Return the return code of a 3.1.1 CONNACK for a reason."""
    return next((old for reason, old in _CONNACK_V311.items() if reason == code), 3)


class WireFault(BadInput):
    """Bytes or packets that break the protocol; ``code`` is the reason told before the connection is closed."""

    def __init__(self, what: str, code: Reason = Reason.MALFORMED) -> None:
        super().__init__(what)
        self.code = code
