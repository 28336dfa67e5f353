"""sensorthings: OGC SensorThings API 1.1: CreateObservations in bulk, and an honest part of reading.

Offered: Things, Datastreams, Observations of a datastream, with ``$top``, ``$skip``, ``$count`` and ``$orderby`` on
``phenomenonTime``; whatever else a client asks for is answered 501, never silently ignored.
Does not belong here: storage, quality rules. Reads and writes observations through :mod:`lifang.sensing`.
"""

from lifang.doors.http import Door
from lifang.doors.sensorthings.routes import router

__all__ = ["router", "spec"]

spec = Door("sensorthings", "传感器接口", "SensorThings", "OGC SensorThings API 1.1 (18-088)", order=20)
