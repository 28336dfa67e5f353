"""Where things are: their locations, the history of these, and the features of interest made from them.

OGC 18-088, clauses 8.2.2, 8.2.3 and 10.2 (special case 1).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from lifang.core import BadInput
from lifang.sensing.entities.kinds import GEOJSON
from lifang.sensing.entities.numbering import allocate
from lifang.sensing.roster import MOVED, NOWHERE, UNKNOWN, Place, Roster
from lifang.store import Row, Transaction, rising

UNPLACED: Place = (math.nan, math.nan)
_SIDES = ("west", "south", "east", "north")
_PLACED = ("application/geo+json", "application/vnd.geo+json", "application/json")


def bounds_of(value: Any, encoding: str) -> dict[str, float | None]:
    """Return west, south, east, north (degrees) of a GeoJSON geometry or feature; nothing for other encodings.

    ``BadInput`` if the encoding says GeoJSON and the value is none.
    """
    shape = shape_of(value, encoding)
    if shape is None or shapely.is_empty(shape):
        return dict.fromkeys(_SIDES)
    found = shapely.bounds(shape).tolist()
    return dict(zip(_SIDES, found, strict=True))


def shape_of(value: Any, encoding: str) -> shapely.Geometry | None:
    """Return the geometry in ``value``, ``None`` if the encoding is not GeoJSON; ``BadInput`` if it does not fit."""
    if encoding.split(";", maxsplit=1)[0].strip().lower() not in _PLACED:
        return None
    try:
        geometry = value["geometry"] if isinstance(value, Mapping) and value.get("type") == "Feature" else value
        return shapely.geometry.shape(geometry)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
        raise BadInput(
            "This is no GeoJSON geometry or feature.",
            where="location",
            mend='Send {"type": "Point", "coordinates": [104.07, 30.67]}, or name another encodingType.',
        ) from error


def point_of(row: Mapping[str, Any]) -> Place:
    """Return the middle of a location's bounds, where a thing there is drawn; not a number without bounds."""
    if row["west"] is None:
        return UNPLACED
    return (row["west"] + row["east"]) / 2, (row["south"] + row["north"]) / 2


def point_row(lon: float, lat: float) -> dict[str, Any]:
    """Return the columns of a location that is a point."""
    shape = {"type": "Point", "coordinates": [lon, lat]}
    return {"encoding": GEOJSON, "location": shape, "west": lon, "south": lat, "east": lon, "north": lat}


def locations_of(tx: Transaction, thing: int) -> list[Row]:
    """Return the rows of the locations of the thing with this number, by number."""
    numbers = [row["location"] for row in tx.find("thing_location", where={"thing": thing}, order="location")]
    return tx.find("location", where={"number": numbers}, order="number") if numbers else []


def settle_thing(tx: Transaction, thing: int, fresh: Sequence[int], *, now: datetime) -> int | None:
    """Return the HistoricalLocation that tells where the thing is with ``fresh`` locations; ``None`` if it was there.

    They take the place of those of the same encoding: a thing has one location per encoding.
    """
    present = locations_of(tx, thing)
    added = [number for number in dict.fromkeys(fresh) if number not in {row["number"] for row in present}]
    if not added:
        return None
    rows = tx.find("location", where={"number": added}, order="number")
    encodings = {row["encoding"] for row in rows}
    for row in present:
        if row["encoding"] in encodings:
            tx.delete_where("thing_location", {"thing": thing, "location": row["number"]})
    tx.insert_many("thing_location", [{"thing": thing, "location": number} for number in added])
    kept = [row for row in present if row["encoding"] not in encodings]
    move(tx, thing, next((point_of(row) for row in (*rows, *kept) if row["west"] is not None), UNPLACED))
    return add_history(tx, thing, [row["number"] for row in (*kept, *rows)], time=now, now=now)


