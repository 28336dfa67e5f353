"""Rows as an Excel workbook (ECMA-376), written row by row; texts stay texts, whatever they begin with."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import IO, Any

import pyarrow as pa
import xlsxwriter

from lifang.catalogue.export.streams import as_text, shown_columns
from lifang.core import BadInput

_ROWS = 1_048_575  # of a sheet, beside its head
_COLUMNS = 16_384
_TEXT = 32_767  # characters of a cell
_EXACT = 2**53  # whole numbers beyond are not exact as numbers of a workbook
_EPOCH = date(1900, 3, 1)  # days before it are counted differently by spreadsheets
_DAY, _INSTANT = "yyyy-mm-dd", 'yyyy-mm-dd"T"hh:mm:ss"Z"'
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def workbook(reader: pa.RecordBatchReader) -> IO[bytes]:
    """Return the open file of a workbook: a head, the rows, and as many sheets as they need.

    Moments are dates of the workbook in UTC, shown with their Z; what a workbook cannot hold as a number or a date
    without loss is text. ``BadInput`` for more than 16,384 columns, or a text of more than 32,767 characters.
    """
    names = shown_columns(reader.schema)
    if len(names) > _COLUMNS:
        raise BadInput(
            f"A workbook holds {_COLUMNS} columns at most.", where="format xlsx", mend="Choose some of them."
        )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever streams it closes it
    try:
        book = xlsxwriter.Workbook(file, _OPTIONS)
        _fill(book, reader, names)
        book.close()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _fill(book: Any, reader: pa.RecordBatchReader, names: Sequence[str]) -> None:
    forms = _Forms(book.add_format({"num_format": _DAY}), book.add_format({"num_format": _INSTANT}))
    cells: list[_Cells] = []
    row = _ROWS
    for values in _rows(reader, names):
        if row == _ROWS:
            cells, row = _sheet(book, reader.schema, names, forms), 0
        row += 1
        for column, value in enumerate(values):
            if value is not None:
                cells[column].write(row, column, value)
    if not cells:
        _sheet(book, reader.schema, names, forms)


def _sheet(book: Any, schema: pa.Schema, names: Sequence[str], forms: _Forms) -> list[_Cells]:
    """Return the columns of a new sheet, its head written."""
    number = len(book.worksheets()) + 1
    sheet = book.add_worksheet("rows" if number == 1 else f"rows {number}")
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name[:_TEXT])
    return [_cells(schema.field(name).type)(sheet, name, forms) for name in names]


def _rows(reader: pa.RecordBatchReader, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for batch in reader:
        columns = [_values(batch.column(batch.schema.names.index(name)), name) for name in names]
        yield from zip(*columns, strict=True)


def _values(column: Any, name: str) -> list[Any]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    values: list[Any] = (as_text(column, name) if _cells(kind) is _Cells else column).to_pylist()
    return values


@dataclass(frozen=True)
class _Forms:
    """How days and moments look."""

    day: Any
    moment: Any


class _Cells:
    """Writes the cells of one column: texts."""

    def __init__(self, sheet: Any, name: str, forms: _Forms) -> None:
        self._sheet, self._name, self._forms = sheet, name, forms

    def write(self, row: int, column: int, value: Any) -> None:
        """Write one cell that is not empty."""
        self._text(row, column, value)

    def _text(self, row: int, column: int, text: str) -> None:
        if len(text) > _TEXT:
            what = f"A text of {len(text):,} characters is more than a cell of a workbook holds."
            mend = "Leave the column out, or take csv or parquet."
            raise BadInput(what, where=f"row {row}, column {self._name!r}", mend=mend)
        self._sheet.write_string(row, column, text)


class _Truths(_Cells):
    def write(self, row: int, column: int, value: Any) -> None:
        self._sheet.write_boolean(row, column, value)


class _Numbers(_Cells):
    def write(self, row: int, column: int, value: Any) -> None:
        if -_EXACT <= value <= _EXACT or (isinstance(value, float) and math.isfinite(value)):
            self._sheet.write_number(row, column, value)
        else:
            self._text(row, column, str(value))


class _Days(_Cells):
    def write(self, row: int, column: int, value: Any) -> None:
        if value >= _EPOCH:
            self._sheet.write_datetime(row, column, datetime.combine(value, time.min), self._forms.day)
        else:
            self._text(row, column, value.isoformat())


class _Moments(_Cells):
    def write(self, row: int, column: int, value: Any) -> None:
        plain = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        if plain.microsecond or plain.date() < _EPOCH:
            self._text(row, column, plain.isoformat() + ("Z" if value.tzinfo else ""))
        else:
            self._sheet.write_datetime(row, column, plain, self._forms.moment)


def _cells(kind: Any) -> type[_Cells]:
    for test, cells in _KINDS:
        if test(kind):
            return cells
    return _Cells


_KINDS: tuple[tuple[Callable[[Any], bool], type[_Cells]], ...] = (
    (pa.types.is_boolean, _Truths),
    (pa.types.is_integer, _Numbers),
    (pa.types.is_floating, _Numbers),
    (pa.types.is_date, _Days),
    (pa.types.is_timestamp, _Moments),
)
