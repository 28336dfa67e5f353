"""What the city senses with, and what it senses: things, datastreams, observations and their quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput
from lifang.guard import Classification
from lifang.store import Observations

Numbers = NDArray[np.int32]
Micros = NDArray[np.int64]
Values = NDArray[np.float64]
Codes = NDArray[np.uint8]

UNNUMBERED = 0  # a datastream that is not registered yet; registered ones count from 1


class Quality(IntEnum):
    """How far a value can be trusted; a flag other than GOOD is the name of the rule or source that set it."""

    GOOD = 0
    SUSPECT_RANGE = 1
    SUSPECT_FLAT = 2
    ESTIMATED = 3
    MISSING = 4
    SUSPECT_SPIKE = 5
    AFTER_GAP = 6

    @property
    def word(self) -> str:
        """The name in files and interfaces, such as ``suspect_range``."""
        return self.name.lower()


QUALITY_NAMES: Mapping[Quality, tuple[str, str]] = {
    Quality.GOOD: ("正常", "good"),
    Quality.SUSPECT_RANGE: ("超出量程", "outside the declared range"),
    Quality.SUSPECT_FLAT: ("长时间不变", "unchanged for longer than declared"),
    Quality.ESTIMATED: ("估算值", "estimated by the source"),
    Quality.MISSING: ("缺测", "missing"),
    Quality.SUSPECT_SPIKE: ("突变", "changed more than declared"),
    Quality.AFTER_GAP: ("中断后首值", "the first after a gap"),
}
TRUSTED = (Quality.GOOD, Quality.ESTIMATED, Quality.AFTER_GAP)  # what may be counted with


@dataclass(frozen=True)
class Thing:
    """A device or site at a place: ``lon``, ``lat`` in degrees on WGS 84, not a number where it is not known."""

    id: str
    zh: str
    en: str
    kind: str
    lon: float
    lat: float
    classification: Classification = Classification.OPEN
    properties: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_id(self.id, what="thing")
        unknown = np.isnan(self.lon) and np.isnan(self.lat)
        if not unknown and not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90):
            raise BadInput(
                f"lon {self.lon}, lat {self.lat} is no place on Earth.",
                where=f"thing {self.id}",
                mend="Give degrees on WGS 84, longitude first.",
            )


@dataclass(frozen=True)
class Datastream:
    """One measured series of a thing; ``unit`` by UCUM, ``period_s`` its regular step in seconds (0: irregular).

    ``properties`` may declare ``minimum``, ``maximum`` (in ``unit``) and ``flat_after_s`` for the quality rules.
    ``number`` is the dense number that the lake and SensorThings know it by, given at registration.
    """

    id: str
    thing: str
    code: str
    zh: str
    en: str
    observed_property: str
    unit: str
    period_s: int
    classification: Classification = Classification.OPEN
    properties: Mapping[str, Any] = field(default_factory=dict)
    number: int = UNNUMBERED

    def __post_init__(self) -> None:
        check_id(self.id, what="datastream")
        if self.period_s < 0:
            raise BadInput("A period cannot be negative.", where=f"datastream {self.id}", mend="Give seconds, or 0.")


@dataclass(frozen=True)
class Latest:
    """The latest value of each datastream asked for, as arrays of one length; ``time`` in microseconds UTC."""

    numbers: Numbers
    lon: Values
    lat: Values
    time: Micros
    value: Values
    quality: Codes

    def __len__(self) -> int:
        return len(self.numbers)

    def pick(self, rows: NDArray[Any] | slice) -> Latest:
        """Return those at ``rows`` (indices, mask or slice)."""
        return Latest(*(column[rows] for column in vars(self).values()))


def check_id(text: str, *, what: str) -> str:
    """Return ``text`` if it can be the id of a ``what``: 1 to 128 printable characters without quotes or spaces."""
    if not 1 <= len(text) <= 128 or not text.isprintable() or any(sign in " '\"/\\" for sign in text):
        raise BadInput(
            f"{text[:80]!r} cannot be the id of a {what}.", mend="Use 1 to 128 letters, digits, '.', '-' or '_'."
        )
    return text


def make_observations(
    datastream: Sequence[int] | NDArray[Any],
    time: Sequence[int] | NDArray[Any],
    value: Sequence[float] | NDArray[Any],
    quality: Sequence[int] | NDArray[Any] | None = None,
) -> Observations:
    """Return observations of the given columns, good where no ``quality`` is given; ``BadInput`` if lengths differ."""
    columns = (
        np.ascontiguousarray(datastream, dtype=np.int32),
        np.ascontiguousarray(time, dtype=np.int64),
        np.ascontiguousarray(value, dtype=np.float64),
        np.zeros(len(value), np.uint8) if quality is None else np.ascontiguousarray(quality, dtype=np.uint8),
    )
    if len({len(column) for column in columns}) != 1:
        raise BadInput("The columns of the observations differ in length.", mend="Give one entry per value in each.")
    return Observations(*columns)


def pick(observations: Observations, rows: NDArray[Any] | slice) -> Observations:
    """Return the observations at ``rows`` (indices, mask or slice)."""
    return observations.pick(rows)


def concatenate(parts: Sequence[Observations]) -> Observations:
    """Return the observations of all ``parts``, in order."""
    return Observations.concatenate(parts)
