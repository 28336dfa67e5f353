"""Bytes to packets: a stream is cut into frames, a frame is read as a packet; what breaks the protocol is a fault."""

from __future__ import annotations

from collections.abc import Callable

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
from lifang.doors.mqtt.wire.properties import Reader, read_properties
from lifang.doors.mqtt.wire.reasons import Reason, WireFault
from lifang.doors.mqtt.wire.topics import check_topic

Frame = tuple[int, bytes]


class Splitter:
    """Cuts a stream into frames: the first byte and the body of each packet; none longer than ``most_bytes``."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._parts: list[bytes] = []
        self._have = 0
        self._need = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that are whole now; ``WireFault`` for a length that cannot be."""
        if self._parts:
            self._parts.append(data)
            self._have += len(data)
            if self._have < self._need:
                return []
            data = b"".join(self._parts)
        frames: list[Frame] = []
        at, size, need = 0, len(data), 0
        while at + 1 < size:
            length, begin = data[at + 1], at + 2
            if length > 127:
                found = self._long(data, at + 1)
                if found is None:
                    break
                length, begin = found
            if begin + length - at > self.most_bytes:
                raise WireFault(f"A packet of {length:,} bytes is too large.", Reason.PACKET_TOO_LARGE)
            end = begin + length
            if end > size:
                need = end - at
                break
            frames.append((data[at], data[begin:end]))
            at = end
        self._parts = [data[at:]] if at < size else []
        self._have, self._need = size - at, need
        return frames

    @staticmethod
    def _long(data: bytes, at: int) -> tuple[int, int] | None:
        """Return a length of several bytes and where the body begins, or ``None`` if more bytes are needed."""
        value = 0
        for place, shift in enumerate((0, 7, 14, 21)):
            if at + place >= len(data):
                return None
            byte = data[at + place]
            value |= (byte & 127) << shift
            if byte < 128:
                return value, at + place + 1
        raise WireFault("A packet's length has more than four bytes.")


def decode(first: int, body: bytes, version: int) -> Packet:
    """Return the packet in a frame, read in protocol level ``version``; ``WireFault`` if it is none."""
    kind = first >> 4
    if kind == Kind.PUBLISH:
        return _publish(first, body, version)
    read = _READERS.get(kind)
    if read is None or (kind == Kind.AUTH and version != V5):
        raise WireFault(f"There is no packet type {kind}.")
    if first & 15 != _FLAGS.get(kind, 0):
        raise WireFault(f"Packet type {kind} has wrong flags.")
    reader = Reader(body)
    packet = read(reader, version, kind)
    if reader.left:
        raise WireFault("The packet is longer than its fields.")
    return packet


def _publish(first: int, body: bytes, version: int) -> Publish:
    qos = first >> 1 & 3
    if qos == 3 or (first & 8 and not qos):
        raise WireFault("A PUBLISH has a QoS that cannot be.")
    reader = Reader(body)
    topic = reader.text()
    packet_id = reader.number(">H") if qos else 0
    if qos and not packet_id:
        raise WireFault("A packet identifier is 0.", Reason.PROTOCOL_ERROR)
    properties = read_properties(reader, Kind.PUBLISH) if version == V5 else {}
    if topic or "topic_alias" not in properties:
        check_topic(topic)
    return Publish(topic, body[reader.at :], qos, bool(first & 1), bool(first & 8), packet_id, properties)


def _connect(reader: Reader, _: int, __: int) -> Connect:
    name, version, flags = reader.text(), reader.number(">B"), reader.number(">B")
    if name != "MQTT" or version not in {V311, V5}:
        raise WireFault("This protocol is neither MQTT 3.1.1 nor 5.0.", Reason.UNSUPPORTED_VERSION)
    has_will, qos = bool(flags & 4), flags >> 3 & 3
    if flags & 1 or qos == 3 or (not has_will and flags & 0x38):
        raise WireFault("The connect flags contradict each other.")
    if version == V311 and flags & 0x40 and not flags & 0x80:
        raise WireFault("There is a password without a user name.")
    keep_alive_s = reader.number(">H")
    properties = read_properties(reader, Kind.CONNECT) if version == V5 else {}
    client_id = reader.text()
    will = _will(reader, version, qos, retain=bool(flags & 0x20)) if has_will else None
    user = reader.text() if flags & 0x80 else None
    password = reader.binary() if flags & 0x40 else None
    return Connect(client_id, version, bool(flags & 2), keep_alive_s, user, password, will, properties)


