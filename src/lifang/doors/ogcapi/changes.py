"""Features as they are sent, as rows to write by the key of their dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
import shapely
from fastapi import Request

from lifang.catalogue import Change, Features
from lifang.core import BadInput, Conflict, NotFound
from lifang.doors.ogcapi.crs import CRS84, crs_of

_GEOMETRY = "geometry"
_MEMBERS = frozenset({"type", "id", "geometry", "properties", "bbox", "links", "time", "place", "coordRefSys",
                      "conformsTo", "featureType"})  # fmt: skip
_COLLECTION_MEMBERS = frozenset({"type", "features", "bbox", "links", "coordRefSys", "conformsTo", "featureType",
                                 "name", "crs", "numberMatched", "numberReturned", "timeStamp"})  # fmt: skip
_FEATURES_MAX = 10_000


def sent_row(request: Request, body: Mapping[str, Any], features: Features) -> dict[str, Any]:
    """Return the properties that a feature gives, its geometry (well-known binary on WGS 84) among them if it has one.

    ``BadInput`` for members and properties that the dataset does not have.
    """
    if body.get("type", "Feature") != "Feature":
        raise BadInput("The body is no GeoJSON feature.", where="type", mend='Send {"type": "Feature", …}.')
    _check_names(body, _MEMBERS, "The feature")
    properties = body.get("properties") or {}
    if not isinstance(properties, dict):
        raise BadInput("The properties are no object.", where="properties", mend="Send names with values.")
    columns = [name for name in features.columns if name != _GEOMETRY]
    _check_names(properties, frozenset(columns), "This dataset")
    row = {name: _plain(name, value) for name, value in properties.items()}
    place = body.get("place") or body.get(_GEOMETRY)
    if _GEOMETRY in body or "place" in body:
        if place is not None and _GEOMETRY not in features.columns:
            raise BadInput("This dataset has no geometry.", where=_GEOMETRY, mend="Leave it out.")
        if _GEOMETRY in features.columns:
            row[_GEOMETRY] = None if place is None else _shape(request, body, place)
    return row


def with_key(row: dict[str, Any], features: Features, feature_id: object) -> dict[str, Any]:
    """Return the row with its key, from ``feature_id`` where the row does not state it; they may not disagree."""
    check_key(features)
    if feature_id is None:
        return row
    for name, value in features.key_of(str(feature_id)).items():
        if row.setdefault(name, value) != value:
            raise BadInput("The id and the key disagree.", where=f"properties.{name}", mend="Send one of them.")
    return row


def check_key(features: Features) -> None:
    """Raise ``Conflict`` if the dataset has no key: none of its rows can be told from another for good."""
    if not features.key:
        raise Conflict(
            "This dataset has no key: its features cannot be changed one by one.",
            where=features.release.dataset,
            mend="Declare a key in its card and add the file again.",
        )


def upsert(row: Mapping[str, Any], method: Any) -> Change:
    """Return the change that writes ``row``."""
    return Change(upserts=_table([row]), method=method)


def insert_all(rows: Sequence[Mapping[str, Any]]) -> Change:
    """Return the change that adds ``rows``: all of them or none."""
    return Change(upserts=_table(rows), method="insert", whole=True)


def sent_features(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the features of a collection that is sent; ``BadInput`` if there are none, too many, or others among them.

    ``coordRefSys`` of the collection holds for those that name none.
    """
    _check_names(body, _COLLECTION_MEMBERS, "The collection")
    found = body.get("features")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadInput(
            "The features are no list of features.", where="features", mend="Send a list of GeoJSON features."
        )
    if not 1 <= len(found) <= _FEATURES_MAX:
        mend = f"Send 1 to {_FEATURES_MAX:,} at once."
        raise BadInput(f"These are {len(found):,} features.", where="features", mend=mend)
    shared = {name: body[name] for name in ("coordRefSys",) if name in body}
    return [{**shared, **each} for each in found]


def deletion(features: Features, feature_id: str) -> Change:
    """Return the change that deletes the feature of this id."""
    return Change(deletes=_table([features.key_of(feature_id)]))


def whole(row: dict[str, Any], features: Features) -> dict[str, Any]:
    """Return the row with every other property empty: what a replacement leaves out is gone."""
    return {**dict.fromkeys(features.columns), **row}


def check_is_there(features: Features, feature_id: str) -> bytes:
    """Return the feature that is to change, or ``NotFound``."""
    check_key(features)
    return features.one(feature_id)


def check_is_new(row: Mapping[str, Any], features: Features) -> str:
    """Return the id that a new feature gets; ``Conflict`` if there is one of that id."""
    lacking = [name for name in features.key if row.get(name) is None]
    if lacking:
        where = f"properties.{lacking[0]}"
        raise BadInput("A new feature states its key.", where=where, mend=f"Give {', '.join(features.key)}.")
    name = features.id_of(row)
    try:
        features.one(name)
    except NotFound:
        return name
    raise Conflict(f"There is a feature {name[:80]!r} already.", where="id", mend="Replace it, or choose another key.")


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        columns[name] = pa.array(values, pa.binary()) if name == _GEOMETRY else _column(values, name)
    return pa.table(columns)


def _column(values: list[Any], name: str) -> pa.Array:
    """Return values of JSON as a column: of their type if they have one, else as texts."""
    if all(each is None for each in values):
        return pa.nulls(len(values), pa.string())
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        where = f"properties.{name}"[:80]
        raise BadInput("These are values of several types.", where=where, mend="Send values of one type.") from error


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, dict | list):
        raise BadInput(f"{name} is no plain value.", where=f"properties.{name}"[:80], mend="Send a text or a number.")
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        raise BadInput(f"{name} is too large a number.", where=f"properties.{name}"[:80], mend="Send a smaller one.")
    return value


def _check_names(given: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    for name in given:
        if name not in known:
            mend = f"Known: {', '.join(sorted(known))[:500]}."
            raise BadInput(f"{what} has no {name[:80]!r}.", where=name[:80], mend=mend)


def _shape(request: Request, body: Mapping[str, Any], place: Any) -> bytes:
    uri = body.get("coordRefSys") or request.headers.get("content-crs", CRS84)
    crs = crs_of(str(uri), where="Content-Crs")
    try:
        shape = shapely.from_geojson(orjson.dumps(place).decode())
    except (shapely.errors.ShapelyError, ValueError, TypeError) as error:
        raise BadInput("The geometry is no GeoJSON.", where=_GEOMETRY, mend="Correct it.") from error
    written: bytes = shapely.to_wkb(crs.to_wgs84(shape))
    return written
