"""What the service says of itself: its collections, and the requirements it keeps (OGC 18-088, clauses 2 and 9.2.1)."""

from __future__ import annotations

from typing import Any

from lifang.doors.sensorthings import tasking
from lifang.sensing import COLLECTIONS, TASKING

_STANDARD = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
_OWN = "urn:lifang:spec:sensorthings:"
CONFORMANCE = tuple(
    _STANDARD + name
    for name in (
        "datamodel",
        "resource-path/resource-path-to-entities",
        "request-data",
        "create-update-delete",
        "batch-request/batch-request",
        "multi-datastream",
        "data-array/data-array",
    )
)
EXTENSIONS = tuple(
    _OWN + name
    for name in (
        "aggregation",
        "batch-json",
        "count-path",
        "latest-observation",
        "result-format-csv",
        "result-format-geojson",
        "text-ids",
        "versions",
    )
)


BY_MQTT = tuple(
    _STANDARD + name
    for name in ("create-observations-via-mqtt/observations-creation", "receive-updates-via-mqtt/receive-updates")
)


def landing(root: str, mqtt: str | None = None) -> dict[str, Any]:
    """Return what there is below ``root``, what of the standard and beyond it is kept, and the address for MQTT.

    The collections of Tasking Core (17-079r1) stand in ``serverSettings``: at the root the OGC's suite knows those of
    Sensing only.
    """
    by_mqtt = BY_MQTT if mqtt else ()
    settings: dict[str, Any] = {"conformance": [*CONFORMANCE, *tasking.REQUIREMENTS, *by_mqtt, *EXTENSIONS]}
    settings |= {each: {"endpoints": [mqtt]} for each in by_mqtt}
    settings[f"{_OWN}aggregation"] = {
        "functions": ["avg", "min", "max", "count", "sum", "p0 … p100"],
        "example": "Datastreams(1)/Observations?$apply=groupby((bucket(phenomenonTime,PT1H)),aggregate(avg,max))",
    }
    endpoints = [f"{root}/{name}" for name in TASKING]
    settings |= {each: {"endpoints": endpoints} for each in tasking.REQUIREMENTS}
    sets = [{"name": name, "url": f"{root}/{name}"} for name in COLLECTIONS]
    return {"value": sets, "serverSettings": settings}
