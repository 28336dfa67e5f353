"""What the broker asks of the house it stands in: who may come in, what they may hear, what becomes of a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lifang.doors.mqtt.broker.delivery import Delivery
from lifang.doors.mqtt.broker.message import Message
from lifang.doors.mqtt.wire import Connect, Properties

if TYPE_CHECKING:
    from lifang.doors.mqtt.broker.session import Session


class Login(Protocol):
    """Somebody let in."""

    @property
    def owner(self) -> str:
        """Whose the client's sessions are; clients of other owners cannot take them over."""
        ...

    @property
    def may_return(self) -> bool:
        """Whether a session is kept for this client while it is away."""
        ...

    @property
    def about(self) -> Mapping[str, Any]:
        """What the house has to know of the client while it is away, as JSON."""
        ...


@dataclass(frozen=True)
class Grant:
    """What a filter was granted: messages under ``path``.

    ``view`` is the house's own: what of it this subscriber may see, and which part it asked for.
    """

    path: str
    view: Any = None


class House(Protocol):
    """The owner of the broker; what it raises as a ``Problem`` is told to the client as a reason."""

    async def admit(self, connect: Connect) -> Login:
        """Return who is let in; ``Unauthenticated`` or ``Denied`` otherwise."""
        ...

    def leave(self, login: Login) -> None:
        """Take note that a client is gone for good."""
        ...

    async def still(self, login: Login) -> bool:
        """Return whether a client that was let in would be let in now."""
        ...

    async def grant(self, login: Login, wanted: str, properties: Properties) -> Grant:
        """Return what a subscriber may hear of a filter; ``Denied`` or ``NotFound`` otherwise."""
        ...

    async def regrant(self, owner: str, about: Mapping[str, Any], wanted: str) -> Grant:
        """Return what a client that is away may hear of a filter that it was granted before."""
        ...

    def standing(self, grant: Grant) -> Iterable[Message]:
        """Return what a new subscriber hears at once: the latest of what its grant means."""
        ...

    def ready(self, session: Session) -> None:
        """Take note that a client subscribed, or is back with the subscriptions of its session."""
        ...

    def dropped(self, session: Session, message: Message) -> None:
        """Take note that a message was let go, because its client is slow or away and too many wait."""
        ...

    def told_until(self) -> int:
        """Return the moment (microseconds since 1970) before which all that happened has been told; 0: unknown."""
        ...

    def take(self, delivery: Delivery) -> None:
        """Take a message; its ``settle`` is called once it is durable, or refused."""
        ...
