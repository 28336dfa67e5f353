"""Things, datastreams and observations as SensorThings entities (OGC 18-088, clause 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifang.core import format_instant, from_micros, unit
from lifang.sensing import Datastream, Quality, Thing

Entity = dict[str, Any]
_MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
_WORDS = {each.value: each.word for each in Quality}
CONFORMANCE = (
    "http://www.opengis.net/spec/iot_sensing/1.1/req/data-array/data-array",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/top",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/skip",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/count",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/pagination",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
)


def landing(root: str) -> Entity:
    """Return what there is below ``root``, and what of the standard is kept."""
    sets = [{"name": name, "url": f"{root}/{name}"} for name in ("Things", "Datastreams")]
    return {"value": sets, "serverSettings": {"conformance": list(CONFORMANCE)}}


def _quoted(key: str) -> str:
    return "'" + key.replace("'", "''") + "'"


def thing_entity(thing: Thing, root: str) -> Entity:
    """Return a Thing; its location is given in its properties, as Locations are not offered."""
    link = f"{root}/Things({_quoted(thing.id)})"
    place = {"type": "Point", "coordinates": [thing.lon, thing.lat]}
    return {
        "@iot.id": thing.id,
        "@iot.selfLink": link,
        "name": thing.zh,
        "description": thing.en,
        "properties": {**thing.properties, "kind": thing.kind, "location": place},
        "Datastreams@iot.navigationLink": f"{link}/Datastreams",
    }


def datastream_entity(stream: Datastream, root: str) -> Entity:
    """Return a Datastream; its ``@iot.id`` is the dense number, its lifang id stands in the properties."""
    link = f"{root}/Datastreams({stream.number})"
    measured = unit(stream.unit)
    return {
        "@iot.id": stream.number,
        "@iot.selfLink": link,
        "name": stream.zh,
        "description": stream.en,
        "observationType": _MEASUREMENT,
        "unitOfMeasurement": {
            "name": measured.en,
            "symbol": measured.symbol,
            "definition": f"http://unitsofmeasure.org/ucum#{measured.code}",
        },
        "properties": {
            **stream.properties,
            "id": stream.id,
            "thing": stream.thing,
            "observedProperty": stream.observed_property,
            "period_s": stream.period_s,
        },
        "Observations@iot.navigationLink": f"{link}/Observations",
    }


def observation_entity(stream: Datastream, row: tuple[int, float | None, int], root: str) -> Entity:
    """Return an Observation; it is named by its datastream's number and its moment in microseconds."""
    micros, value, quality = row
    key = f"{stream.number}-{micros}"
    return {
        "@iot.id": key,
        "@iot.selfLink": f"{root}/Observations({_quoted(key)})",
        "phenomenonTime": format_instant(from_micros(micros)),
        "resultTime": None,
        "result": value,
        "resultQuality": _WORDS[quality],
    }


def collection(items: list[Entity], *, count: int | None, following: str | None) -> Mapping[str, Any]:
    """Return a set of entities, with its count and the link to the next page where there are."""
    body: Entity = {}
    if count is not None:
        body["@iot.count"] = count
    if following is not None:
        body["@iot.nextLink"] = following
    return {**body, "value": items}
