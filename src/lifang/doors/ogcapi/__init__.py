"""ogcapi: OGC API under ``/ogc``: datasets as collections, their rows as features.

Features (OGC 17-069r4, 18-058, 19-079r2, 20-002r1) with CQL2; GeoJSON and JSON-FG. What is not understood is refused.
Does not belong here: storage, rights, how rows are found (``catalogue``). Reads every dataset that the asker may
read; writes releases of those that have a key, through ``catalogue``.
"""

from fastapi import APIRouter

from lifang.doors.http import Door, gather
from lifang.doors.ogcapi import landing, routes_changes, routes_features

__all__ = ["router", "spec"]

spec = Door("ogcapi", "地理数据接口", "OGC API", "OGC API - Features 1.0 (17-069r4)", order=30)

_PARTS = (landing.router, routes_features.router, routes_changes.router)


def router() -> APIRouter:
    """Return every route of this door."""
    return gather(part() for part in _PARTS)
