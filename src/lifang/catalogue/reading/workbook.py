"""XLSX as batches of text, in the process apart: calamine allocates the rectangle that a sheet claims to span."""

from __future__ import annotations

import datetime as dt
import re
import sys
import zipfile
from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import python_calamine

from lifang.catalogue.reading.heading import HEAD_ROWS, Footnotes, Heading, Merge, Row, find_heading
from lifang.catalogue.reading.model import BATCH_ROWS, Batch, Hints, Limits, Opened, text_batch, unique_headers
from lifang.catalogue.reading.unpack import zip_names
from lifang.core import BadInput, TooLarge

_CELL_REF = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})0*([0-9]{1,7})["']""")
_CELLS_MAX = 10_000_000
_MERGES_MAX = 100_000
_MEND_TABLE = "Send a header and rows."


def open_xlsx(path: Path, *, limits: Limits, hints: Hints) -> Opened:
    """Return one sheet of the workbook (``layer``, else the first), opened; its names are found as ``heading`` says."""
    zip_names(path, limits=limits, called=path.name)
    _check_extent(path, limits=limits)
    try:
        workbook = python_calamine.load_workbook(str(path))
        names = workbook.sheet_names
        wanted = hints.layer or (names[0] if names else "")
        if wanted not in names:
            known = ", ".join(names)[:200]
            raise BadInput(f"There is no sheet {wanted!r}.", where="layer", mend=f"Sheets: {known}.")
        sheet = workbook.get_sheet_by_name(wanted)
    except (python_calamine.CalamineError, OSError) as error:
        mend = "Save it again as .xlsx, or as CSV."
        raise BadInput(f"The workbook cannot be read: {str(error)[:200]}.", mend=mend) from error
    merges = _merges(sheet)
    heading = _heading(sheet, merges, hints, wanted)
    headers, notes = unique_headers(heading.names)
    table = _Table(sheet, heading.last, headers, merges)
    notes = (*notes, *heading.notes, *table.notes)
    if not table.rows:
        raise BadInput("The sheet has a header, but no row.", where=repr(wanted), mend=_MEND_TABLE)
    if len(names) > 1 and not hints.layer:
        notes = (*notes, f"The workbook has {len(names)} sheets; {wanted!r} is read. Set layer to choose another.")
    return Opened(
        format="xlsx",
        headers=tuple(headers),
        batches=lambda: table.batches({"", *hints.missing}),
        texts=table.texts,
        notes=notes,
    )


def _heading(sheet: Any, merges: list[Merge], hints: Hints, wanted: str) -> Heading:
    first = max(0, hints.header_row - 1) or hints.skip_lines
    rows = list(islice(_filled(sheet, after=first), HEAD_ROWS))
    if not rows and first:
        where = "header_row" if hints.header_row else "skip_lines"
        raise BadInput(f"The sheet {wanted!r} is empty below row {first}.", where=where, mend=_MEND_TABLE)
    if not rows:
        raise BadInput("The sheet is empty.", where=repr(wanted), mend=_MEND_TABLE)
    if hints.header:
        if len(hints.header) != len(rows[0][1]):
            what = f"The sheet has {len(rows[0][1])} columns, the card's header names {len(hints.header)}."
            raise BadInput(what, where="header", mend="Name every column.")
        return Heading(list(hints.header), first)
    heading = find_heading(rows, merges, stated=hints.header_row)
    if heading is None:
        what = f"Row {hints.header_row} of the sheet is empty."
        raise BadInput(what, where="header_row", mend=f"The next row that is not: {rows[0][0]}.")
    return heading


def _merges(sheet: Any) -> list[Merge]:
    """Return the merged cells, rows numbered as the sheet shows them, columns as they come."""
    left = sheet.start[1] if sheet.start else 0
    ranges = islice(sheet.merged_cell_ranges or (), _MERGES_MAX)
    return [((top + 1, first - left), (end + 1, last - left)) for (top, first), (end, last) in ranges]


class _Table:
    """The rows of a sheet between its column names and the notes below them."""

    def __init__(self, sheet: Any, above: int, headers: list[str], merges: list[Merge]) -> None:
        self._sheet = sheet
        self._above = above
        self._headers = headers
        tall = [(first, last) for first, last in merges if last[0] > first[0] > above]
        self._tall = {(first[0], column): last[0] for first, last in tall for column in range(first[1], last[1] + 1)}
        filled = np.zeros(len(headers), bool)
        other = np.zeros(len(headers), bool)
        footnotes = Footnotes(len(headers))
        count = 0
        for number, cells in _filled(sheet, after=above):
            count += 1
            footnotes.add(number, cells)
            present = [cell != "" for cell in cells]
            filled |= present
            other |= [there and not isinstance(cell, str) for there, cell in zip(present, cells, strict=True)]
        self._end = footnotes.rows[0][0] if footnotes.rows else sys.maxsize
        self.rows = count - len(footnotes.rows)
        self.texts = frozenset(name for name, text in zip(headers, filled & ~other, strict=True) if text)
        spread = ("Cells merged over several rows are read in each of those rows.",) if self._tall else ()
        self.notes = (*spread, *footnotes.notes)

    def batches(self, missing: set[str]) -> Iterator[Batch]:
        """Yield the rows as text."""
        rows = takewhile(lambda row: row[0] < self._end, self._spread(_filled(self._sheet, after=self._above)))
        while chunk := list(islice(rows, BATCH_ROWS)):
            columns = zip(*(cells for _, cells in chunk), strict=True)
            texts = ([None if (text := _text(cell)) in missing else text for cell in column] for column in columns)
            numbers = np.array([number for number, _ in chunk], np.int64)
            yield Batch(numbers, text_batch(dict(zip(self._headers, texts, strict=True))))

    def _spread(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield the rows with each cell that is merged over several of them in all of them."""
        reach: dict[int, tuple[int, Any]] = {}
        for number, cells in rows:
            for column, (last, value) in list(reach.items()):
                if number > last:
                    del reach[column]
                elif cells[column] == "":
                    cells[column] = value
            if self._tall:
                starts = ((column, self._tall.get((number, column))) for column in range(len(cells)))
                reach |= {column: (last, cells[column]) for column, last in starts if last}
            yield number, cells


def _check_extent(path: Path, *, limits: Limits) -> None:
    """Refuse a sheet whose used corner is far larger than its cells; what this overlooks, the limits stop."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.file_size > limits.in_memory:
                raise TooLarge("A sheet is too large to be read.", where=info.filename[:100], mend="Send it as CSV.")
            if info.filename.endswith(".xml"):
                rows, columns = _extent(archive, info)
                if rows * columns > _CELLS_MAX:
                    spans = f"The sheet spans {rows} rows x {columns} columns."
                    raise TooLarge(spans, where=info.filename[:100], mend="Send it as CSV.")


def _extent(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[int, int]:
    rows = columns = 0
    tail = b""
    with archive.open(info) as stream:
        while chunk := stream.read(1 << 20):
            for letters, digits in _CELL_REF.findall(tail + chunk):
                rows, columns = max(rows, int(digits)), max(columns, _column_number(letters))
            tail = chunk[-32:]
    return rows, columns


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _filled(sheet: Any, *, after: int) -> Iterator[Row]:
    """Yield the rows past row ``after`` that hold anything, with their numbers as the sheet shows them."""
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > after and any(cell != "" for cell in cells):
            yield number, cells


def _text(cell: Any) -> str | None:
    """Return a cell as text: whole numbers without ``.0``, moments and dates in ISO 8601."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
