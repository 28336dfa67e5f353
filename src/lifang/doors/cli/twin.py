"""Commands on the twin: add a model, raise outlines, find objects, their history, what differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from lifang.core import BadInput, NotFound
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, follow, show

app = typer.Typer(no_args_is_help=True, help="The twin: models of the city's objects, through time.")
Model = Annotated[str, typer.Option(help="The model's id.")]
Since = Annotated[str, typer.Option(help="Since when it stands so: ISO 8601 with an offset.")]
Stage = Annotated[str, typer.Option(help="planned, designed, construction, completed or operation.")]
At = Annotated[str | None, typer.Option(help="As it was at this moment in the city, ISO 8601.")]
_COLUMNS = ("id", "kind", "name", "level", "top_m", "valid_from", "valid_to")
_FAULT = ("severity", "rule", "object", "what", "mend")
_FORMS = {
    ".city.json": "cityjson",
    ".city.jsonl": "cityjsonseq",
    ".city.zip": "cityjsonzip",
    ".gpkg": "gpkg",
    ".glb": "glb",
    ".ifc": "ifc",
}
_FIGURES = ("model", "objects", "replaced", "unchanged", "ended", "refused", "warnings")


@app.command()
def add(
    file: Annotated[
        Path,
        typer.Argument(help="IFC; CityJSON, or its sequence; OpenStreetMap; EPANET; pandapower; GeoTIFF; gz too."),
    ],
    folder: Dir,
    model: Model,
    valid_from: Since,
    classification: Annotated[str, typer.Option(help="open, shared or restricted.")] = "shared",
    stage: Stage = "operation",
    crs: Annotated[str, typer.Option(help="If the file names none, such as EPSG:4544.")] = "",
    placement: Annotated[Path | None, typer.Option(help="TOML: where an IFC model stands.")] = None,
    as_json: Json = False,
) -> None:
    """Add a model: its objects hold from a moment on; what it held before and names no more ends then."""
    for path in filter(None, (file, placement)):
        if not path.is_file():
            raise NotFound(f"{path} does not exist.", mend="Check the path.")
    asked = {
        "model": model,
        "valid_from": valid_from,
        "classification": classification,
        "stage": stage,
        "crs": crs,
        "placement": placement.read_text("utf-8") if placement else None,
    }
    with Client(folder) as client:
        job = client.send("/api/v1/twin/models", file.read_bytes(), media_type="application/octet-stream", **asked)
        _tell(follow(client, job, f"adding {file.name}"), as_json=as_json)


@app.command()
def end(
    model: Annotated[str, typer.Argument(help="The model's id.")],
    folder: Dir,
    at: Annotated[str, typer.Option(help="From when on nothing of it holds: ISO 8601 with an offset.")],
    as_json: Json = False,
) -> None:
    """End a model: nothing of it holds from a moment on; what was before stays."""
    with Client(folder) as client:
        job = client.post(f"/api/v1/twin/models/{quote(model, safe='')}/end", at=at)
        result = follow(client, job, f"ending {model}")
    show({name: result[name] for name in ("model", "ended", "unchanged")}, as_json=as_json)


@app.command()
def outlines(
    dataset: Annotated[str, typer.Argument(help="A dataset of polygons.")],
    folder: Dir,
    model: Model,
    valid_from: Since,
    key: Annotated[str, typer.Option(help="Its column of ids.")],
    height: Annotated[str, typer.Option(help="Its column of heights in metres, or of floors.")],
    metres_each: Annotated[float, typer.Option(help="3.0 or so where the column counts floors.")] = 1.0,
    base: Annotated[str, typer.Option(help="Its column of the ground's height in metres.")] = "",
    name: Annotated[str, typer.Option(help="Its column of names.")] = "",
    stage: Stage = "operation",
    as_json: Json = False,
) -> None:
    """Raise the outlines of a dataset to upright solids."""
    body = {
        "dataset": dataset,
        "model": model,
        "key": key,
        "height": height,
        "metres_each": metres_each,
        "base": base,
        "name": name,
        "valid_from": valid_from,
        "stage": stage,
    }
    with Client(folder) as client:
        job = client.post("/api/v1/twin/outlines", body)
        _tell(follow(client, job, f"raising {dataset}"), as_json=as_json)


def _tell(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show(result, as_json=True)
        return
    show({name: result[name] for name in _FIGURES}, as_json=False)
    if result["faults"]:
        show(result["faults"], as_json=False, columns=_FAULT)


@app.command()
def examination(
    model: Annotated[str, typer.Argument(help="The model's id.")],
    folder: Dir,
    at: At = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Show what the checks found when a model last came in."""
    with Client(folder, purpose=purpose) as client:
        found = client.get(f"/api/v1/twin/models/{model}/examination", at=at)
    show(found if as_json else found["faults"], as_json=as_json, columns=_FAULT)


