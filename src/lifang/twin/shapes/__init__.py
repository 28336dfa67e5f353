"""shapes: solids as triangles in metres about a point on the ellipsoid.

Does not belong here: file formats, tiles, what an object means. Reads and writes nothing.
"""

from lifang.twin.shapes.extrusion import extrude
from lifang.twin.shapes.frame import Frame, ecef
from lifang.twin.shapes.hanging import pieces
from lifang.twin.shapes.lighten import lighten
from lifang.twin.shapes.mesh import Mesh
from lifang.twin.shapes.outline import areal, lines_from_above, outlines
from lifang.twin.shapes.polyline import corners_kept
from lifang.twin.shapes.prism import prism
from lifang.twin.shapes.rings import Rings, spread
from lifang.twin.shapes.surfaces import cut, triangulate
from lifang.twin.shapes.tube import tube, tube_faces, tube_triangles

__all__ = [
    "Frame",
    "Mesh",
    "Rings",
    "areal",
    "corners_kept",
    "cut",
    "ecef",
    "extrude",
    "lighten",
    "lines_from_above",
    "outlines",
    "pieces",
    "prism",
    "spread",
    "triangulate",
    "tube",
    "tube_faces",
    "tube_triangles",
]
