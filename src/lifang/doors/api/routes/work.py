"""Routes of work: scenes, jobs, backups."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.app import Job
from lifang.core import format_instant
from lifang.doors.api.bodies.work import JobBody, JobPage, SceneBody, ScenePage, SceneView
from lifang.doors.api.listing import After, CityMoment, Limit, after_id, moment, paged
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, in_chinese
from lifang.guard import Action, Classification, Resource
from lifang.scenes import SceneSpec

ReadsScenes = Annotated[Asker, asking(Action.READ, Resource("scene"))]
RunsScenes = Annotated[Asker, asking(Action.RUN, Resource("scene"))]
ReadsJobs = Annotated[Asker, asking(Action.READ, Resource("job", "*", Classification.SHARED))]
BacksUp = Annotated[Asker, asking(Action.OPERATE, Resource("backup"))]


def job_body(job: Job, asker: Asker) -> JobBody:
    """Return the job as the API shows it; what came of it is told to who started it, as it may quote hidden data."""
    told = job.as_json()
    if job.subject != asker.subject.id:
        told |= {"result": None, "error": None}
    if told["error"]:
        told["error"] = {**told["error"], "zh": in_chinese(told["error"])}
    return JobBody.model_validate(told)


def _scene(spec: SceneSpec) -> SceneBody:
    return SceneBody.model_validate(spec.as_json())


def _view(asker: Asker, scene: str, at: str | None, *, run: bool) -> SceneView:
    when = moment(at) or asker.city.now
    result = asker.run_scene(scene, when) if run else asker.scene(scene, when)
    return SceneView(spec=_scene(asker.city.scenes.spec(scene)), moment=format_instant(when), result=result)


def scenes() -> APIRouter:
    """Return the routes of scenes."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["scenes"], responses=PROBLEMS)

    @routes.get("/scenes", response_model=ScenePage)
    def every(request: Request, asker: ReadsScenes) -> Response:
        """List the scenes: what each reads, writes and rests on."""
        items = [_scene(spec) for spec in asker.scenes()]
        return answer(request, ScenePage(items=items, next=None))

    @routes.get("/scenes/{scene_id}", response_model=SceneView)
    def view(scene_id: str, request: Request, asker: ReadsScenes, at: CityMoment = None) -> Response:
        """Show what a scene shows, now or for a moment; nothing changes."""
        return answer(request, _view(asker, scene_id, at, run=False))

    @routes.post("/scenes/{scene_id}/run", response_model=SceneView)
    def run(scene_id: str, request: Request, asker: RunsScenes, at: CityMoment = None) -> Response:
        """Run a scene: evaluate its rules, write its indicators, raise or clear its alerts."""
        return answer(request, _view(asker, scene_id, at, run=True))

    return routes


def jobs() -> APIRouter:
    """Return the routes of jobs and backups."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["jobs"], responses=PROBLEMS)

    @routes.get("/jobs", response_model=JobPage)
    def every(request: Request, asker: ReadsJobs, after: After = None, limit: Limit = 100) -> Response:
        """List jobs, newest first."""
        found = asker.city.jobs.recent(after=after_id("jobs", after), limit=limit + 1)
        items, following = paged("jobs", found, limit, lambda job: job.id)
        return answer(request, JobPage(items=[job_body(job, asker) for job in items], next=following))

    @routes.get("/jobs/{job_id}", response_model=JobBody)
    def one(job_id: str, request: Request, asker: ReadsJobs) -> Response:
        """Give one job with its progress, result or error."""
        return answer(request, job_body(asker.city.jobs.get(job_id), asker))

    @routes.delete("/jobs/{job_id}", response_model=JobBody)
    def cancel(job_id: str, request: Request, asker: ReadsJobs) -> Response:
        """Cancel a job; one's own, or any for those who may run jobs."""
        job = asker.city.jobs.get(job_id)
        if job.subject != asker.subject.id:
            asker.must(Action.RUN, Resource("job", job_id))
        return answer(request, job_body(asker.city.jobs.cancel(job_id, asker.subject), asker))

    @routes.post("/backups", status_code=202, response_model=JobBody, tags=["house"])
    def backup(request: Request, asker: BacksUp) -> Response:
        """Start a backup of the running city into one file of its ``backups`` folder."""
        city = asker.city
        folder = city.folder / "backups"
        folder.mkdir(exist_ok=True)
        name = f"{city.settings.id}-{city.clock.now():%Y%m%dT%H%M%S%f}.tar"
        job = city.jobs.submit("backup", {"target": str(folder / name)}, subject=asker.subject)
        return answer(request, job_body(job, asker), status=202)

    return routes
