"""Multipart uploads, streamed: the file goes to the spool as it arrives, small parts stay in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from lifang.core import BadInput, TooLarge

_SMALL_MAX = 1 << 20  # bytes of a part that is not the file
_PARTS_MAX = 10
_HEADER_MAX = 8192


@dataclass
class Parts:
    """What came beside the file: its name, and the small parts by their names."""

    filename: str = ""
    small: dict[str, bytes] = field(default_factory=dict)


class _Form:
    """The parser's callbacks, as state: which part is open and what it holds."""

    def __init__(self, parts: Parts, file: str) -> None:
        self.parts, self._file = parts, file
        self.pieces: list[bytes] = []
        self.ended = False
        self._name = ""
        self._count = 0
        self._header: list[bytearray] = [bytearray(), bytearray()]
        self._headers: dict[bytes, bytes] = {}

    def callbacks(self) -> dict[str, Callable[..., None]]:
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_begin": self._header_begin,
            "on_header_field": lambda data, start, end: self._header_part(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._header_part(1, data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": lambda data, start, end: self._data(data[start:end]),
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._count += 1
        self._headers.clear()
        if self._count > _PARTS_MAX:
            raise BadInput(f"The form has more than {_PARTS_MAX} parts.", where="body", mend="Send file and card.")

    def _header_begin(self) -> None:
        self._header = [bytearray(), bytearray()]

    def _header_part(self, side: int, data: bytes) -> None:
        self._header[side] += data
        if len(self._header[side]) > _HEADER_MAX:
            raise BadInput("A part's header is too long.", where="body", mend="Shorten the file's name.")

    def _header_end(self) -> None:
        self._headers[bytes(self._header[0]).lower()] = bytes(self._header[1])

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == self._file:
            self.parts.filename = options.get(b"filename", b"").decode("utf-8", "replace")
        else:
            self.parts.small[self._name] = b""

    def _data(self, data: bytes) -> None:
        if self._name == self._file:
            self.pieces.append(data)
            return
        held = self.parts.small[self._name] = self.parts.small[self._name] + data
        if len(held) > _SMALL_MAX:
            raise TooLarge(f"The part {self._name[:80]!r} is larger than {_SMALL_MAX:,} bytes.", where="body")

    def _end(self) -> None:
        self.ended = True


async def file_of_form(request: Request, parts: Parts, *, file: str = "file") -> AsyncIterator[bytes]:
    """Yield the bytes of the part called ``file`` as they arrive; ``parts`` fills with what else came."""
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if not boundary:
        raise BadInput("The form has no boundary.", where="header Content-Type", mend="Send multipart/form-data.")
    form = _Form(parts, file)
    try:
        parser = MultipartParser(boundary, cast("Any", form.callbacks()))
        async for chunk in request.stream():
            parser.write(chunk)
            for piece in form.pieces:
                yield piece
            form.pieces.clear()
    except FormParserError as error:
        raise BadInput(f"The form cannot be read: {error}.", where="body", mend="Send multipart/form-data.") from error
    if not form.ended:
        raise BadInput("The form ended early.", where="body", mend="Send it again.")
