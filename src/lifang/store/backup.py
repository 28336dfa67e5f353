"""Backup of a running city: one tar file, every member hashed in its manifest, durable before it has its name.

Writers wait only while the databases are copied; releases and blobs never change and are read afterwards.
"""

from __future__ import annotations

import glob
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lifang.core import LOCK_FILE, BadInput, Conflict, Unavailable, disk_errors
from lifang.store.durable import PART, part_file, put_in_place, sync_file
from lifang.store.lake import Lake
from lifang.store.registry import Database

MANIFEST = "manifest.json"
FORMAT = "lifang backup 1"
_SMALL = 16 << 20  # a larger file in the city's own folder is no setting of it

# The copy runs in a process of its own: closing a database file here would give up DuckDB's lock on it (fcntl).
_COPY = """
import json, shutil, sys
print("ready", flush=True)
for source, target in json.loads(sys.stdin.readline()):
    shutil.copyfile(source, target)
print("done", flush=True)
"""


@dataclass(frozen=True)
class BackupSummary:
    """A backup file: where it is, the SHA-256 of all of it, its size in ``bytes``, how many ``files`` it holds."""

    path: Path
    sha256: str
    bytes: int
    files: int


@dataclass(frozen=True)
class Watch:
    """How a backup tells of its progress (0 to 1), and is asked whether it should stop: between files and within."""

    progress: Callable[[float], None] = lambda _share: None
    cancelled: Callable[[], bool] = lambda: False

    def poll(self) -> None:
        """Raise ``Conflict`` once the backup is to stop."""
        if self.cancelled():
            raise Conflict("The backup was cancelled.", mend="Start it again when wanted.")


def back_up(folder: Path, lake: Lake, database: Database, target: Path, *, watch: Watch) -> BackupSummary:
    """Return what was written to ``target``; ``Conflict`` if it exists, ``Unavailable`` if the disk fills up.

    Cancelled or killed, it leaves no file of that name; what a killed one left beside goes when it is tried again.
    """
    target = Path(target).absolute()
    if target.exists():
        raise Conflict("A file of that name exists.", where=str(target), mend="Choose another name for the backup.")
    if target.parent == folder:
        raise BadInput("A backup cannot lie among the city's own files.", where=str(target), mend="Put it elsewhere.")
    if not target.parent.is_dir():
        raise BadInput("There is no such folder.", where=str(target.parent), mend="Create it first.")
    _sweep(target)
    watch.poll()
    with disk_errors(target), tempfile.TemporaryDirectory(prefix=_staging(target), dir=target.parent) as staging:
        members = _collect(folder, lake, database, Path(staging))
        with part_file(target) as (part, stream):
            written = _Hashed(stream)
            _write(members, written, watch)
            sync_file(stream)
            put_in_place(part, target, mode=0o600)
    return BackupSummary(target, written.digest.hexdigest(), written.size, len(members))


def _staging(target: Path) -> str:
    return f".{target.name}-"


def _sweep(target: Path) -> None:
    """Remove what a backup to ``target`` that was killed left beside it."""
    for folder in target.parent.glob(f"{glob.escape(_staging(target))}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for part in target.parent.glob(f"{glob.escape(target.name)}.*{PART}"):
        part.unlink(missing_ok=True)


class _Hashed(io.RawIOBase):
    """A stream that knows the hash and the size of what went through it, and asks before each part of it."""

    def __init__(self, stream: BinaryIO, poll: Callable[[], None] = lambda: None) -> None:
        self._stream, self._poll = stream, poll
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Return how many bytes were written."""
        self.digest.update(data)
        self.size += len(data)
        return self._stream.write(data)

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes."""
        self._poll()
        data = self._stream.read(size)
        self.digest.update(data)
        self.size += len(data)
        return data


def _collect(folder: Path, lake: Lake, database: Database, staging: Path) -> dict[str, Path]:
    """Return the members by name, all of one moment; the databases are copies in ``staging``."""
    with ExitStack() as pinned:
        with _copier() as copy, lake.frozen() as files, database.held():
            copies = {path.relative_to(folder).as_posix(): (path, staging / path.name) for path in files}
            copy([*copies.values()])
            members = _fixed(folder)
            save = pinned.enter_context(database.snapshot())
        save(staging / database.path.name)
    members |= {name: target for name, (_, target) in copies.items()}
    members[database.path.name] = staging / database.path.name
    return dict(sorted(members.items()))


def _fixed(folder: Path) -> dict[str, Path]:
    releases = (path for path in (folder / "lake" / "releases").rglob("*.parquet"))
    blobs = (path for path in (folder / "blobs").rglob("*") if path.is_file() and path.suffix != PART)
    own = (path for path in (*folder.iterdir(), *(folder / "connectors").glob("*.toml")) if _is_setting(path))
    return {path.relative_to(folder).as_posix(): path for group in (releases, blobs, own) for path in group}


def _is_setting(path: Path) -> bool:
    ours = path.name == LOCK_FILE or path.name.startswith("registry.sqlite") or path.suffix == PART
    return not ours and path.is_file() and not path.is_symlink() and path.stat().st_size <= _SMALL


@contextmanager
def _copier() -> Iterator[Callable[[list[tuple[Path, Path]]], None]]:
    command = [sys.executable, "-I", "-S", "-c", _COPY]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as child:
        if child.stdout is None or child.stdout.readline() != "ready\n":
            raise Unavailable("The copying process did not start.", where=sys.executable)

        def copy(pairs: list[tuple[Path, Path]]) -> None:
            asked = json.dumps([[str(source), str(target)] for source, target in pairs])
            out, trouble = child.communicate(asked + "\n")
            if out != "done\n":
                last = (trouble.strip().splitlines() or ["it died"])[-1]
                raise Unavailable(f"The databases could not be copied: {last}.", mend="Free space and try again.")

        try:
            yield copy
        finally:
            child.kill()


def _write(members: Mapping[str, Path], sink: _Hashed, watch: Watch) -> None:
    total = sum(path.stat().st_size for path in members.values()) or 1
    manifest: dict[str, dict[str, object]] = {}
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        done = 0
        for name, path in members.items():
            watch.poll()
            with path.open("rb") as stream:
                source = _Hashed(stream, watch.poll)
                tar.addfile(_member(name, path.stat().st_size, path.stat().st_mtime), source)
            manifest[name] = {"sha256": source.digest.hexdigest(), "bytes": source.size}
            done += source.size
            watch.progress(done / total)
        body = json.dumps({"format": FORMAT, "files": manifest}, ensure_ascii=False, indent=1).encode()
        tar.addfile(_member(MANIFEST, len(body), 0), io.BytesIO(body))


def _member(name: str, size: int, modified: float) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, int(modified), 0o644
    return member
