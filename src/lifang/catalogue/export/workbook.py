"""Rows as an Excel workbook (ECMA-376), written as they come; texts stay texts, whatever they begin with.

The parts of the package come in an order that needs no way back: each sheet as its rows come, then the list of sheets,
and last the directory of the ZIP (data descriptors, APPNOTE 4.3.9), without which no program opens the file.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue.export import package
from lifang.catalogue.export.sink import Sink
from lifang.catalogue.export.streams import as_text, shown_columns
from lifang.core import BadInput

_ROWS = 1_048_575  # of a sheet, beside its head
_COLUMNS = 16_384
_TEXT = 32_767  # characters of a cell
_EXACT = 2**53  # whole numbers beyond are not exact as numbers of a workbook
_EPOCH = date(1900, 3, 1)  # days before it are counted differently by spreadsheets
_DAYS_BEFORE = 25_569  # 1970 as spreadsheets count days
_FIRST_DAY, _LAST_DAY = _EPOCH.toordinal() - 719_163, date.max.toordinal() - 719_163  # since 1970
_SECOND, _DAY = 1_000_000, 86_400_000_000  # microseconds
_CELLS_AT_ONCE = 100_000
_SHEET_BYTES = 3 << 29  # of a sheet's XML: more than 2 GiB needs ZIP64, which some readers of workbooks do not know
_LEVEL = 2  # of compression
_LARGE = pa.large_string()
_ESCAPED = r"_x[0-9A-Fa-f]{4}_|[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]"
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def workbook(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    """Return the pieces of a workbook: a head, the rows, and as many sheets as they need.

    Moments are dates of the workbook in UTC, shown with their Z; what a workbook cannot hold as a number or a date
    without loss is text. ``BadInput`` for more than 16,384 columns, and on the way for a text of more than 32,767
    characters: :func:`check_texts` finds one before.
    """
    names = shown_columns(reader.schema)
    if len(names) > _COLUMNS:
        raise BadInput(
            f"A workbook holds {_COLUMNS} columns at most.", where="format xlsx", mend="Choose some of them."
        )
    return _written(reader, names)


def textual(schema: pa.Schema) -> list[str]:
    """Return the columns whose values can be texts too long for a cell."""
    return [name for name in shown_columns(schema) if _kind(schema.field(name).type) is _texts]


def check_texts(reader: pa.RecordBatchReader) -> None:
    """Raise ``BadInput`` for a text of more than 32,767 characters: a cell would cut it off."""
    row = 0
    for batch in reader:
        for name in textual(batch.schema):
            _check(as_text(batch.column(batch.schema.names.index(name)), name), name, row)
        row += batch.num_rows


def _check(texts: Any, name: str, row: int) -> None:
    lengths = pc.fill_null(pc.utf8_length(texts), 0)
    if len(texts) and (most := pc.max(lengths).as_py()) > _TEXT:
        first = row + pc.index(pc.greater(lengths, _TEXT), value=True).as_py() + 1
        what = f"A text of {most:,} characters is more than a cell of a workbook holds."
        mend = "Leave the column out, or take csv or parquet."
        raise BadInput(what, where=f"row {first}, column {name!r}", mend=mend)


def _written(reader: pa.RecordBatchReader, names: Sequence[str]) -> Iterator[bytes]:
    sink = Sink()
    sheets = 0
    pieces = _pieces(reader, len(names))
    piece = next(pieces, None)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for path, content in package.first(datetime.now(UTC)):
            archive.writestr(path, content)
        while piece is not None or not sheets:
            sheets += 1
            with archive.open(package.sheet(sheets), "w") as sheet:
                size = sheet.write(package.SHEET_HEAD + _head(names))
                row = 1
                while piece is not None and (row == 1 or (row <= _ROWS and size < _SHEET_BYTES)):
                    now, left = piece.slice(0, _ROWS + 1 - row), piece.slice(_ROWS + 1 - row)
                    size += sheet.write(_rows(now, names, row + 1))
                    row += now.num_rows
                    yield sink.drain()
                    piece = left if left.num_rows else next(pieces, None)
                sheet.write(package.SHEET_END)
        for path, content in package.last(sheets):
            archive.writestr(path, content)
    yield sink.drain()


def _pieces(reader: pa.RecordBatchReader, columns: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows, so many at once that their cells fit in little memory."""
    rows = max(1, _CELLS_AT_ONCE // max(1, columns))
    for batch in reader:
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)


def _head(names: Sequence[str]) -> memoryview:
    batch = pa.RecordBatch.from_arrays([pa.array([name[:_TEXT]]) for name in names], names=list(map(str, names)))
    return _rows(batch, names, 1)


