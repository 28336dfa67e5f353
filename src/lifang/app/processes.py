"""Processes: a few computations that anybody may ask for by name, over what they may read; at once or as a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import shapely

from lifang.app.asking import Asker
from lifang.core import BadInput, NotFound, parse_instant
from lifang.store import Call, Expression, Field, Geometry, Literal

if TYPE_CHECKING:
    from lifang.app.jobs import JobContext

PROCESS = "process"  # the kind of job
_DISTANCE_MAX_M = 100_000.0
_POSITIONS_MAX = 50_000
_SEGMENTS = 16  # a quarter circle


@dataclass(frozen=True)
class ProcessSpec:
    """A process: names, what it does, and JSON schemas of its inputs and of its one output by their names."""

    id: str
    zh: str
    en: str
    does: str
    inputs: Mapping[str, Mapping[str, Any]]
    required: tuple[str, ...]
    output: str
    run: Callable[[Asker, Mapping[str, Any]], Any]


def process(name: str) -> ProcessSpec:
    """Return the process, or ``NotFound``."""
    found = PROCESSES.get(name)
    if found is None:
        raise NotFound(f"There is no process {name[:80]!r}.", mend="List them: GET /ogc/processes.")
    return found


def run_process(asker: Asker, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs of a process by name; ``BadInput`` for inputs that it does not take."""
    spec = process(name)
    for given in inputs:
        if given not in spec.inputs:
            raise BadInput(
                f"{name} has no input {given[:80]!r}.", where="inputs", mend=f"Known: {', '.join(spec.inputs)}."
            )
    for wanted in spec.required:
        if inputs.get(wanted) is None:
            raise BadInput(f"{name} needs the input {wanted}.", where=f"inputs.{wanted}", mend="Give it.")
    return {spec.output: spec.run(asker, inputs)}


def run_process_job(asker_of: Callable[..., Asker], context: JobContext) -> Mapping[str, Any]:
    """Return the outputs of the process that a job names, for who started it and the purpose then stated."""
    told = context.job.arguments
    return run_process(asker_of(context.by, str(told.get("purpose", ""))), str(told["process"]), told["inputs"])


def _text(inputs: Mapping[str, Any], name: str) -> str:
    value = inputs[name]
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise BadInput(f"{name} is no short text.", where=f"inputs.{name}", mend="Write a text.")
    return value


def _geometry(inputs: Mapping[str, Any], name: str) -> shapely.Geometry:
    value = inputs[name]
    value = value.get("value", value) if isinstance(value, dict) else value
    try:
        shape = shapely.from_geojson(orjson.dumps(value).decode())
    except (shapely.errors.ShapelyError, ValueError, TypeError) as error:
        raise BadInput(f"{name} is no GeoJSON geometry.", where=f"inputs.{name}", mend="Write one.") from error
    if shape.is_empty or not shape.is_valid or shapely.get_num_coordinates(shape) > _POSITIONS_MAX:
        what = f"{name} is empty, not valid, or has more than {_POSITIONS_MAX:,} positions."
        raise BadInput(what, where=f"inputs.{name}", mend="Correct it.")
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -85 <= south <= north <= 85):
        raise BadInput(f"{name} does not lie on Earth.", where=f"inputs.{name}", mend="Longitude comes first.")
    return shape


def _buffer(asker: Asker, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the geometry grown by a distance, worked out in metres around its own middle."""
    from pyproj import Transformer  # noqa: PLC0415 - it takes long to load

    del asker
    shape, distance = _geometry(inputs, "geometry"), inputs["distance"]
    if isinstance(distance, bool) or not isinstance(distance, int | float) or not abs(distance) <= _DISTANCE_MAX_M:
        mend = f"Give metres, {_DISTANCE_MAX_M:,.0f} at most."
        raise BadInput("The distance is no number of metres.", where="inputs.distance", mend=mend)
    middle = shape.envelope.centroid
    local = f"+proj=aeqd +lat_0={middle.y} +lon_0={middle.x} +datum=WGS84 +units=m"
    there = Transformer.from_crs("OGC:CRS84", local, always_xy=True)
    flat = shapely.transform(shapely.force_2d(shape), there.transform, interleaved=False)
    grown = shapely.buffer(flat, float(distance), quad_segs=_SEGMENTS)
    back = shapely.transform(grown, lambda x, y: there.transform(x, y, direction="INVERSE"), interleaved=False)
    result: dict[str, Any] = orjson.loads(shapely.to_geojson(back))
    return result


def _statistics(asker: Asker, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return count, min, max, mean, sum and stddev of a property, in an area if one is given."""
    features = asker.dataset(_text(inputs, "collection")).features()
    where: Expression | None = None
    if inputs.get("area") is not None:
        if not features.release.has_geometry:
            raise BadInput("This dataset has no geometry.", where="inputs.area", mend="Leave it out.")
        wkt = shapely.to_wkt(_geometry(inputs, "area"), rounding_precision=-1)
        where = Call("st_intersects", (Field("geometry"), Literal(Geometry(wkt))))
    return {**features.figures(_text(inputs, "property"), where), "release": features.release.id}


def _scene(asker: Asker, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a scene comes to: its rules evaluated, its indicators written."""
    at = inputs.get("at")
    return asker.run_scene(_text(inputs, "scene"), None if at is None else parse_instant(_text(inputs, "at")))


_GEOJSON = {"type": "object", "format": "geojson-geometry"}
_SHORT = {"type": "string"}
PROCESSES = {
    each.id: each
    for each in (
        ProcessSpec(
            "buffer",
            "缓冲区",
            "Buffer",
            "A geometry grown (or shrunk) by a distance in metres.",
            {"geometry": _GEOJSON, "distance": {"type": "number"}},
            ("geometry", "distance"),
            "geometry",
            _buffer,
        ),
        ProcessSpec(
            "statistics",
            "分区统计",
            "Statistics",
            "Count, least, greatest, mean, sum and deviation of a dataset's column, in an area if one is given.",
            {"collection": _SHORT, "property": _SHORT, "area": _GEOJSON},
            ("collection", "property"),
            "statistics",
            _statistics,
        ),
        ProcessSpec(
            "run-scene",
            "运行场景",
            "Run a scene",
            "A scene evaluated now or for a moment: its rules, its indicators, its alerts.",
            {"scene": _SHORT, "at": {"type": "string", "format": "date-time"}},
            ("scene",),
            "result",
            _scene,
        ),
    )
}
