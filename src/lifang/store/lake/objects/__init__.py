"""objects: identified things and their links through time: what was so when (valid), what was known when (recorded).

Does not belong here: what an object is. Writes and reads ``objects.duckdb``.
"""

from lifang.store.lake.objects.changes import Changes
from lifang.store.lake.objects.links import Links
from lifang.store.lake.objects.model import COLUMNS, FOREVER, LINK_COLUMNS, LinkQuery, ObjectChange, ObjectQuery
from lifang.store.lake.objects.objects import Objects

__all__ = [
    "COLUMNS",
    "FOREVER",
    "LINK_COLUMNS",
    "Changes",
    "LinkQuery",
    "Links",
    "ObjectChange",
    "ObjectQuery",
    "Objects",
]
