"""The words of the lake: observations, batches, released files, conditions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.core import BadInput, to_micros

Op = Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains", "prefix", "isnull", "notnull"]

_FIRST = to_micros(datetime(1, 1, 2, tzinfo=UTC))
_LAST = to_micros(datetime(9999, 12, 30, tzinfo=UTC))
_KINDS = {"datastream": np.int32, "time": np.int64, "value": np.float64, "quality": np.uint8}
_MOST_STREAMS = 100_000_000
DELETED = 255  # the quality of a row that says that there is no value any more
NO_END = int(np.iinfo(np.int64).min)  # the end of a value that is of a moment, not of an interval
_ENDING = '"end":'  # stands in the extra of every interval
# As SQL: the end of a row's interval, null of a moment. A value is known by its datastream, its time and this.
UNTIL = f"CASE WHEN contains(extra, '{_ENDING}') THEN CAST(json_extract(extra, '$.end') AS BIGINT) END"
UNTIL_OR_NONE = f"coalesce({UNTIL}, CAST({NO_END} AS BIGINT))"


@dataclass(frozen=True, eq=False)
class Observations:
    """Many values, as equally long arrays: ``datastream`` int32 numbers, ``time`` int64 microseconds UTC,
    ``value`` float64, ``quality`` uint8 flags (``DELETED``: there is no value any more), ``extra`` what does not fit
    in these, as JSON texts (null: nothing); ``BadInput`` when lengths or kinds disagree.
    """

    datastream: NDArray[np.int32]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    extra: pa.Array | None = None

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            array = getattr(self, name)
            if array.dtype != kind or array.ndim != 1 or len(array) != len(self.datastream):
                raise BadInput(
                    f"Observations need {name} as {np.dtype(kind).name}, as long as the others.",
                    where=f"{array.dtype.name} of shape {array.shape}",
                )
        if self.extra is not None and (self.extra.type != pa.string() or len(self.extra) != len(self.datastream)):
            raise BadInput("Observations need extra as texts, as long as the others.", where=str(self.extra.type))

    def __len__(self) -> int:
        return len(self.datastream)

    def check_times(self) -> None:
        """Raise ``BadInput`` if a time lies outside the years 1 to 9999."""
        if len(self) and (int(self.time.min()) < _FIRST or int(self.time.max()) > _LAST):
            raise BadInput("A time lies outside the years 1 to 9999.", mend="Give microseconds since 1970 UTC.")

    def check_numbers(self) -> None:
        """Raise ``BadInput`` if a datastream's number is negative or far from dense."""
        if len(self) and not 0 <= int(self.datastream.min()) <= int(self.datastream.max()) <= _MOST_STREAMS:
            raise BadInput("A datastream has no dense number.", mend="Use the numbers the datastreams carry.")

    def pick(self, rows: NDArray[Any] | slice) -> Observations:
        """Return the observations at ``rows`` (indices, mask or slice)."""
        extra = self.extra
        if extra is not None:
            extra = extra.take(pa.array(np.arange(len(self))[rows]))
            extra = extra if extra.null_count < len(extra) else None
        return Observations(self.datastream[rows], self.time[rows], self.value[rows], self.quality[rows], extra)

    @staticmethod
    def concatenate(parts: Sequence[Observations]) -> Observations:
        """Return the observations of all ``parts``, in order; none of no parts."""
        if len(parts) == 1:
            return parts[0]
        datastream, time, value, quality = (
            np.concatenate([getattr(part, name) for part in parts] or [[]]).astype(kind, copy=False)
            for name, kind in _KINDS.items()
        )
        extra = None
        if any(part.extra is not None for part in parts):
            extra = pa.concat_arrays(
                [pa.nulls(len(part), pa.string()) if part.extra is None else part.extra for part in parts]
            )
        return Observations(datastream, time, value, quality, extra)

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the four arrays, little-endian, one after the other, and of ``extra`` if any.

        ``extra`` is told as JSON texts, one a line, an empty line for null.
        """
        digest = hashlib.sha256()
        for array in (self.datastream, self.time, self.value, self.quality):
            digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).data)
        if self.extra is not None:
            for text in self.extra.to_pylist():
                digest.update(f"{text or ''}\n".encode())
        return digest.hexdigest()


def ends_of(extra: pa.Array | pa.ChunkedArray | None) -> NDArray[np.int64] | None:
    """Return, per row, the end of its interval (microseconds UTC), ``NO_END`` of a moment; ``None`` of moments only."""
    if extra is None or extra.null_count == len(extra):
        return None
    rows = np.flatnonzero(pc.fill_null(pc.match_substring(extra, _ENDING), fill_value=False))
    found = [orjson.loads(text).get("end") for text in extra.take(pa.array(rows)).to_pylist()]
    if not any(isinstance(end, int) for end in found):
        return None
    ends = np.full(len(extra), NO_END)
    ends[rows] = [end if isinstance(end, int) else NO_END for end in found]
    return ends


def rising(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return each of ``numbers`` once, rising; sorted: NumPy's hashing ``unique`` takes 50 times as long at 600,000."""
    ordered = np.sort(numbers)
    return ordered if len(ordered) < 2 else ordered[np.append(True, ordered[1:] != ordered[:-1])]


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
