"""Routes of the twin: models come in, objects are found, with their history and what differs between moments."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path as FilePath
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from lifang.app import TwinView
from lifang.core import BadInput, Box, check_slug, chinese, format_instant, parse_instant
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.twin import (
    AboutBody,
    ExaminationBody,
    ModelBody,
    ModelList,
    MomentBody,
    MomentList,
    ObjectBody,
    ObjectDifference,
    ObjectDifferenceBody,
    ObjectHistory,
    ObjectPage,
    OutlinesBody,
    PropertyBody,
    PropertyList,
    ShapeBody,
)
from lifang.doors.api.bodies.work import JobBody
from lifang.doors.api.listing import After, CityMoment, Limit, RecordedMoment, after_id, moment
from lifang.doors.api.routes.twin_places import Conditions, Sees
from lifang.doors.api.routes.work import job_body
from lifang.doors.http import (
    PROBLEMS,
    Asker,
    GuardedRoute,
    SlashedRoute,
    answer,
    asking,
    download,
    encode_cursor,
    receive_file,
)
from lifang.guard import Action, Classification, Resource
from lifang.twin import CATEGORIES, FORMS, STAGES, CityObject, Fault, Placement, class_of, expect_model, length_m

Admits = Annotated[Asker, asking(Action.ADMIT, Resource("object"))]
_PLACEMENT = (
    "Where an IFC model stands, as TOML: crs, position = [easting, northing], and if need be height_m, rotation_deg,"
    " origin = [x, y, z]. Without it the model's IfcMapConversion counts."
)
LEFT_OUT_HEADER = "X-Lifang-Left-Out"
_LIGHTEN = "Fewer triangles and corners, nowhere more metres from the objects' own than this."
As = Annotated[str | None, Query(alias="scenario", max_length=64, description="As of this scenario.")]
_BYTES = {"type": "string", "format": "binary"}
_MODEL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/city+json": {"schema": {"type": "object"}},
            "model/step": {"schema": _BYTES},
            "application/zip": {"schema": _BYTES},
        },
    }
}


def router() -> APIRouter:
    """Return the routes of the twin."""
    routes = APIRouter(prefix="/api/v1/twin", route_class=GuardedRoute, tags=["twin"], responses=PROBLEMS)
    routes.add_api_route("/objects", every, response_model=ObjectPage, summary="Objects as they were at a moment")
    named: dict[str, Any] = {"route_class_override": SlashedRoute}
    routes.add_api_route(
        "/objects/{object_id}", one, response_model=AboutBody, summary="Everything about an object", **named
    )
    routes.add_api_route(
        "/objects/{object_id}/history", history, response_model=ObjectHistory, summary="Its versions", **named
    )
    routes.add_api_route("/models", models, response_model=ModelList, summary="The models, and where they are from")
    routes.add_api_route("/moments", moments, response_model=MomentList, summary="When the twin becomes another")
    routes.add_api_route("/properties", properties, response_model=PropertyList, summary="The objects' properties")
    routes.add_api_route(
        "/difference", difference, response_model=ObjectDifferenceBody, summary="What two moments differ in"
    )
    routes.add_api_route(
        "/models/{model}/examination",
        examination,
        response_model=ExaminationBody,
        summary="What the checks found in a model",
    )
    routes.add_api_route(
        "/models",
        add,
        methods=["POST"],
        status_code=202,
        response_model=JobBody,
        openapi_extra=_MODEL,
        summary="Add a model: IFC, CityJSON or CityJSONSeq, OpenStreetMap, EPANET, pandapower, GeoTIFF",
    )
    routes.add_api_route(
        "/models/{model}/end", end, methods=["POST"], status_code=202, response_model=JobBody, summary="End a model"
    )
    routes.add_api_route(
        "/outlines",
        outlines,
        methods=["POST"],
        status_code=202,
        response_model=JobBody,
        summary="Raise the outlines of a dataset to solids",
    )
    routes.add_api_route("/export", export, response_class=Response, summary="Objects as a file")
    return routes


def export(
    asker: Sees,
    form: Annotated[
        str, Query(alias="format", max_length=20, description="cityjson, cityjsonseq, cityjsonzip, gpkg, glb or ifc.")
    ],
    kind: Annotated[str | None, Query(alias="class", max_length=64)] = None,
    model: Annotated[str | None, Query(max_length=64)] = None,
    bbox: Annotated[str | None, Query(max_length=200, description="West, south, east, north in degrees.")] = None,
    element: Annotated[str | None, Query(max_length=300, description="Only this object and its parts, by id.")] = None,
    scenario: As = None,
    at: CityMoment = None,
    recorded: RecordedMoment = None,
    crs: Annotated[str, Query(max_length=64, description="A projected system for CityJSON and IFC: EPSG:4544.")] = "",
    lighten_m: Annotated[float, Query(ge=0, le=10, description=_LIGHTEN)] = 0.0,
) -> Response:
    """Give the objects of a moment in the city as CityJSON 2.0, CityJSONSeq, GeoPackage, binary glTF or IFC 4.

    Objects of one model have their own ids, without the model's. CityJSON and IFC are in the UTM zone unless `crs` says
    another; `cityjsonzip` has textures, with their images beside it. An IFC has the storeys, buildings and sites of its
    elements too. Lightened objects keep ids, properties, colours and semantics; a closed solid stays closed, and what
    gets no lighter stays as it is. glTF tells in `asset.extras.lightened` how many triangles it had before, and within
    which bound it lies. The header X-Lifang-Left-Out tells how many shapes go out without their textures.
    """
    if form not in FORMS:
        raise BadInput(f"{form!r} is no format.", where="format", mend=f"Use {', '.join(FORMS)}.")
    ending, media = FORMS[form]
    with tempfile.TemporaryDirectory(dir=asker.city.spool) as folder:
        path = FilePath(folder) / f"objects{ending}"
        bare = TwinView(asker).export(
            path,
            form,
            at=moment(at) or asker.city.now,
            recorded=moment(recorded),
            box=Box.parse(bbox) if bbox else None,
            kind=kind,
            model=model,
            crs=crs,
            element=element,
            scenario=scenario,
            lighten_m=lighten_m,
        )
        stream = path.open("rb")  # it lives on without a name until it is sent
    stream.seek(0, 2)
    answer = download(stream, media_type=media, name=f"{model or 'objects'}{ending}")
    if bare:
        answer.headers[LEFT_OUT_HEADER] = f"textures={bare}"
    return answer


def every(
    request: Request,
    asker: Sees,
    wanted: Conditions,
    at: CityMoment = None,
    recorded: RecordedMoment = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List the objects that held at a moment in the city (now), as known by a moment (now), by id."""
    when = moment(at) or asker.city.now
    page = TwinView(asker).objects(
        at=when, recorded=moment(recorded), after=after_id("objects", after), limit=limit, **wanted(asker, when)
    )
    following = encode_cursor("objects", page[-1].id) if page.more else None
    return answer(request, ObjectPage(items=[object_body(each) for each in page], next=following))


