"""People, organisations, sessions and tokens as values; secrets appear only where they are handed out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from lifang.core import BadInput
from lifang.guard import Role, Subject
from lifang.store import Row

_TEXT_MAX = 100


@dataclass(frozen=True)
class Person:
    """One who can sign in."""

    id: str
    name: str
    display_name: str
    roles: frozenset[Role]
    organisation: str
    active: bool
    created: datetime

    def subject(self, *, roles: frozenset[Role] | None = None, via: str = "") -> Subject:
        """Return the subject who acts: with no more than ``roles``, named with what they act ``via``."""
        name = f"{self.name} ({via})" if via else self.name
        return Subject(self.id, name, self.roles if roles is None else self.roles & roles, self.organisation)


@dataclass(frozen=True)
class Organisation:
    """A body that people belong to, in Chinese and English."""

    id: str
    zh: str
    en: str
    created: datetime


@dataclass(frozen=True)
class Session:
    """A person signed in at the page; ``token`` is the only copy of the secret."""

    token: str = field(repr=False)
    expires: datetime
    subject: Subject


@dataclass(frozen=True)
class Token:
    """What lets a machine act for a person, with some of the person's roles; the secret is not in it."""

    id: str
    person: str
    label: str
    roles: frozenset[Role]
    created: datetime
    expires: datetime | None
    revoked: datetime | None

    def valid(self, now: datetime) -> bool:
        """Return whether it is neither revoked nor expired at ``now``."""
        return self.revoked is None and (self.expires is None or now < self.expires)


def digest(secret: str) -> str:
    """Return the SHA-256 under which a secret of 256 random bits is kept, in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def check_text(text: str, *, where: str) -> str:
    """Return ``text`` if it is 1 to 100 printable characters, else ``BadInput``."""
    if not text.strip() or len(text) > _TEXT_MAX or not text.isprintable():
        raise BadInput(f"This needs 1 to {_TEXT_MAX} printable characters.", where=where, mend="Correct the text.")
    return text


def roles_of(names: Iterable[str]) -> frozenset[Role]:
    """Return the roles called ``names``; ``BadInput`` lists those there are."""
    try:
        return frozenset(Role(name) for name in names)
    except ValueError as error:
        raise BadInput(f"{error}.", mend=f"Roles: {', '.join(Role)}.") from None


def person_of(row: Row) -> Person:
    """Return the person in a registry row."""
    return Person(
        row["id"],
        row["name"],
        row["display_name"],
        roles_of(row["roles"]),
        row["organisation"],
        row["active"],
        row["created"],
    )


def token_of(row: Row) -> Token:
    """Return the token in a registry row."""
    return Token(
        row["id"], row["person"], row["label"], roles_of(row["roles"]), row["created"], row["expires"], row["revoked"]
    )
