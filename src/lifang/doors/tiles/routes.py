"""Routes of 3D Tiles: the tileset, its subtree files, the content of its tiles.

The moment stands in the path, since what a tileset points to is relative to it and takes no query along.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from lifang.app import SeenTiles, TwinView
from lifang.core import parse_instant
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, asking, bytes_answer, entity_tag, json_answer
from lifang.guard import Action, Resource
from lifang.twin import CONTENT, SUBTREE

_GLB, _SUBTREE = "model/gltf-binary", "application/octet-stream"
_NOW = "now"
Sees = Annotated[Asker, asking(Action.READ, Resource("object"), per_item=True)]
At = Annotated[str, Path(alias="moment", max_length=64, description="`now`, or ISO 8601 with an offset.")]
Model = Annotated[str, Path(max_length=64, description="The id of a model, or `all`.")]
Property = Annotated[str, Path(max_length=200, description="The name of a property.")]
Step = Annotated[int, Path(ge=0, le=2**20)]


def router() -> APIRouter:
    """Return the routes of the tiles."""
    prefix = "/tiles/3d/{model}/{moment}"
    routes = APIRouter(prefix=prefix, route_class=GuardedRoute, tags=["tiles"], responses=PROBLEMS)
    routes.add_api_route("/tileset.json", tileset, response_class=Response)
    routes.add_api_route(f"/{SUBTREE}", subtree, response_class=_answers(_SUBTREE))
    routes.add_api_route(f"/{CONTENT}", content, response_class=_answers(_GLB))
    routes.add_api_route("/values/{name}/{level}/{x}/{y}.json", values, response_model=dict[str, Any])
    return routes


def _answers(media: str) -> type[Response]:
    return type("Binary", (Response,), {"media_type": media})


def tileset(request: Request, asker: Sees, model: Model, moment: At) -> Response:
    """Give the tileset of a model, or of all, as it was at a moment in the city."""
    view = _view(asker, model, moment)
    return json_answer(request, view.source.tileset(), tag=_tag(request, view, moment))


def subtree(request: Request, asker: Sees, model: Model, moment: At, level: Step, x: Step, y: Step) -> Response:
    """Give the subtree file that begins at a tile: which tiles there are below it."""
    view = _view(asker, model, moment)
    return bytes_answer(request, view.source.subtree(level, x, y), media_type=_SUBTREE, tag=_tag(request, view, moment))


def content(request: Request, asker: Sees, model: Model, moment: At, level: Step, x: Step, y: Step) -> Response:
    """Give a tile's objects as binary glTF, with their ids and properties."""
    view = _view(asker, model, moment)
    return bytes_answer(request, view.content(level, x, y), media_type=_GLB, tag=_tag(request, view, moment))


def values(
    request: Request, asker: Sees, model: Model, moment: At, name: Property, level: Step, x: Step, y: Step
) -> Response:
    """Give a property of each object of a tile by its id: what a viewer colours by."""
    view = _view(asker, model, moment)
    return json_answer(request, view.values(level, x, y, name), tag=_tag(request, view, moment))


def _view(asker: Asker, model: str, at: str) -> SeenTiles:
    when = asker.city.now if at == _NOW else parse_instant(at)
    return TwinView(asker).tiles(at=when, model=None if model == "all" else model)


def _tag(request: Request, view: SeenTiles, at: str) -> str | None:
    """Return the name of what a moment shows while no object changes; none for the present, which passes by itself."""
    return None if at == _NOW else entity_tag(f"{request.url.path} {view.version}")
