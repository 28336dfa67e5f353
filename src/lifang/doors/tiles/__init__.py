"""tiles: the twin as 3D Tiles 1.1 under ``/tiles/3d``, as it was at any moment, for any viewer of the standard.

Does not belong here: what an object is, how a tile is made (twin). Reads the objects that the asker may read; writes
none.
"""

from lifang.doors.http import Door
from lifang.doors.tiles.routes import router

__all__ = ["router", "spec"]

spec = Door("tiles", "三维瓦片接口", "3D Tiles", "OGC 3D Tiles 1.1 (22-025r4)", order=40)
