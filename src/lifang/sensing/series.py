"""Series for charts: few points that still show every peak and every gap.

No averages: of each step in time the lowest and the highest value are kept as they were measured, so that an episode
of one hour in a year stays visible. A gap is a row without a value, so that no line is drawn across it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput
from lifang.sensing.model import Micros, Quality, Values

GAP_FACTOR = 1.5  # a step longer than this many periods is a gap
POINTS_MIN, POINTS_MAX = 4, 100_000


def check_points(points: int) -> int:
    """Return ``points`` if a chart can have that many."""
    if not POINTS_MIN <= points <= POINTS_MAX:
        raise BadInput(f"{points} points are no chart.", mend=f"Ask for {POINTS_MIN} to {POINTS_MAX:,}.")
    return points


def thin(time: Micros, value: Values, points: int) -> NDArray[np.int64]:
    """Return at most ``points`` row numbers, by ``time``: first, last, and each step's lowest and highest value.

    ``time`` (microseconds) rises; rows whose value is not a number are passed over when there are too many rows.
    """
    check_points(points)
    if len(time) <= points:
        return np.arange(len(time))
    rows = np.flatnonzero(~np.isnan(value))
    if len(rows) <= points:
        return rows
    steps = (points - 2) // 2
    start, span = int(time[rows[0]]), int(time[rows[-1]] - time[rows[0]])
    bucket = np.minimum(((time[rows] - start) * (steps / max(span, 1))).astype(np.int64), steps - 1)
    order = np.lexsort((value[rows], bucket))
    ordered = bucket[order]
    edge = ordered[1:] != ordered[:-1]
    lowest, highest = order[np.append(True, edge)], order[np.append(edge, True)]
    kept: NDArray[np.int64] = rows[np.unique(np.concatenate([lowest, highest, [0, len(rows) - 1]]))]
    return kept


def gaps(time: Micros, period_s: float, *, at_least_us: float = 0.0) -> NDArray[np.int64]:
    """Return the rows before a gap: a step longer than 1.5 periods and than ``at_least_us`` microseconds."""
    if period_s <= 0 or len(time) < 2:
        return np.zeros(0, np.int64)
    found: NDArray[np.int64] = np.flatnonzero(np.diff(time) > max(GAP_FACTOR * period_s * 1e6, at_least_us))
    return found


def chart(table: pa.Table, points: int, period_s: float) -> pa.Table:
    """Return ``table`` (time, value, quality; time rising) with at most ``points`` values and a null row in each gap.

    A gap's row stands one period after the last value before it and has quality ``missing``. Gaps narrower than the
    step between two points cannot be seen on such a chart and get no row.
    """
    time: Micros = table["time"].cast(pa.int64()).to_numpy()
    value: Values = table["value"].to_numpy()
    kept = thin(time, value, points)
    step = (time[-1] - time[0]) / points if len(kept) < len(time) else 0.0
    after = gaps(time, period_s, at_least_us=float(step))
    moments = np.concatenate([time[kept], time[after] + int(period_s * 1e6)])
    values = np.concatenate([value[kept], np.full(len(after), np.nan)])
    codes = np.concatenate([table["quality"].to_numpy()[kept], np.full(len(after), Quality.MISSING, np.uint8)])
    order = np.argsort(moments, kind="stable")
    return pa.table(
        {
            "time": pa.array(moments[order], pa.timestamp("us", "UTC")),
            "value": pa.array(values[order], pa.float64(), from_pandas=True),
            "quality": pa.array(codes[order], pa.uint8()),
        }
    )
