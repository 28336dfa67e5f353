"""sensorthings: OGC SensorThings API 1.1: CreateObservations in bulk, and an honest part of reading.

Offered: Things, Datastreams, Observations of a datastream, with ``$top``, ``$skip``, ``$count`` and ``$orderby`` on
``phenomenonTime``; whatever else a client asks for is answered 501, never silently ignored.
Does not belong here: storage, quality rules. Reads and writes observations through :mod:`lifang.sensing`.
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

spec = Door("sensorthings", "传感器接口", "SensorThings", "OGC SensorThings API 1.1 (18-088)", order=20)
