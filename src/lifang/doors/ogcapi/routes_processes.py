"""Routes of processes and their jobs (OGC 18-062r2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request
from starlette.responses import Response

from lifang.app import PROCESS, PROCESSES, Job, ProcessSpec, process, run_process
from lifang.catalogue import Bilingual
from lifang.core import BadInput, Conflict, NotFound, format_instant
from lifang.doors.http import Asker, asking, json_answer
from lifang.doors.ogcapi.asked import check_known, span_of
from lifang.doors.ogcapi.describing import worded
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import JSON, REL, ROOT, Link, address, again, link
from lifang.doors.ogcapi.parameters import Limit, Offset
from lifang.doors.ogcapi.representing import Missing, OgcRoute, media_of
from lifang.guard import Action, Resource

ReadsCity = Annotated[Asker, asking(Action.READ, Resource("city"))]
ProcessId = Annotated[str, Path(max_length=100)]
JobId = Annotated[str, Path(max_length=100)]
Execution = Annotated[dict[str, Any], Body(description='{"inputs": {…}, "response": "document"}')]
_SHOWN = 1000
_TYPE = "process"
_JOBS_ASKED = ("type", "processID", "status", "datetime", "minDuration", "maxDuration", "limit", "offset")
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


def processes(request: Request, asker: ReadsCity, limit: Limit = None, offset: Offset = None) -> Response:
    """List the processes."""
    del asker
    check_known(request, "limit", "offset")
    media_of(request, {"json": JSON})
    page, links = _page_of(request, list(PROCESSES.values()), limit, offset)
    return json_answer(request, {"processes": [_summary(request, each) for each in page], "links": links})


def _page_of(request: Request, found: list[Any], limit: int | None, offset: int | None) -> tuple[list[Any], list[Link]]:
    """Return a page of what was found, and the links to it and to the next."""
    start = offset or 0
    end = start + min(limit or _SHOWN, _SHOWN)
    links = [link("self", again(request, {}))]
    if len(found) > end:
        links.append(link("next", again(request, {"offset": end})))
    return found[start:end], links


def one(process_id: ProcessId, request: Request, asker: ReadsCity) -> Response:
    """Describe a process: its inputs and its output."""
    del asker
    check_known(request)
    media_of(request, {"json": JSON})
    spec = _process(process_id)
    inputs = {
        name: {"title": name, "schema": schema, "minOccurs": int(name in spec.required), "maxOccurs": 1}
        for name, schema in spec.inputs.items()
    }
    outputs = {spec.output: {"title": spec.output, "schema": {"type": "object"}}}
    return json_answer(request, {**_summary(request, spec), "inputs": inputs, "outputs": outputs})


def _process(process_id: str) -> ProcessSpec:
    try:
        return process(process_id)
    except NotFound as problem:
        raise Missing(problem.what, mend=problem.mend, kind="no-such-process") from None


def execute(process_id: ProcessId, request: Request, asker: ReadsCity, body: Execution) -> Response:
    """Run a process: at once, or as a job where `Prefer: respond-async` is sent by somebody who may run jobs.

    The answer is the output itself, or an object with the output by its name where `response` is `document`.
    """
    check_known(request)
    spec = _process(process_id)
    inputs, response = body.get("inputs") or {}, body.get("response", "raw")
    if not isinstance(inputs, dict):
        raise BadInput("The inputs are no object.", where="inputs", mend='Send {"inputs": {…}}.')
    if response not in ("raw", "document"):
        raise BadInput("The response is of no kind there is.", where="response", mend="Say raw or document.")
    _check_outputs(spec, body.get("outputs"))
    wants_job = "respond-async" in request.headers.get("prefer", "")
    if not (wants_job and asker.may(Action.RUN, Resource("job"))):
        return _outputs(request, run_process(asker, spec.id, inputs), response)
    told = {"process": spec.id, "inputs": inputs, "purpose": asker.purpose, "response": response}
    started = asker.city.jobs.submit(PROCESS, told, subject=asker.subject)
    response = json_answer(request, _status(request, started), status=201)
    response.headers["Location"] = address(request, "jobs", started.id)
    response.headers["Preference-Applied"] = "respond-async"
    return response


def _check_outputs(spec: ProcessSpec, outputs: Any) -> None:
    """Raise ``BadInput`` if an output is wanted that there is not, or other than by value."""
    if outputs is None:
        return
    if not isinstance(outputs, dict) or not set(outputs) <= {spec.output}:
        raise BadInput("There is no such output.", where="outputs", mend=f"Known: {spec.output}.")
    for wanted in outputs.values():
        if not isinstance(wanted, dict) or wanted.get("transmissionMode", "value") != "value":
            raise BadInput("Outputs are given by value.", where="outputs", mend='Write {"transmissionMode": "value"}.')


def _outputs(request: Request, outputs: Mapping[str, Any], response: str) -> Response:
    """Return what came of a process (18-062r2, requirements 31 and 33): each has one output."""
    raw = response == "raw" and len(outputs) == 1
    return json_answer(request, next(iter(outputs.values())) if raw else dict(outputs))


def _status(request: Request, found: Job) -> dict[str, Any]:
    here = address(request, "jobs", found.id)
    links = [link("self", here)]
    if found.state == "done":
        links.append(link(f"{REL}results", f"{here}/results"))
    return {
        "jobID": found.id,
        "processID": str(found.arguments.get("process", "")),
        "type": _TYPE,
        "status": _STATES[found.state],
        "message": (found.error or {}).get("detail", ""),
        "progress": round(found.progress * 100),
        "created": format_instant(found.created),
        "updated": format_instant(found.updated),
        "links": links,
    }


def _own(asker: Asker, job_id: str) -> Job:
    """Return a job that the asker started; anybody else's is not there."""
    nothing = Missing(f"There is no job {job_id[:80]!r}.", mend="List yours: GET /ogc/jobs.", kind="no-such-job")
    try:
        found = asker.city.jobs.get(job_id)
    except NotFound:
        raise nothing from None
    if found.kind != PROCESS or found.subject != asker.subject.id or asker.subject.is_anonymous:
        raise nothing
    return found


