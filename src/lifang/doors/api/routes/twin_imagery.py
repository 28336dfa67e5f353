"""Routes of pictures of the ground: GeoTIFF comes in as a layer of the map, is listed, is taken away."""

from __future__ import annotations

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import ADD_IMAGERY, ImageryView
from lifang.core import check_slug
from lifang.doors.api.bodies.twin_imagery import ImageryBody, ImageryList
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.routes.twin import Admits
from lifang.doors.api.routes.twin_places import Sees
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, receive_file
from lifang.guard import Classification

_TIFF: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"image/tiff": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Id = Annotated[str, Query(max_length=64, description="The layer's id; one of that id is replaced.")]
Title = Annotated[str, Query(max_length=200)]
Told = Annotated[str, Query(max_length=500)]


def router() -> APIRouter:
    """Return the routes of imagery."""
    routes = APIRouter(prefix="/api/v1/twin/imagery", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    routes.add_api_route("", every, response_model=ImageryList, summary="Pictures of the ground")
    routes.add_api_route(
        "",
        add,
        methods=["POST"],
        status_code=202,
        response_model=JobBody,
        openapi_extra=_TIFF,
        summary="Add a GeoTIFF picture to the map",
    )
    routes.add_api_route("/{layer}", remove, methods=["DELETE"], status_code=204, summary="Take a picture from the map")
    return routes


def every(request: Request, asker: Sees) -> Response:
    """List the pictures that the asker may see, with their licence and where they are from."""
    items = [ImageryBody.model_validate(each) for each in ImageryView(asker).layers()]
    return answer(request, ImageryList(items=items))


async def add(
    request: Request,
    asker: Admits,
    imagery: Id,
    zh: Title,
    en: Title,
    source: Told,
    licence: Annotated[str, Query(max_length=64, description="An SPDX identifier such as CC-BY-4.0, or words.")],
    classification: Classification = Classification.SHARED,
) -> Response:
    """Take a GeoTIFF as the body; answer with the job that cuts it into tiles of the map.

    It has one band, three or four, of 8 bits or 16, and says where it lies in any EPSG system, turned or not. What has
    its nodata value is clear. It has at most 100 million pixels.
    """
    check_slug(imagery, what="imagery id")
    path = await receive_file(request.stream(), asker.city.spool)
    words = {"imagery": imagery, "zh": zh, "en": en, "source": source, "licence": licence}
    arguments = {**words, "path": str(path), "classification": classification.value}
    try:
        job = await run_sync(lambda: asker.city.jobs.submit(ADD_IMAGERY, arguments, subject=asker.subject))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return answer(request, job_body(job, asker), status=202)


def remove(layer: Annotated[str, Path(max_length=64)], asker: Admits) -> Response:
    """Take a picture from the map; the file that was sent is kept."""
    ImageryView(asker).remove(layer)
    return Response(status_code=204)
