"""What arrives from a source, and one look at it."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from lifang.core import BadInput
from lifang.exchange.model import Manifest
from lifang.exchange.sources import FeedSpec

MANIFEST = ".manifest.json"
MANIFEST_MAX = 10_000
FILES_MAX = 10_000
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


@dataclass(frozen=True)
class Arrived:
    """A file that came: where it lies, what it is called, what its sender declared of it."""

    path: Path
    name: str
    manifest: Manifest


Taken = Callable[[Arrived], None]


@dataclass(frozen=True)
class Look:
    """One look at a source: what was seen before, where to put files, and whether to stop."""

    spec: FeedSpec
    checkpoint: Mapping[str, Any]
    secrets: Mapping[str, str]
    city: Path
    scratch: Path
    stopping: Callable[[], bool]


def is_wanted(name: str, pattern: str) -> bool:
    """Return whether the file is one that the pattern names, and finished."""
    hidden = name.startswith(".") or name.endswith(_UNFINISHED) or name.endswith(MANIFEST)
    return not hidden and fnmatch.fnmatchcase(name, pattern)


def read_manifest(content: bytes, where: str) -> Manifest:
    """Return what the sender declared; ``BadInput`` if it is no manifest."""
    if not content:
        return Manifest()
    try:
        return Manifest.from_mapping(orjson.loads(content[:MANIFEST_MAX]))
    except orjson.JSONDecodeError as error:
        raise BadInput("The manifest is not JSON.", where=where, mend="Correct it, or leave it out.") from error
