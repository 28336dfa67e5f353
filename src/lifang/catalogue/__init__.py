"""catalogue: files become datasets: recognised, checked against their card, released, described, found, exported.

Does not belong here: who may read (guard decides, the caller asks), how rows are stored (store), what they mean for
the city (sensing, operations). Reads and writes every catalogued dataset; compares positions with ``roads``.
"""

from lifang.catalogue.card import Bilingual, Card, Column, Geometry
from lifang.catalogue.catalogue import Catalogue, Dataset, card_from
from lifang.catalogue.checking import RULES, ColumnQuality, Hit, QualityReport
from lifang.catalogue.export import EXPORT_FORMATS, MEDIA_TYPES, write_rows
from lifang.catalogue.metadata import CYCLES, THEMES, named
from lifang.catalogue.model import Admission, Link, Release
from lifang.catalogue.reading import FORMATS

__all__ = [
    "CYCLES",
    "EXPORT_FORMATS",
    "FORMATS",
    "MEDIA_TYPES",
    "RULES",
    "THEMES",
    "Admission",
    "Bilingual",
    "Card",
    "Catalogue",
    "Column",
    "ColumnQuality",
    "Dataset",
    "Geometry",
    "Hit",
    "Link",
    "QualityReport",
    "Release",
    "card_from",
    "named",
    "write_rows",
]