def _will(reader: Reader, version: int, qos: int, *, retain: bool) -> Will:
    properties = read_properties(reader, 0) if version == V5 else {}
    return Will(check_topic(reader.text()), reader.binary(), qos, retain, properties)


def _connack(reader: Reader, version: int, kind: int) -> Connack:
    flags, code = reader.number(">B"), reader.number(">B")
    if flags > 1:
        raise WireFault("The acknowledge flags are wrong.")
    return Connack(bool(flags), code, read_properties(reader, kind) if version == V5 else {})


def _identifier(reader: Reader) -> int:
    number = reader.number(">H")
    if not number:
        raise WireFault("A packet identifier is 0.", Reason.PROTOCOL_ERROR)
    return number


def _ack(reader: Reader, version: int, kind: int) -> Ack:
    packet = Ack(Kind(kind), _identifier(reader))
    if version == V5 and reader.left:
        packet.code = reader.number(">B")
        packet.properties = read_properties(reader, kind) if reader.left else {}
    return packet


def _subscribe(reader: Reader, version: int, kind: int) -> Subscribe:
    packet_id = _identifier(reader)
    properties = read_properties(reader, kind) if version == V5 else {}
    if len(properties.get("subscription_identifier", ())) > 1:
        raise WireFault("There is more than one subscription identifier.", Reason.PROTOCOL_ERROR)
    wanted = []
    while reader.left:
        topic, options = reader.text(), reader.number(">B")
        wanted.append(Wanted(topic, options & 3, bool(options & 4), bool(options & 8), options >> 4 & 3))
        if options & 3 == 3 or options & (0xC0 if version == V5 else 0xFC) or wanted[-1].retain_handling == 3:
            raise WireFault("The subscription options are wrong.")
    if not wanted:
        raise WireFault("A SUBSCRIBE names no filter.", Reason.PROTOCOL_ERROR)
    return Subscribe(packet_id, tuple(wanted), properties)


def _suback(reader: Reader, version: int, kind: int) -> Suback:
    packet_id = _identifier(reader)
    properties = read_properties(reader, kind) if version == V5 else {}
    return Suback(packet_id, tuple(reader.take(reader.left)), properties)


def _unsubscribe(reader: Reader, version: int, kind: int) -> Unsubscribe:
    packet_id = _identifier(reader)
    properties = read_properties(reader, kind) if version == V5 else {}
    filters = []
    while reader.left:
        filters.append(reader.text())
    if not filters:
        raise WireFault("An UNSUBSCRIBE names no filter.", Reason.PROTOCOL_ERROR)
    return Unsubscribe(packet_id, tuple(filters), properties)


def _unsuback(reader: Reader, version: int, kind: int) -> Unsuback:
    packet_id = _identifier(reader)
    properties = read_properties(reader, kind) if version == V5 else {}
    return Unsuback(packet_id, tuple(reader.take(reader.left)), properties)


def _ended(made: type[Disconnect | Auth]) -> Callable[[Reader, int, int], Packet]:
    def read(reader: Reader, version: int, kind: int) -> Packet:
        packet = made()
        if version == V5 and reader.left:
            packet.code = reader.number(">B")
            packet.properties = read_properties(reader, kind) if reader.left else {}
        return packet

    return read


_FLAGS: dict[int, int] = {Kind.PUBREL: 2, Kind.SUBSCRIBE: 2, Kind.UNSUBSCRIBE: 2}
_READERS: dict[int, Callable[[Reader, int, int], Packet]] = {
    Kind.CONNECT: _connect,
    Kind.CONNACK: _connack,
    Kind.PUBACK: _ack,
    Kind.PUBREC: _ack,
    Kind.PUBREL: _ack,
    Kind.PUBCOMP: _ack,
    Kind.SUBSCRIBE: _subscribe,
    Kind.SUBACK: _suback,
    Kind.UNSUBSCRIBE: _unsubscribe,
    Kind.UNSUBACK: _unsuback,
    Kind.PINGREQ: lambda *_: Ping(),
    Kind.PINGRESP: lambda *_: Pong(),
    Kind.DISCONNECT: _ended(Disconnect),
    Kind.AUTH: _ended(Auth),
}
