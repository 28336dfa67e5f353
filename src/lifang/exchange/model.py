"""The words of the exchange: feed, delivery, its manifest and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from lifang.core import BadInput, format_instant
from lifang.exchange.sources import FeedSpec
from lifang.store import Row

Kind = Literal["full", "incremental"]
KINDS: tuple[Kind, ...] = ("full", "incremental")
WAITING, DONE, REFUSED = "received", "admitted", "refused"
CHANGE_HEADERS = ("_change", "操作")  # of the column of an incremental delivery that says what became of a row
OPERATIONS: Mapping[str, Literal["upsert", "delete"]] = {
    **dict.fromkeys(("", "upsert", "insert", "update", "i", "u", "c", "r", "新增", "修改", "变更"), "upsert"),
    **dict.fromkeys(("delete", "d", "删除", "注销"), "delete"),
}
_REFERENCE_MAX = 200


@dataclass(frozen=True)
class Manifest:
    """What the sender declares of a delivery: its own name for it, whole or changes, rows and SHA-256 (hex)."""

    reference: str = ""
    kind: Kind = "full"
    rows: int | None = None
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadInput(
                f"{str(self.kind)[:40]!r} is no kind of delivery.", where="kind", mend="full or incremental."
            )
        if len(self.reference) > _REFERENCE_MAX or not self.reference.isprintable():
            mend = f"Use at most {_REFERENCE_MAX} printable characters."
            raise BadInput("This cannot be a delivery's reference.", where="reference", mend=mend)
        if self.rows is not None and (not isinstance(self.rows, int) or self.rows < 0):
            raise BadInput("rows is no number of rows.", where="rows", mend="Give a whole number, or leave it out.")

    @classmethod
    def from_mapping(cls, table: Any) -> Manifest:
        """Return the manifest of parsed JSON; ``BadInput`` for anything else."""
        known = {"reference", "kind", "rows", "sha256"}
        if not isinstance(table, Mapping) or set(table) - known:
            mend = f"Give an object with any of {', '.join(sorted(known))}."
            raise BadInput("This is no manifest.", where="manifest", mend=mend)
        return cls(**{"reference": "", **table})

    def as_json(self) -> dict[str, Any]:
        """Return what was declared."""
        return {"rows": self.rows, "sha256": self.sha256}


@dataclass(frozen=True)
class Feed:
    """What one bureau delivers to one dataset, how it comes, and how its pulls do."""

    id: str
    organisation: str
    dataset: str
    spec: FeedSpec
    active: bool
    checkpoint: Mapping[str, Any]
    trouble: Mapping[str, Any] | None
    failures: int
    attempted: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Feed:
        """Return the feed of a registry row."""
        values = {name: row[name] for name in cls.__dataclass_fields__ if name != "spec"}
        return cls(**values, spec=FeedSpec.from_mapping(row["spec"]))

    def as_json(self) -> dict[str, Any]:
        """Return the feed as plain values."""
        return {
            "id": self.id,
            "organisation": self.organisation,
            "dataset": self.dataset,
            "source": self.spec.source.kind,
            "every_s": self.spec.every_s,
            "active": self.active,
            "trouble": self.trouble,
            "failures": self.failures,
            "attempted": self.attempted and format_instant(self.attempted),
        }


@dataclass(frozen=True)
class Delivery:
    """One file that a bureau delivered. ``state``: received (waits), admitted, or refused with its ``problem``.

    ``counts``: declared, received, superseded, admitted, refused, in the release, and whether they agree (balanced).
    """

    id: str
    feed: str
    organisation: str
    dataset: str
    reference: str
    kind: Kind
    name: str
    sha256: str
    bytes: int
    declared: Mapping[str, Any]
    state: str
    counts: Mapping[str, Any]
    problem: Mapping[str, Any] | None
    release: str
    subject: str
    received: datetime
    settled: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Delivery:
        """Return the delivery of a registry row."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    def as_json(self) -> dict[str, Any]:
        """Return the delivery as plain values."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        moments = {name: plain[name] and format_instant(plain[name]) for name in ("received", "settled")}
        return {**plain, "declared": dict(self.declared), "counts": dict(self.counts), **moments}
