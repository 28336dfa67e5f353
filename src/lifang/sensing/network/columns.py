"""The network in columns: every device, link and datastream by dense number, so that all of them cost one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.guard import Classification
from lifang.sensing.model import Codes, Micros, Values
from lifang.sensing.network.districts import Districts
from lifang.sensing.network.model import DEVICE_STATES
from lifang.standards import code_list
from lifang.store import Registry

Ints = NDArray[np.int32]
NO_MOMENT = np.iinfo(np.int64).max  # the expiry of a certificate that is not known
_CLASSES = [str(each) for each in Classification]
_DEVICE = (
    "id",
    "number",
    "device_type",
    "organisation",
    "mounted_on",
    "gateway",
    "link",
    "period_s",
    "state",
    "battery",
    "certificate_expires",
    "simulated",
    "classification",
    "model",
)


@dataclass(frozen=True)
class Names:
    """Texts that many rows share, each once, numbered from 1; 0 is the empty text."""

    texts: tuple[str, ...]
    numbers: Mapping[str, int] = field(repr=False)

    def number(self, text: str) -> int:
        """Return the number of a text, or -1 if nobody bears it."""
        return self.numbers.get(text, -1)


@dataclass(frozen=True)
class Links:
    """The links: ``uplink`` is the row of the link above (0: none); row 0 stands for no link."""

    ids: tuple[str, ...]
    numbers: Mapping[str, int]
    uplink: Ints
    down: NDArray[np.bool_]
    classification: Codes
    simulated: NDArray[np.bool_]


@dataclass(frozen=True)
class Network:
    """One state of the network in arrays; row 0 of each stands for none.

    ``stream_device`` and ``stream_period_us`` go by datastream number, all else by device number.
    """

    ids: tuple[str, ...]
    numbers: Mapping[str, int]
    kinds: Names
    organisations: Names
    models: Names
    kind: Ints
    organisation: Ints
    model: Ints
    pole: Ints
    gateway: Ints
    link: Ints
    state: Codes
    period_us: Micros
    battery: Values
    battery_low: Values
    expires: Micros
    simulated: NDArray[np.bool_]
    classification: Codes
    lon: Values
    lat: Values
    district: NDArray[np.int16]
    links: Links
    stream_device: Ints
    stream_period_us: Micros

    def __len__(self) -> int:
        return len(self.ids) - 1


def read_network(registry: Registry, districts: Districts) -> Network:
    """Return the network as the registry knows it now."""
    table = registry.columns("device", _DEVICE, order="number")
    size = (max(table["number"]) if table["number"] else 0) + 1
    rows = np.array(table["number"], dtype=np.int64)
    ids = [""] * size
    for number, name in zip(table["number"], table["id"], strict=True):
        ids[number] = name
    numbers = {name: number for number, name in enumerate(ids) if name}
    links = _read_links(registry)
    kinds, kind = _coded(table["device_type"])
    organisations, organisation = _coded(table["organisation"])
    models, model = _coded(table["model"])
    lon, lat = _positions(registry, numbers, size)
    streams = _read_streams(registry, numbers)

    def spread(values: Any, dtype: Any, empty: Any = 0) -> NDArray[Any]:
        found = np.full(size, empty, dtype)
        found[rows] = values
        return found

    period_us = spread(table["period_s"], np.int64) * 1_000_000
    lows = {row["id"]: row["battery_low"] for row in registry.find("device_model") if row["battery_low"] is not None}
    return Network(
        ids=tuple(ids),
        numbers=numbers,
        kinds=kinds,
        organisations=organisations,
        models=models,
        kind=spread(kind, np.int32),
        organisation=spread(organisation, np.int32),
        model=spread(model, np.int32),
        pole=spread([numbers.get(each, 0) for each in table["mounted_on"]], np.int32),
        gateway=spread([numbers.get(each, 0) for each in table["gateway"]], np.int32),
        link=spread([links.numbers.get(each, 0) for each in table["link"]], np.int32),
        state=spread([DEVICE_STATES.index(each) for each in table["state"]], np.uint8),
        period_us=period_us,
        battery=spread([np.nan if each is None else each for each in table["battery"]], np.float64, np.nan),
        battery_low=spread([lows.get(each, np.nan) for each in table["model"]], np.float64, np.nan),
        expires=spread(
            [NO_MOMENT if each is None else each for each in table["certificate_expires"]], np.int64, NO_MOMENT
        ),
        simulated=spread(np.array(table["simulated"], dtype=np.bool_), np.bool_),
        classification=spread([_CLASSES.index(each) for each in table["classification"]], np.uint8),
        lon=lon,
        lat=lat,
        district=districts.of(lon, lat),
        links=links,
        stream_device=streams[0],
        stream_period_us=np.where(streams[1] > 0, streams[1], period_us[streams[0]]),
    )


def _coded(texts: Sequence[str]) -> tuple[Names, list[int]]:
    known = {"": 0}
    codes = [known.setdefault(text, len(known)) for text in texts]
    return Names(tuple(known), known), codes


def _positions(registry: Registry, numbers: Mapping[str, int], size: int) -> tuple[Values, Values]:
    lon, lat = np.full(size, np.nan), np.full(size, np.nan)
    if numbers:
        table = registry.columns("thing", ("id", "lon", "lat"))
        rows = [numbers.get(each, 0) for each in table["id"]]
        lon[rows] = np.array(table["lon"], dtype=np.float64)
        lat[rows] = np.array(table["lat"], dtype=np.float64)
        lon[0] = lat[0] = np.nan
    return lon, lat


def _read_streams(registry: Registry, numbers: Mapping[str, int]) -> tuple[Ints, Micros]:
    table = registry.columns("datastream", ("number", "thing", "period_s"), order="number")
    size = (max(table["number"]) if table["number"] else 0) + 1
    device, period = np.zeros(size, np.int32), np.zeros(size, np.int64)
    rows = np.array(table["number"], dtype=np.int64)
    device[rows] = [numbers.get(each, 0) for each in table["thing"]]
    period[rows] = np.array(table["period_s"], dtype=np.int64) * 1_000_000
    return device, period


def _read_links(registry: Registry) -> Links:
    names = ("id", "number", "uplink", "state", "classification", "simulated")
    table = registry.columns("link", names, order="number")
    size = (max(table["number"]) if table["number"] else 0) + 1
    ids = [""] * size
    for number, name in zip(table["number"], table["id"], strict=True):
        ids[number] = name
    numbers = {name: number for number, name in enumerate(ids) if name}
    rows = np.array(table["number"], dtype=np.int64)
    uplink, down = np.zeros(size, np.int32), np.zeros(size, np.bool_)
    classification, simulated = np.zeros(size, np.uint8), np.zeros(size, np.bool_)
    uplink[rows] = [numbers.get(each, 0) for each in table["uplink"]]
    down[rows] = [each == "down" for each in table["state"]]
    classification[rows] = [_CLASSES.index(each) for each in table["classification"]]
    simulated[rows] = np.array(table["simulated"], dtype=np.bool_)
    return Links(tuple(ids), numbers, uplink, down, classification, simulated)


def kinds_of_group(group: str) -> list[str]:
    """Return the device types that belong to a group of device_types, or the type itself."""
    return [each.code for each in code_list("device_types") if group in {each.code, each.parent}]
