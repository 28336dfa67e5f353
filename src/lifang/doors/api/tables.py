"""Tables that come in as a body: CSV with a header, or an Arrow IPC stream; every cell as text."""

from __future__ import annotations

import io

import pyarrow as pa
from pyarrow import csv as arrow_csv

from lifang.core import BadInput

_CONTINUATION = b"\xff\xff\xff\xff"  # what an encapsulated Arrow IPC message begins with
_MEND = "Send UTF-8 CSV with a header, or an uncompressed Arrow IPC stream of text columns."


def read_table(body: bytes) -> pa.Table:
    """Return the rows of a body with all columns as text; ``BadInput`` if it cannot be read."""
    try:
        return _arrow(body) if body.startswith(_CONTINUATION) else _csv(body)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(f"The table cannot be read: {str(error)[:200]}.", where="body", mend=_MEND) from error


def _csv(body: bytes) -> pa.Table:
    names = arrow_csv.open_csv(io.BytesIO(body)).schema.names
    options = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True)
    return arrow_csv.read_csv(io.BytesIO(body), convert_options=options)


def _arrow(body: bytes) -> pa.Table:
    with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
        table = stream.read_all()
    table.validate(full=True)
    return pa.table({name: table[name].cast(pa.string()) for name in table.column_names})
