"""twin: the city's objects, identified for life: what stands where, since when and as known when;
their links to all else, their tiles.

Does not belong here: who may see them, analyses, the formats of map viewers other than tiles.
Reads model files and datasets with outlines; writes the store of objects, and one dataset a model.
"""

from lifang.twin.clashing import UNTOUCHABLE, Clashes, ClashFound, ClashReport
from lifang.twin.examination import Examination
from lifang.twin.exporting import FORMS, Export
from lifang.twin.flat import VectorSource
from lifang.twin.generating import BlockRule, generate_buildings
from lifang.twin.links import LINK_KINDS, TARGETS, Link, Links
from lifang.twin.model import CATEGORIES, CLASSES, STAGES, CityObject, ModelCard, Shape, class_of
from lifang.twin.reading import Fault, ModelFile, Placement, read_cityjson, read_ifc, read_model, read_outlines
from lifang.twin.scenarios import Scenario, Scenarios
from lifang.twin.studying import Study, pipe_clearances
from lifang.twin.tiles import Tile, TileSource
from lifang.twin.tiling import CONTENT, SUBTREE, Cell
from lifang.twin.twin import Added, Twin
from lifang.twin.vector import LAYER, ZOOM_MAX, Quadrant

__all__ = [
    "CATEGORIES",
    "CLASSES",
    "CONTENT",
    "FORMS",
    "LAYER",
    "LINK_KINDS",
    "STAGES",
    "SUBTREE",
    "TARGETS",
    "UNTOUCHABLE",
    "ZOOM_MAX",
    "Added",
    "BlockRule",
    "Cell",
    "CityObject",
    "ClashFound",
    "ClashReport",
    "Clashes",
    "Examination",
    "Export",
    "Fault",
    "Link",
    "Links",
    "ModelCard",
    "ModelFile",
    "Placement",
    "Quadrant",
    "Scenario",
    "Scenarios",
    "Shape",
    "Study",
    "Tile",
    "TileSource",
    "Twin",
    "VectorSource",
    "class_of",
    "generate_buildings",
    "pipe_clearances",
    "read_cityjson",
    "read_ifc",
    "read_model",
    "read_outlines",
]
