"""Routes of 3D Tiles: the tileset, its subtree files, the content of its tiles."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import SeenTiles, TwinView
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, bytes_answer, json_answer
from lifang.doors.tiles.moments import At, Model, Sees, among, scenario_of, tag_of, when
from lifang.twin import CONTENT, LEVELS, SUBTREE

_GLB, _SUBTREE = "model/gltf-binary", "application/octet-stream"
Property = Annotated[str, Path(max_length=200, description="The name of a property.")]
Part = Annotated[str, Query(max_length=40, description="A part that the tileset of the tile's levels names.")]
Step = Annotated[int, Path(ge=0, le=2**20)]


def router() -> APIRouter:
    """Return the routes of the tiles."""
    prefix = "/tiles/3d/{model}/{moment}"
    routes = APIRouter(prefix=prefix, route_class=GuardedRoute, tags=["tiles"], responses=PROBLEMS)
    routes.add_api_route("/tileset.json", tileset, response_class=Response)
    routes.add_api_route(f"/{SUBTREE}", subtree, response_class=_answers(_SUBTREE))
    routes.add_api_route(f"/{LEVELS}", levels, response_class=Response)
    routes.add_api_route(f"/{CONTENT}", content, response_class=_answers(_GLB))
    routes.add_api_route("/values/{name}/{level}/{x}/{y}.json", values, response_model=dict[str, Any])
    return routes


def _answers(media: str) -> type[Response]:
    return type("Binary", (Response,), {"media_type": media})


def tileset(request: Request, asker: Sees, model: Model, moment: At) -> Response:
    """Give the tileset of a model, or of all, as it was at a moment in the city."""
    view = _view(asker, model, moment)
    told, version = view.tileset()
    return json_answer(request, told, tag=tag_of(request, version, moment))


def subtree(request: Request, asker: Sees, model: Model, moment: At, level: Step, x: Step, y: Step) -> Response:
    """Give the subtree file that begins at a tile: which tiles there are below it."""
    view = _view(asker, model, moment)
    return bytes_answer(
        request, view.source.subtree(level, x, y), media_type=_SUBTREE, tag=tag_of(request, view.version, moment)
    )


def levels(request: Request, asker: Sees, model: Model, moment: At, level: Step, x: Step, y: Step) -> Response:
    """Give the tileset of a tile that holds much: parts of it by level of detail, each within a proven bound."""
    view = _view(asker, model, moment)
    found = view.levels(level, x, y)
    return bytes_answer(request, found, media_type="application/json", tag=tag_of(request, view.version, moment))


def content(
    request: Request,
    asker: Sees,
    model: Model,
    moment: At,
    level: Step,
    x: Step,
    y: Step,
    part: Part = "",
) -> Response:
    """Give a tile's objects as binary glTF, with their ids and properties; a coarse part of it tells its bound."""
    view = _view(asker, model, moment)
    found = view.content(level, x, y, part)
    return bytes_answer(request, found, media_type=_GLB, tag=tag_of(request, view.version, moment))


def values(
    request: Request, asker: Sees, model: Model, moment: At, name: Property, level: Step, x: Step, y: Step
) -> Response:
    """Give a property of each object of a tile by its id: what a viewer colours by."""
    view = _view(asker, model, moment)
    return json_answer(request, view.values(level, x, y, name), tag=tag_of(request, view.version, moment))


def _view(asker: Asker, model: str, at: str) -> SeenTiles:
    return TwinView(asker).tiles(at=when(asker, at), model=among(model), scenario=scenario_of(at))
