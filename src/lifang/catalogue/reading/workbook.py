"""XLSX as batches of text, in the process apart: calamine allocates the rectangle that a sheet claims to span."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import python_calamine

from lifang.catalogue.reading.model import BATCH_ROWS, Batch, Hints, Limits, Opened, text_batch, unique_headers
from lifang.catalogue.reading.unpack import zip_names
from lifang.core import BadInput, TooLarge

_CELL_REF = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})0*([0-9]{1,7})["']""")
_CELLS_MAX = 10_000_000
_MEND_TABLE = "Send a header and rows."


def open_xlsx(path: Path, *, limits: Limits, hints: Hints) -> Opened:
    """Return one sheet of the workbook (``layer``, else the first), opened; its first filled row is the header."""
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
    header = next(((row, cells) for row, cells in _filled(sheet, after=0)), None)
    if header is None:
        raise BadInput("The sheet is empty.", where=repr(wanted), mend=_MEND_TABLE)
    headers, notes = unique_headers([_text(cell) or "" for cell in header[1]])
    texts = _text_columns(sheet, header[0], headers)
    if texts is None:
        raise BadInput("The sheet has a header, but no row.", where=repr(wanted), mend=_MEND_TABLE)
    if len(names) > 1 and not hints.layer:
        notes = (*notes, f"The workbook has {len(names)} sheets; {wanted!r} is read. Set layer to choose another.")
    return Opened(
        format="xlsx",
        headers=tuple(headers),
        batches=lambda: _batches(sheet, header[0], headers, {"", *hints.missing}),
        texts=texts,
        notes=notes,
    )


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


def _filled(sheet: Any, *, after: int) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows past row ``after`` that hold anything, with their numbers as the sheet shows them."""
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > after and any(cell != "" for cell in cells):
            yield number, cells


def _text_columns(sheet: Any, header_row: int, headers: list[str]) -> frozenset[str] | None:
    """Return the columns whose every cell is text, or ``None`` if there is no row at all."""
    filled = np.zeros(len(headers), bool)
    other = np.zeros(len(headers), bool)
    rows = 0
    for _, cells in _filled(sheet, after=header_row):
        rows += 1
        for index, cell in enumerate(cells):
            if cell != "":
                filled[index] = True
                other[index] |= not isinstance(cell, str)
    texts = filled & ~other
    return frozenset(name for name, text in zip(headers, texts, strict=True) if text) if rows else None


def _batches(sheet: Any, header_row: int, headers: list[str], missing: set[str]) -> Iterator[Batch]:
    rows = _filled(sheet, after=header_row)
    while chunk := list(islice(rows, BATCH_ROWS)):
        columns = zip(*(cells for _, cells in chunk), strict=True)
        texts = ([None if (text := _text(cell)) in missing else text for cell in column] for column in columns)
        numbers = np.array([number for number, _ in chunk], np.int64)
        yield Batch(numbers, text_batch(dict(zip(headers, texts, strict=True))))


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
