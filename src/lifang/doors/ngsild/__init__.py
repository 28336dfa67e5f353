"""ngsild: NGSI-LD (ETSI GS CIM 009 v1.8.1): things as entities, datastreams as Properties; read and subscribe.

Offered below ``/ngsi-ld/v1``: entities by type, id, attributes, ``q`` and place; types and attributes; their past;
subscriptions. What changes entities is not offered: things and values come in by SensorThings, MQTT and connectors.
Does not belong here: storage, rights, quality rules. Reads things, datastreams, devices and observations through
their rooms; writes subscriptions to the registry's settings.
"""

from fastapi import APIRouter

from lifang.doors.http import Door, gather
from lifang.doors.ngsild import routes_entities, routes_subscriptions, routes_temporal, routes_types
from lifang.doors.ngsild.projection import Projection
from lifang.doors.ngsild.settings import NgsildSettings
from lifang.doors.ngsild.subscriptions import Notifier, Publisher

__all__ = ["NgsildSettings", "Notifier", "Projection", "Publisher", "router", "spec"]

spec = Door("ngsild", "关联数据接口", "NGSI-LD", "NGSI-LD API (ETSI GS CIM 009 v1.8.1)", order=25)

_PARTS = (routes_entities.router, routes_types.router, routes_temporal.router, routes_subscriptions.router)


def router() -> APIRouter:
    """Return every route of this door."""
    return gather(part() for part in _PARTS)
