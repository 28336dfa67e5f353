"""Archives opened safely: bounded in size and ratio while they expand, and nothing outside the folder given.

A zip may stand in a gzip and a workbook in either; anything packed deeper is refused. ``called`` is what the sender
calls the file.
"""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, cast

from lifang.catalogue.reading.model import Limits
from lifang.core import BadInput, TooLarge

_CHUNK = 1 << 20
_RATIO_FROM = 16 << 20  # the ratio is only judged beyond this size: small text compresses well
_MEMBERS_MAX = 10_000
_DIRECTORY_MAX = 8 << 20  # bytes; the list of files is made into objects whole
_NOT_INSIDE = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
_DEFLATE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_INSIDE = "There is an archive inside the archive."
_MEND_INSIDE = "Pack the data file once only."


class _Bounded(io.FileIO):
    """A zip file of which no reader takes more at once than a list of files may be long."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to ``size`` bytes; ``TooLarge`` where a list of files claims more than the bound."""
        if size is not None and size > _DIRECTORY_MAX:
            what = f"The zip's list of files is {size} bytes long; {_DIRECTORY_MAX} are allowed."
            raise TooLarge(what, mend="Send fewer files at once.")
        return super().read(_DIRECTORY_MAX if size is None or size < 0 else size) or b""


def twice_packed(called: str) -> BadInput:
    """Return the refusal of an archive inside an archive."""
    return BadInput(_INSIDE, where=called, mend=_MEND_INSIDE)


def gunzip(source: Path, target: Path, *, limits: Limits, called: str) -> Path:
    """Return ``target`` with the expanded gzip; ``TooLarge`` for a bomb, ``BadInput`` if damaged or packed twice."""
    try:
        with gzip.open(source) as stream, target.open("xb") as sink:
            _copy(cast("IO[bytes]", stream), sink, limits=limits, packed=source.stat().st_size, where=called)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInput(f"The gzip file is damaged: {error}.", where=called, mend="Send the file again.") from error
    return target


def unzip(source: Path, target: Path, *, limits: Limits, called: str, received: int) -> list[Path]:
    """Return the files of the zip, written flat into the folder ``target`` in the order of the archive.

    ``received`` is how many bytes came in, which each file's expansion is judged by. Absolute paths, ``..``, links,
    encrypted members, other archives, two members of one name and bombs are refused.
    """
    try:
        with _Bounded(source) as stream, zipfile.ZipFile(stream) as archive:
            members = _safe_members(archive, limits=limits)
            return [_extract(archive, member, target, limits=limits, received=received) for member in members]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"The zip file is damaged: {error}.", where=called, mend="Send the file again.") from error


def zip_names(source: Path, *, limits: Limits, called: str) -> list[str]:
    """Return the names in a zip after the same checks as ``unzip``, without writing anything."""
    try:
        with _Bounded(source) as stream, zipfile.ZipFile(stream) as archive:
            return [member.filename for member in _safe_members(archive, limits=limits)]
    except (zipfile.BadZipFile, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise BadInput(f"The zip file is damaged: {error}.", where=called, mend="Send the file again.") from error


def _safe_members(archive: zipfile.ZipFile, *, limits: Limits) -> list[zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > _MEMBERS_MAX:
        raise TooLarge(
            f"The zip holds {len(infos)} files; {_MEMBERS_MAX} are allowed.", mend="Send fewer files at once."
        )
    members = [info for info in infos if not info.is_dir() and not info.filename.startswith("__MACOSX/")]
    for info in members:
        _check_member(info)
    total = sum(info.file_size for info in members)
    if total > limits.expanded:
        raise TooLarge(
            f"The zip says it expands to {total} bytes; {limits.expanded} are allowed.", mend="Split the data."
        )
    names = [PurePosixPath(info.filename).name.casefold() for info in members]
    if len(set(names)) != len(names) and not any(name == "[content_types].xml" for name in names):
        raise BadInput(
            "Two files in the zip have the same name.", mend="Put one data set in one zip, without sub-folders."
        )
    return members


def _check_member(info: zipfile.ZipInfo) -> None:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    where = repr(info.filename[:200])
    if path.is_absolute() or ".." in path.parts or ":" in info.filename or "\0" in info.filename:
        raise BadInput(
            "A name in the zip leads out of it.", where=where, mend="Make the zip again with plain file names."
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BadInput("The zip holds a link.", where=where, mend="Put the file itself into the zip.")
    if info.flag_bits & 0x1:
        raise BadInput("The zip is encrypted.", where=where, mend="Make it again without a password.")
    if info.compress_type not in _DEFLATE:
        raise BadInput(
            "The zip uses a rare compression.", where=where, mend="Make it again with the usual one (deflate)."
        )


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path, *, limits: Limits, received: int) -> Path:
    name = PurePosixPath(info.filename.replace("\\", "/")).name
    target = folder / name
    with archive.open(info) as stream, target.open("xb") as sink:
        packed = max(1, min(info.compress_size, received))
        _copy(stream, sink, limits=limits, packed=packed, where=info.filename[:200])
    return target


def _copy(stream: IO[bytes], sink: IO[bytes], *, limits: Limits, packed: int, where: str) -> None:
    done = 0
    while chunk := stream.read(_CHUNK):
        if done == 0 and chunk.startswith(_NOT_INSIDE):
            raise twice_packed(where)
        done += len(chunk)
        times = done > _RATIO_FROM and done > packed * limits.ratio
        if times or done > limits.expanded:
            most = f"{limits.ratio} times its {packed} bytes" if times else f"{limits.expanded} bytes"
            mend = "Send the file unpacked, or in parts."
            raise TooLarge(f"The archive expands beyond {most}; reading stopped there.", where=where, mend=mend)
        sink.write(chunk)
