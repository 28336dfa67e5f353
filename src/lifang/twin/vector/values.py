"""The values of features as bytes: each distinct one of a column is encoded once, whatever tiles it stands in.

Source: Mapbox Vector Tile Specification 2.1, clause 4.4.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_64_BITS = (1 << 64) - 1
_SHORT_TEXT = 126  # bytes: with its head, its length is one byte


@dataclass(frozen=True)
class Values:
    """Columns of values: ``codes`` (columns, n) the number of each value, -1 for none; ``content`` their bytes."""

    names: Sequence[str]
    codes: Ints
    content: Sequence[Sequence[bytes]]

    @classmethod
    def of(cls, table: Mapping[str, Sequence[Any]]) -> Values:
        """Return the values of a table."""
        numbered = [_numbered(column) for column in table.values()]
        codes = np.array([own for own, _ in numbered], np.int64).reshape(len(table), -1)
        return cls(list(table), codes, [[_field(each) for each in distinct] for _, distinct in numbered])


def _numbered(column: Sequence[Any]) -> tuple[list[int], list[Any]]:
    kinds = {type(each) for each in column} - {type(None)}
    if len(kinds) > 1:  # 1, 1.0 and true are equal, and are not the same
        by_kind: dict[tuple[type, Any], int] = {}
        own = [-1 if each is None else by_kind.setdefault((type(each), each), len(by_kind)) for each in column]
        return own, [each for _, each in by_kind]
    known: dict[Any, int] = {}
    return [-1 if each is None else known.setdefault(each, len(known)) for each in column], list(known)


def _field(value: str | float) -> bytes:
    """Return a value as the field of its layer."""
    if isinstance(value, str):
        text = value.encode()
        size = len(text)
        if size < _SHORT_TEXT:
            return b'"%c\n%c%b' % (size + 2, size, text)
        content = b"\n" + varint(size) + text
    else:
        content = _number(value)
    return b'"' + varint(len(content)) + content


def _number(value: float) -> bytes:
    if isinstance(value, bool):
        return b"\x38\x01" if value else b"\x38\x00"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return b"\x20" + varint(value & _64_BITS)
    return b"\x19" + struct.pack("<d", value)


def varint(value: int) -> bytes:
    """Return a whole number, not negative, as a varint of protocol buffers."""
    return _SHORT[value] if value < 128 else _long(value)


def _long(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes((*found, value))


_SHORT = [bytes((each,)) for each in range(128)]