def add_history(tx: Transaction, thing: int, locations: Iterable[int], *, time: datetime, now: datetime) -> int:
    """Return the number of the new HistoricalLocation: the thing was at ``locations`` at ``time``."""
    number = allocate(tx, "historical_location")
    name = f"historical_location-{number}"
    tx.insert("historical_location", {"id": name, "number": number, "thing": thing, "time": time, "created": now})
    rows = [{"historical_location": number, "location": location} for location in locations]
    tx.insert_many("historical_place", rows)
    return number


def move(tx: Transaction, thing: int, place: Place) -> None:
    """Keep with the thing where it is, and with its datastreams that they were elsewhere before."""
    (row,) = tx.find("thing", where={"number": thing}, order="number")
    lon, lat = (None if math.isnan(each) else each for each in place)
    tx.update("thing", row["id"], {"lon": lon, "lat": lat})
    for stream in tx.find("datastream", where={"thing": row["id"]}, order="number"):
        if stream["feature"]:
            tx.update("datastream", stream["id"], {"rich": stream["rich"] | MOVED})


def features_of_things(tx: Transaction, things: Sequence[int], *, now: datetime) -> dict[int, int]:
    """Return the number of the feature that is each thing's location, made if need be, by the thing's number.

    Things without a location are left out.
    """
    stand: dict[int, list[int]] = {thing: [] for thing in things}
    for row in tx.find("thing_location", where={"thing": list(things)}, order="location"):
        stand[row["thing"]].append(row["location"])
    numbers = sorted({number for places in stand.values() for number in places})
    rows = {row["number"]: row for row in tx.find("location", where={"number": numbers}, order="number")}
    found: dict[int, int] = {}
    for thing, places in stand.items():
        here = _where([rows[number] for number in places])
        known = here and here["feature"]
        feature = int(known) if known else feature_of_thing(tx, thing, now=now, made=[])
        if feature is not None:
            found[thing] = feature
    return found


def _where(rows: Sequence[Row]) -> Row | None:
    """Return the location that says where a thing is: the first with bounds, otherwise the first."""
    return next((each for each in rows if each["west"] is not None), rows[0] if rows else None)


def feature_of_thing(tx: Transaction, thing: int, *, now: datetime, made: list[int]) -> int | None:
    """Return the number of the feature that is the thing's location; ``None`` without a location.

    Made if need be: then its number is added to ``made``.
    """
    row = _where(locations_of(tx, thing))
    if row is None:
        return None
    if row["feature"]:
        return int(row["feature"])
    number = allocate(tx, "feature")
    same = ("zh", "en", "description", "encoding", "west", "south", "east", "north", "classification")
    told = {name: row[name] for name in same}
    tx.insert(
        "feature",
        {
            **told,
            "id": f"feature-{number}",
            "number": number,
            "feature": row["location"],
            "properties": {},
            "created": now,
        },
    )
    tx.update("location", row["id"], {"feature": number})
    made.append(number)
    return number


def settle_features(tx: Transaction, roster: Roster, numbers: Sequence[int], *, now: datetime) -> list[int]:
    """Find, for each of these datastreams, the feature that values without one are of; return those made for it."""
    made: list[int] = []
    for stream in tx.find("datastream", where={"number": list(numbers)}, order="number"):
        row = tx.get("thing", stream["thing"])
        feature = feature_of_thing(tx, row["number"], now=now, made=made) if row and row["number"] else None
        at = stream["number"]
        if feature is None:
            roster.current[at] = NOWHERE
            continue
        if not stream["feature"]:
            tx.update("datastream", stream["id"], {"feature": feature})
            roster.own[at] = feature
        roster.current[at] = feature
    return made


def unsettled(roster: Roster, numbers: np.ndarray[Any, np.dtype[np.int32]]) -> list[int]:
    """Return those of ``numbers`` whose feature is not known yet."""
    unknown = numbers[roster.current[numbers] == UNKNOWN]
    return [] if not len(unknown) else rising(unknown).tolist()
