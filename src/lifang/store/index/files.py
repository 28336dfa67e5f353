"""Whether the files of an index are as they were written."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import orjson

_META = "meta.json"
_MAGIC = 1337
_END = struct.Struct("<II")  # the size of the footer in JSON, and a constant


def whole(folder: Path) -> bool:
    """Return whether the index in ``folder`` has every file that its list names, each with its own checksum.

    Files end with a footer that tells the CRC-32 of what is before it (tantivy's ``directory/footer.rs``).
    """
    try:
        segments = orjson.loads((folder / _META).read_bytes())["segments"]
        names = {str(each["segment_id"]).replace("-", "") for each in segments}
        files = {name: [path for path in folder.glob(f"{name}.*") if path.is_file()] for name in names}
        return all(len(found) >= 5 and all(map(_sound, found)) for found in files.values())
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return False


def _sound(path: Path) -> bool:
    content = memoryview(path.read_bytes())
    size, magic = _END.unpack(content[-_END.size :])
    body = len(content) - _END.size - size
    footer = orjson.loads(content[body : -_END.size])
    return bool(magic == _MAGIC and body >= 0 and zlib.crc32(content[:body]) == footer["crc"])
