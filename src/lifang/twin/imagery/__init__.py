"""imagery: pictures of the ground from GeoTIFF as layers of the map, with where they are from; cut into tiles once.

Does not belong here: elevation models (reading), who may see a layer. Reads files and the settings of the store; writes
both, and blobs.
"""

from lifang.twin.imagery.layers import Imagery, ImageryCard, ImageryLayer

__all__ = ["Imagery", "ImageryCard", "ImageryLayer"]
