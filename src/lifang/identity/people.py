"""People and organisations: added, changed and deactivated, each in one transaction with its ledger record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from lifang.core import BadInput, Clock, Conflict, NotFound, check_slug, new_id
from lifang.guard import SYSTEM, Action, Resource, Role, Subject, require
from lifang.identity.lockout import Lockout
from lifang.identity.model import Organisation, Person, check_text, person_of, roles_of
from lifang.identity.passwords import Passwords, check_password
from lifang.store import Entry, Row, Store, Transaction

_NAME = re.compile(r"\w[\w.@-]{0,62}\w")


def plain_name(name: str) -> str:
    """Return the log-in name as it is kept and compared: NFKC, without case."""
    return unicodedata.normalize("NFKC", name).strip().casefold().encode("utf-8", "replace").decode()


class People:
    """The people and organisations of one city."""

    def __init__(self, store: Store, clock: Clock, passwords: Passwords, lockout: Lockout) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._lockout = lockout

    def people(self) -> list[Person]:
        """Return everyone, by name."""
        return [person_of(row) for row in self._store.registry.find("person", order="name")]

    def person(self, name: str) -> Person:
        """Return the person with this id or log-in name, or ``NotFound``."""
        plain = plain_name(name)
        row = self._store.registry.get("person", plain)
        rows = [row] if row else self._store.registry.find("person", where={"name": plain}, limit=1)
        if not rows:
            raise NotFound(f"There is no person {name[:64]!r}.", mend="Check the name, or add the person.")
        return person_of(rows[0])

    def organisations(self) -> list[Organisation]:
        """Return every organisation, by id."""
        return [_organisation(row) for row in self._store.registry.find("organisation")]

    def add_organisation(self, organisation_id: str, *, zh: str, en: str, by: Subject) -> Organisation:
        """Return the organisation added; ``Conflict`` if its id is taken."""
        require(by, Action.MANAGE, Resource("organisation", organisation_id))
        check_slug(organisation_id, what="organisation id")
        names = {"zh": check_text(zh, where="zh"), "en": check_text(en, where="en")}
        row: Row = {"id": organisation_id, **names, "created": self._clock.now()}
        with self._store.registry.transaction() as tx:
            tx.insert("organisation", row)
            _record(tx, by, "add_organisation", f"organisation:{organisation_id}", names)
        return _organisation(row)

    def add_person(
        self,
        name: str,
        password: str,
        *,
        roles: Iterable[str],
        by: Subject,
        display_name: str = "",
        organisation: str = "",
    ) -> Person:
        """Return the person added; ``BadInput`` for an unfit name or password, ``Conflict`` if the name is taken."""
        require(by, Action.MANAGE, Resource("person"))
        row = self._row(name, password, roles, display_name, organisation)
        with self._store.registry.transaction() as tx:
            _insert(tx, row, by)
        return person_of(row)

    def first_administrator(self, password: str) -> Person | None:
        """Return the person ``admin`` if nobody existed and it was made, else None."""
        if self._store.registry.count("person"):
            return None
        row = self._row("admin", password, [Role.ADMINISTRATOR], "", "")
        with self._store.registry.transaction() as tx:
            if tx.count("person"):
                return None  # someone else was first
            _insert(tx, row, SYSTEM)
        return person_of(row)

    def set_roles(self, person_id: str, roles: Iterable[str], *, by: Subject) -> Person:
        """Return the person with these roles and no others; ``Conflict`` if no administrator would be left."""
        require(by, Action.MANAGE, Resource("role", person_id))
        after = roles_of(roles)
        with self._store.registry.transaction() as tx:
            before = _person(tx, person_id)
            if Role.ADMINISTRATOR not in after:
                _keep_an_administrator(tx, before)
            row = tx.update("person", person_id, {"roles": sorted(after)})
            _record(
                tx, by, "set_roles", f"person:{person_id}", {"before": sorted(before.roles), "after": sorted(after)}
            )
        return person_of(row)

    def set_password(self, person_id: str, password: str, *, by: Subject) -> None:
        """Set the password, end the person's sessions and their waiting time."""
        require(by, Action.MANAGE, Resource("password", person_id))
        person = self.person(person_id)
        kept = self._passwords.hash(check_password(password, name=person.name))
        with self._store.registry.transaction() as tx:
            tx.update("person", person.id, {"password_hash": kept})
            _end_sessions(tx, person.id)
            _record(tx, by, "set_password", f"person:{person.id}")
        self._lockout.passed(person.name)

    def deactivate(self, person_id: str, *, by: Subject) -> Person:
        """Return the person, who can no longer act: sessions end, tokens are revoked; records of them stay."""
        require(by, Action.MANAGE, Resource("person", person_id))
        with self._store.registry.transaction() as tx:
            _keep_an_administrator(tx, _person(tx, person_id))
            row = tx.update("person", person_id, {"active": False})
            _end_sessions(tx, person_id)
            for token in tx.find("token", where={"person": person_id, "revoked": None}):
                tx.update("token", token["id"], {"revoked": self._clock.now()})
            _record(tx, by, "deactivate_person", f"person:{person_id}")
        return person_of(row)

    def _row(self, name: str, password: str, roles: Iterable[str], display_name: str, organisation: str) -> Row:
        plain = plain_name(name)
        if not _NAME.fullmatch(plain):
            raise BadInput(
                f"{name[:64]!r} cannot be a log-in name.",
                where="name",
                mend="Use 2 to 64 letters or digits, with '.', '-', '_' or '@' between them.",
            )
        if organisation and not self._store.registry.get("organisation", organisation):
            raise BadInput(
                f"There is no organisation {organisation[:64]!r}.", where="organisation", mend="Add it first."
            )
        now = self._clock.now()
        return {
            "id": new_id("person", now),
            "name": plain,
            "display_name": check_text(display_name or name.strip(), where="display_name"),
            "password_hash": self._passwords.hash(check_password(password, name=plain)),
            "roles": sorted(roles_of(roles)),
            "organisation": organisation,
            "active": True,
            "created": now,
        }


def _organisation(row: Row) -> Organisation:
    return Organisation(row["id"], row["zh"], row["en"], row["created"])


def _insert(tx: Transaction, row: Row, by: Subject) -> None:
    if tx.find("person", where={"name": row["name"]}, limit=1):
        raise Conflict(f"The name {row['name']!r} is taken.", where="name", mend="Choose another name.")
    tx.insert("person", row)
    _record(tx, by, "add_person", f"person:{row['id']}", {"name": row["name"], "roles": row["roles"]})


def _person(tx: Transaction, person_id: str) -> Person:
    row = tx.get("person", person_id)
    if row is None:
        raise NotFound(f"There is no person {person_id[:64]!r}.")
    return person_of(row)


def _keep_an_administrator(tx: Transaction, leaving: Person) -> None:
    others = (person_of(row) for row in tx.find("person", where={"active": True}) if row["id"] != leaving.id)
    if (
        leaving.active
        and Role.ADMINISTRATOR in leaving.roles
        and not any(Role.ADMINISTRATOR in each.roles for each in others)
    ):
        raise Conflict(f"{leaving.name!r} is the last administrator.", mend="Make another person administrator first.")


def _end_sessions(tx: Transaction, person_id: str) -> None:
    for session in tx.find("session", where={"person": person_id}):
        tx.delete("session", session["id"])


def _record(tx: Transaction, by: Subject, action: str, resource: str, detail: Mapping[str, Any] | None = None) -> None:
    tx.record(Entry(by.id, action, resource, detail=detail or {}))
