"""The formats of an export, and the one way to write rows in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

import pyarrow as pa

from lifang.catalogue.export.geopackage import geopackage
from lifang.catalogue.export.streams import STREAMS
from lifang.catalogue.export.workbook import check_texts, textual, workbook
from lifang.core import BadInput

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
EXPORT_FORMATS = tuple(MEDIA_TYPES)
NEED_GEOMETRY = frozenset({"geojson", "gpkg"})
DATED = frozenset({"xlsx", "gpkg"})  # files that state when they were made: no two are the same, byte for byte
_PIECE = 1 << 18  # bytes of a file streamed at once
_FILES: dict[str, Callable[[pa.RecordBatchReader], IO[bytes]]] = {"gpkg": geopackage}


def write_rows(rows: pa.RecordBatchReader | pa.Table, format: str) -> Iterator[bytes]:  # noqa: A002 - the word the API uses
    """Return the rows written in ``format``, piece by piece.

    ``BadInput`` for an unknown format, or rows that it cannot hold: before this returns, of a table and of a format
    that is made whole first; on the way, of a text too long for a workbook in a reader that :func:`bounded` and
    :func:`check_rows` were not asked about.
    """
    if isinstance(rows, pa.Table) and (names := bounded(rows.schema, format)):
        check_rows(rows.select(names).to_reader(), format)
    reader = rows.to_reader() if isinstance(rows, pa.Table) else rows
    if format in _FILES:
        return _pieces(_FILES[format](reader))
    if format == "xlsx":
        return workbook(reader)
    if format not in STREAMS:
        raise BadInput(f"{format!r} is not an export format.", mend=f"Use one of {', '.join(EXPORT_FORMATS)}.")
    return STREAMS[format](reader)


def bounded(schema: pa.Schema, format: str) -> list[str]:  # noqa: A002 - the word the API uses
    """Return the columns whose values a format may have no room for: what :func:`check_rows` has to see."""
    return textual(schema) if format == "xlsx" else []


def check_rows(reader: pa.RecordBatchReader, format: str) -> None:  # noqa: A002 - the word the API uses
    """Raise ``BadInput`` for a value that a format has no room for, so that none is met halfway."""
    if format == "xlsx":
        check_texts(reader)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
