"""The quality report: what was read, what was refused and why, and figures for every column of what was admitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.catalogue.checking.hashing import Hashes
from lifang.core import format_instant

_EXAMPLES = 5
_SKETCH = 1024  # distinct values are exact below this, and within about 3 % above (k minimum values)


@dataclass(frozen=True)
class ColumnQuality:
    """Figures of one admitted column: filled cells, share filled, distinct values (exact or estimated), bounds."""

    name: str
    filled: int
    complete: float
    distinct: int
    distinct_exact: bool
    minimum: float | int | str | None = None
    maximum: float | int | str | None = None


@dataclass(frozen=True)
class Hit:
    """How often one rule was broken in one column, with the first examples (row, value, mend)."""

    rule: str
    column: str
    count: int
    examples: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class QualityReport:
    """What an admission found. ``rows`` = ``admitted`` + ``refused``; ``bad_cells`` may exceed ``refused``."""

    rows: int = 0
    admitted: int = 0
    refused: int = 0
    bad_cells: int = 0
    columns: tuple[ColumnQuality, ...] = ()
    hits: tuple[Hit, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_mapping(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, table: Mapping[str, Any]) -> QualityReport:
        """Return the report of ``to_mapping``."""
        columns = tuple(ColumnQuality(**each) for each in table.get("columns", ()))
        hits = tuple(Hit(**{**each, "examples": tuple(each["examples"])}) for each in table.get("hits", ()))
        plain = {name: table.get(name, 0) for name in ("rows", "admitted", "refused", "bad_cells")}
        return cls(**plain, columns=columns, hits=hits, notes=tuple(table.get("notes", ())))


class Sketches:
    """Running figures of the columns of a release, in constant memory."""

    def __init__(self, names: list[str]) -> None:
        self._smallest: dict[str, Hashes] = {name: np.empty(0, np.uint64) for name in names}
        self._filled = dict.fromkeys(names, 0)
        self._bounds: dict[str, list[Any]] = {name: [] for name in names}
        self._rows = 0

    def add_hashes(self, hashes: Mapping[str, Hashes], good: NDArray[np.bool_] | slice) -> None:
        """Take the hashes of the good rows of a batch."""
        for name, smallest in self._smallest.items():
            fresh = hashes[name][good]
            if len(smallest) >= _SKETCH:
                fresh = fresh[fresh < smallest[-1]]
            if len(fresh):
                self._smallest[name] = np.unique(np.concatenate([smallest, fresh]))[:_SKETCH]

    def add_rows(self, table: pa.RecordBatch) -> None:
        """Take the rows that are admitted."""
        self._rows += table.num_rows
        for name in self._smallest:
            column = table.column(table.schema.names.index(name))
            self._filled[name] += len(column) - column.null_count
            if not pa.types.is_string(column.type) and not pa.types.is_binary(column.type):
                bounds = pc.min_max(column).as_py()
                present = (*self._bounds[name], *(each for each in bounds.values() if each is not None))
                self._bounds[name] = [min(present), max(present)] if present else []

    def columns(self) -> tuple[ColumnQuality, ...]:
        """Return the figures."""
        return tuple(self._column(name) for name in self._smallest)

    def _column(self, name: str) -> ColumnQuality:
        filled, smallest = self._filled[name], self._smallest[name]
        exact = len(smallest) < _SKETCH
        estimate = len(smallest) if exact else round((_SKETCH - 1) / (float(smallest[-1]) / 2.0**64))
        distinct = min(estimate - (exact and filled < self._rows), filled)
        low, high = (_plain(each) for each in self._bounds[name] or (None, None))
        share = round(filled / self._rows, 6) if self._rows else 0.0
        return ColumnQuality(name, filled, share, max(distinct, int(filled > 0)), exact, low, high)


def _plain(value: Any) -> float | int | str | None:
    if isinstance(value, datetime):
        return format_instant(value)
    return value.isoformat() if isinstance(value, date) else cast("float | int | str | None", value)


def count_hits(refused: pa.Table) -> tuple[Hit, ...]:
    """Return the bad cells counted by rule and column, the commonest first."""
    if not refused.num_rows:
        return ()
    groups = refused.group_by(["rule", "column"], use_threads=False).aggregate([("row", "count")]).to_pylist()
    hits = []
    for group in groups:
        chosen = pc.and_(pc.equal(refused["rule"], group["rule"]), pc.equal(refused["column"], group["column"]))
        first = refused.filter(chosen).slice(0, _EXAMPLES).select(["row", "value", "mend"]).to_pylist()
        hits.append(Hit(group["rule"], group["column"], group["row_count"], tuple(first)))
    return tuple(sorted(hits, key=lambda hit: (-hit.count, hit.rule, hit.column)))
