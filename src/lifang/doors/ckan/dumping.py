"""``/datastore/dump/{id}``: all rows of a table, or those asked for, as CSV, TSV, JSON or XML, streamed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

import orjson
import pyarrow as pa

from lifang.catalogue import write_rows
from lifang.core import BadInput
from lifang.doors.ckan.asked import Asked
from lifang.doors.ckan.datastore import Question, question_of, table_of
from lifang.doors.ckan.packages import Json
from lifang.doors.http import Asker

_ROWS_AT_ONCE = 32_000
_BOM = "\ufeff".encode()
_NAME = re.compile(r"[^\W\d][\w.-]*")  # of an element
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
FORMATS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "json": "application/json",
    "xml": "text/xml; charset=utf-8",
}


def dump(asker: Asker, asked: Asked, resource_id: str) -> tuple[str, Iterator[bytes]]:
    """Return the form and the pieces of a dump: format, bom, fields, filters, q, sort, limit, offset."""
    form = asked.text("format", "csv").lower()
    if form not in FORMATS:
        raise BadInput(f"{form[:40]!r} is no format.", where="format", mend=f"Use one of {', '.join(FORMATS)}.")
    _, relation = table_of(asker, resource_id, export=True)
    question = question_of(asked, relation)
    limit, offset = asked.whole("limit", 2**40, most=2**40), asked.whole("offset", 0, most=2**40)
    bom = _BOM if asked.truth("bom") and form in {"csv", "tsv"} else b""
    tables = _tables(question, limit, offset)
    first = next(tables)
    rest = pa.RecordBatchReader.from_batches(first.schema, _batches(first, tables))
    return form, _with_bom(bom, _WRITERS[form](rest, question))


def _tables(question: Question, limit: int, offset: int) -> Iterator[pa.Table]:
    """Yield the rows, so many at once; at least one table, so that it is known which columns there are."""
    left = limit
    while True:
        size = min(left, _ROWS_AT_ONCE)
        table = question.rows(size, offset)
        yield table
        left, offset = left - len(table), offset + len(table)
        if len(table) < size or left <= 0:
            return


def _batches(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.RecordBatch]:
    yield from first.to_batches()
    for table in rest:
        yield from table.to_batches()


def _with_bom(bom: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if bom:
        yield bom
    yield from pieces


def _rows(reader: pa.RecordBatchReader) -> Iterator[list[Json]]:
    """Yield the rows as JSON has them, so many at once."""
    for batch in reader:
        found: list[Json] = orjson.loads(b"".join(write_rows(pa.Table.from_batches([batch]), "json")))
        yield found


def _json(reader: pa.RecordBatchReader, question: Question) -> Iterator[bytes]:
    yield b'{"fields":' + orjson.dumps(question.fields) + b',"records":[\n'
    comma = b""
    for rows in _rows(reader):
        yield comma + b",\n".join(orjson.dumps(list(row.values())) for row in rows)
        comma = b",\n"
    yield b"\n]}\n"


def _xml(reader: pa.RecordBatchReader, question: Question) -> Iterator[bytes]:
    del question
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<data xmlns:xsi="{_XSI}">\n'.encode()
    for rows in _rows(reader):
        yield "".join(map(_row, rows)).encode()
    yield b"</data>\n"


def _row(row: Json) -> str:
    own = f" _id={quoteattr(str(row['_id']))}" if "_id" in row else ""
    return f"<row{own}>{''.join(_cell(name, value) for name, value in row.items() if name != '_id')}</row>\n"


def _cell(name: str, value: object) -> str:
    """Return a value as an element of its column's name, or as a ``column`` where an element cannot be called so."""
    tag, told = (name, "") if _NAME.fullmatch(name) else ("column", f" name={quoteattr(name)}")
    if value is None:
        return f'<{tag}{told} xsi:nil="true"/>'
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return f"<{tag}{told}>{escape(_NOT_XML.sub('', text))}</{tag}>"


def _delimited(form: str) -> Callable[[pa.RecordBatchReader, Question], Iterator[bytes]]:
    return lambda reader, _: write_rows(reader, form)


_WRITERS: Mapping[str, Callable[[pa.RecordBatchReader, Question], Iterator[bytes]]] = {
    "csv": _delimited("csv"),
    "tsv": _delimited("tsv"),
    "json": _json,
    "xml": _xml,
}
