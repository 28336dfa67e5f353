"""The server's hold on the process apart: start it, wait within a deadline, take what it left, end it."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lifang.catalogue.reading.model import Batch, Hints, Limits, Opened, Refusal, text_batch
from lifang.core import BadInput, TooLarge, ended_apart

_CHILD = Path(__file__).with_name("child.py")
_SPARE_BYTES = 16 << 20  # a disk with less left is taken as full
_BYTES_PER_SECOND = 1 << 20
_MENDS = {
    "workbook": "Save it again as .xlsx, or as CSV.",
    "vector": "Export it again, or in smaller parts.",
    "geojson": "Send it in smaller parts, or as GeoPackage.",
    "parquet": "Write it again, with smaller row groups.",
}
_NAMES = {
    "workbook": "The workbook",
    "vector": "The layer",
    "geojson": "The GeoJSON file",
    "parquet": "The Parquet file",
}


def open_apart(
    reader: str, path: Path, *, called: str, scratch: Path, hints: Hints, limits: Limits, poll: Callable[[], None]
) -> Opened:
    """Return the file at ``path``, read to its end in a process with bounded memory and time.

    ``reader`` is ``workbook``, ``vector``, ``geojson`` or ``parquet``; ``called`` is what its sender calls the
    file; ``poll`` is asked again and again meanwhile and raises to stop. ``BadInput`` if the file is damaged, or its
    parser takes more than it may; ``OSError`` if the disk filled up.
    """
    folder = scratch / "apart"
    folder.mkdir()
    seconds = limits.child_seconds + path.stat().st_size / _BYTES_PER_SECOND
    request = {
        "reader": reader,
        "path": str(path.absolute()),
        "hints": asdict(hints),
        "limits": asdict(limits),
        "seconds": seconds,
    }
    (folder / "request.json").write_text(json.dumps(request), "utf-8")
    if not ended_apart(_CHILD, folder, seconds=seconds, poll=poll, kept=True):
        what = f"{_NAMES[reader]} cannot be read within {seconds:.0f} s."
        raise TooLarge(what, where=called, mend=_MENDS[reader])
    if not (folder / "answer.json").exists() and shutil.disk_usage(folder).free < _SPARE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), called)
    if not (folder / "answer.json").exists():
        what = f"{_NAMES[reader]} cannot be read: it is damaged, or claims more than may be held in memory."
        raise BadInput(what, where=called, mend=_MENDS[reader])
    answer = json.loads((folder / "answer.json").read_bytes())
    if problem := answer.get("problem"):
        told = {name: _plain(text, path, called) for name, text in problem.items()}
        raise (TooLarge if answer["large"] else BadInput)(told["what"], where=told["where"], mend=told["mend"])
    return _opened(answer, folder)


def _plain(text: str, path: Path, called: str) -> str:
    return text.replace(str(path.absolute()), called).replace(f"{path.absolute().parent}/", "")


def _opened(answer: dict[str, Any], folder: Path) -> Opened:
    headers = tuple(answer["headers"])
    return Opened(
        format=answer["format"],
        headers=headers,
        batches=lambda: _batches(folder, headers, shaped=answer["has_geometry"]),
        encoding=answer["encoding"],
        crs=answer["crs"],
        has_geometry=answer["has_geometry"],
        texts=frozenset(answer["texts"]),
        notes=tuple(answer["notes"]),
    )


def _batches(folder: Path, headers: tuple[str, ...], *, shaped: bool) -> Iterator[Batch]:
    for record in _stream(folder / "rows.arrow"):
        numbers, *columns = record.columns
        geometry = columns.pop(0).to_numpy(zero_copy_only=False) if shaped else None
        yield Batch(numbers.to_numpy(), pa.RecordBatch.from_arrays(columns, names=list(headers)), geometry)
    nothing = text_batch({name: [] for name in headers})
    for record in _stream(folder / "refused.arrow"):
        refused = tuple(Refusal(*row) for row in zip(*record.to_pydict().values(), strict=True))
        yield Batch(np.empty(0, np.int64), nothing, np.empty(0, object) if shaped else None, refused)


def _stream(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
        yield from stream
