"""The words of the catalogue: release, admission, lineage link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lifang.catalogue.checking import QualityReport
from lifang.core import format_instant
from lifang.guard import Classification
from lifang.store import Row


@dataclass(frozen=True)
class Release:
    """An immutable published version of a dataset; ``agreement``: only the part of it that was agreed on."""

    dataset: str
    number: int
    recorded: datetime
    rows: int
    refused: int
    bytes: int
    sha256: str
    source_sha256: str
    source_name: str
    columns: tuple[Mapping[str, Any], ...]
    quality: QualityReport
    provenance: Mapping[str, Any]
    agreement: str = ""

    @property
    def id(self) -> str:
        """``<dataset>@<number>``."""
        return f"{self.dataset}@{self.number}"

    @property
    def format(self) -> str:
        """The format of the source."""
        return str(self.provenance.get("format", ""))

    @property
    def classification(self) -> Classification:
        """What the release was classified as when it was published: a later card does not open it."""
        return Classification(self.provenance.get("classification", Classification.RESTRICTED))

    @property
    def has_geometry(self) -> bool:
        """Whether the rows have positions."""
        return any(column["type"] == "geometry" for column in self.columns)

    @classmethod
    def from_row(cls, row: Row) -> Release:
        """Return the release of a registry row."""
        plain = {name: row[name] for name in cls.__dataclass_fields__ if name in row and name != "quality"}
        return cls(
            **plain,
            columns=tuple((row["schema"] or {}).get("columns", ())),
            quality=QualityReport.from_mapping(row["quality"] or {}),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the release as plain values, without its quality report."""
        return {
            "id": self.id,
            "dataset": self.dataset,
            "number": self.number,
            "recorded": format_instant(self.recorded),
            "rows": self.rows,
            "refused": self.refused,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "source_sha256": self.source_sha256,
            "source_name": self.source_name,
            "format": self.format,
        }


@dataclass(frozen=True)
class Admission:
    """What became of a file: its release (the present one if nothing changed) and the quality report."""

    dataset: str
    release: Release | None
    rows: int
    refused: int
    unchanged: bool
    report: QualityReport

    def as_json(self) -> dict[str, Any]:
        """Return the admission as plain values."""
        return {
            "dataset": self.dataset,
            "release": self.release.as_json() if self.release else None,
            "rows": self.rows,
            "refused": self.refused,
            "unchanged": self.unchanged,
            "report": self.report.to_mapping(),
        }


@dataclass(frozen=True)
class Link:
    """``target`` was made from ``source`` by ``activity``; ids are ``<kind>:<id>``."""

    source: str
    target: str
    activity: str
    recorded: datetime
    detail: Mapping[str, Any]
