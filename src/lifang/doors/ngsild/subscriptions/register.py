"""The register of subscriptions: durable in the registry's settings, every change of one in the ledger.

How each one's delivery stands is kept beside it, so that a restart goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from lifang.core import Conflict, NotFound
from lifang.doors.ngsild.problems import TooMuch
from lifang.doors.ngsild.subscriptions.model import Subscription, from_kept
from lifang.guard import Action
from lifang.store import Entry, Store, Transaction

MOST, MOST_OF_ONE = 1000, 100  # subscriptions of a city, of one owner
_KEPT, _STATE = "ngsild:subscription:", "ngsild:delivery:"


@dataclass(frozen=True)
class Delivery:
    """How the delivery of a subscription stands; all recorded until ``told`` (microseconds UTC) was delivered."""

    told: int
    sent: int = 0
    failed: int = 0
    last: str | None = None
    last_success: str | None = None
    last_failure: str | None = None

    @property
    def status(self) -> str:
        """``failed`` if the last attempt was, else ``ok``."""
        failure = self.last_failure or ""
        return "failed" if failure > (self.last_success or "") else "ok"

    def as_json(self) -> dict[str, Any]:
        """Return the members of a Subscription's ``notification`` that tell it (clause 5.2.14)."""
        moments = {"lastNotification": self.last, "lastSuccess": self.last_success, "lastFailure": self.last_failure}
        told = {name: moment for name, moment in moments.items() if moment}
        return {"status": self.status, "timesSent": self.sent, "timesFailed": self.failed, **told}


class Register:
    """The subscriptions of one city; safe to use from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change."""
        self._listeners.append(listener)

    def all(self) -> list[Subscription]:
        """Return every subscription, by id."""
        return [from_kept(each) for each in self._rows(_KEPT).values()]

    def get(self, identifier: str) -> Subscription:
        """Return the subscription, or ``NotFound``."""
        row = self._store.registry.get("setting", _KEPT + identifier)
        if row is None:
            raise nothing(identifier)
        return from_kept(row["value"])

    def add(self, subscription: Subscription, *, told: int, by: str) -> None:
        """Keep a new one, whose watch begins at ``told``; ``Conflict`` if its id is taken, ``TooMuch`` at the bound."""
        with self._lock, self._store.registry.transaction() as tx:
            if tx.get("setting", _KEPT + subscription.id) is not None:
                raise Conflict(f"There is a subscription {subscription.id[:120]!r}.", mend="Choose another id.")
            kept = tx.find("setting", where=_range(_KEPT))
            mine = sum(each["value"]["owner"]["id"] == subscription.owner.id for each in kept)
            if len(kept) >= MOST or mine >= MOST_OF_ONE:
                raise TooMuch("There are too many subscriptions.", mend="Delete those that nobody needs.")
            tx.insert("setting", {"id": _KEPT + subscription.id, "value": subscription.kept()})
            tx.insert("setting", {"id": _STATE + subscription.id, "value": vars(Delivery(told))})
            tx.record(_entry(subscription, by, "create"))
        self._changed()

    def replace(self, subscription: Subscription, *, by: str, told: int | None = None) -> None:
        """Keep a changed one; with ``told`` its watch begins anew."""
        with self._lock, self._store.registry.transaction() as tx:
            if tx.get("setting", _KEPT + subscription.id) is None:
                raise nothing(subscription.id)
            tx.update("setting", _KEPT + subscription.id, {"value": subscription.kept()})
            if told is not None:
                state = tx.get("setting", _STATE + subscription.id)
                value = {**(state["value"] if state else vars(Delivery(told))), "told": told}
                _put(tx, _STATE + subscription.id, value)
            tx.record(_entry(subscription, by, "change"))
        self._changed()

    def remove(self, subscription: Subscription, *, by: str) -> None:
        """Take one away."""
        with self._lock, self._store.registry.transaction() as tx:
            if tx.get("setting", _KEPT + subscription.id) is None:
                raise nothing(subscription.id)
            tx.delete("setting", _KEPT + subscription.id)
            if tx.get("setting", _STATE + subscription.id) is not None:
                tx.delete("setting", _STATE + subscription.id)
            tx.record(_entry(subscription, by, "delete"))
        self._changed()

    def deliveries(self, identifiers: Sequence[str] | None = None) -> dict[str, Delivery]:
        """Return how the delivery of each subscription stands, of those named or of all."""
        if identifiers is None:
            return {name: Delivery(**value) for name, value in self._rows(_STATE).items()}
        rows = self._store.registry.find("setting", where={"id": [_STATE + each for each in identifiers]})
        return {row["id"].removeprefix(_STATE): Delivery(**row["value"]) for row in rows}

    def put_deliveries(self, deliveries: Mapping[str, Delivery]) -> None:
        """Keep how deliveries stand, of those subscriptions that are still there."""
        if not deliveries:
            return
        with self._lock, self._store.registry.transaction() as tx:
            for identifier, delivery in deliveries.items():
                if tx.get("setting", _STATE + identifier) is not None:
                    tx.update("setting", _STATE + identifier, {"value": vars(delivery)})

    def _rows(self, prefix: str) -> dict[str, Any]:
        rows = self._store.registry.find("setting", where=_range(prefix))
        return {row["id"].removeprefix(prefix): row["value"] for row in rows}

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()


def _put(tx: Transaction, key: str, value: Any) -> None:
    if tx.get("setting", key) is None:
        tx.insert("setting", {"id": key, "value": value})
    else:
        tx.update("setting", key, {"value": value})


def _range(prefix: str) -> dict[str, str]:
    return {"id >=": prefix, "id <": prefix[:-1] + chr(ord(prefix[-1]) + 1)}


def _entry(subscription: Subscription, by: str, what: str) -> Entry:
    told = {"change": what, "owner": subscription.owner.id, "endpoint": subscription.endpoint.uri.partition("?")[0]}
    name = f"subscription:{subscription.id}"
    return Entry(by, Action.MANAGE.value, name, subscription.owner.purpose, detail=told)


def nothing(identifier: str) -> NotFound:
    """Return the problem of a subscription that is not there, or not the asker's."""
    return NotFound(f"There is no subscription {identifier[:120]!r}.", mend="List them: GET /ngsi-ld/v1/subscriptions.")


def moment_text(moment: datetime) -> str:
    """Return a moment as deliveries keep it: texts of one length, so that they compare."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