@app.command("list")
def listing(
    folder: Dir,
    text: Annotated[str | None, typer.Argument(help="A part of its name or id.")] = None,
    kind: Annotated[str | None, typer.Option("--class", help="Such as Building.")] = None,
    model: Annotated[str | None, typer.Option(help="Of this model.")] = None,
    place: Annotated[str | None, typer.Option(help="Near this place: a name, or an address.")] = None,
    near: Annotated[str | None, typer.Option(help="Near this point: lon,lat in degrees.")] = None,
    polygon: Annotated[str | None, typer.Option(help="In this polygon: WKT, longitude first.")] = None,
    within_m: Annotated[float | None, typer.Option(help="How far at most from it, in metres.")] = None,
    at: At = None,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """List objects."""
    asked: dict[str, Any] = {"q": text, "class": kind, "model": model, "at": at}
    asked |= {"place": place, "near": near, "polygon": polygon, "within_m": within_m}
    with Client(folder, purpose=purpose) as client:
        found = client.listing("/api/v1/twin/objects", limit=limit, **asked)
    show(found, as_json=as_json, columns=_COLUMNS)


@app.command()
def places(
    text: Annotated[str, typer.Argument(help="A name, or an address.")],
    folder: Dir,
    at: At = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Find places by name or address."""
    with Client(folder, purpose=purpose) as client:
        found = client.get("/api/v1/twin/places", q=text, at=at, limit=limit)
    show(found if as_json else found["items"], as_json=as_json, columns=("name", "target", "centre", "score"))


@app.command("show")
def detail(
    object_id: Annotated[str, typer.Argument(metavar="OBJECT", help="The object's id.")],
    folder: Dir,
    at: At = None,
    history: Annotated[bool, typer.Option(help="Every version of it instead.")] = False,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Show everything about an object, or its history."""
    address = f"/api/v1/twin/objects/{quote(object_id, safe=':')}"
    with Client(folder, purpose=purpose) as client:
        if history:
            found = client.get(f"{address}/history")["items"]
            show(found, as_json=as_json, columns=(*_COLUMNS, "recorded", "recorded_to"))
        else:
            show(client.get(address, at=at), as_json=as_json)


@app.command()
def difference(
    before: Annotated[str, typer.Argument(help="A moment in the city, ISO 8601.")],
    after: Annotated[str, typer.Argument(help="Another one.")],
    folder: Dir,
    model: Annotated[str | None, typer.Option(help="Of this model.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Release it as this dataset, too.")] = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Tell what was added, removed, moved or changed between two moments."""
    with Client(folder, purpose=purpose) as client:
        if dataset is not None:
            body = {"dataset": dataset, "before": before, "after": after, "model": model}
            follow(client, client.post("/api/v1/twin/differences", body), "comparing")
        found = client.get("/api/v1/twin/difference", before=before, after=after, model=model)
    show(found if as_json else found["items"], as_json=as_json, columns=("id", "change"))


@app.command()
def publish(model: Annotated[str, typer.Argument(help="The model's id.")], folder: Dir, as_json: Json = False) -> None:
    """Have the catalogue hold a model as the dataset twin_MODEL, kept up as the model changes."""
    with Client(folder) as client:
        result = follow(client, client.put(f"/api/v1/twin/models/{model}/dataset", {}), f"publishing {model}")
    show(result, as_json=as_json)


@app.command()
def pmtiles(
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    folder: Dir,
    model: Annotated[str, typer.Option(help="Of this model.")] = "all",
    at: At = None,
    scenario: Annotated[str | None, typer.Option(help="As of this scenario.")] = None,
    properties: Annotated[str, typer.Option(help="Properties to tell, with commas between.")] = "",
    maxzoom: Annotated[int, typer.Option(min=0, max=16)] = 15,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Write the outlines of objects as vector tiles in one PMTiles archive."""
    when = f"{at or 'now'}~{scenario}" if scenario else at or "now"
    address = f"/tiles/vector/{model}/{when}/tiles.pmtiles"
    with Client(folder, purpose=purpose) as client:
        size, _ = client.download(address, target, properties=properties or None, maxzoom=maxzoom)
    show({"file": str(target), "bytes": size}, as_json=as_json)


@app.command()
def export(
    target: Annotated[
        Path, typer.Argument(help="The file to write: .city.json, .city.jsonl, .city.zip, .gpkg, .glb, .ifc.")
    ],
    folder: Dir,
    model: Annotated[str | None, typer.Option(help="Of this model.")] = None,
    kind: Annotated[str | None, typer.Option("--class", help="Such as Building.")] = None,
    bbox: Annotated[str | None, typer.Option(help="West,south,east,north in degrees.")] = None,
    element: Annotated[str | None, typer.Option(help="This object with its parts.")] = None,
    at: At = None,
    scenario: Annotated[str | None, typer.Option(help="As of this scenario.")] = None,
    crs: Annotated[str | None, typer.Option(help="A projected system for CityJSON and IFC: EPSG:4544.")] = None,
    lighten_m: Annotated[float | None, typer.Option(help="Fewer triangles and corners, this far off at most.")] = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Write objects as CityJSON, in a zip with the images of textures, CityJSONSeq, GeoPackage, binary glTF or IFC."""
    form = next((form for ending, form in _FORMS.items() if target.name.endswith(ending)), None)
    if form is None:
        raise BadInput(f"{target.name} ends like no form.", mend=f"Let it end in {', '.join(_FORMS)}.")
    asked: dict[str, Any] = {"format": form, "model": model, "class": kind, "bbox": bbox, "at": at, "crs": crs}
    asked |= {"lighten_m": lighten_m, "scenario": scenario, "element": element}
    with Client(folder, purpose=purpose) as client:
        size, left_out = client.download("/api/v1/twin/export", target, **asked)
    show({"file": str(target), "bytes": size} | ({"left_out": left_out} if left_out else {}), as_json=as_json)


@app.command()
def analyse(
    what: Annotated[str, typer.Argument(help="measures, distance, section, sun-hours, shadows, sight, …")],
    folder: Dir,
    given: Annotated[list[str], typer.Argument(help="What it needs, as NAME=VALUE: such as point=104.06,30.66,1.")],
    at: At = None,
    purpose: Purpose = "",
) -> None:
    """Analyse the twin: measures, sections, sun and shadow, sight, density, buffers, overlays, how models compare."""
    if bad := next((each for each in given if "=" not in each), None):
        raise BadInput(f"{bad!r} is no NAME=VALUE.", mend="Write such as id=blocks:a.")
    asked = dict(each.split("=", 1) for each in given)
    with Client(folder, purpose=purpose) as client:
        show(client.get(f"/api/v1/twin/analyses/{quote(what, safe='')}", at=at, **asked), as_json=True)


@app.command()
def clearance(
    file: Annotated[Path, typer.Argument(help="JSON: a list of pipes with id, start, end, diameter_m.")],
    folder: Dir,
    least_m: Annotated[float, typer.Option(help="How near pipes may lie to each other, in metres.")],
    as_json: Json = False,
) -> None:
    """Tell which pipes lie too near to each other underground."""
    try:
        pipes = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} cannot be read: {error}.", mend="Give a JSON list of pipes.") from None
    with Client(folder) as client:
        found = client.post("/api/v1/twin/analyses/clearance", {"pipes": pipes, "least_m": least_m})
    show(found if as_json else found["items"], as_json=as_json, columns=("one", "other", "gap_m", "at"))
