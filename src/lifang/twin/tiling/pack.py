"""The tileset of a cell and its contents in one piece, as they are made together and kept together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from lifang.core import NotFound

_END = b"\n"


def packed(tileset: Mapping[str, Any], contents: Mapping[str, bytes]) -> bytes:
    """Return a tileset, named by nothing, and its contents by name as one piece of bytes."""
    parts = {"": orjson.dumps(tileset), **contents}
    sizes = {name: len(each) for name, each in parts.items()}
    return orjson.dumps(sizes) + _END + b"".join(parts.values())


def unpack(pack: bytes, name: str) -> bytes:
    """Return what ``name`` names in a piece that :func:`packed` made, or ``NotFound``."""
    head, _, body = pack.partition(_END)
    sizes: dict[str, int] = orjson.loads(head)
    if name not in sizes:
        raise NotFound("There is no such tile.", where="part", mend="Follow the tileset.")
    start = sum(list(sizes.values())[: list(sizes).index(name)])
    return body[start : start + sizes[name]]
