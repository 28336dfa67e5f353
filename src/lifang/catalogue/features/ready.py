"""Features of a release kept ready: written once as GeoJSON, found by box or id without asking the lake.

Beside the texts (in the order of the release) lie the shapes as well-known binary and the envelopes, sorted along a
space-filling curve, with an envelope of every block of them. All is derived from the release and made anew if lost.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.catalogue.features.question import GEOMETRY
from lifang.catalogue.features.writing import Form, ids_of, written
from lifang.core import Box, morton

Longs = NDArray[np.int64]
_BLOCK = 64  # envelopes
_META = "ready.json"
_ARRAYS = ("texts_at", "shapes_at", "rows", "bounds", "blocks", "hashes", "hashed")


class ReadyFeatures:
    """The features of one release in ``folder``, mapped into memory."""

    def __init__(self, folder: Path) -> None:
        held = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        self._arrays = {name: array.view(np.ndarray) for name, array in held.items()}  # which slices at half the cost
        self._texts, self._shapes = _mapped(folder / "texts"), _mapped(folder / "shapes")
        self.count = len(self._arrays["texts_at"]) - 1

    def rows_in(self, boxes: Sequence[Box]) -> Longs:
        """Return the places of the features whose geometry meets one of ``boxes``, in order."""
        found = [self._in(box) for box in boxes]
        return np.unique(np.concatenate(found)) if len(found) > 1 else np.sort(found[0])

    def texts(self, rows: Sequence[int] | Longs) -> list[bytes]:
        """Return the features at these places as GeoJSON texts."""
        at, texts = self._arrays["texts_at"], self._texts
        places = np.asarray(rows, np.int64)
        return [texts[start:end] for start, end in zip(at[places].tolist(), at[places + 1].tolist(), strict=True)]

    def one(self, feature_id: str) -> bytes | None:
        """Return the feature with this id, if there is one."""
        hashes = self._arrays["hashes"]
        code = np.uint32(zlib.crc32(feature_id.encode()))  # of their own type: else all of them are converted first
        first, last = hashes.searchsorted(code, "left"), hashes.searchsorted(code, "right")
        for text in self.texts(self._arrays["hashed"][first:last]):
            if str(orjson.loads(text)["id"]) == feature_id:
                return text
        return None

    def _in(self, box: Box) -> Longs:
        near = _meets(self._arrays["blocks"], box)
        blocks = np.flatnonzero(near)
        slots = (blocks[:, None] * _BLOCK + np.arange(_BLOCK)).ravel()
        slots = slots[slots < len(self._arrays["bounds"])]
        bounds = self._arrays["bounds"][slots]
        touching = _meets(bounds, box)
        slots, bounds = slots[touching], bounds[touching]
        inside = (
            (bounds[:, 0] >= box.west)
            & (bounds[:, 1] >= box.south)
            & (bounds[:, 2] <= box.east)
            & (bounds[:, 3] <= box.north)
        )
        rows = self._arrays["rows"][slots].astype(np.int64)
        crossing = rows[~inside]
        if len(crossing):
            area = shapely.box(box.west, box.south, box.east, box.north)
            shapely.prepare(area)
            crossing = crossing[shapely.intersects(area, self._shapes_at(crossing))]
        return np.concatenate([rows[inside], crossing])

    def _shapes_at(self, rows: Longs) -> NDArray[np.object_]:
        at, shapes = self._arrays["shapes_at"], self._shapes
        ends = zip(at[rows].tolist(), at[rows + 1].tolist(), strict=True)
        return cast("NDArray[np.object_]", shapely.from_wkb([shapes[start:end] for start, end in ends]))


def is_ready(folder: Path, sha256: str) -> bool:
    """Return whether ``folder`` holds, whole, what was made of the release with this digest."""
    try:
        told = json.loads((folder / _META).read_text("utf-8"))
        return bool(
            told["sha256"] == sha256
            and all((folder / name).stat().st_size == size for name, size in told["sizes"].items())
        )
    except (OSError, ValueError, KeyError):
        return False


def make_ready(folder: Path, batches: Iterator[pa.RecordBatch], key: Sequence[str], sha256: str) -> None:
    """Write into the empty ``folder`` what :class:`ReadyFeatures` reads, from the ``batches`` of a release in order."""
    texts_at, shapes_at, hashes, bounds = [0], [0], [], []
    with (folder / "texts").open("wb") as texts, (folder / "shapes").open("wb") as shapes:
        start = 0
        for batch in batches:
            numbered = pa.table(batch).append_column("_row", pa.array(np.arange(start, start + batch.num_rows)))
            bounds.append(_bounds(batch))
            shown = numbered.drop_columns([name for name in numbered.column_names if name in _SIDES])
            hashes.append(np.array([zlib.crc32(str(each).encode()) for each in ids_of(shown, key)], np.uint32))
            _pour(texts, texts_at, written(shown, key, Form()))
            _pour(shapes, shapes_at, [each or b"" for each in _column(batch)])
            start += batch.num_rows
        for stream in (texts, shapes):
            stream.flush()
            os.fsync(stream.fileno())
    _save_arrays(folder, np.array(texts_at), np.array(shapes_at), np.concatenate(hashes), np.concatenate(bounds))
    sizes = {each.name: each.stat().st_size for each in folder.iterdir()}
    (folder / _META).write_text(json.dumps({"sha256": sha256, "sizes": sizes}), "utf-8")


_SIDES = ("_xmin", "_ymin", "_xmax", "_ymax")


def _save_arrays(
    folder: Path, texts_at: Longs, shapes_at: Longs, hashes: NDArray[np.uint32], bounds: NDArray[np.float64]
) -> None:
    placed = np.flatnonzero(~np.isnan(bounds[:, 0]))
    centres = (bounds[placed, :2] + bounds[placed, 2:]) / 2
    rows = placed[np.argsort(morton(centres[:, 0], centres[:, 1]), kind="stable")]
    ordered = bounds[rows]
    starts = np.arange(0, len(rows), _BLOCK)
    blocks = np.empty((len(starts), 4))
    if len(starts):
        blocks[:, :2] = np.minimum.reduceat(ordered[:, :2], starts)
        blocks[:, 2:] = np.maximum.reduceat(ordered[:, 2:], starts)
    hashed = np.argsort(hashes, kind="stable")
    kept = (texts_at, shapes_at, rows.astype(np.int32), ordered, blocks, hashes[hashed], hashed.astype(np.int32))
    for name, array in zip(_ARRAYS, map(np.asarray, kept), strict=True):
        with (folder / f"{name}.npy").open("wb") as stream:
            np.save(stream, array)
            stream.flush()
            os.fsync(stream.fileno())


def _pour(stream: BinaryIO, ends: list[int], parts: Sequence[bytes]) -> None:
    stream.write(b"".join(parts))
    end = ends[-1]
    for part in parts:
        end += len(part)
        ends.append(end)


def _bounds(batch: pa.RecordBatch) -> NDArray[np.float64]:
    if _SIDES[0] not in batch.schema.names:
        return np.full((batch.num_rows, 4), np.nan)
    sides = [batch.column(batch.schema.names.index(side)).to_numpy(zero_copy_only=False) for side in _SIDES]
    return np.column_stack(sides).astype(np.float64)


def _column(batch: pa.RecordBatch) -> list[bytes | None]:
    if GEOMETRY not in batch.schema.names:
        return [None] * batch.num_rows
    values: list[bytes | None] = batch.column(batch.schema.names.index(GEOMETRY)).to_pylist()
    return values


def _meets(bounds: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    west, south, east, north = bounds.T
    found: NDArray[np.bool_] = (west <= box.east) & (east >= box.west) & (south <= box.north) & (north >= box.south)
    return found


def _mapped(path: Path) -> mmap.mmap | bytes:
    if not path.stat().st_size:
        return b""
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
