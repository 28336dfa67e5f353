"""Routes of vector tiles (OGC 20-057) in WebMercatorQuad, with tileset metadata and TileJSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from lifang.catalogue import Features
from lifang.core import NotFound
from lifang.doors.http import Asker, asking, bytes_answer, entity_tag, json_answer
from lifang.doors.ogcapi.asked import check_known
from lifang.doors.ogcapi.describing import worded
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import JSON, REL, ROOT, address, link
from lifang.doors.ogcapi.parameters import CollectionId, Reads
from lifang.doors.ogcapi.representing import OgcRoute, media_of
from lifang.guard import Action, Resource

QUAD = "WebMercatorQuad"
QUAD_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
MVT = "application/vnd.mapbox-vector-tile"
TILEJSON = "application/vnd.mapbox.tile+json"
_CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
_ZOOM_MAX = 22
_HALF_M, _PIXELS, _PIXEL_M = 20_037_508.342789244, 256, 0.00028
_LAT_MAX = 85.0511287798066  # where the square ends
ReadsCity = Annotated[Asker, asking(Action.READ, Resource("city"))]
Place = Annotated[int, Path(ge=0, le=2**_ZOOM_MAX)]
Zoom = Annotated[int, Path(ge=0, le=_ZOOM_MAX)]


def router() -> APIRouter:
    """Return the routes of tiles."""
    routes = APIRouter(prefix=ROOT, route_class=OgcRoute, tags=["ogcapi"], responses=ANSWERS)
    tiles = "/collections/{collection_id}/tiles"
    told: dict[int | str, dict[str, Any]] = {200: {"content": {MVT: {}}}, 204: {"description": "Nothing is there."}}
    routes.add_api_route("/tileMatrixSets", matrix_sets, summary="Tile matrix sets", response_model=dict[str, Any])
    routes.add_api_route(f"/tileMatrixSets/{QUAD}", matrix_set, summary=QUAD, response_model=dict[str, Any])
    routes.add_api_route(tiles, tilesets, summary="Tilesets of a dataset", response_model=dict[str, Any])
    routes.add_api_route(f"{tiles}/{QUAD}", tileset, summary="A dataset's vector tiles", response_model=dict[str, Any])
    routes.add_api_route(f"{tiles}/{QUAD}/{{z}}/{{row}}/{{column}}", tile, summary="A vector tile", responses=told,
                         response_class=Response)  # fmt: skip
    return routes


def matrix_sets(request: Request, asker: ReadsCity) -> Response:
    """List the tile matrix sets: one."""
    del asker
    check_known(request)
    media_of(request, {"json": JSON})
    here = link("self", address(request, "tileMatrixSets", QUAD))
    return json_answer(request, {"tileMatrixSets": [{"id": QUAD, "title": QUAD, "uri": QUAD_URI, "links": [here]}]})


def matrix_set(request: Request, asker: ReadsCity) -> Response:
    """Describe WebMercatorQuad (OGC 17-083r4, annex D.1)."""
    del asker
    check_known(request)
    media_of(request, {"json": JSON})
    body = {"id": QUAD, "title": "Google Maps Compatible for the World", "uri": QUAD_URI, "crs": _CRS,
            "orderedAxes": ["X", "Y"], "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
            "tileMatrices": [_matrix(zoom) for zoom in range(_ZOOM_MAX + 1)]}  # fmt: skip
    return json_answer(request, body)


def _matrix(zoom: int) -> dict[str, Any]:
    cell = 2 * _HALF_M / _PIXELS / 2**zoom
    return {
        "id": str(zoom),
        "scaleDenominator": cell / _PIXEL_M,
        "cellSize": cell,
        "pointOfOrigin": [-_HALF_M, _HALF_M],
        "tileWidth": _PIXELS,
        "tileHeight": _PIXELS,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }


def _features(asker: Asker, collection_id: str) -> Features:
    features = asker.dataset(collection_id).features()
    if not features.release.has_geometry:
        raise NotFound(f"{collection_id} has no geometry, so no tiles.", mend="List the others: GET /ogc/collections.")
    return features


def tilesets(collection_id: CollectionId, request: Request, asker: Reads) -> Response:
    """List the tilesets of a dataset: vector tiles in WebMercatorQuad."""
    check_known(request)
    media_of(request, {"json": JSON})
    features = _features(asker, collection_id)
    return json_answer(request, {"tilesets": [_tileset(request, asker, features)], "links": [
        link("self", address(request, "collections", collection_id, "tiles"))]})  # fmt: skip


def tileset(collection_id: CollectionId, request: Request, asker: Reads) -> Response:
    """Describe a dataset's vector tiles: OGC tileset metadata, or TileJSON 3.0 with `f=tilejson`."""
    check_known(request)
    media = media_of(request, {"json": JSON, "tilejson": TILEJSON})
    features = _features(asker, collection_id)
    if media == JSON:
        return json_answer(request, _tileset(request, asker, features))
    response = json_answer(request, _tilejson(request, asker, features))
    response.headers["Content-Type"] = TILEJSON
    return response


