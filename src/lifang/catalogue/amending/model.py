"""The words of amending: a change asked for, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import pyarrow as pa

from lifang.catalogue.checking import QualityReport
from lifang.catalogue.model import Release

Method = Literal["upsert", "insert", "update"]
METHODS: tuple[str, ...] = get_args(Method)
CHANGE = "_change"  # the column of a kept change that says what became of the row: insert, update or delete


@dataclass(frozen=True)
class Change:
    """Rows to write and keys to delete, typed or as text, with the dataset's column names or the card's headers.

    A column that ``upserts`` lacks keeps its value (empty in a new row). ``method`` is ``upsert``, or ``insert``
    (refuses keys that are there) or ``update`` (refuses those that are not). ``_row`` numbers the rows for the report;
    ``refused`` are cells that could not be read on the way, to be told with the others. Of a change that is taken
    ``whole`` nothing is taken if any of it is refused.
    """

    upserts: pa.Table | None = None
    deletes: pa.Table | None = None
    method: Method = "upsert"
    refused: pa.Table | None = None
    whole: bool = False


@dataclass(frozen=True)
class Amendment:
    """What became of a change: the release it made (the present one if nothing differs) and what was refused.

    ``same`` counts rows that were there already just so; ``refused`` rows and keys, not cells.
    """

    dataset: str
    release: Release
    inserted: int
    updated: int
    deleted: int
    same: int
    refused: int
    report: QualityReport

    @property
    def unchanged(self) -> bool:
        """Whether there is no new release, since nothing differs."""
        return not (self.inserted or self.updated or self.deleted)

    def as_json(self) -> dict[str, Any]:
        """Return the amendment as plain values."""
        return {
            "dataset": self.dataset,
            "release": self.release.as_json(),
            **{name: getattr(self, name) for name in ("inserted", "updated", "deleted", "same", "refused")},
            "unchanged": self.unchanged,
            "report": self.report.to_mapping(),
        }
