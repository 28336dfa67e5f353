"""A JSON document cut into the members of one array of its root, as a stream: memory holds one member and the rest.

The cut is made at brackets and commas outside strings, found a block at a time by NumPy. It judges nothing: the
document is JSON (RFC 8259) exactly if every member is, and if the rest is with the array emptied; both are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from lifang.core import BadInput, TooLarge

_BLOCK = 4 << 20
_BOM = b"\xef\xbb\xbf"
_QUOTE, _COMMA, _BACKSLASH = b'",\\'
_STEP = np.zeros(256, np.int64)
_STEP[[*b"{["]] = 1
_STEP[[*b"}]"]] = -1
_MARKS = _STEP != 0
_SHOWN = _MARKS.copy()
_SHOWN[_COMMA] = True
_MARKS[[_QUOTE, _COMMA, _BACKSLASH]] = True
_KEY_TAIL = 512


@dataclass(frozen=True)
class Piece:
    """One member as it stands in the file, and at which byte it begins."""

    text: bytes
    start: int


class Pieces:
    """The members of the array ``key`` of a document's root; iterate over it, then take the ``rest``."""

    def __init__(self, path: Path, key: str, *, most: int, expected: str) -> None:
        """``most`` bounds, in bytes, each member and the rest; ``expected`` is how to mend what is not JSON."""
        self._path = path
        self._opens = re.compile(rb'"%b"\s*:\s*\Z' % re.escape(key.encode()))
        self._key = key
        self._most = most
        self._expected = expected
        self._rest = bytearray()
        self._arrays: list[tuple[int, int]] = []  # where in the rest, and in the file, an array was taken out

    def __iter__(self) -> Iterator[Piece]:
        """Yield the members in order; ``TooLarge`` for one beyond the bound."""
        self._rest.clear()
        self._arrays.clear()
        inside, filled, pending, begun = False, False, bytearray(), 0
        for base, block, marks in _scanned(self._path):
            start = 0
            for place, mark, depth in marks:
                if not inside:
                    if mark == ord("[") and depth == 2 and self._is_opened(block[start : place + 1]):
                        self._keep(block[start : place + 1])
                        inside, filled, start, begun = True, False, place + 1, base + place + 1
                elif depth == 2 and mark == _COMMA:
                    yield Piece(bytes(pending) + block[start:place], begun)
                    filled, start, begun = True, place + 1, base + place + 1
                    pending.clear()
                elif depth <= 1:
                    last = bytes(pending) + block[start:place]
                    if filled or last.strip():
                        yield Piece(last, begun)
                    pending.clear()
                    inside, start = False, place
                    self._arrays.append((len(self._rest), base + place))
            if inside:
                pending += block[start:]
                self._check(len(pending), f"A member of {self._key!r}")
            else:
                self._keep(block[start:])
        if inside:
            self._arrays.append((len(self._rest), begun))
            self._keep(bytes(pending))

    def parsed(self, piece: Piece) -> Any:
        """Return the value of a member; ``BadInput`` with its place in the file if it is not JSON."""
        try:
            return orjson.loads(piece.text)
        except orjson.JSONDecodeError as error:
            raise self._not_json(error, piece.start + _bytes_before(error)) from error

    @property
    def rest(self) -> tuple[Any, bool]:
        """The document with the array emptied, and whether there was an array to empty, after an iteration."""
        if len(self._arrays) > 1:
            what = f"The member {self._key!r} stands {len(self._arrays)} times in the document."
            raise BadInput(what, where=self._place(self._arrays[1][1]), mend="Give it once.")
        try:
            return orjson.loads(self._rest.removeprefix(_BOM)), bool(self._arrays)
        except orjson.JSONDecodeError as error:
            offset = _bytes_before(error) + len(_BOM) * self._rest.startswith(_BOM)
            cut, end = self._arrays[-1] if self._arrays else (len(self._rest), 0)
            raise self._not_json(error, offset if offset < cut else end + offset - cut) from error

    def _is_opened(self, before: bytes) -> bool:
        """Return whether the bracket that ends ``before`` begins the array: the root is an object, and has that key."""
        tail = bytes(self._rest[-_KEY_TAIL:]) + before[-_KEY_TAIL:]
        first = (bytes(self._rest[:64]) or before[:64]).removeprefix(_BOM).lstrip()[:1]
        return first == b"{" and bool(self._opens.search(tail[:-1]))

    def _keep(self, part: bytes) -> None:
        self._rest += part
        self._check(len(self._rest), "What stands beside the features" if self._arrays else "This JSON")

    def _check(self, size: int, what: str) -> None:
        if size > self._most:
            raise TooLarge(
                f"{what} is more than {self._most} bytes long, which cannot be read at once.",
                mend="Send it as GeoPackage or Parquet.",
            )

    def _not_json(self, error: orjson.JSONDecodeError, offset: int) -> BadInput:
        return BadInput(f"This is not JSON: {error.msg}.", where=self._place(offset), mend=self._expected)

    def _place(self, offset: int) -> str:
        """Return the line and the column, in characters, of a byte of the file."""
        line, column, left = 1, 1, offset
        with self._path.open("rb") as stream:
            while left > 0 and (part := stream.read(min(_BLOCK, left))):
                left -= len(part)
                if newlines := part.count(b"\n"):
                    line, column = line + newlines, 1
                tail = np.frombuffer(part[part.rfind(b"\n") + 1 :], np.uint8)
                column += int(np.count_nonzero(tail & 0xC0 != 0x80))
        return f"line {line}, column {column}"


