"""objects: identified things through time: what was so when (valid), and what was known when (recorded).

Does not belong here: what an object is. Writes and reads ``objects.duckdb``.
"""

from lifang.store.lake.objects.model import COLUMNS, FOREVER, ObjectChange, ObjectQuery
from lifang.store.lake.objects.objects import Objects

__all__ = ["COLUMNS", "FOREVER", "ObjectChange", "ObjectQuery", "Objects"]
