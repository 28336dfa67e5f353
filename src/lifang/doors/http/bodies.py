"""Bodies: JSON read by orjson from bounded bytes, raw bytes, and large files streamed to the spool."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.requests import ClientDisconnect

from lifang.core import BadInput, Problem, Unavailable

_PIECE = 1 << 20  # bytes gathered before a write to disk


class SafeRequest(Request):
    """A request whose JSON is read by orjson: strict UTF-8 and grammar, nesting at most 1,024 deep."""

    async def json(self) -> Any:
        """Return the parsed body; ``JSONDecodeError`` (a 400) if it is not JSON."""
        return orjson.loads(await self.body())


async def read_body(request: Request) -> bytes:
    """Return the whole body; ``BadInput`` when it is empty or the sender hung up."""
    try:
        body = await request.body()
    except ClientDisconnect as error:
        raise BadInput("The body ended early.", where="body", mend="Send it again.") from error
    if not body:
        raise BadInput("The body is empty.", where="body", mend="Send the data as the body.")
    return body


async def receive_file(parts: AsyncIterator[bytes], folder: Path) -> Path:
    """Return a new file in ``folder`` that holds the streamed ``parts``; nothing is left behind on failure."""
    descriptor, name = await run_sync(lambda: tempfile.mkstemp(dir=folder, prefix="upload-"))
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as sink:
            size = await _pour(parts, sink)
            await run_sync(_sync, sink)
        if not size:
            raise BadInput("The upload is empty.", where="body", mend="Send the file's bytes as the body.")
    except BaseException as error:
        _remove(path)
        if isinstance(error, OSError) and not isinstance(error, Problem):
            raise Unavailable(f"The upload cannot be kept: {error.strerror}.", mend="Free disk space.") from error
        raise
    return path


def _sync(sink: BinaryIO) -> None:
    """Make what was written durable: a job that is to be resumed needs its file whole."""
    sink.flush()
    os.fsync(sink.fileno())


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _pour(parts: AsyncIterator[bytes], sink: BinaryIO) -> int:
    size, waiting = 0, bytearray()
    async for part in parts:
        size += len(part)
        waiting += part
        if len(waiting) >= _PIECE:
            await run_sync(sink.write, bytes(waiting))
            waiting.clear()
    await run_sync(sink.write, bytes(waiting))
    return size
