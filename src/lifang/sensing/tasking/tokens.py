"""Tokens of devices: a device that shows one is known as itself, and may do no more than a device may."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from lifang.core import BadInput, Clock, NotFound, Unauthenticated, new_id
from lifang.guard import Action, Resource, Subject, require
from lifang.sensing.tasking.model import subject_id
from lifang.store import Entry, Row, Store

DEVICE_PREFIX = "lfd_"
_LENGTH = len(DEVICE_PREFIX) + 43  # 256 bits in base 64
_LABEL_MAX = 100
_KEPT = 100_000


@dataclass(frozen=True)
class DeviceToken:
    """What lets a device speak for itself; the secret is not in it."""

    id: str
    device: str
    label: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None

    def valid(self, now: datetime) -> bool:
        """Return whether it is neither revoked nor expired at ``now``."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class DeviceTokens:
    """The tokens of one city's devices; only the SHA-256 of a secret is kept."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._known: dict[str, tuple[int, DeviceToken]] = {}

    def issue_token(
        self, device: str, label: str, *, by: Subject, expires: datetime | None = None
    ) -> tuple[DeviceToken, str]:
        """Return a new token of ``device`` and its secret, which is shown this once."""
        require(by, Action.MANAGE, Resource("device", device))
        now = self._clock.now()
        if not label.strip() or len(label) > _LABEL_MAX or not label.isprintable():
            raise BadInput(f"A label has 1 to {_LABEL_MAX} printable characters.", where="label", mend="Correct it.")
        if expires is not None and expires <= now:
            raise BadInput("The token would have expired already.", where="expires", mend="Choose a later moment.")
        secret = DEVICE_PREFIX + secrets.token_urlsafe(32)
        token = DeviceToken(new_id("token", now), device, label.strip(), now, expires, None)
        with self._store.registry.transaction() as tx:
            tx.insert("device_token", {**vars(token), "hash": _digest(secret), "subject": by.id})
            detail = {"token": token.id, "label": token.label}
            tx.record(Entry(by.id, "issue_token", f"device:{device}", detail=detail))
        return token, secret

    def tokens(self, device: str) -> list[DeviceToken]:
        """Return the tokens of a device, oldest first."""
        return [_token(row) for row in self._store.registry.find("device_token", where={"device": device})]

    def revoke_token(self, token_id: str, *, by: Subject) -> DeviceToken:
        """Return the token, revoked from now on; ``NotFound`` without it."""
        row = self._store.registry.get("device_token", token_id)
        require(by, Action.MANAGE, Resource("device", row["device"] if row else "*"))
        with self._store.registry.transaction() as tx:
            row = tx.get("device_token", token_id)
            if row is None:
                raise NotFound(f"There is no device token {token_id[:64]!r}.")
            if row["revoked"] is None:
                row = tx.update("device_token", token_id, {"revoked": self._clock.now()})
                tx.record(Entry(by.id, "revoke_token", f"device:{row['device']}", detail={"token": token_id}))
        return _token(row)

    def subject_of_token(self, secret: str) -> Subject:
        """Return the device that shows this secret; else ``Unauthenticated``."""
        version, key = self._store.registry.version("device_token"), _digest(secret)
        known = self._known.get(key)
        if known is None or known[0] != version:
            rows = self._store.registry.find("device_token", where={"hash": key}, limit=1)
            if len(secret) != _LENGTH or not rows:
                raise Unauthenticated("This token is not valid.", mend="Issue a new one.")
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[key] = (version, _token(rows[0]))
        token = known[1]
        if not token.valid(self._clock.now()):
            raise Unauthenticated("This token is not valid.", mend="Issue a new one.")
        return Subject(subject_id(token.device), f"{token.device} ({token.label})")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: Row) -> DeviceToken:
    return DeviceToken(row["id"], row["device"], row["label"], row["created"], row["expires"], row["revoked"])
