"""The bodies of the routes for people, tokens, the ledger and backups."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said

ShortText = Annotated[str, Field(max_length=200)]
RoleName = Annotated[str, Field(pattern="^(citizen|analyst|operator|data_officer|administrator)$")]


class PersonBody(Said):
    """A person who may log in."""

    id: str
    name: str
    display_name: str
    roles: list[str]
    organisation: str
    active: bool


class PersonPage(Said):
    """People."""

    items: list[PersonBody]
    next: str | None


class NewPerson(Asked):
    """A person to add."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]
    roles: Annotated[list[RoleName], Field(max_length=10, default_factory=list)]
    display_name: ShortText = ""
    organisation: ShortText = ""


class OrganisationBody(Said):
    """An organisation that people belong to."""

    id: str
    name: Name


class OrganisationPage(Said):
    """Organisations, by id."""

    items: list[OrganisationBody]
    next: str | None


class NewOrganisation(Asked):
    """An organisation to add, such as a bureau."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    zh: Annotated[str, Field(min_length=1, max_length=100)]
    en: Annotated[str, Field(min_length=1, max_length=100)]


class PersonChange(Asked):
    """What to change of a person; what is left out stays. A deactivated person stays so.

    ``current_password`` goes with one's own new password; an administrator needs none.
    """

    roles: Annotated[list[RoleName], Field(max_length=10)] | None = None
    active: Literal[False] | None = None
    password: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    current_password: Annotated[str, Field(max_length=1000)] | None = None


class TokenBody(Said):
    """A machine's token, without its secret."""

    id: str
    person: str
    label: str
    roles: list[str]
    created: str
    expires: str | None
    revoked: str | None


class TokenPage(Said):
    """Tokens."""

    items: list[TokenBody]
    next: str | None


class NewToken(Asked):
    """A token to issue, for oneself unless ``person`` says otherwise; ``roles`` narrows what it may do."""

    label: Annotated[str, Field(min_length=1, max_length=200)]
    person: ShortText | None = None
    roles: Annotated[list[RoleName], Field(max_length=10)] | None = None
    expires: ShortText | None = None


class IssuedToken(Said):
    """A new token; its ``secret`` is shown this once."""

    token: TokenBody
    secret: str


class LedgerRecord(Said):
    """One record of the ledger; ``hash`` covers it and the ``previous`` hash."""

    seq: int
    recorded: str
    subject: str
    action: str
    resource: str
    purpose: str
    outcome: str
    detail: Json
    previous: str
    hash: str


class LedgerPage(Said):
    """Ledger records, oldest first."""

    items: list[LedgerRecord]
    next: str | None


class LedgerVerdict(Said):
    """Whether the chain holds; ``first_bad`` is the number of the first record that does not."""

    ok: bool
    count: int
    head: str
    first_bad: int | None
    reason: str


class Finding(Said):
    """One thing the doctor looked at."""

    check: str
    well: bool
    seen: str
    mend: str


class FindingPage(Said):
    """What the doctor found."""

    items: list[Finding]
    next: str | None
