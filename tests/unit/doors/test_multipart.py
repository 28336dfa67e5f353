"""Multipart uploads: streamed, bounded, refused when broken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.requests import Request

from lifang.core import BadInput, TooLarge
from lifang.doors.http import Parts, file_of_form

_HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="\xe5\x8c\xba.csv"\r\n\r\n'
_CARD = b'\r\n--b\r\nContent-Disposition: form-data; name="card"; filename="c.toml"\r\n\r\nid = "x"\r\n--b--\r\n'


def _read(pieces: Sequence[bytes], content_type: str = "multipart/form-data; boundary=b") -> tuple[bytes, Parts]:
    waiting = list(pieces)

    async def receive() -> dict[str, object]:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def read() -> tuple[bytes, Parts]:
        scope = {"type": "http", "method": "POST", "headers": [(b"content-type", content_type.encode())]}
        parts = Parts()
        return b"".join([piece async for piece in file_of_form(Request(scope, receive), parts)]), parts

    return asyncio.run(read())


def test_the_file_streams_and_the_card_is_kept_whatever_the_chunks() -> None:
    whole = _HEAD + b"a,b\r\n1,2\r\n" * 1000 + _CARD
    for size in (1, 7, 4096, len(whole)):
        content, parts = _read([whole[start : start + size] for start in range(0, len(whole), size)])
        assert content == b"a,b\r\n1,2\r\n" * 1000
        assert parts.filename == "区.csv"
        assert parts.small == {"card": b'id = "x"'}


@pytest.mark.parametrize("body", [b"", b"--b\r\n", _HEAD, _HEAD + b"data", b"nonsense", b"--x\r\n\r\n--x--"])
def test_a_broken_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        _read([body])


def test_a_form_without_a_boundary_is_refused() -> None:
    with pytest.raises(BadInput, match="boundary"):
        _read([_HEAD + _CARD], "multipart/form-data")


def test_a_card_is_bounded_and_so_is_the_number_of_parts() -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="card"\r\n\r\n'
    with pytest.raises(TooLarge):
        _read([part + b"x" * (2 << 20) + b"\r\n--b--\r\n"])
    with pytest.raises(BadInput, match="parts"):
        _read([(part + b"x\r\n") * 20 + b"--b--\r\n"])
