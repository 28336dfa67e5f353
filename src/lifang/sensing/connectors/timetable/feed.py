"""The tables of a zipped GTFS feed, within bounds; what cannot be read is a fault with file and line."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lifang.core import BadInput, TooLarge
from lifang.sensing.connectors.mapping import Issue

TABLES = ("agency", "stops", "routes", "trips", "stop_times", "calendar", "calendar_dates")
_FILES_MAX = 200
_ZIP = "A feed is a zip of text files: ask its publisher for the zip itself."
_CELL_MAX = 100_000
Fault = Issue


@dataclass(frozen=True)
class Table:
    """One file of a feed: its columns, and its rows as (line, cells by column)."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[int, dict[str, str]]]

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.txt"


@dataclass(frozen=True)
class Feed:
    """The tables that were there, by name, and the faults found in reading them."""

    tables: dict[str, Table]
    faults: list[Fault] = field(default_factory=list)

    def rows(self, name: str) -> Sequence[tuple[int, dict[str, str]]]:
        """Return the rows of a table, none if it is not there."""
        return self.tables[name].rows if name in self.tables else ()


def read_feed(body: bytes, *, name: str, bytes_max: int) -> Feed:
    """Return the feed in the zip ``body``; ``BadInput`` if it is none, ``TooLarge`` if it unpacks past the bound."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return _read(archive, name, bytes_max)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"This is no zip that can be read: {error}.", where=name, mend=_ZIP) from error


def _read(archive: zipfile.ZipFile, name: str, bytes_max: int) -> Feed:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > _FILES_MAX:
        raise BadInput(f"The zip holds {len(infos)} files.", where=name, mend="Send a feed and nothing else.")
    feed = Feed({})
    left = bytes_max
    for info in infos:
        table = PurePosixPath(info.filename)
        if str(table) not in {f"{each}.txt" for each in TABLES}:
            continue
        with archive.open(info) as stream:
            content = stream.read(left + 1)
        left -= len(content)
        if left < 0:
            raise TooLarge(f"The feed unpacks to more than {bytes_max:,} bytes.", where=name, mend="Raise bytes_max.")
        _take(table.stem, content, feed)
    inner = [info.filename for info in infos if info.filename.endswith("/stops.txt")]
    if not feed.tables and not feed.faults and inner:
        raise BadInput("The files stand in a folder of the zip.", where=inner[0], mend="Zip the files themselves.")
    return feed


def _take(table: str, content: bytes, feed: Feed) -> None:
    """Read one file into ``feed``: its table, or the fault that keeps it from being one."""
    file = f"{table}.txt"
    fault = _unreadable(content)
    if fault:
        feed.faults.append(Fault(file, 0, "", "", *fault))
        return
    rows: list[tuple[int, dict[str, str]]] = []
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=False)
    try:
        columns = tuple(cell.strip() for cell in next(reader, []))
        if not any(columns) or len(set(columns)) != len(columns):
            mend = "The first line names each column once."
            feed.faults.append(Fault(file, 1, "", ",".join(columns)[:100], "header", mend))
            return
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) > len(columns):
                mend = f"The row has {len(cells)} cells, the header {len(columns)}."
                feed.faults.append(Fault(file, reader.line_num, "", ",".join(cells)[:100], "columns", mend))
                continue
            padded = [*cells, *[""] * (len(columns) - len(cells))]
            rows.append((reader.line_num, {name: cell.strip() for name, cell in zip(columns, padded, strict=True)}))
    except csv.Error as error:
        feed.faults.append(Fault(file, reader.line_num, "", "", "csv", f"{error}."))
        return
    feed.tables[table] = Table(table, columns, rows)


def _unreadable(content: bytes) -> tuple[str, str] | None:
    """Return (rule, remedy) if the file's text cannot be read."""
    if not content.strip():
        return "empty", "The file is empty: fill it, or leave it out if it is not required."
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-8", "The file is UTF-16: write it as UTF-8."
    if b"\0" in content:
        return "null", "The file holds zero bytes: write it as UTF-8."
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return "utf-8", f"Line {line} is not UTF-8."
    if b"\r" in content.replace(b"\r\n", b""):
        return "line ends", "A lone carriage return stands in the file: end every line in LF or CR LF."
    return None
