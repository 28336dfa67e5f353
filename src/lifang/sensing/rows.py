"""Things and datastreams as rows of the registry, and back."""

from __future__ import annotations

import math

from lifang.guard import Classification
from lifang.sensing.model import Datastream, Thing
from lifang.store import Row


def row_of(record: Thing | Datastream) -> Row:
    """Return the registry row of a thing or datastream, without its moment of creation."""
    return {**vars(record), "classification": str(record.classification), "properties": dict(record.properties)}


def thing_of(row: Row) -> Thing:
    """Return the thing in a registry row."""
    lon, lat = (math.nan if row[name] is None else row[name] for name in ("lon", "lat"))
    return Thing(
        row["id"],
        row["zh"],
        row["en"],
        row["kind"],
        lon,
        lat,
        Classification(row["classification"]),
        row["properties"],
    )


def datastream_of(row: Row) -> Datastream:
    """Return the datastream in a registry row."""
    return Datastream(
        row["id"],
        row["thing"],
        row["code"],
        row["zh"],
        row["en"],
        row["observed_property"],
        row["unit"],
        row["period_s"],
        Classification(row["classification"]),
        row["properties"],
        row["number"],
    )
