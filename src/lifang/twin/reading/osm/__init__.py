"""osm: buildings of OpenStreetMap, XML or PBF, become rows of upright solids.

Does not belong here: other features of OpenStreetMap, other formats. GDAL reads the file in a process of its own
(``child``). Reads files; writes into a scratch folder.
"""

from lifang.twin.reading.osm.reader import is_osm, read_osm

__all__ = ["is_osm", "read_osm"]
