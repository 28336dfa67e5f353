"""What the service says of itself: its collections, and the requirements it keeps (OGC 18-088, clauses 2 and 9.2.1)."""

from __future__ import annotations

from typing import Any

from lifang.doors.sensorthings import tasking
from lifang.sensing import COLLECTIONS

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


def landing(root: str) -> dict[str, Any]:
    """Return what there is below ``root``, and what of the standard and beyond it is kept."""
    settings: dict[str, Any] = {"conformance": [*CONFORMANCE, *tasking.REQUIREMENTS, *EXTENSIONS]}
    settings[f"{_OWN}aggregation"] = {
        "functions": ["avg", "min", "max", "count", "sum", "p0 … p100"],
        "example": "Datastreams(1)/Observations?$apply=groupby((bucket(phenomenonTime,PT1H)),aggregate(avg,max))",
    }
    sets = [{"name": name, "url": f"{root}/{name}"} for name in (*COLLECTIONS, *tasking.COLLECTIONS)]
    return {"value": sets, "serverSettings": settings}
