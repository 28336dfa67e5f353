"""Routes of the root: what there is, which standards are kept, and the description of all addresses (OpenAPI 3.0)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from lifang.doors.http import PROBLEMS, Asker, asking, city_of, json_answer
from lifang.doors.ogcapi.api_definition import described
from lifang.doors.ogcapi.asked import check_known
from lifang.doors.ogcapi.conformance import CLASSES
from lifang.doors.ogcapi.links import JSON, OPENAPI, PROBLEM, REL, ROOT, address, link
from lifang.doors.ogcapi.representing import OgcRoute, media_of
from lifang.guard import Action, Resource

Reads = Annotated[Asker, asking(Action.READ, Resource("city"))]
NOT_ACCEPTABLE: dict[int | str, dict[str, Any]] = {
    406: {
        "description": "Not made here",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
    }
}
ANSWERS = {**PROBLEMS, **NOT_ACCEPTABLE}


def router() -> APIRouter:
    """Return the routes of the root."""
    routes = APIRouter(prefix=ROOT, route_class=OgcRoute, tags=["ogcapi"], responses=ANSWERS)
    routes.add_api_route("", landing, summary="What the OGC API offers", response_model=dict[str, Any])
    routes.add_api_route("/", landing, include_in_schema=False)
    routes.add_api_route(
        "/conformance", conformance, summary="The conformance classes kept", response_model=dict[str, Any]
    )
    routes.add_api_route("/api", api, summary="OpenAPI of the OGC API", responses={200: {"content": {OPENAPI: {}}}})
    return routes


def landing(request: Request, asker: Reads) -> Response:
    """Say what there is, with links to it (OGC 17-069r4, clause 7.2)."""
    del asker
    check_known(request)
    media_of(request, {"json": JSON})
    settings = city_of(request).settings
    body = {
        "title": f"{settings.name_zh} {settings.name_en}".strip(),
        "description": "A city's datasets as features: OGC API.",
        "links": [
            link("self", address(request), title="this document"),
            link("service-desc", address(request, "api"), OPENAPI, "the API, described"),
            link("service-doc", address(request, "api"), OPENAPI, "the API, described"),
            link("conformance", address(request, "conformance"), title="conformance classes kept"),
            link("data", address(request, "collections"), title="the collections"),
            link(f"{REL}tiling-schemes", address(request, "tileMatrixSets"), title="tile matrix sets"),
            link(f"{REL}processes", address(request, "processes"), title="processes"),
            link(f"{REL}job-list", address(request, "jobs"), title="your jobs"),
            link(f"{REL}ogc-catalog", address(request, "collections", "catalogue.records"), title="the catalogue"),
            link(f"{REL}conformance", address(request, "conformance"), title="conformance classes kept"),
            link(f"{REL}data", address(request, "collections"), title="the collections"),
        ],
    }
    return json_answer(request, body)


def conformance(request: Request, asker: Reads) -> Response:
    """List the conformance classes that are kept."""
    del asker
    check_known(request)
    media_of(request, {"json": JSON})
    return json_answer(request, {"conformsTo": list(CLASSES)})


def api(request: Request, asker: Reads) -> Response:
    """Describe every address of this door in OpenAPI 3.0."""
    del asker
    check_known(request)
    media_of(request, {"openapi": OPENAPI, "json": JSON, "any": "application/openapi+json"})
    app: FastAPI = request.app
    response = json_answer(request, described(app.openapi(), str(request.base_url).rstrip("/")))
    response.headers["Content-Type"] = OPENAPI
    return response