def jobs(
    request: Request,
    asker: ReadsCity,
    kinds: Annotated[str | None, Query(alias="type", max_length=200)] = None,
    process_id: Annotated[str | None, Query(alias="processID", max_length=500)] = None,
    status: Annotated[str | None, Query(max_length=200)] = None,
    when: Annotated[str | None, Query(alias="datetime", max_length=100, description="When they were started.")] = None,
    least_s: Annotated[float | None, Query(alias="minDuration", ge=0, le=1e9, description="Seconds.")] = None,
    most_s: Annotated[float | None, Query(alias="maxDuration", ge=0, le=1e9, description="Seconds.")] = None,
    limit: Limit = None,
    offset: Offset = None,
) -> Response:
    """List the jobs that the asker started, the newest first: those of some processes, states, times and durations."""
    check_known(request, *_JOBS_ASKED)
    media_of(request, {"json": JSON})
    recent = [] if asker.subject.is_anonymous else asker.city.jobs.recent(limit=_SHOWN)
    own = [each for each in recent if each.kind == PROCESS and each.subject == asker.subject.id]
    start, end = span_of(when) if when is not None else (None, None)
    wanted = [
        each
        for each in own
        if _among(_TYPE, kinds)
        and _among(str(each.arguments.get("process", "")), process_id)
        and _among(_STATES[each.state], status)
        and (start is None or each.created >= start)
        and (end is None or each.created <= end)
        and _lasted(each, least_s, most_s)
    ]
    page, links = _page_of(request, wanted, limit, offset)
    return json_answer(request, {"jobs": [_status(request, each) for each in page], "links": links})


def _among(value: str, names: str | None) -> bool:
    return names is None or value in {each.strip() for each in names.split(",")}


def _lasted(found: Job, least_s: float | None, most_s: float | None) -> bool:
    """Return whether a job that was begun took as long (18-062r2, clause 11.3)."""
    took_s = (found.updated - found.created).total_seconds()
    if found.state == "queued":
        return least_s is most_s is None
    return (least_s is None or took_s >= least_s) and (most_s is None or took_s <= most_s)


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
        raise Missing(
            f"The job is {_STATES[found.state]}: it has no results.",
            mend=f"Ask: GET /ogc/jobs/{job_id}.",
            kind="result-not-ready",
        )
    return _outputs(request, found.result or {}, str(found.arguments.get("response", "document")))


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
