"""Releases: one immutable, synced Parquet file each, beside what it refused and how it differs."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from lifang.core import BadInput, Conflict, NotFound, check_slug, disk_errors
from lifang.store.durable import make_folder, part_file, put_in_place, sweep_parts, sync_file, sync_folder
from lifang.store.lake.ducklake import DuckLake
from lifang.store.lake.engine import RELEASES, Engine
from lifang.store.lake.model import ReleaseFile
from lifang.store.lake.relation import PLACE, Relation

Rows: TypeAlias = pa.Table | pa.RecordBatchReader
_GROUP_ROWS = 100_000
_GROUP_BYTES = 64 << 20
_CHUNK_ROWS = 10_000


class Releases:
    """The released tables of one city, ``<dataset>/<table>``: ``r<number>``, and ``r<number>_…`` for what lies beside.

    A release is there once its file is in place; who reads it, reads the file. DuckLake learns of it afterwards.
    """

    def __init__(self, engine: Engine, *, is_registered: Callable[[str, int], bool]) -> None:
        self._engine = engine
        self._is_registered = is_registered
        self._lock = threading.Lock()
        self._written: set[tuple[str, str]] = set()
        self._folder = engine.folder / RELEASES
        self._ducklake = DuckLake(engine, is_registered)
        sweep_parts(self._folder)

    @property
    def lock(self) -> threading.Lock:
        """The lock that every change of the releases holds."""
        return self._lock

    def write(
        self, dataset: str, number: int, tables: Mapping[str, Rows], *, instead_of: Iterable[str] = ()
    ) -> dict[str, ReleaseFile]:
        """Return the file of each table; all are durable and in place by then.

        Of a release that was written but never registered, the tables ``instead_of`` which it stands give way.
        """
        check_slug(dataset, what="dataset id")
        for rows in tables.values():
            _check_names(rows.schema)
        paths = {table: self._path(dataset, table) for table in tables}
        counts: dict[str, int] = {}
        with disk_errors(self._folder / dataset), ExitStack() as unfinished:
            parts: dict[str, Path] = {}
            for table, rows in tables.items():
                make_folder(paths[table].parent)
                parts[table], stream = unfinished.enter_context(part_file(paths[table]))
                counts[table] = _write_parquet(rows, stream)
                sync_file(stream)
            with self._lock:
                self._make_way(dataset, number, {*tables, *instead_of})
                for table, part in parts.items():
                    put_in_place(part, paths[table])
                self._written.update((dataset, table) for table in tables)
                self._ducklake.hear(dataset, tables)
        return {table: _told(paths[table], counts[table]) for table in tables}

    def relation(self, dataset: str, table: str) -> Relation:
        """Return the released rows, lazily; ``NotFound`` if there is no such release."""
        path = self._path(dataset, table)
        if not path.is_file():
            raise NotFound(f"{dataset} has no {table}.", mend=f"List its releases: lifang data show {dataset}.")
        return Relation(self._engine, path)

    def files(self, dataset: str, tables: Iterable[str]) -> list[Path]:
        """Return the files of those of ``tables`` that there are."""
        paths = (self._path(dataset, table) for table in tables)
        return [path for path in paths if path.is_file()]

    def discard(self, dataset: str, number: int, tables: Iterable[str]) -> None:
        """Take back tables that were never registered; ``Conflict`` once their release is."""
        with self._lock:
            self._written.difference_update((dataset, table) for table in tables)
            self._make_way(dataset, number, tables)

    def erase(self, dataset: str, releases: Mapping[int, tuple[str, ...]]) -> None:
        """Remove tables of releases not registered any more: files, and what DuckLake's catalogue remembers of them.

        Doing it again does nothing.
        """
        for number, tables in releases.items():
            self.discard(dataset, number, tables)
        with self._lock, disk_errors(self._folder):
            folder = self._folder / dataset
            for table in chain.from_iterable(releases.values()):
                shutil.rmtree(folder / table, ignore_errors=True)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
            self._ducklake.forget(dataset, chain.from_iterable(releases.values()))

    def beginning(self, dataset: str, start: str) -> list[str]:
        """Return the tables of a dataset whose names begin so and that have a file, in their order."""
        return sorted(path.name for path in (self._folder / dataset).glob(f"{start}*") if path.is_dir())

    def drop(self, dataset: str, table: str) -> None:
        """Take away a table that is no release but was made of one, if it is there."""
        with self._lock:
            self._written.discard((dataset, table))
            shutil.rmtree(self._path(dataset, table).parent, ignore_errors=True)

    def tell_ducklake(self) -> bool:
        """Let DuckLake know some of the releases that it does not know yet; return whether there may be more."""
        with self._lock:
            return self._ducklake.tell()

    def _path(self, dataset: str, table: str) -> Path:
        return self._folder / dataset / table / f"{table}.parquet"

    def _make_way(self, dataset: str, number: int, tables: Iterable[str]) -> None:
        """Remove the files of ``tables``; ``Conflict`` if one is there and may be read."""
        there = [table for table in tables if self._path(dataset, table).is_file()]
        if there and (any((dataset, each) in self._written for each in there) or self._is_registered(dataset, number)):
            raise Conflict(
                f"{dataset} has a release {number} already.", mend="Releases never change: write the next number."
            )
        for table in there:
            self._path(dataset, table).unlink()
            sync_folder(self._path(dataset, table).parent)


def _told(path: Path, rows: int) -> ReleaseFile:
    with path.open("rb") as written:
        return ReleaseFile(path, rows, path.stat().st_size, hashlib.file_digest(written, "sha256").hexdigest())


def _check_names(schema: pa.Schema) -> None:
    seen: set[str] = set()
    for column in schema.names:
        if column.casefold() == PLACE:
            raise BadInput(f"{column!r} cannot be a column here.", mend="Name it otherwise: DuckDB keeps this name.")
        if not column or "\0" in column or column.casefold() in seen:
            raise BadInput(
                f"{column!r} cannot be a column here.",
                mend="Name every column, each differently even without letter case.",
            )
        seen.add(column.casefold())
    if not seen:
        raise BadInput("A release needs at least one column.")


def _write_parquet(batches: Rows, stream: object) -> int:
    rows = 0
    try:
        with pq.ParquetWriter(stream, batches.schema, compression="zstd") as writer:
            for group in _groups(batches):
                writer.write_table(group, row_group_size=_GROUP_ROWS)
                rows += group.num_rows
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise BadInput(f"The rows cannot be written as Parquet: {error}.", mend="Use plain column types.") from error
    return rows


def _groups(batches: Rows) -> Iterator[pa.Table]:
    parts = batches.to_batches(max_chunksize=_CHUNK_ROWS) if isinstance(batches, pa.Table) else batches
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for part in parts:
        held.append(part)
        rows, size = rows + part.num_rows, size + part.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(held)
            held, rows, size = [], 0, 0
    if held:
        yield pa.Table.from_batches(held)
