"""Routes of processes and their jobs (OGC 18-062r2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request
from starlette.responses import Response

from lifang.app import PROCESS, PROCESSES, Job, ProcessSpec, process, run_process
from lifang.catalogue import Bilingual
from lifang.core import BadInput, Conflict, NotFound, format_instant
from lifang.doors.http import Asker, asking, json_answer
from lifang.doors.ogcapi.asked import check_known
from lifang.doors.ogcapi.describing import worded
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import JSON, REL, ROOT, address, link
from lifang.doors.ogcapi.representing import OgcRoute, media_of
from lifang.guard import Action, Resource

ReadsCity = Annotated[Asker, asking(Action.READ, Resource("city"))]
ProcessId = Annotated[str, Path(max_length=100)]
JobId = Annotated[str, Path(max_length=100)]
Execution = Annotated[dict[str, Any], Body(description='{"inputs": {…}}')]
_JOBS_SHOWN = 1000
_VERSION = "1.0.0"
_STATES = {
    "queued": "accepted",
    "running": "running",
    "done": "successful",
    "failed": "failed",
    "cancelled": "dismissed",
}


def router() -> APIRouter:
    """Return the routes of processes and jobs."""
    routes = APIRouter(prefix=ROOT, route_class=OgcRoute, tags=["ogcapi"], responses=ANSWERS)
    shown: dict[str, Any] = {"response_model": dict[str, Any]}
    started: dict[int | str, dict[str, Any]] = {201: {"description": "A job was started.", "content": {JSON: {}}}}
    routes.add_api_route("/processes", processes, summary="The processes", **shown)
    routes.add_api_route("/processes/{process_id}", one, summary="A process", **shown)
    routes.add_api_route("/processes/{process_id}/execution", execute, methods=["POST"], responses=started,
                         summary="Run a process, at once or as a job", **shown)  # fmt: skip
    routes.add_api_route("/jobs", jobs, summary="Your jobs", **shown)
    routes.add_api_route("/jobs/{job_id}", job, summary="How a job stands", **shown)
    routes.add_api_route("/jobs/{job_id}", dismiss, methods=["DELETE"], summary="Stop a job", **shown)
    routes.add_api_route("/jobs/{job_id}/results", results, summary="What came of a job", **shown)
    return routes


def _summary(request: Request, spec: ProcessSpec) -> dict[str, Any]:
    here = address(request, "processes", spec.id)
    return {
        "id": spec.id,
        "title": worded(request, Bilingual(spec.zh, spec.en)),
        "description": spec.does,
        "version": _VERSION,
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": [link("self", here), link(f"{REL}execute", f"{here}/execution")],
    }


def processes(request: Request, asker: ReadsCity) -> Response:
    """List the processes."""
    del asker
    check_known(request)
    media_of(request, {"json": JSON})
    told = [_summary(request, each) for each in PROCESSES.values()]
    return json_answer(request, {"processes": told, "links": [link("self", address(request, "processes"))]})


def one(process_id: ProcessId, request: Request, asker: ReadsCity) -> Response:
    """Describe a process: its inputs and its output."""
    del asker
    check_known(request)
    media_of(request, {"json": JSON})
    spec = process(process_id)
    inputs = {
        name: {"title": name, "schema": schema, "minOccurs": int(name in spec.required), "maxOccurs": 1}
        for name, schema in spec.inputs.items()
    }
    outputs = {spec.output: {"title": spec.output, "schema": {"type": "object"}}}
    return json_answer(request, {**_summary(request, spec), "inputs": inputs, "outputs": outputs})


def execute(process_id: ProcessId, request: Request, asker: ReadsCity, body: Execution) -> Response:
    """Run a process: at once, or as a job where `Prefer: respond-async` is sent by somebody who may run jobs."""
    check_known(request)
    spec = process(process_id)
    inputs = body.get("inputs") or {}
    if not isinstance(inputs, dict):
        raise BadInput("The inputs are no object.", where="inputs", mend='Send {"inputs": {…}}.')
    wants_job = "respond-async" in request.headers.get("prefer", "")
    if not (wants_job and asker.may(Action.RUN, Resource("job"))):
        return json_answer(request, run_process(asker, spec.id, inputs))
    told = {"process": spec.id, "inputs": inputs, "purpose": asker.purpose}
    started = asker.city.jobs.submit(PROCESS, told, subject=asker.subject)
    response = json_answer(request, _status(request, started), status=201)
    response.headers["Location"] = address(request, "jobs", started.id)
    response.headers["Preference-Applied"] = "respond-async"
    return response


def _status(request: Request, found: Job) -> dict[str, Any]:
    here = address(request, "jobs", found.id)
    links = [link("self", here)]
    if found.state == "done":
        links.append(link(f"{REL}results", f"{here}/results"))
    return {
        "jobID": found.id,
        "processID": str(found.arguments.get("process", "")),
        "type": "process",
        "status": _STATES[found.state],
        "message": (found.error or {}).get("detail", ""),
        "progress": round(found.progress * 100),
        "created": format_instant(found.created),
        "updated": format_instant(found.updated),
        "links": links,
    }


def _own(asker: Asker, job_id: str) -> Job:
    """Return a job that the asker started; anybody else's is not there."""
    nothing = NotFound(f"There is no job {job_id[:80]!r}.", mend="List yours: GET /ogc/jobs.")
    try:
        found = asker.city.jobs.get(job_id)
    except NotFound:
        raise nothing from None
    if found.kind != PROCESS or found.subject != asker.subject.id or asker.subject.is_anonymous:
        raise nothing
    return found


def jobs(request: Request, asker: ReadsCity) -> Response:
    """List the jobs that the asker started, the newest first."""
    check_known(request)
    media_of(request, {"json": JSON})
    recent = [] if asker.subject.is_anonymous else asker.city.jobs.recent(limit=_JOBS_SHOWN)
    own = [each for each in recent if each.kind == PROCESS and each.subject == asker.subject.id]
    body = {"jobs": [_status(request, each) for each in own], "links": [link("self", address(request, "jobs"))]}
    return json_answer(request, body)


def job(job_id: JobId, request: Request, asker: ReadsCity) -> Response:
    """Tell how a job stands."""
    check_known(request)
    media_of(request, {"json": JSON})
    return json_answer(request, _status(request, _own(asker, job_id)))


def results(job_id: JobId, request: Request, asker: ReadsCity) -> Response:
    """Give what came of a job, once it has ended well."""
    check_known(request)
    media_of(request, {"json": JSON})
    found = _own(asker, job_id)
    if found.state == "failed":
        told = found.error or {}
        raise BadInput(str(told.get("detail", "")), where=str(told.get("where", "")), mend=str(told.get("mend", "")))
    if found.state != "done":
        raise NotFound(f"The job is {_STATES[found.state]}: it has no results.", mend=f"Ask: GET /ogc/jobs/{job_id}.")
    return json_answer(request, dict(found.result or {}))


def dismiss(job_id: JobId, request: Request, asker: ReadsCity) -> Response:
    """Stop a job of one's own; one that has ended stays as it is."""
    if asker.subject.is_anonymous:
        asker.must(Action.RUN, Resource("job", job_id))
    check_known(request)
    found = _own(asker, job_id)
    try:
        found = asker.city.jobs.cancel(found.id, asker.subject)
    except Conflict:
        found = asker.city.jobs.get(found.id)
    return json_answer(request, _status(request, found))
