"""Batches that are durable in the log and not in the tables yet, as arrays that readers look through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import to_micros
from lifang.store.lake.model import Batch, Observations
from lifang.store.lake.observed.arrival import Arrival


@dataclass(frozen=True, eq=False)
class Block:
    """One batch with its rows and what their arrival told."""

    batch: Batch
    observations: Observations
    arrival: Arrival
    first: int
    last: int

    @classmethod
    def of(cls, batch: Batch, observations: Observations, arrival: Arrival) -> Block:
        """Return the block of a batch."""
        some = len(observations) > 0
        first = int(observations.time.min()) if some else 0
        return cls(batch, observations, arrival, first, int(observations.time.max()) if some else 0)


class Waiting:
    """The blocks that wait to be folded, in order; readers take the tuple as it is."""

    def __init__(self) -> None:
        self.blocks: tuple[Block, ...] = ()
        self.rows = 0
        self._lock = Lock()

    def add(self, block: Block) -> None:
        """Let ``block`` wait, behind all others."""
        with self._lock:
            self.blocks = (*self.blocks, block)
            self.rows += len(block.observations)

    def drop(self, until: int) -> None:
        """Let go of the blocks up to batch ``until``: they are in the tables."""
        with self._lock:
            self.blocks = tuple(block for block in self.blocks if block.batch.id > until)
            self.rows = sum(len(block.observations) for block in self.blocks)

    def next(self, most_rows: int) -> tuple[Block, ...]:
        """Return the first blocks, whole, up to about ``most_rows`` rows."""
        rows, blocks = 0, self.blocks
        for place, block in enumerate(blocks, start=1):
            rows += len(block.observations)
            if rows >= most_rows:
                return blocks[:place]
        return blocks


def row_table(blocks: Sequence[Block], masks: Sequence[NDArray[np.bool_] | None] | None = None) -> pa.Table:
    """Return the rows of ``blocks`` (where each mask says so) with the columns of the tables."""
    parts, batches, turns, lates = [], [], [], []
    for place, block in enumerate(blocks):
        rows: NDArray[np.bool_] | slice = slice(None)
        if masks is not None and (mask := masks[place]) is not None:
            rows = mask
        part = block.observations.pick(rows)
        parts.append(part)
        batches.append(np.full(len(part), block.batch.id, np.int64))
        turns.append(block.arrival.turn[rows])
        lates.append(block.arrival.late[rows])
    whole = Observations.concatenate(parts)
    named = {name: getattr(whole, name) for name in ("datastream", "time", "value", "quality")}
    extra = pa.nulls(len(whole), pa.string()) if whole.extra is None else whole.extra
    return pa.table(
        {**named, "extra": extra, "batch": _joined(batches), "turn": _joined(turns), "late": _joined(lates)}
    )


def batch_table(blocks: Sequence[Block]) -> pa.Table:
    """Return one row per batch of ``blocks``, as in the table of batches."""
    batches = [block.batch for block in blocks]
    spans = [(block.first, block.last) if len(block.observations) else (None, None) for block in blocks]
    return pa.table(
        {
            "id": pa.array([batch.id for batch in batches], pa.int64()),
            "recorded": pa.array([to_micros(batch.recorded) for batch in batches], pa.int64()),
            "subject": pa.array([batch.subject for batch in batches], pa.string()),
            "rows": pa.array([batch.rows for batch in batches], pa.int64()),
            "first": pa.array([first for first, _ in spans], pa.int64()),
            "last": pa.array([last for _, last in spans], pa.int64()),
            "digest": pa.array([batch.digest for batch in batches], pa.string()),
        }
    )


def matching(
    block: Block, numbers: NDArray[np.int32] | None, start: int | None, end: int | None
) -> NDArray[np.bool_] | None:
    """Return which rows of ``block`` are of ``numbers`` (rising) and in [start, end) microseconds; ``None``: all."""
    rows = block.observations
    mask: NDArray[np.bool_] | None = None
    if start is not None and block.first < start:
        mask = rows.time >= start
    if end is not None and block.last >= end:
        before = rows.time < end
        mask = before if mask is None else mask & before
    if numbers is not None:
        among = _among(rows.datastream, numbers)
        mask = among if mask is None else mask & among
    return mask


def _among(column: NDArray[np.int32], numbers: NDArray[np.int32]) -> NDArray[np.bool_]:
    if len(numbers) == 1:
        one: NDArray[np.bool_] = column == numbers[0]
        return one
    if not len(numbers):
        return np.zeros(len(column), np.bool_)
    place = np.minimum(np.searchsorted(numbers, column), len(numbers) - 1)
    among: NDArray[np.bool_] = numbers[place] == column
    return among


def _joined(parts: Sequence[NDArray[np.generic]]) -> NDArray[np.generic]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
