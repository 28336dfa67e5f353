"""The roster of datastreams in memory: ids and numbers, where they are, which feature their values are of.

Arrays by dense number, so that a body of a thousand values is checked in microseconds; a city of 600,000 datastreams
is read in from the registry column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from lifang.core import NotFound, uncollected
from lifang.guard import Classification
from lifang.sensing.hot import HotState
from lifang.sensing.model import Micros, Numbers
from lifang.sensing.quality import Limits
from lifang.store import Store

NOWHERE = -1  # the feature of a datastream whose thing has no location
UNKNOWN = 0  # not looked up yet
RICH, MOVED = 1, 2  # flags kept with a datastream: values with more than a number; its thing stood elsewhere before
_CLASSES = [str(each) for each in Classification]
_LIMITED = ('"minimum"', '"maximum"', '"flat_after_s"')
_COLUMNS = (
    "number",
    "id",
    "thing",
    "classification",
    "feature",
    "rich",
    "multi",
    "properties",
    "property",
    "period_s",
)

Place = tuple[float, float]
Described = Callable[[Numbers, Numbers, Numbers], None]


class Roster:
    """Datastreams by id and number; numbers of those deleted stay taken and lead to nothing.

    ``described`` is told, of each taken in, the number of its observed property and its period in seconds.
    """

    def __init__(self, hot: HotState, limits: Limits, described: Described) -> None:
        self.hot, self._limits, self._described = hot, limits, described
        self.lock = Lock()
        self.ids: list[str] = [""]
        self.numbers: dict[str, int] = {}
        self.places: dict[str, Place] = {}
        self.alive: NDArray[np.bool_] = np.zeros(1024, np.bool_)
        self.own: Numbers = np.zeros(1024, np.int32)
        self.current: Numbers = np.zeros(1024, np.int32)
        self.flags: NDArray[np.uint8] = np.zeros(1024, np.uint8)
        self.multi: NDArray[np.bool_] = np.zeros(1024, np.bool_)
        self.classes: NDArray[np.uint8] = np.zeros(1024, np.uint8)
        self.properties: Numbers = np.zeros(1024, np.int32)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def highest(self) -> int:
        """The highest number there is or was."""
        return len(self.ids) - 1

    @uncollected()
    def read(self, store: Store) -> None:
        """Take in every thing's place and every datastream that the registry holds."""
        things = store.registry.columns("thing", ("id", "lon", "lat"))
        lon, lat = (np.array(things[name], dtype=np.float64) for name in ("lon", "lat"))
        self.places = dict(zip(things["id"], zip(lon.tolist(), lat.tolist(), strict=True), strict=True))
        columns = store.registry.columns("datastream", _COLUMNS, order="number")
        self._extend(columns)
        for number, name, text in zip(columns["number"], columns["id"], columns["properties"], strict=True):
            if text and any(mark in text for mark in _LIMITED):
                self._limits.declare(number, orjson.loads(text), where=f"datastream {name}")

    def take_in(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in datastreams new or changed: rows of the registry, by rising number; positions come first."""
        if not rows:
            return
        columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in _COLUMNS}
        for number, name, properties in zip(columns["number"], columns["id"], columns["properties"], strict=True):
            self._limits.declare(number, properties or {}, where=f"datastream {name}")
        self._extend(columns)

    def _extend(self, columns: Mapping[str, list[Any]]) -> None:
        if not columns["number"]:
            return
        numbers = np.array(columns["number"], dtype=np.int32)
        self._reach(int(numbers.max()) + 1)
        own = np.array([each or UNKNOWN for each in columns["feature"]], dtype=np.int32)
        flags = np.array([each or 0 for each in columns["rich"]], dtype=np.uint8)
        fresh = ~self.alive[numbers]
        self.own[numbers] = own
        self.current[numbers] = np.where(fresh & (flags & MOVED == 0), own, self.current[numbers])
        self.flags[numbers] = flags
        self.multi[numbers] = np.array([bool(each) for each in columns["multi"]])
        self.classes[numbers] = [_CLASSES.index(each) for each in columns["classification"]]
        places = np.array([self.places[thing] for thing in columns["thing"]], dtype=np.float64).reshape(-1, 2)
        self.hot.place(numbers, places[:, 0], places[:, 1], self.classes[numbers])
        self.ids += [""] * (int(numbers.max()) + 1 - len(self.ids))
        for number, name in zip(columns["number"], columns["id"], strict=True):
            self.ids[number] = name
            self.numbers[name] = number
        self.alive[numbers] = True
        properties, periods = (np.array([each or 0 for each in columns[name]]) for name in ("property", "period_s"))
        self.properties[numbers] = properties
        self._described(numbers, properties.astype(np.int32), np.minimum(periods, 2**31 - 1).astype(np.int32))

    def _reach(self, size: int) -> None:
        more = max(size, 2 * len(self.alive)) - len(self.alive)
        if size <= len(self.alive):
            return
        for name in ("alive", "own", "current", "flags", "multi", "classes", "properties"):
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array, np.zeros(more, array.dtype)]))

    def forget(self, numbers: Sequence[int]) -> None:
        """Let the datastreams lead to nothing from now on; their numbers stay taken."""
        gone = np.array(numbers, dtype=np.int32)
        if not len(gone):
            return
        self.alive[gone] = False
        self.hot.forget(gone)
        for number in numbers:
            self.numbers.pop(self.ids[number], None)

    def knows(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which of ``numbers`` are those of datastreams there are."""
        inside = (numbers > 0) & (numbers < len(self.alive))
        return inside & self.alive[np.where(inside, numbers, 0)]

    def number(self, reference: int | str) -> int:
        """Return the number of a datastream given by id or number; ``NotFound`` if there is none."""
        if isinstance(reference, str):
            found = self.numbers.get(reference, 0)
        else:
            found = reference if 0 < reference <= self.highest and self.alive[reference] else 0
        if not found:
            raise NotFound(
                f"There is no datastream {reference!r}.", mend="See /api/v1/datastreams for those there are."
            )
        return found

    def numbers_of(self, references: Sequence[int | str] | NDArray[np.int64]) -> Numbers:
        """Return the number of each reference, 0 where it is unknown."""
        if isinstance(references, np.ndarray):
            return np.where(self.knows(references), references, 0).astype(np.int32)
        get = self.numbers.get
        plain = np.array(
            [get(each, 0) if isinstance(each, str) else min(max(each, 0), 2**31 - 1) for each in references],
            dtype=np.int64,
        )
        return np.where(self.knows(plain), plain, 0).astype(np.int32)

    def visible(self, classes: Sequence[str]) -> Numbers | None:
        """Return the numbers of the datastreams so classified, rising; ``None`` if that is every number given."""
        end = self.highest + 1
        wanted = self.alive[1:end].copy()
        if len(classes) < len(_CLASSES):
            allowed = np.isin(np.arange(len(_CLASSES)), [_CLASSES.index(each) for each in classes])
            wanted &= allowed[self.classes[1:end]]
        return None if bool(wanted.all()) else (np.flatnonzero(wanted) + 1).astype(np.int32)

    def classes_of(self, numbers: Numbers) -> list[Classification]:
        """Return how each of ``numbers`` is classified."""
        every = list(Classification)
        return [every[each] for each in self.classes[numbers].tolist()]

    def measuring(self, observed_property: int) -> NDArray[np.bool_]:
        """Return, by number, which datastreams measure the observed property of that number."""
        measuring: NDArray[np.bool_] = self.properties == observed_property
        return measuring

    def owners(self, features: Sequence[int]) -> Numbers:
        """Return the numbers of the datastreams whose own feature is one of ``features``."""
        end = self.highest + 1
        wanted = self.alive[:end] & np.isin(self.own[:end], np.array(features, dtype=np.int32))
        return np.flatnonzero(wanted).astype(np.int32)

    def latest(self, numbers: Numbers) -> tuple[Micros, NDArray[np.bool_]]:
        """Return the time of the latest value of each of ``numbers``, and whether that value is a plain number."""
        return self.hot.of(numbers).time, self.flags[numbers] & RICH == 0
