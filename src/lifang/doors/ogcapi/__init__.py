"""ogcapi: OGC API under ``/ogc``: datasets as features, tiles and records; observations; processes.

Features (OGC 17-069r4, 18-058, 19-079r2, 20-002r1) with CQL2, Records, vector Tiles, EDR over
what is sensed, Processes; the twin's objects as features, and as 3D GeoVolumes. What is not understood is refused.
Does not belong here: storage, rights, how rows are found (``catalogue``). Reads every dataset that the asker may
read; writes releases of those that have a key, through ``catalogue``.
"""

from fastapi import APIRouter

from lifang.doors.http import Door, gather
from lifang.doors.ogcapi import (
    landing,
    routes_changes,
    routes_edr,
    routes_edr_more,
    routes_features,
    routes_objects,
    routes_processes,
    routes_records,
    routes_tiles,
)

__all__ = ["router", "spec"]

spec = Door("ogcapi", "地理数据接口", "OGC API", "OGC API - Features 1.0 (17-069r4)", order=30)

_PARTS = (  # what is no dataset comes before what takes any id
    landing.router,
    routes_records.router,
    routes_edr.router,
    routes_edr_more.router,
    routes_objects.router,
    routes_features.router,
    routes_changes.router,
    routes_tiles.router,
    routes_processes.router,
)


def router() -> APIRouter:
    """Return every route of this door."""
    return gather(part() for part in _PARTS)
