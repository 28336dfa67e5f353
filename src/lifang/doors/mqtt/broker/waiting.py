"""Messages that wait for a client, bounded by their count and by their bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from lifang.doors.mqtt.broker.message import Message


@dataclass(frozen=True)
class Bounds:
    """What one session may hold: QoS 0 messages for a slow client, others for one slow or away; bytes of each."""

    waiting_0: int = 1000
    waiting: int = 100_000
    bytes_0: int = 16_000_000
    bytes: int = 256_000_000


class Waiting:
    """A queue of messages, at most ``most`` and at most ``most_bytes`` of them; one always fits into an empty one."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._messages: deque[Message] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)

    def fits(self, message: Message) -> bool:
        """Return whether there is room for the message."""
        if not self._messages:
            return True
        return len(self._messages) < self._most and self._bytes + len(message.payload) <= self._most_bytes

    def put(self, message: Message) -> None:
        """Have a message wait, last in the row."""
        self._messages.append(message)
        self._bytes += len(message.payload)

    def take(self) -> Message:
        """Return the message that waited longest; it waits no more."""
        message = self._messages.popleft()
        self._bytes -= len(message.payload)
        return message

    def clear(self) -> None:
        """Have nothing wait."""
        self._messages.clear()
        self._bytes = 0
