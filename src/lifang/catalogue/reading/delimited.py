"""CSV and TSV as batches of text, through Arrow's reader; rows of the wrong width are set aside, not fatal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from lifang.catalogue.reading.model import COLUMNS_MAX, Batch, Hints, Opened, Refusal, unique_headers
from lifang.catalogue.reading.text import find_delimiter, find_encoding, looks_like_markup, read_head
from lifang.core import BadInput

_BLOCK = 8 << 20
_HEADER_BLOCK = 1 << 20
_MEND_HEADER = "Begin with one line of column names; check quotes and line ends."
_INVALID_MAX = 100_000


@dataclass(frozen=True)
class _Dialect:
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skip_lines: int
    missing: tuple[str, ...]

    @property
    def first_row(self) -> int:
        return self.skip_lines + (1 if self.header else 2)

    def read_options(self, block: int) -> pa_csv.ReadOptions:
        return pa_csv.ReadOptions(
            use_threads=False,  # one thread, because only then does Arrow number the rows it refuses
            block_size=block,
            encoding="utf8" if self.encoding == "utf-8" else self.encoding,
            skip_rows=self.skip_lines,
            column_names=list(self.header) or None,
        )


@dataclass
class _WrongWidth:
    """Collects the rows whose number of cells differs from the header's."""

    found: list[Refusal] = field(default_factory=list)

    def __call__(self, row: Any) -> str:
        if len(self.found) >= _INVALID_MAX:
            raise BadInput(
                f"More than {_INVALID_MAX} rows do not have the {row.expected_columns} columns of the header.",
                where=f"from row {self.found[0].row}",
                mend="Check the delimiter and the quoting.",
            )
        mend = (
            f"The row has {row.actual_columns} cells, not {row.expected_columns}: quote cells with delimiters in them."
        )
        self.found.append(Refusal(row.number, "", row.text[:200], "columns", mend))
        return "skip"


def open_delimited(path: Path, *, hints: Hints) -> Opened:
    """Return the CSV or TSV at ``path``, opened; ``BadInput`` if it is not text, has no header or no row."""
    encoding = find_encoding(path, declared=hints.encoding)
    head = read_head(path, encoding)
    if not head.strip():
        raise BadInput("The file is empty.", mend="Send a file with a header and rows.")
    if looks_like_markup(head):
        raise BadInput(
            "This is XML or HTML, not a table.", where="line 1", mend="Export the data as CSV and send that."
        )
    skipped = hints.header_row - 1 if hints.header_row else hints.skip_lines
    body = "\n".join(head.splitlines()[skipped:]) + "\n"
    delimiter = {"tab": "\t", "\\t": "\t"}.get(hints.delimiter, hints.delimiter) or find_delimiter(body)
    dialect = _Dialect(encoding, delimiter, hints.header, skipped, hints.missing)
    _check_header(path, dialect)
    names = _names(path, dialect)
    headers, notes = unique_headers(names)
    unclosed = _count_quotes(path) % 2 == 1
    return Opened(
        format="csv",
        headers=tuple(headers),
        batches=lambda: _batches(path, dialect, names=names, headers=headers, unclosed=unclosed),
        encoding=encoding,
        delimiter=delimiter,
        notes=notes,
    )


def _check_header(path: Path, dialect: _Dialect) -> None:
    """Refuse a header that is too long or too wide, before Arrow makes a column of each of its cells."""
    if dialect.header:
        return
    with path.open(encoding=dialect.encoding, errors="ignore", newline="") as stream:
        for _ in range(dialect.skip_lines):
            while (part := stream.readline(_HEADER_BLOCK)) and not part.endswith(("\n", "\r")):
                continue
        head = stream.read(_HEADER_BLOCK)
    text = io.StringIO(head.removeprefix("\ufeff"), newline="")
    try:
        cells = next(csv.reader(text, delimiter=dialect.delimiter), [])
    except csv.Error as error:
        raise BadInput(f"The header cannot be read: {error}.", where="the header", mend=_MEND_HEADER) from error
    if len(cells) > COLUMNS_MAX:
        what = f"There are {len(cells)} columns; {COLUMNS_MAX} are allowed."
        raise BadInput(what, where="the header", mend="Check the delimiter.")
    if len(head) == _HEADER_BLOCK and not text.read(1):
        what = f"The header is longer than {_HEADER_BLOCK} characters."
        raise BadInput(what, where="the header", mend=_MEND_HEADER)


