"""Properties of MQTT 5.0 packets (clause 2.2.2): a table of what there is, and both directions of their bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from lifang.doors.mqtt.wire.reasons import Reason, WireFault

Properties = dict[str, Any]
"""By name, such as ``reason_string``; ``user_property`` is a list of pairs, ``subscription_identifier`` a list."""

_WILL = 0  # stands for the will among the packet types
_USER, _SUBSCRIPTION = "user_property", "subscription_identifier"
_ANY = frozenset({_WILL, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15})
_ANSWERS = frozenset({2, 4, 5, 6, 7, 9, 11, 14, 15})


@dataclass(frozen=True)
class _Property:
    """How a property is called and written, and the packet types that may carry it; ``lowest`` bounds numbers."""

    name: str
    kind: str
    packets: frozenset[int]
    lowest: int = 0
    highest: int = 2**32 - 1


_TABLE = {
    1: _Property("payload_format_indicator", "byte", frozenset({_WILL, 3}), highest=1),
    2: _Property("message_expiry_interval", "four", frozenset({_WILL, 3})),
    3: _Property("content_type", "text", frozenset({_WILL, 3})),
    8: _Property("response_topic", "text", frozenset({_WILL, 3})),
    9: _Property("correlation_data", "binary", frozenset({_WILL, 3})),
    11: _Property(_SUBSCRIPTION, "variable", frozenset({3, 8}), lowest=1, highest=268_435_455),
    17: _Property("session_expiry_interval", "four", frozenset({1, 2, 14})),
    18: _Property("assigned_client_identifier", "text", frozenset({2})),
    19: _Property("server_keep_alive", "two", frozenset({2})),
    21: _Property("authentication_method", "text", frozenset({1, 2, 15})),
    22: _Property("authentication_data", "binary", frozenset({1, 2, 15})),
    23: _Property("request_problem_information", "byte", frozenset({1}), highest=1),
    24: _Property("will_delay_interval", "four", frozenset({_WILL})),
    25: _Property("request_response_information", "byte", frozenset({1}), highest=1),
    26: _Property("response_information", "text", frozenset({2})),
    28: _Property("server_reference", "text", frozenset({2, 14})),
    31: _Property("reason_string", "text", _ANSWERS),
    33: _Property("receive_maximum", "two", frozenset({1, 2}), lowest=1),
    34: _Property("topic_alias_maximum", "two", frozenset({1, 2})),
    35: _Property("topic_alias", "two", frozenset({3})),
    36: _Property("maximum_qos", "byte", frozenset({2}), highest=1),
    37: _Property("retain_available", "byte", frozenset({2}), highest=1),
    38: _Property(_USER, "pair", _ANY),
    39: _Property("maximum_packet_size", "four", frozenset({1, 2}), lowest=1),
    40: _Property("wildcard_subscription_available", "byte", frozenset({2}), highest=1),
    41: _Property("subscription_identifier_available", "byte", frozenset({2}), highest=1),
    42: _Property("shared_subscription_available", "byte", frozenset({2}), highest=1),
}
_IDS = {each.name: number for number, each in _TABLE.items()}
_NUMBERS = {"byte": ">B", "two": ">H", "four": ">I"}


def variable(number: int) -> bytes:
    """Return a Variable Byte Integer (clause 1.5.5); ``WireFault`` above 268,435,455."""
    if not 0 <= number <= 268_435_455:
        raise WireFault(f"{number} does not fit into a variable byte integer.")
    if number < 128:
        return bytes((number,))
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    written.append(number)
    return bytes(written)


def binary(data: bytes) -> bytes:
    """Return ``data`` behind its length in two bytes."""
    if len(data) > 65_535:
        raise WireFault("A text or binary field has more than 65,535 bytes.")
    return len(data).to_bytes(2, "big") + data


def text(content: str) -> bytes:
    """Return a UTF-8 Encoded String (clause 1.5.4)."""
    return binary(content.encode())


class Reader:
    """Reads fields one after another from a packet's body; ``WireFault`` where it ends too early."""

    def __init__(self, body: bytes, at: int = 0, end: int | None = None) -> None:
        self.body, self.at = body, at
        self.end = len(body) if end is None else end

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return self.end - self.at

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        if count > self.left:
            raise WireFault("The packet ends in the middle of a field.")
        self.at += count
        return self.body[self.at - count : self.at]

    def number(self, form: str) -> int:
        """Return the next big-endian number of ``struct`` form ``form``."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def variable(self) -> int:
        """Return the next Variable Byte Integer, which has the fewest bytes that hold it."""
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                if shift and not byte:
                    raise WireFault("A variable byte integer is longer than it need be.")
                return value
        raise WireFault("A variable byte integer has more than four bytes.")

    def binary(self) -> bytes:
        """Return the next field of binary data."""
        return self.take(self.number(">H"))

    def text(self) -> str:
        """Return the next text: UTF-8 without U+0000."""
        raw = self.binary()
        try:
            found = raw.decode()
        except UnicodeDecodeError as error:
            raise WireFault("A text is not UTF-8.") from error
        if "\0" in found:
            raise WireFault("A text holds U+0000.")
        return found


def write_properties(properties: Properties) -> bytes:
    """Return the properties with their length, as they stand in a packet."""
    if not properties:
        return b"\0"
    written = bytearray()
    for name, value in properties.items():
        number = _IDS[name]
        for each in value if name in {_USER, _SUBSCRIPTION} else (value,):
            written.append(number)
            written += _field(_TABLE[number].kind, each)
    return variable(len(written)) + bytes(written)


def _field(kind: str, value: Any) -> bytes:
    if kind in _NUMBERS:
        return struct.pack(_NUMBERS[kind], value)
    if kind == "pair":
        return text(value[0]) + text(value[1])
    if kind == "text":
        return text(value)
    return variable(value) if kind == "variable" else binary(value)


def read_properties(reader: Reader, packet: int) -> Properties:
    """Return the properties at ``reader`` of a packet of this type (0: a will); ``WireFault`` for one that may not be.

    Source: MQTT 5.0, table 2-4.
    """
    length = reader.variable()
    if not length:
        return {}
    if length > reader.left:
        raise WireFault("The properties are longer than the packet.")
    inside = Reader(reader.body, reader.at, reader.at + length)
    reader.at += length
    found: Properties = {}
    while inside.left:
        number = inside.variable()
        known = _TABLE.get(number)
        if known is None or packet not in known.packets:
            raise WireFault(f"Property {number} may not stand in this packet.", Reason.MALFORMED)
        value = _read_field(inside, known)
        if known.name in {_USER, _SUBSCRIPTION}:
            found.setdefault(known.name, []).append(value)
        elif known.name in found:
            raise WireFault(f"{known.name} is given twice.", Reason.PROTOCOL_ERROR)
        else:
            found[known.name] = value
    return found


def _read_field(reader: Reader, known: _Property) -> Any:
    if known.kind == "pair":
        return reader.text(), reader.text()
    if known.kind == "text":
        return reader.text()
    if known.kind == "binary":
        return reader.binary()
    value = reader.variable() if known.kind == "variable" else reader.number(_NUMBERS[known.kind])
    if not known.lowest <= value <= known.highest:
        raise WireFault(f"{known.name} is {value}.", Reason.PROTOCOL_ERROR)
    return value
