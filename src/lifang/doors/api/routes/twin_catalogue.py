"""Routes by which models, and what two moments differ in, become datasets; and differences for maps."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import shapely
from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from lifang.app import TwinView
from lifang.core import BadInput, check_slug, format_instant
from lifang.doors.api.bodies.kinds import Asked
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.listing import moment
from lifang.doors.api.routes.twin import Admits
from lifang.doors.api.routes.twin_places import Sees
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, json_answer

_FEATURES_MAX = 20_000
Moment = Annotated[str, Query(max_length=64, description="A moment in the city, ISO 8601 with an offset.")]


class DifferenceDataset(Asked):
    """Which two moments in the city, of which model (none: of all), and the id of the dataset that tells."""

    dataset: str = Field(max_length=64)
    before: str = Field(max_length=64)
    after: str = Field(max_length=64)
    model: str | None = Field(None, max_length=64)


def router() -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1/twin", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    routes.add_api_route(
        "/models/{model}/dataset",
        publish,
        methods=["PUT"],
        status_code=202,
        response_model=JobBody,
        summary="Have the catalogue hold a model as a dataset",
    )
    routes.add_api_route(
        "/differences",
        release,
        methods=["POST"],
        status_code=202,
        response_model=JobBody,
        summary="Have the catalogue hold what two moments differ in",
    )
    routes.add_api_route(
        "/difference/features",
        features,
        response_model=dict[str, Any],
        summary="What two moments differ in, as GeoJSON",
    )
    return routes


def publish(model: Annotated[str, Path(max_length=64)], request: Request, asker: Admits) -> Response:
    """Release what stands of a model as the dataset `twin_MODEL`, from now on whenever the model changes."""
    job = asker.city.jobs.submit(
        "catalogue_model", {"model": check_slug(model, what="model id")}, subject=asker.subject
    )
    return answer(request, job_body(job, asker), status=202)


def release(request: Request, asker: Admits, body: DifferenceDataset) -> Response:
    """Release what was added, removed, moved or changed between two moments as a dataset, a row an object."""
    arguments = {
        "dataset": check_slug(body.dataset, what="dataset id"),
        "before": _instant(body.before, "before"),
        "after": _instant(body.after, "after"),
        "model": body.model,
    }
    job = asker.city.jobs.submit("catalogue_difference", arguments, subject=asker.subject)
    return answer(request, job_body(job, asker), status=202)


def features(
    request: Request,
    asker: Sees,
    before: Moment,
    after: Moment,
    model: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=_FEATURES_MAX)] = _FEATURES_MAX,
) -> Response:
    """Give the outlines of what was added, removed, moved or changed between two moments, by id."""
    first, second = moment(before), moment(after)
    if first is None or second is None:
        raise BadInput("A moment is lacking.", where="before, after", mend="Write ISO 8601 with an offset.")
    found = TwinView(asker).difference_table(first, second, model=model, limit=limit)
    rows = found.drop_columns(["geometry"]).to_pylist()
    shapes = shapely.to_geojson(shapely.from_wkb(found["geometry"].to_pylist()))
    told = [
        {
            "type": "Feature",
            "id": row["id"],
            "properties": row,
            "geometry": None if shape is None else orjson.Fragment(shape),
        }
        for row, shape in zip(rows, shapes, strict=True)
    ]
    return json_answer(request, {"type": "FeatureCollection", "features": told})


def _instant(text: str, where: str) -> str:
    found = moment(text)
    if found is None:
        raise BadInput("A moment is lacking.", where=where, mend="Write ISO 8601 with an offset.")
    return format_instant(found)