def _bytes_before(error: orjson.JSONDecodeError) -> int:
    return len(error.doc[: error.pos].encode("utf-8", "replace")) if isinstance(error.doc, str) else 0


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the file's blocks, cut so that none ends within an escape: a backslash left over begins the next."""
    held = b""
    with path.open("rb") as stream:
        while part := stream.read(_BLOCK):
            block = held + part
            held = b"\\" * ((len(block) - len(block.rstrip(b"\\"))) % 2)
            yield block[: len(block) - len(held)]
    yield held


def _scanned(path: Path) -> Iterator[tuple[int, bytes, list[tuple[int, int, int]]]]:
    """Yield blocks of the file: where each begins, its bytes, and the marks that stand two deep or less.

    A mark is its place in the block, its byte, and the depth behind it (of a comma: around it).
    """
    base = depth = quoted = 0
    for block in _blocks(path):
        raw = np.frombuffer(block, np.uint8)
        places = np.flatnonzero(_MARKS[raw])
        marks = raw[places]
        quotes = (marks == _QUOTE) & ~_escaped(raw, places)
        inside = (np.cumsum(quotes) + quoted) % 2 == 1
        steps = np.where(inside, 0, _STEP[marks])
        depths = np.cumsum(steps) + depth
        low = (depths <= 1) | ((depths == 2) & (steps >= 0))
        chosen = np.flatnonzero(low & ~inside & _SHOWN[marks])
        shown = (places[chosen].tolist(), marks[chosen].tolist(), depths[chosen].tolist())
        yield base, block, list(zip(*shown, strict=True))
        if len(places):
            depth, quoted = int(depths[-1]), (int(np.count_nonzero(quotes)) + quoted) % 2
        base += len(block)


def _escaped(raw: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which marks stand behind an odd number of backslashes."""
    slashes = places[raw[places] == _BACKSLASH]
    if not len(slashes):
        return np.zeros(len(places), bool)
    ordinal = np.arange(len(slashes))
    begins = np.r_[True, np.diff(slashes) != 1]
    run = ordinal - np.maximum.accumulate(np.where(begins, ordinal, 0))
    behind = np.zeros(len(raw) + 1, bool)
    behind[slashes[run % 2 == 0] + 1] = True
    return behind[places]