def _template(request: Request, name: str, *, row: str, column: str, zoom: str) -> str:
    return f"{address(request, 'collections', name, 'tiles', QUAD)}/{{{zoom}}}/{{{row}}}/{{{column}}}"


def _tileset(request: Request, asker: Asker, features: Features) -> dict[str, Any]:
    name = features.release.dataset
    card = asker.dataset(name).card
    bounds = features.release.provenance.get("bounds")
    here = address(request, "collections", name, "tiles", QUAD)
    template = _template(request, name, row="tileRow", column="tileCol", zoom="tileMatrix")
    body: dict[str, Any] = {
        "title": worded(request, card.name) or name,
        "dataType": "vector",
        "crs": _CRS,
        "tileMatrixSetURI": QUAD_URI,
        "tileMatrixSetId": QUAD,
        "layers": [{"id": name, "dataType": "vector", "propertiesSchema": {"properties": _names(features)}}],
        "links": [
            link("self", here),
            {**link("item", template, MVT), "templated": True},
            link("alternate", f"{here}?f=tilejson", TILEJSON),
            link(f"{REL}tiling-scheme", address(request, "tileMatrixSets", QUAD)),
            link("describedby", address(request, "collections", name, "schema"), "application/schema+json"),
        ],
    }  # fmt: skip
    if bounds:
        body["tileMatrixSetLimits"] = [_limits(zoom, bounds) for zoom in range(_ZOOM_MAX + 1)]
        body["boundingBox"] = {"lowerLeft": bounds[:2], "upperRight": bounds[2:],
                               "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}  # fmt: skip
    return body


def _limits(zoom: int, bounds: Sequence[float]) -> dict[str, Any]:
    """Return which tiles of a zoom something may lie in."""
    west, south, east, north = bounds
    left, top = _tile_at(zoom, west, north)
    right, bottom = _tile_at(zoom, east, south)
    return {"tileMatrix": str(zoom), "minTileRow": top, "maxTileRow": bottom, "minTileCol": left, "maxTileCol": right}


def _tile_at(zoom: int, lon: float, lat: float) -> tuple[int, int]:
    """Return column and row of the tile in which a position lies."""
    across = (lon + 180) / 360
    down = (1 - math.asinh(math.tan(math.radians(max(-_LAT_MAX, min(_LAT_MAX, lat))))) / math.pi) / 2
    column, row = (max(0, min(2**zoom - 1, int(each * 2**zoom))) for each in (across, down))
    return column, row


def _tilejson(request: Request, asker: Asker, features: Features) -> dict[str, Any]:
    name = features.release.dataset
    card = asker.dataset(name).card
    bounds = features.release.provenance.get("bounds") or [-180, -85, 180, 85]
    return {
        "tilejson": "3.0.0",
        "name": worded(request, card.name) or name,
        "attribution": worded(request, card.attribution),
        "tiles": [_template(request, name, row="y", column="x", zoom="z")],
        "minzoom": 0,
        "maxzoom": _ZOOM_MAX,
        "bounds": list(bounds),
        "vector_layers": [{"id": name, "fields": {each: str(told["type"]) for each, told in features.columns.items()
                                                  if told["type"] != "geometry"}}],
    }  # fmt: skip


def _names(features: Features) -> dict[str, dict[str, str]]:
    return {name: {} for name, each in features.columns.items() if each["type"] != "geometry"}


def tile(collection_id: CollectionId, z: Zoom, row: Place, column: Place, request: Request, asker: Reads) -> Response:
    """Give one vector tile; of more than 20,000 features in it the largest."""
    check_known(request)
    media_of(request, {"mvt": MVT, "pbf": "application/x-protobuf", "any": "application/octet-stream"})
    features = _features(asker, collection_id)
    if max(row, column) >= 2**z:
        raise NotFound(f"Zoom {z} has no tile {row}/{column}.", mend=f"Look: GET /ogc/tileMatrixSets/{QUAD}.")
    held = ("mvt", features.release.id, features.release.sha256, features.release.agreement)  # whose part of it
    tag = entity_tag(f"{held} {z} {row} {column}")
    key = (*held, z, row, column)
    content: bytes = request.app.state.rendered.get(key, lambda: features.tile(z, column, row))
    if not content:
        return Response(status_code=204)
    return bytes_answer(request, content, media_type=MVT, tag=tag)
