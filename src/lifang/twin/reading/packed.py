"""Models that come packed: gzip, or a zip that holds one model, as .ifczip does (buildingSMART, IFC file formats)."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from lifang.core import BadInput, TooLarge

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BEGUN_BYTES = 1_024
_UNPACKED_MAX = 2 << 30
_STEP = 16 << 20
_RATIO_MAX, _RATIO_FROM = 200, 64 << 20  # models pack to a tenth or a thirtieth; a bomb's zeros to a thousandth
_DEFLATE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_BESIDE = "__MACOSX/"
_MODELS = (".ifc", ".json", ".jsonl", ".osm", ".pbf", ".inp", ".tif", ".tiff")
_SPLIT = "Send the model in parts."


def begun(head: bytes) -> bytes:
    """Return how a file begins of which ``head`` is the first part, unpacked if it is gzip; nothing if damaged."""
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, _BEGUN_BYTES)
    except zlib.error:
        return b""


def unpacked(content: bytes) -> bytes:
    """Return the content, unpacked if it is gzip or a zip; ``TooLarge`` past a bound, ``BadInput`` if it is damaged."""
    if content.startswith(_GZIP):
        return _gunzipped(content)
    return _unzipped(content) if content.startswith(_ZIP) else content


def _gunzipped(content: bytes) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            while part := stream.read(_STEP):
                parts.append(part)
                size += len(part)
                _check_size(size, of=len(content))
    except EOFError:
        raise BadInput("The gzip file ends too early.", mend="Send it again.") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(f"The gzip file is damaged: {error}.", mend="Send it again.") from None
    return b"".join(parts)


def _check_size(size: int, *, of: int) -> None:
    """Raise ``TooLarge`` if what unpacked to ``size`` bytes from ``of`` is more than a model, or no model at all."""
    if size > _UNPACKED_MAX:
        raise TooLarge(f"It unpacks to more than {_UNPACKED_MAX} bytes.", mend=_SPLIT)
    if size > max(_RATIO_FROM, _RATIO_MAX * of):
        raise TooLarge(f"It unpacks to more than {_RATIO_MAX} times its size.", mend="Send it unpacked.")


@contextmanager
def reading_zip(content: bytes) -> Iterator[zipfile.ZipFile]:
    """Give a zip to read from; ``BadInput`` if it turns out to be damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, RuntimeError) as error:
        raise BadInput(f"The zip file is damaged: {error}.", mend="Send the file again.") from None


def _unzipped(content: bytes) -> bytes:
    """Return the model of a zip: its only file, or the only one whose name ends as a model's does."""
    with reading_zip(content) as archive:
        told = model_in(archive)
        _check_size(told.file_size, of=told.compress_size)
        with archive.open(told) as stream:
            return stream.read(told.file_size + 1)  # so that no more is unpacked than it says


def model_in(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the entry of a zip that is its model; ``BadInput`` if there is not one."""
    return _model(archive.infolist())


def _model(listed: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    files = [each for each in listed if not each.is_dir() and not each.filename.startswith(_BESIDE)]
    models = [each for each in files if each.filename.lower().endswith(_MODELS)] if len(files) > 1 else files
    if len(models) != 1:
        count, among = len(models), len(files)
        what = f"The zip holds {count} models among {among} files."
        raise BadInput(what, mend="Send one model; outlines come in as a dataset.")
    where = repr(models[0].filename[:200])
    if models[0].flag_bits & _ENCRYPTED:
        raise BadInput("The zip is encrypted.", where=where, mend="Make it again without a password.")
    if models[0].compress_type not in _DEFLATE:
        what = "The zip uses a rare compression."
        raise BadInput(what, where=where, mend="Make it again with the usual one (deflate).")
    return models[0]
