"""Answers: JSON with entity tags and 304, opaque cursors, and what a door says of itself."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from lifang.core import BadInput

_REVALIDATE = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization, Accept-Encoding"}
_PIECE = 1 << 20
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


@dataclass(frozen=True)
class PageText:
    """What the HTML of the page says at one address without JavaScript: its title, tags of its head, and its text."""

    title: str
    head: str
    text: str


@dataclass(frozen=True)
class Door:
    """An HTTP door: the outside language it speaks; ``order`` puts its routes before those of later doors."""

    id: str
    zh: str
    en: str
    speaks: str
    order: int = 50


def gather(routers: Iterable[APIRouter]) -> APIRouter:
    """Return one router with the routes of ``routers`` as they stand: ``include_router`` would build each once more."""
    gathered = APIRouter()
    for router in routers:
        gathered.routes += router.routes
    return gathered


def entity_tag(content: bytes | str) -> str:
    """Return a weak entity tag of the content: answers may be compressed on the way."""
    data = content.encode() if isinstance(content, str) else content
    return f'W/"{hashlib.blake2b(data, digest_size=12).hexdigest()}"'


def not_modified(request: Request, tag: str) -> bool:
    """Return whether the asker already holds what ``tag`` names (``If-None-Match``, compared weakly)."""
    held = request.headers.get("if-none-match", "")
    bare = tag.removeprefix("W/")
    return held.strip() == "*" or any(each.strip().removeprefix("W/") == bare for each in held.split(","))


def bytes_answer(
    request: Request, content: bytes, *, media_type: str, tag: str | None = None, status: int = 200
) -> Response:
    """Return ``content`` with an entity tag, or 304 when the asker holds it (only for 200)."""
    if status != 200:
        return Response(content, status, media_type=media_type)
    tag = tag or entity_tag(content)
    headers = {**_REVALIDATE, "ETag": tag}
    if not_modified(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def answer(request: Request, body: BaseModel, *, status: int = 200) -> Response:
    """Return a typed body as JSON; NaN and infinities become null."""
    content = body.model_dump_json(by_alias=True).encode()
    return bytes_answer(request, content, media_type="application/json", status=status)


def json_answer(request: Request, body: Any, *, status: int = 200, tag: str | None = None) -> Response:
    """Return plain JSON-able values (NumPy and moments too) as JSON; NaN and infinities become null."""
    content = orjson.dumps(body, default=_plain, option=_OPTIONS)
    return bytes_answer(request, content, media_type="application/json", status=status, tag=tag)


def download(stream: IO[bytes], *, media_type: str, name: str) -> Response:
    """Return a file that was written to ``stream`` as a download called ``name``; it is closed when all is sent."""
    size = stream.tell()
    stream.seek(0)

    def pieces() -> Iterator[bytes]:
        with stream:
            while piece := stream.read(_PIECE):
                yield piece

    ascii_name = "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "_" for each in name)
    headers = {"Content-Disposition": f'attachment; filename="{ascii_name}"', "Content-Length": str(size)}
    return StreamingResponse(pieces(), media_type=media_type, headers={"Cache-Control": "private, no-cache", **headers})


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def encode_cursor(kind: str, *key: str | float | None) -> str:
    """Return an opaque cursor that points after ``key`` in a list of ``kind``."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *key])).decode().rstrip("=")


def decode_cursor(kind: str, cursor: str | None, *types: type) -> tuple[Any, ...] | None:
    """Return the key inside a cursor made for ``kind``, each part of its type; ``BadInput`` for any other text."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = orjson.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise _bad_cursor() from error
    if not isinstance(found, list) or found[:1] != [kind] or len(found) != len(types) + 1:
        raise _bad_cursor()
    key = tuple(found[1:])
    if not all(type(part) is wanted for part, wanted in zip(key, types, strict=True)):
        raise _bad_cursor()
    return key


def _bad_cursor() -> BadInput:
    return BadInput("This is not a cursor of this list.", where="after", mend="Use the `next` of the last answer.")
