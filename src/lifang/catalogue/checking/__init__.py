"""checking: raw text becomes typed columns, and every cell that breaks a rule is found and explained.

Does not belong here: how files are laid out (reading), what happens to good and bad rows (the admission).
Reads and writes no dataset.
"""

from lifang.catalogue.checking.check import REFUSED, Checked, Checker, filled_key, refusals, row_hashes, unreadable
from lifang.catalogue.checking.conform import Conformed, conform, ruled_as_released
from lifang.catalogue.checking.convert import to_typed
from lifang.catalogue.checking.hashing import Repeats, hash_column
from lifang.catalogue.checking.place import (
    Misplaced,
    beyond_degrees,
    guess_crs,
    position_fit,
    raw_bounds,
)
from lifang.catalogue.checking.placed import Geometries, Placed
from lifang.catalogue.checking.quality import ColumnQuality, Hit, QualityReport, Sketches, count_hits
from lifang.catalogue.checking.rules import RULES
from lifang.catalogue.checking.schema import Schema, bind, clean_name, described

__all__ = [
    "REFUSED",
    "RULES",
    "Checked",
    "Checker",
    "ColumnQuality",
    "Conformed",
    "Geometries",
    "Hit",
    "Misplaced",
    "Placed",
    "QualityReport",
    "Repeats",
    "Schema",
    "Sketches",
    "beyond_degrees",
    "bind",
    "clean_name",
    "conform",
    "count_hits",
    "described",
    "filled_key",
    "guess_crs",
    "hash_column",
    "position_fit",
    "raw_bounds",
    "refusals",
    "row_hashes",
    "ruled_as_released",
    "to_typed",
    "unreadable",
]
