"""Outlines with heights or floors, from a dataset's rows, as upright solids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput
from lifang.twin.reading.model import Described, Fault, ModelFile, footprint, rows_of

_AT_ONCE = 50_000  # rows that are Python's objects at a time, which are many times as large
_AREAL = (3, 6)  # Polygon, MultiPolygon: Shapely's numbers of the types
_HEIGHT_MAX_M = 1_500.0  # no building is higher
_MEND_HEIGHT = f"Give a height above 0 and up to {_HEIGHT_MAX_M:g} m."


def read_outlines(
    rows: pa.Table,
    *,
    prefix: str,
    key: str,
    height: str,
    metres_each: float = 1.0,
    base: str = "",
    name: str = "",
    kind: str = "Building",
) -> ModelFile:
    """Return the solids of ``rows`` of a dataset, which have a ``geometry`` column (WKB, degrees on WGS 84).

    An object's id is ``prefix:`` and the value of the column ``key``; its height that of ``height`` times
    ``metres_each`` (3.0 where the column counts floors); ``base`` is a column of metres above the height datum. What is
    no valid polygon, has no height or stands there twice is refused. ``BadInput`` if a column is lacking.
    """
    if lacking := [each for each in ("geometry", key, height, base, name) if each and each not in rows.column_names]:
        raise BadInput(f"There is no column {lacking[0]!r}.", mend=f"Known: {', '.join(rows.column_names)}.")
    shapes = shapely.from_wkb(rows["geometry"].to_numpy(zero_copy_only=False))
    tall = _numbers(rows, height) * metres_each
    low = _numbers(rows, base) if base else np.zeros(len(rows))
    ids = [f"{prefix}:{value}" for value in rows[key].to_pylist()]
    rules = _rules(shapes, tall, low, ids)
    kept = np.flatnonzero(np.array([not rule for rule, _ in rules], dtype=bool))
    left = [each for each in rows.column_names if each != "geometry"]

    def solids(some: NDArray[np.int64]) -> pa.Table:
        told = rows.select(left).take(pa.array(some)).to_pylist()
        described = [
            Described(ids[at], kind, str(row.get(name) or ""), "", {each: _plain(row[each]) for each in left})
            for at, row in zip(some.tolist(), told, strict=True)
        ]
        base, top = low[some], low[some] + tall[some]
        wkb = shapely.to_wkb(shapely.force_2d(shapes[some])) if len(some) else []
        upright = [[footprint(*each)] for each in zip(wkb, base, top, strict=True)]
        return rows_of(described, upright, np.column_stack((shapely.bounds(shapes[some]).reshape(-1, 4), base, top)))

    parts = [solids(kept[start : start + _AT_ONCE]) for start in range(0, max(1, len(kept)), _AT_ONCE)]
    faults = [Fault(ids[at], rule, rule, mend) for at, (rule, mend) in enumerate(rules) if rule]
    return ModelFile(pa.concat_tables(parts), faults)


def _numbers(rows: pa.Table, column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        found = rows[column].cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise BadInput(f"Column {column!r} does not hold numbers.", mend="Declare it number or integer.") from error
    return np.asarray(found.to_numpy(zero_copy_only=False), np.float64)


def _rules(shapes: Any, tall: Any, low: Any, ids: Sequence[str]) -> list[tuple[str, str]]:
    """Return for each outline the rule that it breaks and how to mend it; two empty texts for one in order."""
    areal = np.isin(shapely.get_type_id(shapes), _AREAL) & ~shapely.is_empty(shapes)
    checks = (
        (~areal, "not a polygon", "Give a polygon or multipolygon."),
        (areal & ~shapely.is_valid(shapes), "not a valid polygon", "Let its ring not cross itself."),
        (~np.isfinite(tall), "no height", "Fill in its height or floors."),
        (~((tall > 0) & (tall <= _HEIGHT_MAX_M)), "an impossible height", _MEND_HEIGHT),
        (~np.isfinite(low), "no base height", "Fill in its base, or leave the column out."),
    )
    found = [("", "")] * len(ids)
    for broken, rule, mend in reversed(checks):
        for at in np.flatnonzero(broken).tolist():
            found[at] = (rule, mend)
    seen: set[str] = set()
    for at, each in enumerate(ids):
        if each in seen and not found[at][0]:
            found[at] = ("an id that stands there twice", "Give every object its own id.")
        seen.add(each)
    return found


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
