"""Commands on datasets: add, list, show, query, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lifang.core import BadInput, Conflict, NotFound
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import OUT, Dir, Json, Purpose, follow, show

app = typer.Typer(no_args_is_help=True, help="Datasets: add, find, look, ask, take away.")
Dataset = Annotated[str, typer.Argument(help="The dataset's id.")]
At = Annotated[str | None, typer.Option(help="As recorded by this moment, ISO 8601.")]
_FORMATS = {f".{each}": each for each in ("csv", "xlsx", "geojson", "gpkg", "parquet", "arrow", "json")}
_COLUMNS = ("id", "name", "theme.zh", "format", "rows", "refused", "classification", "updated")
_QUALITY = ("name", "filled", "complete", "distinct", "minimum", "maximum")
_CELLS = ("row", "column", "value", "rule", "mend")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="CSV, GeoJSON, Parquet, XLSX, GeoPackage, zipped shapefile; gz too.")],
    folder: Dir,
    card: Annotated[Path | None, typer.Option(help="Its dataset.toml: metadata and column types.")] = None,
    as_json: Json = False,
) -> None:
    """Admit a file: good rows become a release, refused ones are kept with what to mend."""
    for path in (file, card):
        if path is not None and not path.is_file():
            if path.is_dir():
                raise BadInput(f"{path} is a folder.", mend="Name a file in it.")
            raise NotFound(f"{path} does not exist.", mend="Check the path.")
    with Client(folder) as client:
        parts = {"card": card} if card else {}
        job = client.upload("/api/v1/datasets", file, parts=parts, filename=file.name)
        result = follow(client, job, f"admitting {file.name}")
    if as_json:
        show(result, as_json=True)
    else:
        _tell(result)


def _tell(admission: dict[str, Any]) -> None:
    """Print what became of a file: figures, what was noticed, and the first cells of each rule that was broken."""
    report = admission["report"]
    told = {name: report[name] for name in ("rows", "admitted", "refused", "bad_cells")}
    show({"dataset": admission["dataset"], "unchanged": admission["unchanged"], **told}, as_json=False)
    show(report["columns"], as_json=False, columns=_QUALITY)
    for note in report["notes"]:
        show(f"note: {note}", as_json=False)
    cells = [hit | example for hit in report["hits"] for example in hit["examples"]]
    if cells:
        show(sorted(cells, key=lambda cell: cell["row"]), as_json=False, columns=_CELLS)
        show(f"All refused rows: lifang data show {admission['dataset']} --refused", as_json=False)


@app.command("list")
def listing(
    folder: Dir,
    text: Annotated[str | None, typer.Argument(help="Words to look for, Chinese or English.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    at: At = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """List datasets."""
    with Client(folder, purpose=purpose) as client:
        found = client.listing("/api/v1/datasets", limit=limit, q=text, at=at)
    show(found, as_json=as_json, columns=_COLUMNS)


@app.command("show")
def detail(
    dataset: Dataset,
    folder: Dir,
    refused: Annotated[bool, typer.Option(help="The refused rows instead.")] = False,
    at: At = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Show one dataset: metadata, columns, quality, releases; or its refused rows."""
    with Client(folder, purpose=purpose) as client:
        if refused:
            rows = client.listing(f"/api/v1/datasets/{dataset}/refused", limit=1000, at=at)
            show(rows, as_json=as_json, columns=("row", "column", "value", "rule", "mend"))
        else:
            show(client.get(f"/api/v1/datasets/{dataset}", at=at), as_json=as_json)


@app.command()
def card(
    dataset: Dataset,
    folder: Dir,
    target: Annotated[Path | None, typer.Argument(help="The file to write; standard output if not given.")] = None,
    at: At = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Write a dataset.toml that states the columns as they were found: correct it, and add the file again with it."""
    if target is not None and target.exists():
        raise Conflict(f"{target} exists.", mend="Name another file; nothing is overwritten.")
    with Client(folder, purpose=purpose) as client:
        found = client.get(f"/api/v1/datasets/{dataset}/card", at=at)
    if target is not None:
        target.write_text(found["toml"], "utf-8")
    if as_json:
        show(found["card"], as_json=True)
    elif target is None:
        OUT.print(found["toml"], markup=False, highlight=False, soft_wrap=True)


@app.command()
def diff(
    dataset: Dataset,
    folder: Dir,
    old: Annotated[int | None, typer.Option("--from", min=1, help="The older release; else the one before.")] = None,
    new: Annotated[int | None, typer.Option("--to", min=1, help="The newer release; else the newest.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rows that differ at most.")] = 100,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Tell how a release differs from another: columns, counts, rows and cells by key."""
    with Client(folder, purpose=purpose) as client:
        address = f"/api/v1/datasets/{dataset}/diff"
        found = client.get(address, limit=1, **{"from": old, "to": new})
        told = {"from": found["from"], "to": found["to"]}
        found["items"] = client.listing(address, limit=limit, **told)
    if as_json:
        show(found, as_json=True)
        return
    show({name: found[name] for name in (*told, "key", "added", "removed", "changed", "same")}, as_json=False)
    show(found["columns"], as_json=False, columns=("kind", "name", "told"))
    show(found["items"], as_json=False, columns=("change", "key", "cells"))


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT in DuckDB's dialect; datasets are tables under their ids.")],
    folder: Dir,
    limit: Annotated[int, typer.Option(min=1)] = 1000,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Ask the datasets by SQL."""
    with Client(folder, purpose=purpose) as client:
        found = client.post("/api/v1/query", {"sql": sql, "limit": limit})
    names = [column["name"] for column in found["columns"]]
    show([dict(zip(names, row, strict=True)) for row in found["rows"]], as_json=as_json, columns=names)


@app.command()
def export(
    dataset: Dataset,
    target: Annotated[Path, typer.Argument(help="The file to write; its ending says the format.")],
    folder: Dir,
    at: At = None,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Write a dataset to a file: .csv, .geojson, .parquet, .arrow or .json."""
    form = _FORMATS.get(target.suffix.lower())
    if form is None:
        raise BadInput(f"{target.suffix!r} is not a format.", mend=f"End the name in {', '.join(_FORMATS)}.")
    if target.exists():
        raise Conflict(f"{target} exists.", mend="Name another file; nothing is overwritten.")
    with Client(folder, purpose=purpose) as client:
        written, _ = client.download(f"/api/v1/datasets/{dataset}/rows", target, format=form, at=at)
    show({"path": str(target), "bytes": written}, as_json=as_json)
