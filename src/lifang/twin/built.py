"""What of the objects of the city is built up, and with how many floors: buildings, each with what makes it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.twin.flat import outlines_of

_WHOLE, _PART = "Building", "BuildingPart"


@dataclass(frozen=True)
class Built:
    """Outlines in degrees with their ``storeys``, and the number of the building that each belongs to, all (n,)."""

    outlines: NDArray[np.object_]
    storeys: NDArray[np.float64]
    building: NDArray[np.int64]


def built(rows: pa.Table, *, floors: str, storey_m: float) -> Built:
    """Return the buildings among rows of objects, also those without a shape of their own.

    A building with parts (BuildingPart) has their floors, and its own outline covers ground; one without has its own;
    one with neither the outline of all that it is made of. Storeys are those of the property ``floors``, a number or
    one in words, or the height over ``storey_m``. One that tells it has none lies under ground and is left out.
    """
    return _Counting(rows, floors, storey_m).done()


class _Counting:
    def __init__(self, rows: pa.Table, floors: str, storey_m: float) -> None:
        ids = rows["id"].to_pylist()
        self._kinds, self._parents = rows["class"].to_pylist(), rows["parent"].to_pylist()
        self._row = {own: row for row, own in enumerate(ids)}
        self._outlines = outlines_of(rows)
        self._storeys = _storeys(rows, floors, storey_m)
        self._found: list[tuple[Any, float, int]] = []

    def done(self) -> Built:
        """Return all of them."""
        members = defaultdict(list)
        for row in range(len(self._kinds)):
            if (whole := self._whole(row)) is not None:
                members[whole].append(row)
        for number, (whole, rows) in enumerate(members.items()):
            self._count(number, whole, [each for each in rows if not self._outlines[each].is_empty])
        outlines, storeys, building = zip(*self._found, strict=True) if self._found else ((), (), ())
        shapes = np.empty(len(outlines), dtype=object)
        shapes[:] = outlines
        return Built(shapes, np.array(storeys, np.float64), np.array(building, np.int64))

    def _whole(self, row: int) -> int | None:
        """Return the row of the building that an object is, or is of: the outermost one."""
        found, seen = None, set()
        at: int | None = row
        while at is not None and at not in seen:
            seen.add(at)
            if self._kinds[at] == _WHOLE or (self._kinds[at] == _PART and found is None and at == row):
                found = at
            at = self._row.get(self._parents[at])
        return found

    def _count(self, number: int, whole: int, rows: list[int]) -> None:
        parts = [each for each in rows if each != whole and self._kinds[each] in (_WHOLE, _PART)]
        if parts or whole in rows:
            counted = [(self._outlines[each], self._storeys[each]) for each in parts or [whole]]
            covering = [(self._outlines[whole], 0.0)] if parts and whole in rows else []
        else:
            counted = [(shapely.union_all(self._outlines[rows]), self._storeys[whole])]
            covering = []
        standing = [(outline, float(storeys), number) for outline, storeys in counted if storeys > 0]
        if standing:
            self._found += [*standing, *((outline, storeys, number) for outline, storeys in covering)]


def _storeys(rows: pa.Table, floors: str, storey_m: float) -> NDArray[np.float64]:
    told = [_number(orjson.loads(each).get(floors)) for each in rows["properties"].to_pylist()]
    tall = rows["top_m"].to_numpy() - rows["bottom_m"].to_numpy()
    given = np.array(told, np.float64)
    return np.where(np.isnan(given), np.maximum(1, np.rint(tall / storey_m)), given)


def _number(told: Any) -> float:
    """Return a number of floors, also one in words; not a number if it is none."""
    try:
        found = np.nan if isinstance(told, bool) else float(told)
    except (TypeError, ValueError):
        return np.nan
    return found if np.isfinite(found) else np.nan
