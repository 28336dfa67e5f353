"""multipart/mixed batches read and written (RFC 2046; OData 4.0 Protocol, clause 11.7)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from itertools import groupby

import orjson

from lifang.core import BadInput
from lifang.doors.sensorthings.batch import Request, check_count
from lifang.doors.sensorthings.exchange import Answer

_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"]{1,70})"|([^;\s"]{1,70}))""", re.IGNORECASE)
_LINE = re.compile(r"([A-Za-z]{3,7}) (\S+)(?: HTTP/\d\.\d)?\s*")
_HEADER = re.compile(rb"\s*[A-Za-z][A-Za-z\-]*:")
_BLOCKS_MAX = 20  # each is a pass over the part
_REASONS = {200: "Ok", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found"}


def read_mixed(body: bytes, content_type: str) -> list[Request]:
    """Return the requests of a multipart batch; those of one change set share a group. ``BadInput`` if it is none."""
    requests: list[Request] = []
    for at, (headers, content) in enumerate(_parts(body, _boundary(content_type))):
        kind = headers.get("content-type", "application/http")
        if kind.lower().startswith("multipart/mixed"):
            for inner, payload in _parts(content, _boundary(kind)):
                requests.append(_request(inner, payload, len(requests), f"set{at}"))
        else:
            requests.append(_request(headers, content, len(requests), ""))
        check_count(len(requests))
    return requests


def _boundary(content_type: str) -> str:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise BadInput("multipart/mixed has no boundary.", where="Content-Type", mend="Send boundary=….")
    return found[1] or found[2]


def _parts(body: bytes, boundary: str) -> list[tuple[dict[str, str], bytes]]:
    mark = b"--" + boundary.encode("latin-1", "replace")
    pieces = re.split(rb"(?:^|\r?\n)" + re.escape(mark) + rb"(--)?[ \t]*(?=\r?\n|$)", body)
    parts = pieces[2::2]
    if len(pieces) < 4:
        raise BadInput("The body does not hold the boundary.", where="body", mend="Begin each part with it.")
    return [_headed(part) for part in parts if part.strip()]


def _headed(part: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers of a part and what stands behind the empty line; empty lines before headers are passed."""
    part = part.lstrip(b"\r\n")
    head, _, content = re.sub(rb"\r\n", b"\n", part, count=0).partition(b"\n\n")
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        name, sign, value = line.partition(":")
        if sign and " " not in name.strip():
            headers[name.strip().lower()] = value.strip()
    return headers, content


def _cut_off(text: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers that ``text`` begins with, and what is behind them.

    Empty lines may stand between them, as in the batch of 18-088 (example 31-2); a body of JSON never looks like one.
    """
    found: dict[str, str] = {}
    for _ in range(_BLOCKS_MAX):
        if not _HEADER.match(text):
            break
        more, text = _headed(text)
        found |= more
    return found, text


def _request(headers: dict[str, str], content: bytes, at: int, group: str) -> Request:
    more, text = _cut_off(content)
    headers = {**headers, **more}
    line, _, rest = text.lstrip(b"\n").partition(b"\n")
    found = _LINE.fullmatch(line.decode("utf-8", "replace"))
    if found is None:
        raise BadInput("A part is no HTTP request.", where=f"part {at + 1}", mend="Begin it with GET Things HTTP/1.1.")
    inner, body = _cut_off(rest)
    return Request(headers.get("content-id") or f"part{at}", found[1].upper(), found[2], inner, _json(body, at), group)


def _json(body: bytes, at: int) -> object:
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"The body of part {at + 1} is not JSON: {error.msg}.", where=f"part {at + 1}") from error


def write_mixed(done: Sequence[tuple[Request, Answer]]) -> Answer:
    """Return the answers of a multipart batch; a change set that failed is told once."""
    boundary = f"batch_{secrets.token_hex(8)}"
    parts: list[bytes] = []
    for group, pairs in groupby(done, key=lambda pair: pair[0].group):
        answers = list(pairs)
        if not group:
            parts += [_part(each, "") for _, each in answers]
            continue
        wrong = next((each for _, each in answers if each.status >= 400 and each.status != 424), None)
        if wrong is not None:
            parts.append(_part(wrong, ""))
            continue
        inside = f"changeset_{secrets.token_hex(8)}"
        body = _joined([_part(each, request.id) for request, each in answers], inside)
        parts.append(f"Content-Type: multipart/mixed;boundary={inside}\r\n\r\n".encode() + body)
    return Answer(200, _joined(parts, boundary), f"multipart/mixed;boundary={boundary}")


def _joined(parts: Sequence[bytes], boundary: str) -> bytes:
    mark = f"--{boundary}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def _part(each: Answer, key: str) -> bytes:
    content = each.body if isinstance(each.body, bytes) else b"" if each.body is None else orjson.dumps(each.body)
    lines = ["Content-Type: application/http", *([f"Content-ID: {key}"] if key else []), ""]
    lines.append(f"HTTP/1.1 {each.status} {_REASONS.get(each.status, 'Status')}")
    lines += [f"{name}: {value}" for name, value in each.headers.items()]
    if each.body is not None:
        lines += [f"Content-Type: {each.media_type}", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content
