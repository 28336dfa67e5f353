"""export: rows written in the formats that others read, a batch at a time, so that memory stays small.

Does not belong here: which rows, and who may have them. CSV, JSON, GeoJSON, Parquet, Arrow and a workbook are
streams from the first row on; a GeoPackage is a file that is made whole first, on disk, and streamed then.
"""

from lifang.catalogue.export.formats import (
    DATED,
    EXPORT_FORMATS,
    MEDIA_TYPES,
    NEED_GEOMETRY,
    bounded,
    check_rows,
    write_rows,
)
from lifang.catalogue.export.streams import csv_cell, neutral, plain_rows, shapes_of

__all__ = [
    "DATED",
    "EXPORT_FORMATS",
    "MEDIA_TYPES",
    "NEED_GEOMETRY",
    "bounded",
    "check_rows",
    "csv_cell",
    "neutral",
    "plain_rows",
    "shapes_of",
    "write_rows",
]
