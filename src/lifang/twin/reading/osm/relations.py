"""Relations of an OpenStreetMap file that tell of buildings, XML or PBF.

GDAL names no members, and leaves out in silence what it cannot close.

Source: https://wiki.openstreetmap.org/wiki/PBF_Format; https://wiki.openstreetmap.org/wiki/OSM_XML.
"""

from __future__ import annotations

import lzma
import re
import zlib
from collections.abc import Iterator
from mmap import mmap
from typing import Any

from defusedxml import ElementTree

_RELATION = re.compile(rb"<relation\b[^>]*[^/]>.*?</relation>", re.DOTALL)
_TOLD = b"building"
_KINDS = ("node", "way", "relation")
_BLOCK_BYTES = 32 << 20  # of one block unpacked, by the format
_RELATIONS = 4 << 3 | 2  # how a group of relations begins


def relations_of(content: bytes | mmap) -> list[dict[str, Any]]:
    """Return ``id``, ``tags`` and ``members`` (kind, id, role) of the relations that have a word of buildings."""
    found = _of_pbf(memoryview(content)) if content[:1] == b"\0" else _of_xml(content)
    return [each for each in found if any(_TOLD.decode() in word for word in (*each["tags"], *each["tags"].values()))]


def _of_xml(content: bytes | mmap) -> Iterator[dict[str, Any]]:
    for match in _RELATION.finditer(content):
        if _TOLD in match[0]:
            read = ElementTree.fromstring(match[0])
            tags = {each.get("k", ""): each.get("v", "") for each in read.iter("tag")}
            members = [[each.get(name, "") for name in ("type", "ref", "role")] for each in read.iter("member")]
            yield {"id": read.get("id", ""), "tags": tags, "members": members}


def _of_pbf(content: memoryview) -> Iterator[dict[str, Any]]:
    at = 0
    while at < len(content):
        head_end = at + 4 + int.from_bytes(content[at : at + 4], "big")
        head = dict(_fields(content[at + 4 : head_end]))
        at = head_end + head[3]
        block = _unpacked(dict(_fields(content[head_end:at]))) if bytes(head[1]) == b"OSMData" else b""
        if _TOLD in block:
            yield from _of_block(memoryview(block))


def _unpacked(blob: dict[int, Any]) -> bytes:
    """Return what a blob holds, nothing if it is packed in a way that is not read."""
    if 3 in blob:
        return zlib.decompressobj().decompress(blob[3], _BLOCK_BYTES)
    if 4 in blob:
        return lzma.LZMADecompressor().decompress(blob[4], _BLOCK_BYTES)
    return bytes(blob.get(1, b""))


def _of_block(block: memoryview) -> Iterator[dict[str, Any]]:
    parts = list(_fields(block))
    texts = [
        bytes(text).decode(errors="replace") for number, table in parts if number == 1 for _, text in _fields(table)
    ]
    for number, group in parts:
        if number == 2 and len(group) and group[0] == _RELATIONS:
            for _, each in _fields(group):
                told = dict(_fields(each))
                words = [_numbers(told.get(column, b"")) for column in (2, 3, 8, 9, 10)]
                keys, values, roles, steps, kinds = words
                members, own = [], 0
                for role, step, kind in zip(roles, steps, kinds, strict=True):
                    own += step >> 1 ^ -(step & 1)
                    members.append([_KINDS[kind], str(own), texts[role]])
                tags = {texts[key]: texts[value] for key, value in zip(keys, values, strict=True)}
                yield {"id": str(told[1]), "tags": tags, "members": members}


def _fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """Yield number and value of the fields of a message of Protocol Buffers; those of fixed width are passed over."""
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        if key & 7 == 0:
            value, at = _number(message, at)
            yield key >> 3, value
        elif key & 7 == 2:
            size, at = _number(message, at)
            yield key >> 3, message[at : at + size]
            at += size
        else:
            at += {1: 8, 5: 4}[key & 7]


def _numbers(packed: bytes | memoryview) -> list[int]:
    found, at = [], 0
    while at < len(packed):
        value, at = _number(packed, at)
        found.append(value)
    return found


def _number(message: bytes | memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while message[at] & 0x80:
        value |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | message[at] << shift, at + 1