def _names(path: Path, dialect: _Dialect) -> list[str]:
    block = min(_BLOCK, max(_HEADER_BLOCK, path.stat().st_size + 1))
    try:
        with pa_csv.open_csv(
            path,
            read_options=dialect.read_options(block),
            parse_options=_parse_options(dialect, lambda _row: "skip"),
        ) as reader:
            names: list[str] = reader.schema.names
    except pa.ArrowInvalid as error:
        raise BadInput(
            f"The table cannot be read: {_short(error)}.",
            where="the first rows",
            mend="Send a header and at least one row.",
        ) from error
    return names


def _parse_options(dialect: _Dialect, handler: Any) -> pa_csv.ParseOptions:
    return pa_csv.ParseOptions(
        delimiter=dialect.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=handler
    )


def _count_quotes(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(chunk.count(b'"') for chunk in iter(lambda: stream.read(_BLOCK), b""))


def _refuse_unclosed(record: pa.RecordBatch, last_row: int) -> None:
    """Refuse a table whose last row swallowed the lines after a quotation mark that is never closed."""
    for column in record.columns:
        value = column[-1].as_py() if len(column) else None
        if value and "\n" in value:
            raise BadInput(
                "A quotation mark is never closed, so a cell takes in all lines after it.",
                where=f"row {last_row}, the cell that begins {value[:40]!r}",
                mend='Close the quotation mark, or double it ("") where it is meant as such.',
            )


def _batches(path: Path, dialect: _Dialect, *, names: list[str], headers: list[str], unclosed: bool) -> Iterator[Batch]:
    wrong = _WrongWidth()
    convert = pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        null_values=list({"", *dialect.missing}),
    )
    next_row = dialect.first_row
    taken = 0
    record: Any = None
    try:
        with pa_csv.open_csv(
            path,
            read_options=dialect.read_options(_BLOCK),
            parse_options=_parse_options(dialect, wrong),
            convert_options=convert,
        ) as reader:
            for record in reader:
                rows, next_row = _row_numbers(next_row, record.num_rows, wrong.found[taken:])
                refused = tuple(each for each in wrong.found[taken:] if each.row < next_row)
                taken += len(refused)
                yield _without_blank(Batch(rows, _renamed(record, headers), refused=refused))
    except pa.ArrowInvalid as error:
        raise BadInput(
            f"The table cannot be read: {_short(error)}.",
            where=f"after row {next_row - 1}",
            mend="Check quotes and encoding.",
        ) from error
    if unclosed and record is not None:
        _refuse_unclosed(record, next_row - 1)
    if wrong.found[taken:]:
        empty = _renamed(pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in names], names=names), headers)
        yield Batch(np.empty(0, np.int64), empty, refused=tuple(wrong.found[taken:]))


def _renamed(record: pa.RecordBatch, headers: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(record.columns, names=headers)


def _row_numbers(first: int, count: int, refused: list[Refusal]) -> tuple[NDArray[np.int64], int]:
    """Return the source rows of ``count`` good rows from ``first`` on, stepping over refused ones, and the next."""
    if not refused:
        return np.arange(first, first + count, dtype=np.int64), first + count
    numbers = np.arange(first, first + count + len(refused), dtype=np.int64)
    good = numbers[~np.isin(numbers, np.array([each.row for each in refused], np.int64))][:count]
    return good, int(good[-1]) + 1 if count else first


def _without_blank(batch: Batch) -> Batch:
    columns = batch.columns.columns
    if not columns or min(column.null_count for column in columns) == 0:
        return batch
    filled = np.zeros(batch.columns.num_rows, bool)
    for column in columns:
        filled |= column.is_valid().to_numpy(zero_copy_only=False)
    if filled.all():
        return batch
    return Batch(batch.rows[filled], batch.columns.filter(pa.array(filled)), refused=batch.refused)


def _short(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")[:200]
