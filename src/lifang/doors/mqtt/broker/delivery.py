"""A message that came in and waits for its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lifang.doors.mqtt.wire import Publish

if TYPE_CHECKING:
    from lifang.doors.mqtt.broker.session import Session

_OPEN = -1


class Answering(Protocol):
    """The connection that a message came by."""

    def settled(self, delivery: Delivery) -> None:
        """Answer a message, which is settled now."""
        ...


@dataclass(slots=True, eq=False)
class Delivery:
    """A message from a client: ``link`` is where its answer goes, ``None`` for a will."""

    packet: Publish
    session: Session
    link: Answering | None
    code: int = _OPEN
    reason: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether it was answered."""
        return self.code != _OPEN

    def settle(self, code: int = 0, reason: str = "") -> None:
        """Answer it, from the event loop: stored (0), or why not (a reason code and a sentence)."""
        if self.code != _OPEN:
            return
        self.code, self.reason = code, reason
        if self.link is not None:
            self.link.settled(self)
