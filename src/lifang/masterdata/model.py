"""The words of master data: kinds of record, sources, links, conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lifang.core import NotFound, format_instant
from lifang.standards import DataStandard, shipped_standards
from lifang.store import Row

OPEN, SETTLED, GONE = "open", "settled", "gone"
NEWEST, COMPLETE = "newest", "most_complete"


@dataclass(frozen=True)
class Link:
    """``element`` of a record of ``kind`` names records of ``to`` by their ``by``: read as ``zh`` and ``en``."""

    id: str
    kind: str
    element: str
    to: str
    by: str
    zh: str
    en: str


LINKS = (
    Link("owned_by_entity", "housing_unit", "owner_code", "legal_entity", "uscc", "房屋权利人（法人）", "is owned by"),
    Link("owned_by_person", "housing_unit", "owner_code", "person", "id_number", "房屋权利人（个人）", "is owned by"),
    Link("stands_at", "housing_unit", "address_code", "address", "address_code", "房屋坐落", "stands at"),
    Link("lives_at", "person", "residence_address", "address", "full_address", "居住地址", "lives at"),
    Link("seated_at", "legal_entity", "address", "address", "full_address", "住所", "has its seat at"),
    Link("licence_of_entity", "e_licence", "holder_code", "legal_entity", "uscc", "持证主体（法人）", "is held by"),
    Link("licence_of_person", "e_licence", "holder_code", "person", "id_number", "持证主体（个人）", "is held by"),
    Link("credit_of", "public_credit", "subject_code", "legal_entity", "uscc", "信用主体", "is about"),
)


@dataclass(frozen=True)
class Source:
    """A dataset that tells of one kind of record, by which bureau; ``columns`` maps elements to its columns."""

    id: str
    kind: str
    organisation: str
    columns: Mapping[str, str]

    @classmethod
    def from_row(cls, row: Row) -> Source:
        """Return the source of a registry row."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Conflict:
    """Bureaus say different things of one element of one record; ``said`` has organisation, value and moment.

    ``state``: open, settled (a person chose ``value``, for ``reason``) or gone (the bureaus agree now).
    """

    id: str
    kind: str
    record: str
    element: str
    said: list[dict[str, Any]]
    state: str
    value: str | None
    reason: str
    settled_by: str
    opened: datetime
    settled: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Conflict:
        """Return the conflict of a registry row."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    def as_json(self) -> dict[str, Any]:
        """Return the conflict as plain values."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            **plain,
            "opened": format_instant(self.opened),
            "settled": self.settled and format_instant(self.settled),
        }


def kinds() -> dict[str, DataStandard]:
    """Return the kinds of record there are, the base databases, with the data standard of each."""
    return {each.id: each for each in shipped_standards().values() if each.kind == "base"}


def kind_of(name: str) -> DataStandard:
    """Return the standard of a kind, or ``NotFound``."""
    found = kinds().get(name)
    if found is None:
        raise NotFound(f"There is no base database {name[:80]!r}.", mend=f"Known: {', '.join(kinds())}.")
    return found
