"""ifc: building models in IFC 2x3, 4 and 4.3 become rows of city objects, each at its place on the earth.

Does not belong here: what becomes of the rows, other formats. The parser runs in a process of its own (``child`` and
what it imports: ``elements``, ``georeference``, ``meshes``, ``properties``). Reads files; writes into a scratch folder.
"""

from lifang.twin.reading.ifc.placement import Placement
from lifang.twin.reading.ifc.reader import expect_ifc, is_ifc, read_ifc

__all__ = ["Placement", "expect_ifc", "is_ifc", "read_ifc"]
