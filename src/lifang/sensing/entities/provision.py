"""What a registration brings with it: each new thing its location, history and feature; shared sensors, properties."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from lifang.guard import Classification
from lifang.sensing.entities.numbering import allocate
from lifang.sensing.entities.places import point_row
from lifang.sensing.model import Datastream, Thing
from lifang.store import Row, Transaction

_OPEN = str(Classification.OPEN)


def add_things(tx: Transaction, rows: Sequence[Row], *, now: datetime) -> dict[str, int]:
    """Return the feature of each thing in ``rows`` (columns of the table) by its id, after they were added.

    Each gets a number, a Location, the HistoricalLocation that tells of it, and the feature made from it.
    """
    if not rows:
        return {}
    first = {table: allocate(tx, table, len(rows)) for table in ("thing", "location", "feature", "historical_location")}
    tx.insert_many(
        "thing", [{**row, "number": first["thing"] + at, "description": row["en"]} for at, row in enumerate(rows)]
    )
    placed = [(at, row) for at, row in enumerate(rows) if row["lon"] is not None]
    described = [_described(row, now) for _, row in placed]
    locations, features = [], []
    for (at, row), told in zip(placed, described, strict=True):
        point = point_row(row["lon"], row["lat"])
        number, feature = first["location"] + at, first["feature"] + at
        locations.append({**told, **point, "id": f"location-{number}", "number": number, "feature": feature})
        features.append({**told, **point, "id": f"feature-{feature}", "number": feature, "feature": point["location"]})
        del features[-1]["location"]
    tx.insert_many("location", locations)
    tx.insert_many("feature", features)
    things = [first["thing"] + at for at, _ in placed]
    _link(tx, things, [each["number"] for each in locations], first["historical_location"], now)
    return {row["id"]: first["feature"] + at for at, row in placed}


def _described(row: Row, now: datetime) -> dict[str, Any]:
    same = {name: row[name] for name in ("zh", "en", "classification")}
    return {**same, "description": row["en"], "properties": {}, "created": now}


def _link(tx: Transaction, things: Sequence[int], locations: Sequence[int], first: int, now: datetime) -> None:
    pairs = list(zip(things, locations, strict=True))
    tx.insert_many("thing_location", [{"thing": thing, "location": location} for thing, location in pairs])
    tx.insert_many(
        "historical_location",
        [
            {
                "id": f"historical_location-{first + at}",
                "number": first + at,
                "thing": thing,
                "time": now,
                "created": now,
            }
            for at, thing in enumerate(things)
        ],
    )
    tx.insert_many(
        "historical_place",
        [{"historical_location": first + at, "location": location} for at, location in enumerate(locations)],
    )


def shared_sensors(tx: Transaction, kinds: Iterable[str], *, now: datetime) -> dict[str, int]:
    """Return the number of the sensor that stands for each kind of thing, added if need be."""
    wanted = {f"kind:{kind}": kind for kind in kinds}

    def told(kind: str) -> dict[str, Any]:
        return {"zh": kind, "en": kind, "description": kind, "encoding": "text/plain", "metadata": kind}

    found = _shared(tx, "sensor", {name: told(kind) for name, kind in wanted.items()}, now)
    return {kind: found[name] for name, kind in wanted.items()}


def shared_properties(tx: Transaction, streams: Iterable[Datastream], *, now: datetime) -> dict[str, int]:
    """Return the number of each observed property that ``streams`` name, added if need be."""
    first: dict[str, Datastream] = {}
    for stream in streams:
        first.setdefault(stream.observed_property, stream)
    wanted = {
        code: {
            "zh": stream.zh,
            "en": stream.en,
            "description": stream.en,
            "definition": f"urn:lifang:observed-property:{code}",
        }
        for code, stream in first.items()
    }
    return _shared(tx, "observed_property", wanted, now)


def _shared(tx: Transaction, table: str, wanted: dict[str, dict[str, Any]], now: datetime) -> dict[str, int]:
    there = {row["id"]: row["number"] for row in tx.find(table, where={"id": list(wanted)})} if wanted else {}
    missing = [name for name in wanted if name not in there]
    if missing:
        first = allocate(tx, table, len(missing))
        same = {"classification": _OPEN, "properties": {}, "created": now}
        rows = [{**wanted[name], **same, "id": name, "number": first + at} for at, name in enumerate(missing)]
        tx.insert_many(table, rows)
        there |= {row["id"]: row["number"] for row in rows}
    return there


def thing_row(thing: Thing, row: Row) -> Row:
    """Return ``row`` with a place that is not a number as no place."""
    unknown = math.isnan(thing.lon) or math.isnan(thing.lat)
    return {**row, "lon": None, "lat": None} if unknown else row
