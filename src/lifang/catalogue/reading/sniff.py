"""What a file is, by its first bytes and content, never by its name alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lifang.catalogue.reading.apart import open_apart
from lifang.catalogue.reading.delimited import open_delimited
from lifang.catalogue.reading.geojson import open_geojson
from lifang.catalogue.reading.model import Hints, Limits, Opened
from lifang.catalogue.reading.unpack import gunzip, twice_packed, unzip, zip_names
from lifang.core import BadInput

FORMATS = ("csv", "geojson", "parquet", "xlsx", "gpkg", "shapefile")
_MEND = "Send CSV, GeoJSON, Parquet, XLSX, GeoPackage or a zipped shapefile; gzip is fine."
_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file, or an encrypted one",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\x7fELF": "a program",
    b"ARROW1": "an Arrow file",
}
_GPKG_IDS = (b"GPKG", b"GP10", b"GP11")
_JSON_SUFFIXES = (".json", ".geojson")
_SMALL = 256 << 10  # bytes of GeoJSON
_CSV_SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".epw")


@dataclass(frozen=True)
class _Job:
    """What holds for a source whatever is found in it.

    ``received`` (bytes) is its size as it came, ``spent`` what unpacking took so far, ``layers`` what it came in.
    """

    scratch: Path
    hints: Hints
    limits: Limits
    poll: Callable[[], None]
    received: int
    spent: int = 0
    layers: tuple[str, ...] = ()

    @property
    def zip_limits(self) -> Limits:
        """The limits less what a gzip around the zip took."""
        return replace(self.limits, expanded=self.limits.expanded - self.spent)


def open_source(
    path: Path,
    *,
    name: str = "",
    scratch: Path,
    hints: Hints | None = None,
    limits: Limits | None = None,
    poll: Callable[[], None] = lambda: None,
) -> Opened:
    """Return the file at ``path`` recognised and opened; ``name`` is what it was called, ``scratch`` an empty folder.

    ``BadInput`` says why a file cannot be taken; nothing is written outside ``scratch``. ``poll`` is asked again and
    again while a format is read apart; what it raises stops that.
    """
    job = _Job(scratch, hints or Hints(), limits or Limits(), poll, received=path.stat().st_size)
    return _open(path, name or path.name, job)


def _open(path: Path, name: str, job: _Job) -> Opened:
    with path.open("rb") as stream:
        head = stream.read(4096)
    if not head:
        raise BadInput("The file is empty.", where=name, mend=_MEND)
    if head.startswith(b"\x1f\x8b"):
        if job.layers:
            raise twice_packed(name)
        unpacked = gunzip(path, job.scratch / "unpacked", limits=job.limits, called=name)
        inner = replace(job, spent=unpacked.stat().st_size, layers=("gzip",))
        return _open(unpacked, name[:-3] if name.lower().endswith(".gz") else name, inner)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _open_zip(path, name, job)
    if head.startswith(b"PAR1"):
        return _open_apart("parquet", path, name, job)
    if head.startswith(b"SQLite format 3\0"):
        return _open_sqlite(path, name, head, job)
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise BadInput(f"This is {what}.", where=name, mend=_MEND)
    return _open_text(path, name, head, job)


def _open_text(path: Path, name: str, head: bytes, job: _Job) -> Opened:
    """Return the CSV or GeoJSON; a small GeoJSON is read here, for a process costs more than its parts can."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    stated = job.hints.format
    is_json = stated == "geojson" or name.lower().endswith(_JSON_SUFFIXES)
    is_csv = stated in ("csv", "tsv") or (name.lower().endswith(_CSV_SUFFIXES) and not is_json)
    if is_json or (start in (b"{", b"[") and not is_csv):
        small = path.stat().st_size <= _SMALL
        return open_geojson(path, limits=job.limits) if small else _open_apart("geojson", path, name, job)
    return open_delimited(path, hints=job.hints)


def _open_zip(path: Path, name: str, job: _Job) -> Opened:
    names = [each.lower() for each in zip_names(path, limits=job.zip_limits, called=name)]
    if "[content_types].xml" in names:
        if "xl/workbook.xml" not in names:
            raise BadInput("This is an Office file, but not a workbook (.xlsx).", where=name, mend=_MEND)
        return _open_apart("workbook", path, name, job)
    if "zip" in job.layers:
        raise twice_packed(name)
    folder = job.scratch / "unzipped"
    folder.mkdir()
    files = unzip(path, folder, limits=job.zip_limits, called=name, received=job.received)
    shapes = [each for each in files if each.suffix.lower() == ".shp"]
    if shapes:
        return _open_shapefile(shapes, files, job)
    data = [each for each in files if each.suffix.lower() not in (".txt", ".md", ".pdf", ".xml", ".html")] or files
    if len(data) != 1:
        raise BadInput(
            f"The zip holds {len(data)} data files.",
            where=", ".join(each.name for each in data)[:200],
            mend="Send one at a time.",
        )
    return _open(data[0], data[0].name, replace(job, layers=(*job.layers, "zip")))


def _open_shapefile(shapes: list[Path], files: list[Path], job: _Job) -> Opened:
    if len(shapes) != 1:
        raise BadInput(f"The zip holds {len(shapes)} shapefiles.", mend="Send one at a time.")
    suffixes = {each.suffix.lower() for each in files if each.stem == shapes[0].stem}
    if absent := {".shx", ".dbf"} - suffixes:
        raise BadInput(
            f"The shapefile lacks {', '.join(sorted(absent))}.", where=shapes[0].name, mend="Zip all its parts."
        )
    return _open_apart("vector", shapes[0], shapes[0].name, job)


def _open_sqlite(path: Path, name: str, head: bytes, job: _Job) -> Opened:
    if head[68:72] not in _GPKG_IDS:
        raise BadInput("This is an SQLite database, but not a GeoPackage.", mend=_MEND)
    copy = job.scratch / "layer.gpkg"  # GDAL looks at the suffix, and SQLite may write beside the file
    shutil.copyfile(path, copy)
    return _open_apart("vector", copy, name, job)


def _open_apart(reader: str, path: Path, name: str, job: _Job) -> Opened:
    return open_apart(reader, path, called=name, scratch=job.scratch, hints=job.hints, limits=job.limits, poll=job.poll)
