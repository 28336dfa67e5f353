"""sensorthings: OGC SensorThings API 1.1 (18-088) whole under ``/sta/v1.1``, and 2.0 (23-019) read-only beside it.

Paths, filters along links, nested ``$expand``, deep insert, JSON Patch, batches, CreateObservations with an outcome per
row, MultiDatastreams, dataArray, CSV, GeoJSON; figures by ``$apply``. What is not understood is refused, never ignored.
Does not belong here: storage, what may be seen (guard), quality rules, MQTT (a door of its own, with words of this).
Reads and writes entities and observations through :mod:`lifang.sensing`.
"""

from lifang.doors.http import Door
from lifang.doors.sensorthings.bulk import by_rows, is_plain
from lifang.doors.sensorthings.messages import Writer, check_select, create_at, find_target
from lifang.doors.sensorthings.rendering import spans_of, written
from lifang.doors.sensorthings.resolving import ALL, Target, resource_of, sight_of
from lifang.doors.sensorthings.routes import router

__all__ = [
    "ALL",
    "Target",
    "Writer",
    "by_rows",
    "check_select",
    "create_at",
    "find_target",
    "is_plain",
    "resource_of",
    "router",
    "sight_of",
    "spans_of",
    "spec",
    "written",
]

spec = Door("sensorthings", "传感器接口", "SensorThings", "OGC SensorThings API 1.1 (18-088), 2.0 (23-019)", order=20)