def _rows(batch: pa.RecordBatch, names: Sequence[str], first: int) -> memoryview:
    """Return rows as XML; the first of them is row ``first`` of its sheet."""
    numbers = pa.array(np.arange(first, first + batch.num_rows)).cast(_LARGE)
    cells = []
    for place, name in enumerate(names):
        column = batch.column(batch.schema.names.index(name))
        start = _joined(f'<c r="{_letters(place)}', numbers, '"')
        cells.append(pc.fill_null(_kind(column.type)(column, name, start, first), ""))
    rows = _joined('<row r="', numbers, '">', *cells, "</row>")
    _, ends, data = rows.buffers()
    size = int(np.frombuffer(ends, np.int64)[len(rows)]) if len(rows) else 0
    return memoryview(data)[:size] if size else memoryview(b"")


def _letters(place: int) -> str:
    """Return the name of a column of a sheet: A, B … Z, AA …"""
    before, last = divmod(place, 26)
    return (_letters(before - 1) if before else "") + chr(65 + last)


def _cells(start: Any, kind: str, values: Any, end: str = "</v></c>") -> Any:
    return _joined(start, kind, values, end)


def _joined(*parts: Any) -> Any:
    """Return texts side by side, each a column or the same in all rows; empty where a column is."""
    large = [pa.scalar(each, _LARGE) if isinstance(each, str) else each.cast(_LARGE) for each in parts]
    return pc.binary_join_element_wise(*large, pa.scalar("", _LARGE))


def _texts(column: Any, name: str, start: Any, first: int) -> Any:
    texts = as_text(column, name)
    _check(texts, name, first - 2)
    return _cells(start, ' t="inlineStr"><is><t xml:space="preserve">', _xml(texts), "</t></is></c>")


def _xml(texts: Any) -> Any:
    """Return texts as XML; characters it has not, and what looks like one, are ``_xHHHH_`` (ECMA-376 22.9.2.19)."""
    if pc.any(pc.match_substring_regex(texts, pattern=_ESCAPED)).as_py():
        texts = pa.array([None if text is None else _ESCAPE.sub(_code, text) for text in texts.to_pylist()], _LARGE)
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        texts = pc.replace_substring(texts, sign, name)
    return texts


def _code(found: re.Match[str]) -> str:
    return f"_x{ord(found.group()):04X}_"


def _truths(column: Any, _name: str, start: Any, _first: int) -> Any:
    return _cells(start, ' t="b"><v>', pc.if_else(column, "1", "0"))


def _numbers(column: Any, name: str, start: Any, first: int) -> Any:
    if pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
        return _either(pc.is_finite(column), column, column, name, start, first)
    within = pc.and_(pc.greater_equal(column, -_EXACT), pc.less_equal(column, _EXACT))
    if pa.types.is_unsigned_integer(column.type):
        within = pc.less_equal(column, _EXACT)
    return _either(within, column, column, name, start, first)


def _days(column: Any, name: str, start: Any, first: int) -> Any:
    days = column.cast(pa.date32()).cast(pa.int32())
    within = pc.and_(pc.greater_equal(days, _FIRST_DAY), pc.less_equal(days, _LAST_DAY))
    return _either(within, pc.add(days, _DAYS_BEFORE), column, name, start, first, style=package.DAY)


def _moments(column: Any, name: str, start: Any, first: int) -> Any:
    ticks = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False).cast(pa.int64())
    plain = pc.fill_null(ticks, 0).to_numpy(zero_copy_only=False)
    within = (plain % _SECOND == 0) & (plain >= _FIRST_DAY * _DAY) & (plain < (_LAST_DAY + 1) * _DAY)
    days = pc.if_else(ticks.is_valid(), pa.array(plain / _DAY + _DAYS_BEFORE), None)
    return _either(pa.array(within), days, column, name, start, first, style=package.MOMENT)


def _either(within: Any, numbers: Any, column: Any, name: str, start: Any, first: int, *, style: int = 0) -> Any:
    """Return cells with numbers where they are ``within`` what a workbook can tell, else with texts."""
    cells = _cells(start, f' s="{style}"><v>' if style else "><v>", pc.if_else(within, numbers, None))
    if pc.all(within).as_py():
        return cells
    odd = pc.if_else(within, None, as_text(column, name))
    return pc.coalesce(cells, _texts(odd, "", start, first))


def _kind(kind: Any) -> Callable[[Any, str, Any, int], Any]:
    for test, cells in _KINDS:
        if test(kind):
            return cells
    return _texts


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str, Any, int], Any]], ...] = (
    (pa.types.is_boolean, _truths),
    (pa.types.is_integer, _numbers),
    (pa.types.is_floating, _numbers),
    (pa.types.is_date, _days),
    (pa.types.is_timestamp, _moments),
)
