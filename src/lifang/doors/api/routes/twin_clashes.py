"""Routes of clash detection between models: find as a job, read as a report."""

from __future__ import annotations

import tempfile

from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.app import DETECT_CLASHES, ClashView, check_clash_request
from lifang.core import format_instant
from lifang.doors.api.bodies.twin_clashes import ClashReportBody, ClashReportList, ClashRequest
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.listing import moment
from lifang.doors.api.routes.twin import Admits
from lifang.doors.api.routes.twin_places import Sees
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, download


def router() -> APIRouter:
    """Return the routes of clashes."""
    routes = APIRouter(prefix="/api/v1/twin/clashes", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    routes.add_api_route(
        "", find, methods=["POST"], status_code=202, response_model=JobBody, summary="Find clashes of two models"
    )
    routes.add_api_route("", every, response_model=ClashReportList, summary="The reports on clashes")
    routes.add_api_route("/{one}/{other}", report, response_model=ClashReportBody, summary="Which objects clash")
    routes.add_api_route("/{one}/{other}/bcf", issues, response_class=_Bcf, summary="Clashes as BCF 2.1")
    return routes


class _Bcf(Response):
    media_type = "application/zip"


def find(request: Request, asker: Admits, body: ClashRequest) -> Response:
    """Compare the objects of two models in a job; its report takes the place of the one before."""
    check_clash_request(body.one, body.other, tolerance_m=body.tolerance_m, clearance_m=body.clearance_m)
    when = moment(body.at)
    arguments = {**body.model_dump(), "at": format_instant(when) if when else None, "purpose": asker.purpose}
    job = asker.city.jobs.submit(DETECT_CLASHES, arguments, subject=asker.subject)
    return answer(request, job_body(job, asker), status=202)


def every(request: Request, asker: Sees) -> Response:
    """List the reports on models that the asker may read."""
    items = [ClashReportBody.model_validate(each.as_json()) for each in ClashView(asker).reports()]
    return answer(request, ClashReportList(items=items))


def report(one: str, other: str, request: Request, asker: Sees) -> Response:
    """Tell which objects of two models clash, the deepest first."""
    return answer(request, ClashReportBody.model_validate(ClashView(asker).report(one, other).as_json()))


def issues(one: str, other: str, asker: Sees) -> Response:
    """Give the report as BCF 2.1 (buildingSMART), one topic a clash: planning tools open it and select both."""
    stream = tempfile.TemporaryFile(dir=asker.city.spool)  # noqa: SIM115 - closed when all is sent
    try:
        ClashView(asker).write_bcf(one, other, stream)
    except BaseException:
        stream.close()
        raise
    return download(stream, media_type=_Bcf.media_type, name=f"{one}-{other}.bcfzip")
