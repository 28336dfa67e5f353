"""Log-in and sessions for people at the page."""

from __future__ import annotations

import secrets
from datetime import timedelta

from lifang.core import Clock, Unauthenticated
from lifang.guard import ANONYMOUS, Subject
from lifang.identity.lockout import Lockout
from lifang.identity.model import Session, digest, person_of
from lifang.identity.passwords import Passwords
from lifang.identity.people import plain_name
from lifang.store import Entry, Row, Store

_EXPIRED_AT_ONCE = 100  # old sessions swept at each log-in


class Sessions:
    """Who is signed in; only the SHA-256 of a session's token is kept."""

    def __init__(self, store: Store, clock: Clock, passwords: Passwords, lockout: Lockout, *, max_age_s: int) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._lockout = lockout
        self._max_age = timedelta(seconds=max_age_s)

    def log_in(self, name: str, password: str) -> Session:
        """Return a new session; ``Unauthenticated`` alike for an unknown name and a wrong password, and as slowly.

        After 5 failures with a name there is a growing wait, whether anybody has that name or not.
        """
        plain = plain_name(name)
        self._lockout.attempt(plain)
        rows = self._store.registry.find("person", where={"name": plain, "active": True}, limit=1)
        row = rows[0] if rows else None
        if not self._passwords.verify(password, row["password_hash"] if row else None) or row is None:
            who = f"person:{row['id']}" if row else "person:unknown"
            self._store.ledger.append(Entry(ANONYMOUS.id, "log_in", who, outcome="denied"))
            raise Unauthenticated("Name and password do not match.", mend="Check both and try again.")
        self._lockout.passed(plain)
        return self._begin(row, password)

    def log_out(self, token: str) -> None:
        """End the session; nothing happens if there is none."""
        key = digest(token)
        with self._store.registry.transaction() as tx:
            row = tx.get("session", key)
            if row is None:
                return
            tx.delete("session", key)
            tx.record(Entry(row["person"], "log_out", f"person:{row['person']}"))

    def subject_of_session(self, token: str) -> Subject:
        """Return who is signed in with ``token``, with the roles they have now; else ``Unauthenticated``."""
        row = self._store.registry.get("session", digest(token))
        person = self._store.registry.get("person", row["person"]) if row else None
        if row is None or person is None or not person["active"] or row["expires"] <= self._clock.now():
            raise Unauthenticated("This session has ended.", mend="Sign in again.")
        return person_of(person).subject()

    def _begin(self, row: Row, password: str) -> Session:
        now = self._clock.now()
        token, expires = secrets.token_urlsafe(32), now + self._max_age
        renewed = self._passwords.hash(password) if self._passwords.outdated(row["password_hash"]) else None
        with self._store.registry.transaction() as tx:
            changes = {"password_hash": renewed} if renewed else {}
            # An account changed since it was checked is checked again by the person, not by us.
            expect = {"password_hash": row["password_hash"], "active": True}
            person = person_of(tx.update("person", row["id"], changes, expect=expect))
            for old in tx.find("session", where={"expires <=": now}, limit=_EXPIRED_AT_ONCE):
                tx.delete("session", old["id"])
            tx.insert("session", {"id": digest(token), "person": person.id, "expires": expires, "created": now})
            tx.record(Entry(person.id, "log_in", f"person:{person.id}"))
        return Session(token, expires, person.subject())
