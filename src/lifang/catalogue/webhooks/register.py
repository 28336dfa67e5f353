"""The register of webhooks: made, paused, ended; what is secret of one is told once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from lifang.core import BadInput, Clock, Conflict, NotFound, new_id
from lifang.guard import Subject
from lifang.outside import Reach, Secrets, allowed_in, check_networks, check_url
from lifang.store import Entry, Row, Store

ACTIVE, PAUSED, ENDED = "active", "paused", "ended"
_MOST = 20  # webhooks of one person
_MOST_NAMED = 200
_BYTES_MAX, _TIMEOUT_S = 64_000, 10.0
_PORTS = (80, 443)
_FIRST_DELIVERY = "secret"
_KEPT = 100  # attempts of one webhook that are kept
_DELIVERY = "webhook_delivery"


@dataclass(frozen=True)
class Webhook:
    """One webhook: told of changes past ``told`` of ``datasets`` (all, if none is named) as its owner may know of them.

    ``failures`` counts the attempts since the last that arrived; the next is ``due`` then.
    """

    id: str
    owner: str
    roles: tuple[str, ...]
    purpose: str
    url: str
    datasets: tuple[str, ...]
    state: str
    told: int
    failures: int
    due: datetime | None
    last_status: str
    last_success: datetime | None
    created: datetime

    @classmethod
    def from_row(cls, row: Row) -> Webhook:
        """Return the webhook of a registry row."""
        return cls(**{**row, "roles": tuple(row["roles"] or ()), "datasets": tuple(row["datasets"] or ())})


@dataclass(frozen=True)
class Attempt:
    """One attempt to tell a webhook of changes ``first`` to ``last`` (``kind`` changes), or to try it out (test).

    ``status`` is the answer's, or why there was none; ``took`` is how long it lasted.
    """

    kind: Literal["changes", "test"]
    first: int
    last: int
    sent: datetime
    took: timedelta
    status: str
    arrived: bool


@dataclass(frozen=True)
class Sent:
    """An attempt as it is kept."""

    id: str
    attempt: Attempt


class Webhooks:
    """The webhooks of one city; ``table`` is ``[webhooks]`` of its settings: ``allow`` and ``ports``."""

    def __init__(self, store: Store, clock: Clock, table: Mapping[str, Any]) -> None:
        self._store, self._clock = store, clock
        self.reach = _reach(table)
        self._secrets = Secrets(store.folder / "webhooks" / ".secrets")

    def all(self, *, owner: str | None = None) -> list[Webhook]:
        """Return every webhook (of one ``owner``), the oldest first."""
        where = {"owner": owner} if owner else None
        return [Webhook.from_row(row) for row in self._store.registry.find("webhook", where=where)]

    def get(self, webhook_id: str) -> Webhook:
        """Return one webhook, or ``NotFound``."""
        row = self._store.registry.get("webhook", webhook_id)
        if row is None:
            raise NotFound(f"There is no webhook {webhook_id[:80]!r}.", mend="List them: GET /api/v1/webhooks.")
        return Webhook.from_row(row)

    def add(self, url: str, *, datasets: Sequence[str], by: Subject, purpose: str, after: int) -> tuple[Webhook, str]:
        """Return the new webhook, told of what comes past change ``after``, and its secret, which nobody tells again.

        ``BadInput`` or ``Denied`` for an address that may not be reached, ``Conflict`` beyond 20 of one person.
        """
        with allowed_in("webhooks"):
            check_url(url, self.reach.ports)
        if len(datasets) > _MOST_NAMED:
            raise BadInput(
                "Too many datasets are named.", where="datasets", mend=f"Name at most {_MOST_NAMED}, or none."
            )
        now = self._clock.now()
        row: Row = {"id": new_id("webhook", now), "owner": by.id, "roles": sorted(by.roles), "purpose": purpose,
                    "url": url, "datasets": list(datasets), "state": ACTIVE, "told": after, "failures": 0, "due": now,
                    "last_status": "", "last_success": None, "created": now}  # fmt: skip
        secret = self._new_secret(row["id"])
        with self._store.registry.transaction() as tx:
            if tx.count("webhook", where={"owner": by.id}) >= _MOST:
                self._secrets.write(row["id"], {})
                raise Conflict(f"You have {_MOST} webhooks already.", mend="End one of them first.")
            tx.insert("webhook", row)
            tx.record(Entry(by.id, "add_webhook", f"webhook:{row['id']}", detail={"url": url}))
        return Webhook.from_row(row), secret

    def set_state(self, webhook_id: str, state: str, *, by: Subject) -> Webhook:
        """Return the webhook, active (tried at once) or paused."""
        changes: Row = {"state": state, "due": self._clock.now(), "failures": 0}
        with self._store.registry.transaction() as tx:
            row = tx.update("webhook", webhook_id, changes)
            tx.record(Entry(by.id, f"{state}_webhook", f"webhook:{webhook_id}"))
        return Webhook.from_row(row)

    def renew_secret(self, webhook_id: str, *, by: Subject) -> str:
        """Return a new secret in place of the one there was."""
        secret = self._new_secret(self.get(webhook_id).id)
        self._store.ledger.append(Entry(by.id, "renew_webhook_secret", f"webhook:{webhook_id}"))
        return secret

    def remove(self, webhook_id: str, *, by: Subject) -> None:
        """End a webhook for good."""
        with self._store.registry.transaction() as tx:
            tx.delete("webhook", webhook_id)
            tx.delete_where(_DELIVERY, {"webhook": webhook_id})
            tx.record(Entry(by.id, "remove_webhook", f"webhook:{webhook_id}"))
        self._secrets.write(webhook_id, {})

    def secret(self, webhook_id: str) -> str:
        """Return the secret that deliveries are signed with; ``NotFound`` if this city has none (after a restore)."""
        found = self._secrets.read(webhook_id).get(_FIRST_DELIVERY)
        if not found:
            mend = f"Make one: POST /api/v1/webhooks/{webhook_id}/secret."
            raise NotFound("The webhook has no secret here.", where=webhook_id, mend=mend)
        return found

    def note(self, webhook_id: str, changes: Mapping[str, Any], attempt: Attempt | None = None) -> None:
        """Write down how far it is told and how the attempt went; of one that is ended meanwhile nothing is kept."""
        with self._store.registry.transaction() as tx:
            if tx.get("webhook", webhook_id) is None:
                return
            if changes:
                tx.update("webhook", webhook_id, changes)
            if attempt is not None:
                tx.insert(_DELIVERY, _kept(webhook_id, attempt))
                mine = {"webhook": webhook_id}
                for row in tx.find(_DELIVERY, where=mine, descending=True)[_KEPT:]:
                    tx.delete(_DELIVERY, row["id"])

    def sent(self, webhook_id: str, *, after: str | None = None, limit: int | None = None) -> list[Sent]:
        """Return the newest attempts to tell a webhook, the newest first: a hundred are kept."""
        where = {"webhook": webhook_id}
        rows = self._store.registry.find(_DELIVERY, where=where, descending=True, after=after, limit=limit)
        return [Sent(row["id"], _attempt(row)) for row in rows]

    def _new_secret(self, webhook_id: str) -> str:
        secret = f"whsec_{secrets.token_urlsafe(32)}"
        self._secrets.write(webhook_id, {_FIRST_DELIVERY: secret})
        return secret


def _kept(webhook_id: str, attempt: Attempt) -> Row:
    row = {**vars(attempt), "took_ms": round(attempt.took / timedelta(milliseconds=1)), "webhook": webhook_id}
    del row["took"]
    return {"id": new_id("sent", attempt.sent), **row, "status": attempt.status[:300]}


def _attempt(row: Row) -> Attempt:
    names = ("kind", "first", "last", "sent", "status", "arrived")
    return Attempt(took=timedelta(milliseconds=row["took_ms"]), **{name: row[name] for name in names})


def _reach(table: Mapping[str, Any]) -> Reach:
    for name, value in table.items():
        if name not in {"allow", "ports"} or not isinstance(value, list | tuple):
            mend = "Known: allow and ports, both lists."
            raise BadInput(f"{name!r} does not fit.", where="city.toml, [webhooks]", mend=mend)
    ports = tuple(table.get("ports", _PORTS))
    if not all(type(port) is int and 0 < port < 65_536 for port in ports):
        raise BadInput("A port is none.", where="city.toml, [webhooks]", mend="Write numbers from 1 to 65535.")
    return Reach(check_networks(table.get("allow", ())), ports, _BYTES_MAX, _TIMEOUT_S)
