"""What a reader hands on: batches of raw text, geometry and row numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BATCH_ROWS = 65_536
COLUMNS_MAX = 2_000
SHAPE_ROWS = 8_192  # rows with shapes of any size are taken fewer at a time


class Refusal(NamedTuple):
    """One bad cell: source row, column, value as received, rule broken and how to mend it."""

    row: int
    column: str
    value: str | None
    rule: str
    mend: str


@dataclass(frozen=True)
class Limits:
    """Bounds, in bytes, on what an archive may expand to and on formats that are read whole into memory.

    ``child_memory`` (bytes) and ``child_seconds`` (one more for each MiB) bound the process that reads a format apart.
    """

    expanded: int = 8_000_000_000
    in_memory: int = 128_000_000
    ratio: int = 1_000
    child_memory: int = 1_500_000_000
    child_seconds: float = 60.0


@dataclass(frozen=True)
class Batch:
    """Some rows as received: ``columns`` are all text, ``geometry`` is well-known binary where the format has shapes.

    ``rows`` are 1-based source rows, as a spreadsheet shows them: in CSV and XLSX the header counts.
    """

    rows: NDArray[np.int64]
    columns: pa.RecordBatch
    geometry: NDArray[Any] | None = None
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Opened:
    """A source that was recognised: its format, its headers and a way to stream its batches (more than once).

    ``texts`` are the headers whose values the format itself says are text: those are never taken for numbers.
    """

    format: str
    headers: tuple[str, ...]
    batches: Callable[[], Iterator[Batch]]
    encoding: str = ""
    delimiter: str = ""
    crs: str = ""
    has_geometry: bool = False
    texts: frozenset[str] = frozenset()
    notes: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class Hints:
    """What a person stated about a file; empty means: find out.

    ``layer`` is the layer or sheet to read; ``header`` the column names of a file without any; ``skip_lines`` the lines
    before the table; ``header_row`` the row, from 1, that holds the column names; ``missing`` the texts that mean: no
    value.
    """

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    layer: str = ""
    header: tuple[str, ...] = ()
    skip_lines: int = 0
    header_row: int = 0
    missing: tuple[str, ...] = ("",)


def text_batch(columns: Mapping[str, Any]) -> pa.RecordBatch:
    """Return a record batch of string columns, in the mapping's order."""
    arrays = [column if isinstance(column, pa.Array) else pa.array(column, pa.string()) for column in columns.values()]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def unique_headers(headers: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return headers made distinct (``name``, ``name (2)``; ``column 3`` for an empty one) and notes on changes."""
    seen: dict[str, int] = {}
    result, notes = [], []
    for index, header in enumerate(headers, start=1):
        title = header.strip().lstrip("\ufeff") or f"column {index}"
        seen[title] = seen.get(title, 0) + 1
        if seen[title] > 1:
            notes.append(
                f"Two columns are called {title[:80]!r}; the later one is read as '{title[:80]} ({seen[title]})'."
            )
            title = f"{title} ({seen[title]})"
        elif not header.strip():
            notes.append(f"Column {index} has no header; it is read as {title!r}.")
        result.append(title)
    return result, tuple(notes)
