"""tiling: objects as 3D Tiles 1.1: a quadtree of binary glTF with ids and properties.

Does not belong here: where objects come from, who may see them. Reads and writes nothing.
"""

from lifang.twin.tiling.content import Solids, Surfaces, content
from lifang.twin.tiling.grid import Cell, Pyramid, keys
from lifang.twin.tiling.levels import level_tiles
from lifang.twin.tiling.pack import packed, unpack
from lifang.twin.tiling.skin import Pictures
from lifang.twin.tiling.thin import Thin
from lifang.twin.tiling.tileset import CONTENT, LEVELS, SUBTREE, SUBTREE_LEVELS, subtree, tileset

__all__ = [
    "CONTENT",
    "LEVELS",
    "SUBTREE",
    "SUBTREE_LEVELS",
    "Cell",
    "Pictures",
    "Pyramid",
    "Solids",
    "Surfaces",
    "Thin",
    "content",
    "keys",
    "level_tiles",
    "packed",
    "subtree",
    "tileset",
    "unpack",
]
