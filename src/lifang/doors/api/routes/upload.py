"""The route that takes a dataset's file: streamed to the spool, then admitted by a job."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import anyio
import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.app import Job
from lifang.catalogue import Card
from lifang.core import BadInput
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, Parts, answer, asking, file_of_form, receive_file
from lifang.guard import Action, Resource

_SMALL = 1 << 20  # bytes of a file whose admission is waited for
_WAIT_S, _STEP_S = 2.0, 0.02
_MARKUP = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<")
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "card": {"type": "string", "description": "dataset.toml, or the same as JSON"},
                    },
                }
            },
        },
    }
}
Admits = Annotated[Asker, asking(Action.ADMIT, Resource("dataset"))]
Filename = Annotated[str, Query(max_length=255, description="What the file is called; its ending helps.")]


def router() -> APIRouter:
    """Return the route of uploads."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["datasets"], responses=PROBLEMS)
    routes.add_api_route(
        "/datasets",
        add,
        methods=["POST"],
        status_code=202,
        response_model=JobBody,
        openapi_extra=_BODY,
        summary="Add a file: a new dataset, or a new release of one",
    )
    return routes


async def add(request: Request, asker: Admits, filename: Filename = "") -> Response:
    """Take a file as the body, or as the part ``file`` beside a ``card``; answer with the job that admits it.

    A small file that cannot be admitted is refused in this very answer.
    """
    parts = Parts(filename)
    path = await receive_file(_pieces(request, parts), asker.city.spool)
    try:
        card = _card(parts.small.get("card"))
        if card is not None:
            asker.must(Action.ADMIT, Resource("dataset", card.id, card.classification))
        await run_sync(_refuse_markup, path)
        arguments = {
            "path": str(path),
            "name": _plain(filename or parts.filename) or "upload",
            "card": card.to_mapping() if card else None,
        }
        job = await run_sync(lambda: asker.city.jobs.submit("add_dataset", arguments, subject=asker.subject))
    except BaseException:
        _remove(path)
        raise
    return answer(request, job_body(await _settled(asker, job, path), asker), status=202)


def _pieces(request: Request, parts: Parts) -> AsyncIterator[bytes]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data":
        return file_of_form(request, parts)
    return request.stream()


def _plain(name: str) -> str:
    """Return the last part of a file's name, whatever system it comes from, without control characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[:255]


def _card(content: bytes | None) -> Card | None:
    if not content:
        return None
    try:
        text = content.decode("utf-8")
        table = orjson.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, orjson.JSONDecodeError, RecursionError) as error:
        raise BadInput(
            f"The card cannot be read: {error}.", where="card", mend="Correct the dataset.toml there."
        ) from error
    return Card.from_mapping(table)


def _refuse_markup(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(512).lstrip()
    if head.startswith(_MARKUP):
        raise BadInput(
            "This is XML or HTML, which is not read.",
            where="body",
            mend="Send CSV, GeoJSON, Parquet, XLSX, GeoPackage or a zipped shapefile; gzip is fine.",
        )


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _settled(asker: Asker, job: Job, path: Path) -> Job:
    """Return the job; for a small file after waiting a moment, so that one that fails is refused at once."""
    waited = 0.0 if await run_sync(_size, path) <= _SMALL else _WAIT_S
    while waited < _WAIT_S and job.state in {"queued", "running"}:
        await anyio.sleep(_STEP_S)
        waited += _STEP_S
        job = await run_sync(asker.city.jobs.get, job.id)
    if job.state == "failed":
        await run_sync(_remove, path)
        error = job.error or {}
        raise BadInput(
            str(error.get("detail", "The file cannot be admitted.")),
            where=str(error.get("where", "")),
            mend=str(error.get("mend", "")),
        )
    return job


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # the job is through with it
        return 0
