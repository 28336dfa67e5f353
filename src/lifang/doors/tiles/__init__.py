"""tiles: the twin as tiles under ``/tiles``, as it was at any moment: 3D Tiles 1.1, vector tiles of its outlines;
and pictures of the ground.

Does not belong here: what an object is, how a tile is made (twin); tiles of datasets (ogcapi). Reads the objects that
the asker may read; writes none.
"""

from fastapi import APIRouter

from lifang.doors.http import Door, gather
from lifang.doors.tiles import routes, routes_imagery, routes_vector

__all__ = ["router", "spec"]

spec = Door("tiles", "瓦片接口", "Tiles", "OGC 3D Tiles 1.1 (22-025r4), Mapbox Vector Tile 2.1", order=40)


def router() -> APIRouter:
    """Return every route of this door."""
    return gather((routes.router(), routes_vector.router(), routes_imagery.router()))
