"""Restore of a backup into an empty folder: every member checked against the manifest, or nothing is left behind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from lifang.core import LOCK_FILE, BadInput, Conflict, Corrupt, NotFound, disk_errors
from lifang.store.backup import FORMAT, MANIFEST, BackupSummary
from lifang.store.durable import make_folder, sync_file, sync_folder

_CHUNK = 1 << 20
_MANIFEST_MAX = 256 << 20
_MEND = "Fetch the backup again, or take another one."


def restore(archive: Path, folder: Path) -> BackupSummary:
    """Return what was restored; ``Conflict`` if ``folder`` holds anything, ``Corrupt`` if a hash disagrees."""
    archive, folder = Path(archive).absolute(), Path(folder).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("The folder is not empty.", where=str(folder), mend="Restore into a new folder.")
    if not archive.is_file():
        raise NotFound("There is no such backup.", where=str(archive))
    with disk_errors(folder):
        make_folder(folder.parent)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            files = _unpack(archive, work)
            _settle(work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    with archive.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return BackupSummary(archive, digest, archive.stat().st_size, files)


def _unpack(archive: Path, work: Path) -> int:
    found: dict[str, dict[str, Any]] = {}
    manifest: bytes | None = None
    try:
        with tarfile.open(archive, mode="r|") as tar:
            for member in tar:
                name = _safe(member, archive)
                if manifest is not None or name in found:
                    raise Corrupt(f"The backup holds {name!r} where it should not.", where=str(archive), mend=_MEND)
                if name == MANIFEST:
                    manifest = _body(tar, member, archive)
                else:
                    found[name] = _extract(tar, member, work / name)
    except (tarfile.TarError, EOFError, ValueError) as error:  # tarfile lets bad header numbers through as ValueError
        raise Corrupt(f"The backup cannot be read to its end: {error}.", where=str(archive), mend=_MEND) from error
    _check(found, manifest, archive)
    return len(found)


def _safe(member: tarfile.TarInfo, archive: Path) -> str:
    """Return the member's name if it is a plain file below the folder, else ``Corrupt``."""
    path = PurePosixPath(member.name)
    plain = member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and not member.issparse()
    inside = member.name and not path.is_absolute() and ".." not in path.parts and "\\" not in member.name
    if not plain or not inside or str(path) != member.name or "\0" in member.name or path.name == LOCK_FILE:
        raise Corrupt(f"The backup holds {member.name[:200]!r}, which no backup does.", where=str(archive), mend=_MEND)
    return member.name


def _body(tar: tarfile.TarFile, member: tarfile.TarInfo, archive: Path) -> bytes:
    stream = tar.extractfile(member)
    if stream is None or member.size > _MANIFEST_MAX:
        raise Corrupt("The backup's manifest is too large.", where=str(archive), mend=_MEND)
    return stream.read()


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = tar.extractfile(member)
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as sink:
        while stream is not None and (chunk := stream.read(_CHUNK)):
            digest.update(chunk)
            size += len(chunk)
            sink.write(chunk)
        sync_file(sink)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _check(found: dict[str, dict[str, Any]], manifest: bytes | None, archive: Path) -> None:
    if manifest is None:
        raise Corrupt("The backup has no manifest: it was cut short.", where=str(archive), mend=_MEND)
    try:
        told = json.loads(manifest)
        expected = told["files"] if told["format"] == FORMAT else None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Corrupt("The backup's manifest cannot be read.", where=str(archive), mend=_MEND) from error
    if not isinstance(expected, dict):
        raise BadInput("This is no backup, or one of a later version.", where=str(archive), mend="Use that version.")
    for name in sorted({*expected, *found}):
        if expected.get(name) != found.get(name):
            what = "is missing" if name not in found else "does not have the hash in the manifest"
            raise Corrupt(f"{name} {what}.", where=str(archive), mend=_MEND)


def _settle(work: Path, folder: Path) -> None:
    """Make everything in ``work`` durable and give it the name ``folder``."""
    work.chmod(0o700)
    for here, _, _ in os.walk(work, topdown=False):
        sync_folder(Path(here))
    if folder.exists():
        folder.rmdir()
    work.rename(folder)
    sync_folder(folder.parent)