def one(
    object_id: str, request: Request, asker: Sees, at: CityMoment = None, recorded: RecordedMoment = None
) -> Response:
    """Tell everything about an object at a moment in the city: itself, what it is part of, its parts."""
    found = TwinView(asker).about(object_id, at=moment(at) or asker.city.now, recorded=moment(recorded))
    whole = object_body(found.whole) if found.whole else None
    return answer(
        request,
        AboutBody(object=object_body(found.object), whole=whole, parts=[object_body(each) for each in found.parts]),
    )


def history(object_id: str, request: Request, asker: Sees) -> Response:
    """Give every version of an object, also those that are known to be wrong now."""
    return answer(request, ObjectHistory(items=[object_body(each) for each in TwinView(asker).history(object_id)]))


def difference(
    request: Request,
    asker: Sees,
    before: Annotated[str, Query(max_length=64)],
    after: Annotated[str, Query(max_length=64)],
    model: Annotated[str | None, Query(max_length=64)] = None,
    before_scenario: Annotated[str | None, Query(max_length=64, description="The first as of this scenario.")] = None,
    after_scenario: Annotated[str | None, Query(max_length=64, description="The second as of this one.")] = None,
) -> Response:
    """Tell what was added, removed, moved or changed between two moments in the city, or two scenarios."""
    found = TwinView(asker).difference(
        parse_instant(before), parse_instant(after), model=model, scenarios=(before_scenario, after_scenario)
    )
    items = [ObjectDifference(id=each, change=change) for each, change in found]  # type: ignore[arg-type]
    return answer(request, ObjectDifferenceBody(counts=Counter(change for _, change in found), items=items))


def models(request: Request, asker: Sees, at: CityMoment = None, scenario: As = None) -> Response:
    """List the models that have objects at a moment; one that is generated by rule, not surveyed, says so."""
    found = TwinView(asker).models(at=moment(at) or asker.city.now, scenario=scenario)
    items = [
        ModelBody(
            id=model,
            title=Name(zh=card.zh, en=card.en),
            source=card.source,
            licence=card.licence,
            generated=card.generated,
            count=count,
        )
        for model, count, card in found
    ]
    return answer(request, ModelList(items=items))


def moments(request: Request, asker: Sees) -> Response:
    """List the moments at which the city of the twin becomes another, the earliest first."""
    found = TwinView(asker).moments()
    return answer(
        request, MomentList(items=[MomentBody(moment=format_instant(each), begins=begins) for each, begins in found])
    )


