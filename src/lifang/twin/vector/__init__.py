"""vector: footprints as Mapbox Vector Tiles 2.1, one by one or all of a zoom at once, and as one PMTiles archive.

Does not belong here: where objects come from, who may see them. Reads and writes nothing but the archive asked for.
"""

from lifang.twin.vector.archive import ZOOM_MAX, write_archive
from lifang.twin.vector.features import Features
from lifang.twin.vector.quadrants import Quadrant, apart_deg, least_deg
from lifang.twin.vector.tiles import LAYER, vector_tiles

__all__ = ["LAYER", "ZOOM_MAX", "Features", "Quadrant", "apart_deg", "least_deg", "vector_tiles", "write_archive"]
