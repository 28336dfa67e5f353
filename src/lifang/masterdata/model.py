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
SAME, DIFFERENT = "same", "different"
ADDRESS, ADDRESS_CODE = "address", "address_code"
ADDRESSED = {"person": "residence_address", "legal_entity": "address", "housing_unit": "address"}  # kind: element
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
    Link("lives_at", "person", "address_code", "address", "address_code", "居住地址", "lives at"),
    Link("seated_at", "legal_entity", "address_code", "address", "address_code", "住所", "has its seat at"),
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


@dataclass(frozen=True)
class DuplicateCase:
    """Records that may be one, for a person to say; ``said`` is what they are alike in, by element.

    ``state``: open, settled (``decision``: they are the ``same``, as the record ``kept``, or ``different``, for
    ``reason``) or gone (they are not alike any more).
    """

    id: str
    kind: str
    records: list[str]
    said: dict[str, str]
    state: str
    decision: str
    kept: str
    reason: str
    settled_by: str
    opened: datetime
    settled: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> DuplicateCase:
        """Return the case of a registry row."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    def as_json(self) -> dict[str, Any]:
        """Return the case as plain values."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        settled = self.settled and format_instant(self.settled)
        return {**plain, "opened": format_instant(self.opened), "settled": settled}


@dataclass(frozen=True)
class Step:
    """One step of a conflict or of a case of duplicates: opened, settled, reopened or gone; by whom, when, why."""

    id: str
    item: str
    move: str
    by: str
    recorded: datetime
    detail: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the step as plain values."""
        told = {name: getattr(self, name) for name in ("move", "by", "detail")}
        return {**told, "recorded": format_instant(self.recorded)}


def dataset_of(kind: str) -> str:
    """Return the dataset that holds the one record of each of a kind."""
    return f"master_{kind}"


def kinds() -> dict[str, DataStandard]:
    """Return the kinds of record there are, the base databases, with the data standard of each."""
    return {each.id: each for each in shipped_standards().values() if each.kind == "base"}


def kind_of(name: str) -> DataStandard:
    """Return the standard of a kind, or ``NotFound``."""
    found = kinds().get(name)
    if found is None:
        raise NotFound(f"There is no base database {name[:80]!r}.", mend=f"Known: {', '.join(kinds())}.")
    return found
