"""reading: model files and datasets become rows of city objects, each faulty object refused with its reason.

Does not belong here: what becomes of the rows. Reads files; writes nothing.
"""

from lifang.twin.reading.cityjson import read_cityjson
from lifang.twin.reading.formats import expect_model, read_model
from lifang.twin.reading.ground import Bed, read_ground
from lifang.twin.reading.ifc import Placement, read_ifc
from lifang.twin.reading.model import Fault, ModelFile
from lifang.twin.reading.networks import read_epanet, read_pandapower
from lifang.twin.reading.outlines import read_outlines
from lifang.twin.reading.told import EXTENSIONS

__all__ = [
    "EXTENSIONS",
    "Bed",
    "Fault",
    "ModelFile",
    "Placement",
    "expect_model",
    "read_cityjson",
    "read_epanet",
    "read_ground",
    "read_ifc",
    "read_model",
    "read_outlines",
    "read_pandapower",
]
