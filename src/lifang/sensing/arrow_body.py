"""Observations as an Arrow IPC stream: columns ``datastream``, ``time``, ``value`` and, if wanted, ``quality``.

The bytes come from outside: the schema is checked before any batch is read, compressed bodies are refused (a few bytes
can swell to gigabytes), every batch is validated in full, and rows and messages are bounded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput
from lifang.sensing.codec import MAX_ROWS, QUALITY_OF, Decoded, check_rows, outside_years, refuse_row
from lifang.sensing.model import Codes, Micros, Quality, Values

MAX_MESSAGES = 10_000
_MEND = "Send an Arrow IPC stream with columns datastream, time, value, [quality]."
_RECORD_BATCH, _DICTIONARY_BATCH = 3, 2  # MessageHeader of Arrow's Message.fbs
_LENGTH, _COMPRESSION = 0, 3  # fields of RecordBatch


def decode_arrow(body: bytes, *, max_rows: int = MAX_ROWS) -> Decoded:
    """Return the observations of an Arrow IPC stream, in its order.

    ``datastream`` is an integer or a text (dictionary-encoded too), ``time`` a timestamp with a zone (finer than a
    microsecond is cut off), ``value`` an integer or a float, ``quality`` a code or its word (none or null: good).
    ``BadInput`` names the fault, with its row where there is one; ``TooLarge`` above ``max_rows`` rows.
    """
    try:
        return _decoded(_read(body, max_rows))
    except BadInput:
        raise
    except (pa.ArrowException, OSError, ValueError, struct.error) as error:
        raise BadInput(f"The body is not an Arrow IPC stream: {str(error)[:200]}.", mend=_MEND) from error


def _read(body: bytes, max_rows: int) -> pa.Table:
    _check_messages(body, max_rows)
    with pa.ipc.open_stream(pa.BufferReader(body)) as reader:
        _check_schema(reader.schema)
        batches = []
        for batch in reader:
            batch.validate(full=True)
            batches.append(batch)
    table = pa.Table.from_batches(batches, reader.schema)
    check_rows(len(table), max_rows)
    return table


def _decoded(table: pa.Table) -> Decoded:
    for name in ("datastream", "time", "value"):
        if table[name].null_count:
            _refuse_first(name, table[name].is_null().to_numpy(), "is null", "Leave such rows out.")
    references, index = _references(table["datastream"])
    return Decoded(references, index, _times(table["time"]), _values(table["value"]), _qualities(table))


def _check_messages(body: bytes, max_rows: int) -> None:
    """Refuse too many messages, too many rows and compressed buffers, from the metadata alone."""
    rows = 0
    messages = pa.ipc.MessageReader.open_stream(pa.BufferReader(body))
    for count in range(MAX_MESSAGES + 1):
        try:
            message = messages.read_next_message()
        except StopIteration:
            return
        if count == MAX_MESSAGES:
            break
        header = _Table.root(message.metadata.to_pybytes())
        kind, content = header.byte(1), header.table(2)
        if kind not in {_RECORD_BATCH, _DICTIONARY_BATCH} or content is None:
            continue
        batch = content if kind == _RECORD_BATCH else content.table(1)
        if batch is None or batch.has(_COMPRESSION):
            raise BadInput(
                "Compressed Arrow buffers are not taken.", where=f"message {count}", mend="Write them plain."
            )
        rows += batch.long(_LENGTH)
        check_rows(rows, max_rows)
    raise BadInput(f"The stream has more than {MAX_MESSAGES:,} messages.", mend="Send fewer, larger batches.")


class _Table:
    """A table of a FlatBuffer, read field by field; ``struct.error`` when it points outside the buffer."""

    def __init__(self, buffer: bytes, position: int) -> None:
        self._buffer, self._position = buffer, position
        self._vtable = position - self._read("<i", position)
        self._size = self._read("<H", self._vtable)

    @classmethod
    def root(cls, buffer: bytes) -> _Table:
        """Return the outermost table of ``buffer``."""
        return cls(buffer, struct.unpack_from("<I", buffer, 0)[0])

    def _read(self, form: str, position: int) -> int:
        if position < 0:
            raise struct.error("an offset points before the buffer")
        return int(struct.unpack_from(form, self._buffer, position)[0])

    def _field(self, number: int) -> int:
        slot = 4 + 2 * number
        offset = self._read("<H", self._vtable + slot) if slot < self._size else 0
        return self._position + offset if offset else 0

    def has(self, number: int) -> bool:
        """Whether field ``number`` is set."""
        return bool(self._field(number))

    def byte(self, number: int) -> int:
        """The unsigned byte in field ``number``, 0 if unset."""
        return self._read("<B", at) if (at := self._field(number)) else 0

    def long(self, number: int) -> int:
        """The 64-bit integer in field ``number``, 0 if unset."""
        return self._read("<q", at) if (at := self._field(number)) else 0

    def table(self, number: int) -> _Table | None:
        """The table that field ``number`` points to, if set."""
        return _Table(self._buffer, at + self._read("<I", at)) if (at := self._field(number)) else None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_reference(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(_is_text(plain) or (pa.types.is_integer(kind)))


def _is_zoned(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.tz)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


_COLUMNS: dict[str, tuple[Callable[[pa.DataType], bool], str]] = {
    "datastream": (_is_reference, "an integer or a text"),
    "time": (_is_zoned, "a timestamp with a time zone"),
    "value": (_is_number, "an integer or a float"),
    "quality": (lambda kind: bool(pa.types.is_integer(kind)) or _is_text(kind), "an integer or a text"),
}


def _check_schema(schema: pa.Schema) -> None:
    for column in schema:
        if column.name not in _COLUMNS:
            raise BadInput(f"{column.name[:80]!r} is not a column of observations.", where="schema", mend=_MEND)
        fits, wanted = _COLUMNS[column.name]
        if not fits(column.type):
            raise BadInput(
                f"Column {column.name} is {column.type}.", where=f"schema, {column.name}", mend=f"Send {wanted}."
            )
    names = schema.names
    for name in ("datastream", "time", "value"):
        if names.count(name) != 1:
            raise BadInput(f"The stream has {names.count(name)} columns {name}.", where="schema", mend=_MEND)
    if names.count("quality") > 1:
        raise BadInput("The stream has two columns quality.", where="schema", mend=_MEND)


def _references(column: pa.ChunkedArray) -> tuple[list[int | str] | NDArray[np.int64], NDArray[np.int64]]:
    if pa.types.is_integer(column.type):
        try:
            numbers: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid as error:
            raise BadInput(
                "A datastream number is out of range.", where="column datastream", mend="Correct it."
            ) from error
        return numbers, np.arange(len(numbers))
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    encoded = encoded.unify_dictionaries().combine_chunks()
    chunk = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    if chunk.dictionary.null_count:
        raise BadInput("A datastream is null.", where="column datastream", mend="Leave such rows out.")
    return chunk.dictionary.to_pylist(), chunk.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _times(column: pa.ChunkedArray) -> Micros:
    try:
        micros: Micros = (
            column.cast(pa.timestamp("us", column.type.tz), safe=column.type.unit == "s").cast(pa.int64()).to_numpy()
        )
    except pa.ArrowInvalid as error:
        raise BadInput("A time is out of range.", where="column time", mend="Send years 1900 to 2199.") from error
    _refuse_first("time", outside_years(micros), "lies outside the years 1900 to 2199", "Set the device's clock.")
    return micros


def _values(column: pa.ChunkedArray) -> Values:
    values: Values = column.cast(pa.float64(), safe=False).to_numpy()
    _refuse_first("value", ~np.isfinite(values), "is not finite", "Leave such rows out.")
    return values


def _qualities(table: pa.Table) -> Codes:
    if "quality" not in table.column_names:
        return np.zeros(len(table), np.uint8)
    encoded = table["quality"].dictionary_encode().combine_chunks()
    chunk = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    words = chunk.dictionary.to_pylist()
    codes = np.array([QUALITY_OF.get(word, 255) for word in words] + [Quality.GOOD.value], dtype=np.uint8)
    rows: Codes = codes[chunk.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)]
    known = ", ".join(each.word for each in Quality)
    _refuse_first("quality", rows == 255, "is no quality", f"Send one of {known}.")
    return rows


def _refuse_first(name: str, bad: NDArray[np.bool_], fault: str, mend: str) -> None:
    if bad.any():
        raise refuse_row(f"A {name} {fault}.", where=f"row {int(bad.argmax())}, column {name}", mend=mend)
