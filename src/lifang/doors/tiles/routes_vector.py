"""Routes of vector tiles of the twin: TileJSON 3.0, one tile, all of them as PMTiles."""

from __future__ import annotations

import tempfile
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.app import SeenVector, TwinView
from lifang.core import BadInput
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, bytes_answer, download, json_answer
from lifang.doors.tiles.moments import At, Model, Sees, among, scenario_of, tag_of, when
from lifang.twin import LAYER, ZOOM_MAX, Quadrant

_MVT, _PMTILES = "application/vnd.mapbox-vector-tile", "application/vnd.pmtiles"
_PROPERTIES_MAX = 32
Properties = Annotated[
    str, Query(max_length=1000, description="Properties of the objects to tell beside id, class, name, model, heights.")
]
Zoom = Annotated[int, Query(ge=0, le=ZOOM_MAX)]


def router() -> APIRouter:
    """Return the routes of vector tiles."""
    prefix = "/tiles/vector/{model}/{moment}"
    routes = APIRouter(prefix=prefix, route_class=GuardedRoute, tags=["tiles"], responses=PROBLEMS)
    routes.add_api_route("/tiles.json", tilejson, response_class=Response, summary="TileJSON of the outlines")
    told: dict[int | str, dict[str, object]] = {200: {"content": {_MVT: {}}}, 204: {"description": "Nothing is there."}}
    routes.add_api_route("/{z}/{x}/{y}.mvt", tile, response_class=Response, responses=told, summary="A vector tile")
    routes.add_api_route("/tiles.pmtiles", archive, response_class=_Archive, summary="All vector tiles as PMTiles")
    return routes


class _Archive(Response):
    media_type = _PMTILES


def tilejson(request: Request, asker: Sees, model: Model, moment: At, properties: Properties = "") -> Response:
    """Describe the vector tiles of a model's outlines, or of all, as TileJSON 3.0."""
    view = _view(asker, model, moment, properties)
    here = str(request.url.replace(query="")).removesuffix("tiles.json")
    query = f"?{request.url.query}" if request.url.query else ""
    body = {
        "tilejson": "3.0.0",
        "name": model,
        "tiles": [f"{here}{{z}}/{{x}}/{{y}}.mvt{query}"],
        "minzoom": 0,
        "maxzoom": ZOOM_MAX,
        "bounds": list(view.source.extent()[:4]),
        "vector_layers": [{"id": LAYER, "fields": dict.fromkeys(view.source.fields, "")}],
    }
    return json_answer(request, body, tag=tag_of(request, view.version, moment))


def tile(
    request: Request, asker: Sees, model: Model, moment: At, z: int, x: int, y: int, properties: Properties = ""
) -> Response:
    """Give one vector tile of outlines; of more than 20,000 objects in it the largest."""
    view = _view(asker, model, moment, properties)
    content = view.tile(Quadrant(z, x, y))
    if not content:
        return Response(status_code=204)
    return bytes_answer(request, content, media_type=_MVT, tag=tag_of(request, view.version, moment))


def archive(
    asker: Sees,
    model: Model,
    moment: At,
    properties: Properties = "",
    minzoom: Zoom = 0,
    maxzoom: Zoom = 15,
) -> Response:
    """Give all vector tiles from one zoom to another as a PMTiles archive."""
    if minzoom > maxzoom:
        raise BadInput("The first zoom lies behind the last.", where="minzoom", mend="Give minzoom <= maxzoom.")
    view = _view(asker, model, moment, properties)
    stream = tempfile.TemporaryFile(dir=asker.city.spool)  # noqa: SIM115 - closed when all is sent
    try:
        view.archive(stream, zooms=range(minzoom, maxzoom + 1), name=model)
    except BaseException:
        stream.close()
        raise
    return download(stream, media_type=_PMTILES, name=f"{model}.pmtiles")


def _view(asker: Asker, model: str, at: str, properties: str) -> SeenVector:
    asked = [each.strip() for each in properties.split(",") if each.strip()]
    if len(asked) > _PROPERTIES_MAX:
        raise BadInput(f"A tile tells at most {_PROPERTIES_MAX} properties.", where="properties", mend="Ask for fewer.")
    return TwinView(asker).vector(at=when(asker, at), model=among(model), scenario=scenario_of(at), properties=asked)
