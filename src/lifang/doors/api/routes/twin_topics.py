"""Routes of topics: what is said about views of the twin, one by one and as BCF."""

from __future__ import annotations

import io
import tempfile
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.app import TopicView
from lifang.core import BadInput
from lifang.doors.api.bodies.twin_topics import NewTopic, TopicBody, TopicList, TopicStatus
from lifang.doors.api.routes.twin import Admits
from lifang.doors.api.routes.twin_places import Sees
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, bytes_answer, download, read_body
from lifang.guard import Classification
from lifang.twin import Topic, Viewpoint


class _Png(Response):
    media_type = "image/png"


class _Bcf(Response):
    media_type = "application/zip"


def router() -> APIRouter:
    """Return the routes of topics."""
    routes = APIRouter(prefix="/api/v1/twin/topics", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    routes.add_api_route("", every, response_model=TopicList, summary="What is said about views of the twin")
    routes.add_api_route("", add, methods=["POST"], status_code=201, response_model=TopicBody, summary="Add a topic")
    routes.add_api_route("/bcf", give, response_class=_Bcf, summary="The topics as BCF 2.1")
    routes.add_api_route("/bcf", bring, methods=["POST"], response_model=TopicList, summary="Bring topics in as BCF")
    routes.add_api_route("/{guid}/snapshot", picture, response_class=_Png, summary="The picture of a topic")
    routes.add_api_route(
        "/{guid}/status", settle, methods=["POST"], response_model=TopicBody, summary="Close a topic, or open it again"
    )
    return routes


def every(request: Request, asker: Sees) -> Response:
    """List the topics that the asker may know, the newest first."""
    return answer(request, _list(TopicView(asker).all()))


def add(request: Request, asker: Admits, body: NewTopic) -> Response:
    """Add what is to be said about a view, with its picture."""
    view = Viewpoint.from_json(body.view.model_dump())
    if not all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat, _ in (view.eye, view.target)):
        raise BadInput(
            "The view stands or looks nowhere on earth.", where="view", mend="Give longitude, then latitude."
        )
    if view.eye == view.target:
        raise BadInput("The view looks nowhere.", where="view.target", mend="Let it look at another place.")
    made = TopicView(asker).add(
        body.title,
        body.description,
        view,
        picture=body.snapshot,
        link=body.link,
        classification=body.classification,
    )
    return answer(request, _body(made), status=201)


def settle(guid: str, request: Request, asker: Admits, body: TopicStatus) -> Response:
    """Close a topic, or open it again."""
    return answer(request, _body(TopicView(asker).settle(guid, body.status)))


def picture(guid: str, request: Request, asker: Sees) -> Response:
    """Give the picture of a topic as PNG."""
    return bytes_answer(request, TopicView(asker).picture(guid), media_type=_Png.media_type)


def give(asker: Sees) -> Response:
    """Give the topics as BCF 2.1 (buildingSMART): planning tools open them with their cameras and pictures.

    Cameras stand in the UTM zone of each view, which a label of the topic names.
    """
    stream = tempfile.TemporaryFile(dir=asker.city.spool)  # noqa: SIM115 - closed when all is sent
    try:
        TopicView(asker).write_bcf(stream)
    except BaseException:
        stream.close()
        raise
    return download(stream, media_type=_Bcf.media_type, name=f"{asker.city.settings.id}.bcfzip")


async def bring(
    request: Request,
    asker: Admits,
    crs: Annotated[str, Query(max_length=20, description="Where cameras stand, if no label says so: EPSG:4544.")] = "",
    classification: Classification = Classification.SHARED,
) -> Response:
    """Bring topics in from a BCF 2.1 file, in place of those of the same GUID."""
    body = await read_body(request)

    def work() -> list[Topic]:
        return TopicView(asker).read_bcf(io.BytesIO(body), crs=crs, classification=classification)

    return answer(request, _list(await run_sync(work)))


def _list(topics: list[Topic]) -> TopicList:
    return TopicList(items=[_body(each) for each in topics])


def _body(topic: Topic) -> TopicBody:
    told = topic.as_json()
    pictured = told.pop("snapshot") is not None
    return TopicBody.model_validate({**told, "pictured": pictured})
