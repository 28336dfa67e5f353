"""The roll: every entity in columns, so that a question over hundreds of thousands is a few passes over arrays.

Row by row in the order of things' ids. Rebuilt when things, datastreams or devices changed; what took long to build
is kept for some times as long. Latest values are not here: they are read from the hot state.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.app import City
from lifang.doors.ngsild.names import attribute_name, thing_urn, type_name
from lifang.guard import Classification

Bools = NDArray[np.bool_]
Rows = NDArray[np.int64]
CLASSES = tuple(Classification)
_TABLES = ("thing", "datastream", "device", "observed_property")
_KEEP = 3.0  # a roll is used for so many times as long as it took to build
_PLAIN_ID = re.compile(r"[\w!$()*+,;=:@.~-]*", re.ASCII)
_MADE_ID = re.compile(r"observed[_-]property[_-]\d+", re.ASCII)


@dataclass(frozen=True, eq=False)
class Roll:
    """One state of the entities. ``kind`` and ``attribute`` are places in ``types`` and ``attributes``.

    Columns of entities go by row; those that begin with ``stream_`` by datastream number, where row -1 stands for none.
    """

    version: int
    ids: pa.StringArray
    urns: pa.StringArray
    types: tuple[str, ...]
    kind: NDArray[np.int32]
    classification: NDArray[np.uint8]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    attributes: tuple[str, ...]
    stream_row: NDArray[np.int32]
    stream_attribute: NDArray[np.int32]
    stream_class: NDArray[np.uint8]
    order: NDArray[np.int64] = field(repr=False)  # datastream numbers by row, then by number
    first: NDArray[np.int64] = field(repr=False)  # where each row's datastreams begin in ``order``

    def __len__(self) -> int:
        return len(self.urns)

    def streams_of(self, rows: Sequence[int] | Rows) -> NDArray[np.int64]:
        """Return the numbers of the datastreams of these entities, entity by entity."""
        parts = [self.order[self.first[row] : self.first[row + 1]] for row in np.asarray(rows, np.int64).tolist()]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def rows_of(self, urns: Sequence[str]) -> Bools:
        """Return which entities bear one of these ids."""
        found: Bools = pc.is_in(self.urns, value_set=pa.array(urns, pa.string())).to_numpy(zero_copy_only=False)
        return found

    def named(self, name: str) -> NDArray[np.int64]:
        """Return the numbers of the datastreams that are an attribute called ``name``."""
        if name not in self.attributes:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.stream_attribute == self.attributes.index(name))


class Rolls:
    """The roll of one city, kept up to date; safe to use from many threads."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._lock = Lock()
        self._roll: Roll | None = None
        self._until = 0.0

    def now(self) -> Roll:
        """Return the roll as it is now; a large one may be a little older."""
        version = self._city.store.registry.version(*_TABLES)
        found = self._roll
        if found is not None and (found.version == version or time.monotonic() < self._until):
            return found
        return self.fresh()

    def fresh(self) -> Roll:
        """Return the roll with everything that was registered before this call."""
        version = self._city.store.registry.version(*_TABLES)
        with self._lock:
            found = self._roll
            if found is not None and found.version == version:
                return found
            began = time.monotonic()
            roll = self._roll = _read(self._city, version)
            took = time.monotonic() - began
            self._until = time.monotonic() + _KEEP * took if took > 0.05 else 0.0
            return roll


def _read(city: City, version: int) -> Roll:
    registry = city.store.registry
    things = registry.columns("thing", ["id", "kind", "classification", "lon", "lat"])
    streams = registry.columns("datastream", ["number", "thing", "observed_property", "classification"], order="number")
    ids = pa.array(things["id"], pa.string())
    kinds, kind = _coded(things["kind"])
    types, renamed = _coded([type_name(each) for each in kinds])
    attributes, named = _coded_once(streams["observed_property"], _property_names(city))
    numbers = np.array(streams["number"], np.int64)
    size = int(numbers.max()) + 1 if len(numbers) else 1
    row = pc.index_in(pa.array(streams["thing"], pa.string()), value_set=ids).fill_null(-1).to_numpy()
    stream_row = _spread(numbers, row, size, -1)
    order = np.argsort(stream_row, kind="stable")
    order = order[np.searchsorted(stream_row[order], 0) :]
    return Roll(
        version,
        ids,
        _urns(things["id"], kinds, kind),
        types,
        renamed[kind] if len(renamed) else kind,
        _classes(things["classification"]),
        np.array(things["lon"], np.float64),
        np.array(things["lat"], np.float64),
        attributes,
        stream_row,
        _spread(numbers, named, size, -1),
        _spread(numbers, _classes(streams["classification"]).astype(np.int32), size, 0).astype(np.uint8),
        order.astype(np.int64),
        np.searchsorted(stream_row[order], np.arange(len(ids) + 1)),
    )


def _spread(numbers: NDArray[np.int64], values: NDArray[Any], size: int, otherwise: int) -> NDArray[np.int32]:
    found = np.full(size, otherwise, np.int32)
    found[numbers] = values
    return found


def _coded(texts: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the different texts, and the place of each among them."""
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    return tuple(encoded.dictionary.to_pylist()), encoded.indices.to_numpy().astype(np.int32)


def _property_names(city: City) -> dict[str, str]:
    """Return the name of each observed property whose id was made for it, and says nothing."""
    told = city.store.registry.columns("observed_property", ["id", "en", "zh"])
    rows = zip(told["id"], told["en"], told["zh"], strict=True)
    return {key: en or zh for key, en, zh in rows if _MADE_ID.fullmatch(key) and (en or zh)}


def _coded_once(properties: Sequence[str], known: Mapping[str, str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the names of attributes, and for each property its name's place; two properties may share a name."""
    different, place = _coded(properties)
    names, renamed = _coded([attribute_name(known.get(each, each)) for each in different])
    return names, renamed[place] if len(different) else place


def _classes(texts: Sequence[str]) -> NDArray[np.uint8]:
    values = pa.array([str(each) for each in CLASSES])
    found = pc.index_in(pa.array(texts, pa.string()), value_set=values).fill_null(len(CLASSES) - 1)
    return np.asarray(found.to_numpy(), np.uint8)


def _urns(ids: Sequence[str], kinds: Sequence[str], kind: NDArray[np.int32]) -> pa.StringArray:
    """Return the URN of each thing; only ids with signs that no URI may hold are looked at one by one."""
    if not ids:
        return pa.array([], pa.string())
    starts = pa.array([thing_urn(each, "") for each in kinds], pa.string()).take(pa.array(kind))
    plain = pa.array(ids, pa.string())
    urns = pc.binary_join_element_wise(starts, plain, "")
    fits = pc.match_substring_regex(plain, f"^(?:{_PLAIN_ID.pattern})$").to_numpy(zero_copy_only=False)
    if not fits.all():
        odd = [thing_urn(kinds[kind[place]], ids[place]) for place in np.flatnonzero(~fits).tolist()]
        urns = pc.replace_with_mask(urns, pa.array(~fits), pa.array(odd, pa.string()))
    return urns
