"""Packets to bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifang.doors.mqtt.wire.packets import (
    V5,
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
)
from lifang.doors.mqtt.wire.properties import Properties, binary, text, variable, write_properties
from lifang.doors.mqtt.wire.reasons import Reason, connack_code_v311


def encode(packet: Packet, version: int) -> bytes:
    """Return the bytes of ``packet`` in protocol level ``version`` (a CONNECT is written in its own)."""
    write: Callable[[Any, int], bytes] = _WRITERS[type(packet)]
    return write(packet, version)


def encode_publish(
    topic: bytes, payload: bytes, *, first: int, packet_id: int, properties: Properties | None, version: int
) -> bytes:
    """Return a PUBLISH; ``topic`` is written already (with its length), ``first`` is the whole first byte."""
    middle = packet_id.to_bytes(2, "big") if first & 6 else b""
    if version == V5:
        middle += write_properties(properties) if properties else b"\0"
    return b"".join((bytes((first,)), variable(len(topic) + len(middle) + len(payload)), topic, middle, payload))


def _frame(first: int, body: bytes) -> bytes:
    return bytes((first,)) + variable(len(body)) + body


def _connect(packet: Connect, _: int) -> bytes:
    will, v5 = packet.will, packet.version == V5
    flags = packet.clean << 1 | (packet.password is not None) << 6 | (packet.user is not None) << 7
    if will:
        flags |= 1 << 2 | will.qos << 3 | will.retain << 5
    body = text("MQTT") + bytes((packet.version, flags)) + packet.keep_alive_s.to_bytes(2, "big")
    body += (write_properties(packet.properties) if v5 else b"") + text(packet.client_id)
    if will:
        body += (write_properties(will.properties) if v5 else b"") + text(will.topic) + binary(will.payload)
    body += text(packet.user) if packet.user is not None else b""
    body += binary(packet.password) if packet.password is not None else b""
    return _frame(Kind.CONNECT << 4, body)


def _connack(packet: Connack, version: int) -> bytes:
    code = packet.code if version == V5 else connack_code_v311(packet.code)
    body = bytes((packet.session_present, code))
    return _frame(Kind.CONNACK << 4, body + write_properties(packet.properties) if version == V5 else body)


def _publish(packet: Publish, version: int) -> bytes:
    first = Kind.PUBLISH << 4 | packet.dup << 3 | packet.qos << 1 | packet.retain
    return encode_publish(
        text(packet.topic),
        packet.payload,
        first=first,
        packet_id=packet.packet_id,
        properties=packet.properties,
        version=version,
    )


def _coded(code: int, properties: Properties, version: int) -> bytes:
    """Return what follows in an answer of 5.0: nothing where all is well (clause 3.4.2.1)."""
    if version != V5 or (code == Reason.SUCCESS and not properties):
        return b""
    return bytes((code,)) + (write_properties(properties) if properties else b"")


def _ack(packet: Ack, version: int) -> bytes:
    first = packet.kind << 4 | (2 if packet.kind is Kind.PUBREL else 0)
    return _frame(first, packet.packet_id.to_bytes(2, "big") + _coded(packet.code, packet.properties, version))


def _numbered(packet_id: int, properties: Properties, version: int) -> bytes:
    return packet_id.to_bytes(2, "big") + (write_properties(properties) if version == V5 else b"")


def _subscribe(packet: Subscribe, version: int) -> bytes:
    body = _numbered(packet.packet_id, packet.properties, version)
    for each in packet.wanted:
        options = each.qos
        if version == V5:
            options |= each.no_local << 2 | each.retain_as_published << 3 | each.retain_handling << 4
        body += text(each.filter) + bytes((options,))
    return _frame(Kind.SUBSCRIBE << 4 | 2, body)


def _suback(packet: Suback, version: int) -> bytes:
    codes = packet.codes if version == V5 else [min(code, 0x80) for code in packet.codes]
    return _frame(Kind.SUBACK << 4, _numbered(packet.packet_id, packet.properties, version) + bytes(codes))


def _unsubscribe(packet: Unsubscribe, version: int) -> bytes:
    body = _numbered(packet.packet_id, packet.properties, version)
    return _frame(Kind.UNSUBSCRIBE << 4 | 2, body + b"".join(map(text, packet.filters)))


def _unsuback(packet: Unsuback, version: int) -> bytes:
    body = _numbered(packet.packet_id, packet.properties, version)
    return _frame(Kind.UNSUBACK << 4, body + bytes(packet.codes) if version == V5 else body)


def _ended(kind: Kind) -> Callable[[Disconnect | Auth, int], bytes]:
    return lambda packet, version: _frame(kind << 4, _coded(packet.code, packet.properties, version))


_WRITERS: dict[type, Callable[[Any, int], bytes]] = {
    Connect: _connect,
    Connack: _connack,
    Publish: _publish,
    Ack: _ack,
    Subscribe: _subscribe,
    Suback: _suback,
    Unsubscribe: _unsubscribe,
    Unsuback: _unsuback,
    Ping: lambda *_: _frame(Kind.PINGREQ << 4, b""),
    Pong: lambda *_: _frame(Kind.PINGRESP << 4, b""),
    Disconnect: _ended(Kind.DISCONNECT),
    Auth: _ended(Kind.AUTH),
}
