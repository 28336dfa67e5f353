"""Who hears what: subscriptions by filter, shared ones in turn (MQTT 5.0, clauses 3.8, 4.7, 4.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lifang.doors.mqtt.broker.session import Session, Subscription
from lifang.doors.mqtt.wire import Filters


@dataclass(eq=False)
class _Group:
    """The members of a shared subscription; each message goes to one of them."""

    members: list[Subscription] = field(default_factory=list)
    turn: int = 0

    def following(self, may: Callable[[Subscription], bool]) -> Subscription | None:
        """Return whose turn it is among those who may hear it: whoever is connected comes first."""
        able = [each for each in self.members if may(each)]
        present = [each for each in able if each.session.link is not None] or able
        if not present:
            return None
        self.turn += 1
        return present[self.turn % len(present)]


class Subscriptions:
    """All subscriptions of a broker."""

    def __init__(self) -> None:
        self._alone: Filters[Subscription] = Filters()
        self._shared: Filters[_Group] = Filters()
        self._groups: dict[tuple[str, str], _Group] = {}
        self.changed: list[Callable[[Subscription, bool], None]] = []

    def __len__(self) -> int:
        return len(self._alone) + sum(len(group.members) for group in self._groups.values())

    def add(self, subscription: Subscription) -> None:
        """Have a subscription hear what comes; an earlier one of that session and filter is replaced."""
        session, wanted = subscription.session, subscription.wanted.filter
        if wanted in session.subscriptions:
            self.remove(session, wanted)
        session.subscriptions[wanted] = subscription
        if subscription.group:
            key = (subscription.group, subscription.grant.path)
            if key not in self._groups:
                self._groups[key] = _Group()
                self._shared.add(subscription.grant.path, self._groups[key])
            self._groups[key].members.append(subscription)
        else:
            self._alone.add(subscription.grant.path, subscription)
        for tell in self.changed:
            tell(subscription, True)

    def remove(self, session: Session, wanted: str) -> bool:
        """Return whether the session had a subscription with this filter, which hears nothing from now on."""
        subscription = session.subscriptions.pop(wanted, None)
        if subscription is None:
            return False
        path = subscription.grant.path
        if subscription.group:
            group = self._groups[subscription.group, path]
            group.members.remove(subscription)
            if not group.members:
                self._shared.discard(path, group)
                del self._groups[subscription.group, path]
        else:
            self._alone.discard(path, subscription)
        for tell in self.changed:
            tell(subscription, False)
        return True

    def hearers(self, topic: str, may: Callable[[Subscription], bool]) -> Iterator[Subscription]:
        """Yield the subscriptions that hear a topic and may; of a shared one, the member whose turn it is."""
        yield from (each for each in self._alone.holders(topic) if may(each))
        if self._groups:
            for group in self._shared.holders(topic):
                found = group.following(may)
                if found is not None:
                    yield found
