"""The words of the lake: observations, batches, released files, conditions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput, to_micros

Op = Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains", "prefix", "isnull", "notnull"]

_FIRST = to_micros(datetime(1, 1, 2, tzinfo=UTC))
_LAST = to_micros(datetime(9999, 12, 30, tzinfo=UTC))


@dataclass(frozen=True, eq=False)
class Observations:
    """Many values, as equally long arrays: ``datastream`` int32 numbers, ``time`` int64 microseconds UTC,
    ``value`` float64, ``quality`` uint8 flags; ``BadInput`` when lengths or kinds disagree.
    """

    datastream: NDArray[np.int32]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]

    def __post_init__(self) -> None:
        kinds = {"datastream": np.int32, "time": np.int64, "value": np.float64, "quality": np.uint8}
        for name, kind in kinds.items():
            array = getattr(self, name)
            if array.dtype != kind or array.ndim != 1 or len(array) != len(self.datastream):
                raise BadInput(
                    f"Observations need {name} as {np.dtype(kind).name}, as long as the others.",
                    where=f"{array.dtype.name} of shape {array.shape}",
                )

    def __len__(self) -> int:
        return len(self.datastream)

    def check_times(self) -> None:
        """Raise ``BadInput`` if a time lies outside the years 1 to 9999."""
        if len(self) and (int(self.time.min()) < _FIRST or int(self.time.max()) > _LAST):
            raise BadInput("A time lies outside the years 1 to 9999.", mend="Give microseconds since 1970 UTC.")

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the four arrays, little-endian, one after the other."""
        digest = hashlib.sha256()
        for array in (self.datastream, self.time, self.value, self.quality):
            digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).data)
        return digest.hexdigest()


@dataclass(frozen=True)
class Batch:
    """One durable commit of observations: when it was recorded, for whom, how many rows, and their digest."""

    id: int
    recorded: datetime
    subject: str
    rows: int
    digest: str


@dataclass(frozen=True)
class ReleaseFile:
    """A written Parquet file: where it lies, its rows, its size in ``bytes`` and the SHA-256 of them."""

    path: Path
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ColumnInfo:
    """A column of a relation: its name, and its DuckDB type such as ``BIGINT`` or ``TIMESTAMP WITH TIME ZONE``."""

    name: str
    type: str


@dataclass(frozen=True)
class Condition:
    """What a row must meet: ``column``, an operator, and the value it is compared with.

    ``contains`` (letter case does not matter) and ``prefix`` compare text; ``in`` takes a list;
    ``isnull`` and ``notnull`` take none.
    """

    column: str
    op: Op
    value: Any = None