def properties(
    request: Request,
    asker: Sees,
    at: CityMoment = None,
    model: Annotated[str | None, Query(max_length=64)] = None,
    scenario: As = None,
) -> Response:
    """List the properties of the objects: how many have it, quintiles of numbers, commonest values of words."""
    view, when = TwinView(asker), moment(at) or asker.city.now
    rows = view.properties(at=when, model=model, scenario=scenario).to_pylist()
    return answer(
        request, PropertyList(items=[PropertyBody(**{**each, "steps": each["steps"] or []}) for each in rows])
    )


def examination(model: str, request: Request, asker: Sees, at: CityMoment = None) -> Response:
    """Tell what the checks found when a model last came in: errors refused an object, warnings admitted it."""
    told = TwinView(asker).examination(model, at=moment(at) or asker.city.now).as_json()
    for each in told["rules"]:
        each["rule_zh"] = chinese(each["rule"]) or each["rule"]
    for each in told["faults"]:
        each["zh"] = Fault(**each).in_chinese
    return answer(request, ExaminationBody.model_validate(told))


async def add(
    request: Request,
    asker: Admits,
    model: Annotated[str, Query(max_length=64, description="The model's id; its objects' ids begin with it.")],
    valid_from: Annotated[str, Query(max_length=64, description="Since when it stands so: ISO 8601 with an offset.")],
    classification: Classification = Classification.SHARED,
    stage: Annotated[str, Query(max_length=20)] = "operation",
    crs: Annotated[str, Query(max_length=64, description="If the file names none, such as EPSG:4544.")] = "",
    placement: Annotated[str, Query(max_length=2_000, description=_PLACEMENT)] = "",
) -> Response:
    """Take a model as the body, gzip or not, or in a zip with the images of its textures; answer with the job.

    What the model held before and names no more ends at `valid_from`. The same again changes nothing.
    """
    since = _since(valid_from)
    if placement:
        Placement.parse(placement)
    path = await receive_file(_expected(request.stream()), asker.city.spool)
    arguments = {
        "path": str(path),
        "model": model,
        "valid_from": since,
        "classification": classification.value,
        "stage": stage,
        "crs": crs,
        "placement": placement,
    }
    try:
        job = await run_sync(lambda: asker.city.jobs.submit("add_model", arguments, subject=asker.subject))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return answer(request, job_body(job, asker), status=202)


async def _expected(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the parts of a model; what reads it starts with the first."""
    first = True
    async for part in parts:
        if first and part:
            first = False
            await run_sync(expect_model, part)
        yield part


def end(
    model: Annotated[str, Path(max_length=64)],
    request: Request,
    asker: Admits,
    at: Annotated[str, Query(max_length=64, description="From when on nothing of it holds: ISO 8601 with an offset.")],
) -> Response:
    """Have nothing of a model hold from a moment in the city on; what was before stays. Answer with the job."""
    arguments = {"model": check_slug(model, what="model id"), "at": _since(at, "at")}
    job = asker.city.jobs.submit("end_model", arguments, subject=asker.subject)
    return answer(request, job_body(job, asker), status=202)


def outlines(request: Request, asker: Admits, body: OutlinesBody) -> Response:
    """Raise a dataset's outlines by their heights or floors; answer with the job that does it."""
    dataset = asker.dataset(body.dataset)
    columns = body.model_dump(include={"key", "height", "metres_each", "base", "name", "kind"})
    arguments = {
        "dataset": dataset.id,
        "model": body.model,
        "columns": columns,
        "valid_from": _since(body.valid_from),
        "classification": dataset.card.classification.value,
        "stage": body.stage,
    }
    job = asker.city.jobs.submit("raise_outlines", arguments, subject=asker.subject)
    return answer(request, job_body(job, asker), status=202)


def _since(text: str, where: str = "valid_from") -> str:
    found = moment(text)
    if found is None:
        raise BadInput("It is not said since when it stands.", where=where, mend="Write ISO 8601.")
    return format_instant(found)


def object_body(found: CityObject) -> ObjectBody:
    """Return an object as a body."""
    zh, en, _ = class_of(found.kind)
    box = found.box
    return ObjectBody(
        id=found.id,
        model=found.model,
        kind=found.kind,
        kind_name=Name(zh=zh, en=en),
        category=_named(CATEGORIES[found.category]),
        level=found.level,
        stage=_named(STAGES[found.stage]),
        parent=found.parent or None,
        name=found.name,
        bbox=[box.west, box.south, box.east, box.north],
        bottom_m=found.bottom_m,
        top_m=found.top_m,
        length_m=length_m(found),
        classification=found.classification.value,
        properties=dict(found.properties),
        shapes=[ShapeBody(lod=each.lod, kind=each.kind, base_m=each.base_m, top_m=each.top_m) for each in found.shapes],
        valid_from=format_instant(found.valid_from),
        valid_to=format_instant(found.valid_to) if found.valid_to else None,
        recorded=format_instant(found.recorded),
        recorded_to=format_instant(found.recorded_to) if found.recorded_to else None,
    )


def _named(both: tuple[str, str]) -> Name:
    return Name(zh=both[0], en=both[1])
