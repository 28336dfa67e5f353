"""Recorded tables: read into observations, stored in few large commits, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput, from_micros
from lifang.sensing.model import make_observations, pick
from lifang.store import Observations

if TYPE_CHECKING:
    from lifang.sensing.sensing import Sensing


def observations_of(table: pa.Table) -> Observations:
    """Return the rows of ``table`` (datastream number, time with a zone, value, [quality]) that have a value, by time.

    ``BadInput`` if a column is missing, the time has no zone, or two rows are of one datastream and moment.
    """
    for name in ("datastream", "time", "value"):
        if name not in table.column_names:
            raise BadInput(f"The recorded table has no column {name}.", mend="Give datastream, time and value.")
    if not (pa.types.is_timestamp(table["time"].type) and table["time"].type.tz):
        raise BadInput("The recorded table's time has no zone.", mend="Cast it to timestamp[us, tz=UTC].")
    value = table["value"].cast(pa.float64()).to_numpy()
    found = make_observations(
        table["datastream"].to_numpy(),
        table["time"].cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64()).to_numpy(),
        value,
        table["quality"].to_numpy() if "quality" in table.column_names else None,
    )
    found = pick(found, np.isfinite(value))
    found = pick(found, np.lexsort((found.datastream, found.time)))
    twice = (np.diff(found.time) == 0) & (np.diff(found.datastream) == 0)
    if twice.any():
        row = int(twice.argmax())
        raise BadInput(
            f"Datastream {found.datastream[row]} has two values at {from_micros(int(found.time[row]))}.",
            mend="Keep one value per datastream and moment.",
        )
    return found


def absent(sensing: Sensing, observations: Observations) -> NDArray[np.bool_]:
    """Return where the lake holds no value of that datastream and moment; the rows are ordered by time."""
    missing = np.ones(len(observations), np.bool_)
    held = sensing.store.lake.bounds()
    if not len(observations) or held is None:
        return missing
    first, last = from_micros(int(observations.time[0])), from_micros(int(observations.time[-1]) + 1)
    if held[1] < first or held[0] >= last:
        return missing
    streams = np.unique(observations.datastream)
    stored = sensing.store.lake.many_series(streams.tolist(), first, last)
    there = _keys(stored["datastream"].to_numpy(), stored["time"].cast(pa.int64()).to_numpy())
    missing[:] = ~np.isin(_keys(observations.datastream, observations.time), there)
    return missing


def _keys(datastream: NDArray[np.int32], time: NDArray[np.int64]) -> NDArray[np.void]:
    keys = np.empty(len(time), dtype=[("datastream", np.int32), ("time", np.int64)])
    keys["datastream"], keys["time"] = datastream, time
    return keys.view(np.void(12).dtype)


def chunks(observations: Observations, rows: int) -> Iterator[Observations]:
    """Yield the observations in parts of up to ``rows``."""
    for start in range(0, len(observations), rows):
        yield pick(observations, slice(start, start + rows))
