"""Bearer tokens for machines, acting for a person with some of the person's roles."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from lifang.core import BadInput, Clock, NotFound, Unauthenticated, new_id
from lifang.guard import Action, Resource, Subject, require
from lifang.identity.model import Token, check_text, digest, person_of, roles_of, token_of
from lifang.store import Entry, Store

_PREFIX = "lfg_"
_LENGTH = len(_PREFIX) + 43  # 256 bits in base 64
_KEPT = 10_000


class Tokens:
    """The tokens of one city; only the SHA-256 of a secret is kept."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[int, Token, Subject]] = {}

    def tokens(self, person_id: str = "") -> list[Token]:
        """Return the tokens of one person, or of all, oldest first."""
        where = {"person": person_id} if person_id else None
        return [token_of(row) for row in self._store.registry.find("token", where=where)]

    def issue_token(
        self,
        person_id: str,
        label: str,
        *,
        by: Subject,
        roles: Iterable[str] | None = None,
        expires: datetime | None = None,
    ) -> tuple[Token, str]:
        """Return a new token and its secret, which is shown this once; ``roles`` default to all the person has.

        ``BadInput`` if the person lacks one of the roles, or ``expires`` lies in the past.
        """
        require(by, Action.MANAGE, Resource("token", person_id))
        now = self._clock.now()
        check_text(label, where="label")
        if expires is not None and expires <= now:
            raise BadInput("The token would have expired already.", where="expires", mend="Choose a later moment.")
        secret = _PREFIX + secrets.token_urlsafe(32)
        with self._store.registry.transaction() as tx:
            row = tx.get("person", person_id)
            if row is None or not row["active"]:
                raise NotFound(f"There is no active person {person_id[:64]!r}.")
            granted = roles_of(row["roles"] if roles is None else roles)
            if more := granted - roles_of(row["roles"]):
                raise BadInput(
                    f"{row['name']} is not {' or '.join(sorted(more))}.", where="roles", mend="Leave it out."
                )
            token = Token(new_id("token", now), person_id, label.strip(), granted, now, expires, None)
            tx.insert("token", {**vars(token), "roles": sorted(granted), "hash": digest(secret)})
            detail = {"token": token.id, "label": token.label, "roles": sorted(granted)}
            tx.record(Entry(by.id, "issue_token", f"person:{person_id}", detail=detail))
        return token, secret

    def subject_of_token(self, secret: str) -> Subject:
        """Return for whom the machine acts, with those roles that the person still has; else ``Unauthenticated``."""
        subject = self.recent_subject(secret) or self._read(secret)
        if subject is None:
            raise Unauthenticated("This token is not valid.", mend="Issue a new one.")
        return subject

    def recent_subject(self, secret: str) -> Subject | None:
        """Return for whom the token acts if that was read since people or tokens last changed; never waits."""
        known = self._known.get(digest(secret))
        if known is None or known[0] != self._version() or not known[1].valid(self._clock.now()):
            return None
        return known[2]

    def _version(self) -> int:
        return self._store.registry.version("token", "person")

    def _read(self, secret: str) -> Subject | None:
        if not secret.startswith(_PREFIX) or len(secret) != _LENGTH:
            return None
        version, key = self._version(), digest(secret)
        rows = self._store.registry.find("token", where={"hash": key}, limit=1)
        token = token_of(rows[0]) if rows else None
        person = self._store.registry.get("person", token.person) if token else None
        if token is None or person is None or not person["active"] or not token.valid(self._clock.now()):
            return None
        subject = person_of(person).subject(roles=token.roles, via=token.label)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[key] = (version, token, subject)
        return subject

    def revoke_token(self, token_id: str, *, by: Subject) -> Token:
        """Return the token, revoked from now on; ``NotFound`` without it."""
        row = self._store.registry.get("token", token_id)
        # Who may not manage this person's tokens learns nothing of which there are.
        require(by, Action.MANAGE, Resource("token", row["person"] if row else "*"))
        with self._store.registry.transaction() as tx:
            row = tx.get("token", token_id)
            if row is None:
                raise NotFound(f"There is no token {token_id[:64]!r}.")
            if row["revoked"] is None:
                row = tx.update("token", token_id, {"revoked": self._clock.now()})
                tx.record(Entry(by.id, "revoke_token", f"person:{row['person']}", detail={"token": token_id}))
        return token_of(row)
