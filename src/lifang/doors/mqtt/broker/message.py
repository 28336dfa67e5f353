"""A message on its way out."""

from __future__ import annotations

from dataclasses import dataclass, field

from lifang.doors.mqtt.wire import V5, Properties, encode_publish

_PUBLISH = 0x30


@dataclass(slots=True, eq=False)
class Message:
    """What a subscriber gets; ``until`` (seconds since 1970) is when it is worth nothing any more.

    ``number`` is its place in a kept session's queue, 0 while it is in none.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Properties = field(default_factory=dict)
    until: float | None = None
    number: int = 0
    _written: dict[int, bytes] = field(default_factory=dict, repr=False)
    _plain: Message | None = field(default=None, repr=False)

    def wire(self, version: int) -> bytes:
        """Return the bytes of a QoS 0 PUBLISH, made once for all subscribers of one protocol version."""
        found = self._written.get(version)
        if found is None:
            found = self._written[version] = self.encoded(version, 0, 0)
        return found

    def encoded(self, version: int, packet_id: int, qos: int, *, dup: bool = False, now: float = 0.0) -> bytes:
        """Return the bytes of a PUBLISH with this packet identifier; at ``now`` so much of its life is left."""
        topic = self.topic.encode()
        properties = self.properties
        if self.until is not None and now and version == V5:
            properties = {**properties, "message_expiry_interval": max(0, int(self.until - now))}
        return encode_publish(
            len(topic).to_bytes(2, "big") + topic,
            self.payload,
            first=_PUBLISH | dup << 3 | qos << 1 | self.retain,
            packet_id=packet_id,
            properties=properties,
            version=version,
        )

    def plain(self) -> Message:
        """Return the same message with QoS 0, one for all its subscribers."""
        if self._plain is None:
            self._plain = self.at(0, retain=self.retain)
        return self._plain

    def at(self, qos: int, *, retain: bool, properties: Properties | None = None) -> Message:
        """Return the same message for one subscriber, which gets it with ``qos``."""
        return Message(self.topic, self.payload, qos, retain, {**self.properties, **(properties or {})}, self.until)
