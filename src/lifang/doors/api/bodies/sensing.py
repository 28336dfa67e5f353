"""Bodies of sensing: things, datastreams, values."""

from __future__ import annotations

from dataclasses import asdict

from lifang.core import unit
from lifang.doors.api.bodies.kinds import Name, Said


class Unit(Said):
    """A unit of measure: UCUM code, the symbol people read, names."""

    code: str
    symbol: str
    zh: str
    en: str


def unit_body(code: str) -> Unit:
    """Return the unit with this UCUM code."""
    known = asdict(unit(code))
    return Unit(**{name: known[name] for name in ("code", "symbol", "zh", "en")})


class ThingBody(Said):
    """A device or site at a place (degrees, WGS 84)."""

    id: str
    name: Name
    lon: float
    lat: float


class Value(Said):
    """One observed value."""

    time: str
    value: float | None
    quality: str


class DatastreamBody(Said):
    """One measured series of a thing with its latest value."""

    id: str
    number: int
    name: Name
    thing: ThingBody
    observed_property: str
    unit: Unit
    period_s: int
    classification: str
    latest: Value | None


class DatastreamPage(Said):
    """Datastreams."""

    items: list[DatastreamBody]
    next: str | None


class LatestColumns(Said):
    """Columns of one length: degrees on WGS 84, milliseconds since 1970 UTC, the value in its datastream's unit."""

    number: list[int]
    lon: list[float | None]
    lat: list[float | None]
    time: list[int]
    value: list[float | None]
    quality: list[int]


class LatestBody(Said):
    """The latest values of the datastreams ``id``; ``qualities`` tells what each code of quality means."""

    id: list[str]
    columns: LatestColumns
    qualities: dict[str, str]
    next: str | None


class ObservationPage(Said):
    """A series of values; ``downsampled`` says that some were left out to fit ``points``."""

    datastream: str
    unit: Unit
    time_zone: str
    items: list[Value]
    next: str | None
    downsampled: bool


class Accepted(Said):
    """Observations that are durable now, and the batch they were committed in."""

    accepted: int
    batch: int
