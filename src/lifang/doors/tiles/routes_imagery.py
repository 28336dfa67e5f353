"""Routes of pictures of the ground as raster tiles: TileJSON 3.0, and one tile."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from lifang.app import ImageryView
from lifang.doors.http import PROBLEMS, GuardedRoute, bytes_answer, json_answer
from lifang.doors.tiles.moments import Sees

_WEBP = "image/webp"
Layer = Annotated[str, Path(max_length=64, description="The id of a picture: GET /api/v1/twin/imagery lists them.")]


def router() -> APIRouter:
    """Return the routes of pictures."""
    prefix = "/tiles/imagery/{layer}"
    routes = APIRouter(prefix=prefix, route_class=GuardedRoute, tags=["tiles"], responses=PROBLEMS)
    told: dict[int | str, dict[str, object]] = {
        200: {"content": {_WEBP: {}}},
        204: {"description": "Nothing is there."},
    }
    routes.add_api_route("/tiles.json", tilejson, response_class=Response, summary="TileJSON of a picture")
    routes.add_api_route("/{z}/{x}/{y}.webp", tile, response_class=Response, responses=told, summary="A picture's tile")
    return routes


def tilejson(request: Request, asker: Sees, layer: Layer) -> Response:
    """Describe the tiles of a picture of the ground as TileJSON 3.0."""
    found = ImageryView(asker).layer(layer)
    here = str(request.url.replace(query="")).removesuffix("tiles.json")
    body = {
        "tilejson": "3.0.0",
        "name": found.card.en,
        "attribution": f"{found.card.source} · {found.card.licence}",
        "tiles": [f"{here}{{z}}/{{x}}/{{y}}.webp"],
        "minzoom": found.zooms[0],
        "maxzoom": found.zooms[1],
        "bounds": list(found.bounds),
    }
    return json_answer(request, body)


def tile(request: Request, asker: Sees, layer: Layer, z: int, x: int, y: int) -> Response:
    """Give one tile of a picture of the ground, 256 by 256 pixels; clear where it is not."""
    content = ImageryView(asker).tile(layer, z, x, y)
    return bytes_answer(request, content, media_type=_WEBP) if content else Response(status_code=204)
