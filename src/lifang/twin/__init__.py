"""twin: the city's objects, identified for life: what stands where, since when and as known when;
their links to all else, their tiles.

Does not belong here: who may see them, analyses, the formats of map viewers other than tiles.
Reads model files and datasets with outlines; writes the store of objects, and one dataset a model.
"""

from lifang.twin.areas import Area
from lifang.twin.bodied import length_m
from lifang.twin.clashing import Clashes, ClashFound, ClashReport
from lifang.twin.examination import Examination
from lifang.twin.exporting import FORMS, Export
from lifang.twin.flat import VectorSource
from lifang.twin.generating import BlockRule, generate_buildings
from lifang.twin.imagery import Imagery, ImageryCard, ImageryLayer
from lifang.twin.linking import SAME, THINGS, WAYS, Ends, LinkRule
from lifang.twin.links import LINK_KINDS, TARGETS, Link, Links
from lifang.twin.model import CATEGORIES, CLASSES, SPACES, STAGES, CityObject, ModelCard, Shape, check_stage, class_of
from lifang.twin.planning import PlanStudy
from lifang.twin.reading import (
    Bed,
    Fault,
    ModelFile,
    Placement,
    expect_model,
    read_cityjson,
    read_epanet,
    read_ground,
    read_ifc,
    read_model,
    read_outlines,
)
from lifang.twin.scenarios import Scenario, Scenarios
from lifang.twin.studying import pipe_clearances
from lifang.twin.tabling import DIFFERENCE_FIELDS, OBJECT_FIELDS, write_geoparquet
from lifang.twin.tiles import Tile, TileSource
from lifang.twin.tiling import CONTENT, LEVELS, SUBTREE, Cell
from lifang.twin.topics import STATUSES, Topic, Topics, Viewpoint, read_bcf, write_bcf
from lifang.twin.twin import Added, Twin
from lifang.twin.vector import LAYER, ZOOM_MAX, Quadrant
from lifang.twin.writing import FEATURE_FIELDS

__all__ = [
    "CATEGORIES",
    "CLASSES",
    "CONTENT",
    "DIFFERENCE_FIELDS",
    "FEATURE_FIELDS",
    "FORMS",
    "LAYER",
    "LEVELS",
    "LINK_KINDS",
    "OBJECT_FIELDS",
    "SAME",
    "SPACES",
    "STAGES",
    "STATUSES",
    "SUBTREE",
    "TARGETS",
    "THINGS",
    "WAYS",
    "ZOOM_MAX",
    "Added",
    "Area",
    "Bed",
    "BlockRule",
    "Cell",
    "CityObject",
    "ClashFound",
    "ClashReport",
    "Clashes",
    "Ends",
    "Examination",
    "Export",
    "Fault",
    "Imagery",
    "ImageryCard",
    "ImageryLayer",
    "Link",
    "LinkRule",
    "Links",
    "ModelCard",
    "ModelFile",
    "Placement",
    "PlanStudy",
    "Quadrant",
    "Scenario",
    "Scenarios",
    "Shape",
    "Tile",
    "TileSource",
    "Topic",
    "Topics",
    "Twin",
    "VectorSource",
    "Viewpoint",
    "check_stage",
    "class_of",
    "expect_model",
    "generate_buildings",
    "length_m",
    "pipe_clearances",
    "read_bcf",
    "read_cityjson",
    "read_epanet",
    "read_ground",
    "read_ifc",
    "read_model",
    "read_outlines",
    "write_bcf",
    "write_geoparquet",
]
