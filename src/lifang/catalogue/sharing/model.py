"""The words of sharing: a request for data shared on conditions, and the agreement that it may become."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from lifang.core import format_instant
from lifang.guard import Grant
from lifang.store import Row

State = Literal["asked", "refused", "withdrawn", "agreed", "ended"]
Status = Literal["asked", "refused", "withdrawn", "in_force", "expired", "ended"]


@dataclass(frozen=True)
class SharingRequest:
    """What somebody asks for: fields of a dataset, the rows that meet conditions, for a purpose, until a moment.

    ``rows`` are written ``column:op:value`` and hold together; ``for_organisation``: for all of the applicant's.
    """

    dataset: str
    purpose: str
    fields: tuple[str, ...]
    until: datetime
    rows: tuple[str, ...] = ()
    for_organisation: bool = False


@dataclass(frozen=True)
class Agreement:
    """A request and what became of it; agreed on, it holds from ``since`` to ``until`` unless ended before.

    ``due`` is by when it is to be answered; ``reasons`` are the reviewer's, ``assessment`` the impact assessment that
    was relied on.
    """

    id: str
    dataset: str
    subject: str
    applicant: str
    organisation: str
    for_organisation: bool
    purpose: str
    fields: tuple[str, ...]
    rows: tuple[str, ...]
    until: datetime
    state: State
    reasons: str
    assessment: str
    reviewer: str
    asked: datetime
    due: datetime
    since: datetime | None
    reviewed: datetime | None
    ended: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Agreement:
        """Return the agreement of a registry row."""
        plain = {name: row[name] for name in cls.__dataclass_fields__}
        return cls(**{**plain, "fields": tuple(row["fields"]), "rows": tuple(row["rows"])})

    def status(self, now: datetime) -> Status:
        """Return how it stands at a moment: an agreement expires by itself."""
        if self.state == "agreed":
            return "in_force" if now < self.until else "expired"
        return self.state

    @property
    def grant(self) -> Grant | None:
        """The leave that it gives while it holds, if it was agreed on and not ended."""
        if self.state != "agreed" or self.since is None:
            return None
        organisation = self.organisation if self.for_organisation else ""
        return Grant(self.id, self.subject, organisation, self.purpose, self.since, self.until)

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Return the agreement as plain values, as it stands at a moment."""
        told: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "state"}
        moments = {name: format_instant(value) for name, value in told.items() if isinstance(value, datetime)}
        return {**told, **moments, "fields": list(self.fields), "rows": list(self.rows), "status": self.status(now)}
