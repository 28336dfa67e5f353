"""The process apart: reads one file by a parser that allocates by what the file claims, within limits, and ends.

It is started by ``apart`` with a folder that holds ``request.json``. It leaves ``answer.json`` there: what was opened,
or why it cannot be; ``rows.arrow`` and ``refused.arrow``, Arrow IPC streams. A parser that aborts, panics or hangs
leaves no answer.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from lifang.catalogue.reading.model import Hints, Limits, Opened, Refusal
from lifang.core import BadInput, TooLarge, bound_process

ROW, SHAPE = "row", "shape"
_REFUSALS = pa.schema([("row", pa.int64()), *((name, pa.string()) for name in Refusal._fields[1:])])
_TOLD = ("format", "headers", "encoding", "crs", "has_geometry", "notes")

_Opener = Callable[[Path, Hints, Limits], Opened]


def _geojson() -> _Opener:
    from lifang.catalogue.reading.geojson import open_geojson  # noqa: PLC0415 - loaded by what is kept

    return lambda path, _hints, limits: open_geojson(path, limits=limits)


def _parquet() -> _Opener:
    from lifang.catalogue.reading.columnar import open_parquet  # noqa: PLC0415 - loaded by what is kept

    return lambda path, hints, limits: open_parquet(path, limits=limits, hints=hints)


def _vector() -> _Opener:
    from lifang.catalogue.reading.vector import open_vector  # noqa: PLC0415 - loaded by what is kept

    return lambda path, hints, _limits: open_vector(path, hints=hints)


def _workbook() -> _Opener:
    from lifang.catalogue.reading.workbook import open_xlsx  # noqa: PLC0415 - loaded by what is kept

    return lambda path, hints, limits: open_xlsx(path, hints=hints, limits=limits)


_OPENERS = {"geojson": _geojson, "parquet": _parquet, "vector": _vector, "workbook": _workbook}


def main() -> None:
    """Answer the request in the folder named last on the command line."""
    gc.disable()  # parsers make many objects and no cycles; the process ends soon
    folder = Path(sys.argv[-1])
    request = json.loads((folder / "request.json").read_bytes())
    limits = Limits(**request["limits"])
    opener = _OPENERS[request["reader"]]()  # loaded before the limits, which count from what is there
    bound_process(memory_bytes=limits.child_memory, seconds=request["seconds"], file_bytes=limits.expanded)
    stated: dict[str, Any] = request["hints"]
    for name in ("header", "missing"):
        stated[name] = tuple(stated[name])
    try:
        opened = opener(Path(request["path"]), Hints(**stated), limits)
        _write(opened, folder)
        answer = {name: getattr(opened, name) for name in _TOLD} | {"texts": sorted(opened.texts)}
    except BadInput as error:
        large = isinstance(error, TooLarge)
        answer = {"large": large, "problem": {"what": error.what, "where": error.where, "mend": error.mend}}
    (folder / "answer.json").write_text(json.dumps(answer), "utf-8")
    os._exit(0)  # no clean-up: nothing here outlives the answer


def prepare() -> None:
    """Load every reader: a copy of this process then has the one it needs."""
    for load in _OPENERS.values():
        load()


def _write(opened: Opened, folder: Path) -> None:
    """Write the rows (numbers, shapes as WKB where there are any, texts named by position), and the refused ones."""
    fields: list[tuple[str, Any]] = [(ROW, pa.int64())]
    if opened.has_geometry:
        fields.append((SHAPE, pa.binary()))
    schema = pa.schema([*fields, *((str(index), pa.string()) for index in range(len(opened.headers)))])
    with (
        pa.ipc.new_stream(folder / "rows.arrow", schema) as rows,
        pa.ipc.new_stream(folder / "refused.arrow", _REFUSALS) as refused,
    ):
        for batch in opened.batches():
            shapes = [pa.array(batch.geometry, pa.binary())] if opened.has_geometry else []
            arrays = chain([pa.array(batch.rows)], shapes, batch.columns.columns)
            rows.write_batch(pa.RecordBatch.from_arrays(list(arrays), schema=schema))
            if batch.refused:
                refused.write_batch(pa.RecordBatch.from_pylist([each._asdict() for each in batch.refused], _REFUSALS))
