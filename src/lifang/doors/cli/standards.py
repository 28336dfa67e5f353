"""Commands on data standards: list, show, lint, diff, docs, add."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from lifang.core import BadInput, NotFound
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import OUT, Dir, Json, show

if TYPE_CHECKING:
    from lifang.standards import DataStandard

app = typer.Typer(no_args_is_help=True, help="Data standards: what a dataset of a kind holds.")
Reference = Annotated[str, typer.Argument(help="Its reference, legal_entity@1; without @ the newest edition.")]
Either = Annotated[str, typer.Argument(help="A file, or a reference such as legal_entity@1.")]
_COLUMNS = ("reference", "title", "kind", "theme", "element_count", "grade", "personal", "shipped", "recorded")
_ELEMENTS = ("id", "name", "type", "unit", "key", "required", "code_list", "check_digit", "grade", "personal")
_CHANGES = ("kind", "element", "field", "before", "after", "breaking")


def _path(reference: str, more: str = "") -> str:
    return f"/api/v1/standards/data/{quote(reference, safe='@')}{more}"


def _text(file: Path) -> str:
    if not file.is_file():
        raise NotFound(f"There is no file {file}.", mend="Correct the path.")
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("The file is not UTF-8.", where=str(file), mend="Save it as UTF-8.") from error


@app.command("list")
def listing(
    folder: Dir,
    kind: Annotated[str | None, typer.Option(help="base, theme or department.")] = None,
    theme: Annotated[str | None, typer.Option(help="Of this theme.")] = None,
    as_json: Json = False,
) -> None:
    """List the data standards, shipped ones and the city's own."""
    with Client(folder) as client:
        found = client.get("/api/v1/standards/data", kind=kind, theme=theme)["items"]
    show(found, as_json=as_json, columns=_COLUMNS)


@app.command("show")
def detail(reference: Reference, folder: Dir, as_json: Json = False) -> None:
    """Show a data standard with its elements."""
    with Client(folder) as client:
        found = client.get(_path(reference))
    if not as_json:
        elements = found.pop("elements")
        show(found, as_json=False)
        found = elements
    show(found, as_json=as_json, columns=_ELEMENTS)


@app.command()
def lint(
    files: Annotated[list[Path], typer.Argument(help="Files of data standards, TOML.")],
    as_json: Json = False,
) -> None:
    """Name every fault of a file with its line and how to mend it; exit 1 if one bars it. No city is needed."""
    from lifang.standards import lint as faults_of  # noqa: PLC0415 - other commands do not wait for it

    found = {str(file): faults_of(_text(file)) for file in files}
    if as_json:
        show({name: [vars(each) for each in faults] for name, faults in found.items()}, as_json=True)
    else:
        for name, faults in found.items():
            for each in faults:
                OUT.print(f"{name}: {each}", markup=False, highlight=False, soft_wrap=True)
            if not faults:
                OUT.print(f"{name}: no fault", markup=False, highlight=False)
    if any(not each.warning for faults in found.values() for each in faults):
        raise typer.Exit(1)


@app.command()
def diff(old: Either, new: Either, folder: Dir, as_json: Json = False) -> None:
    """Say what one standard changes of another: added, removed, narrowed, widened, and what breaks."""
    from lifang.standards import compare  # noqa: PLC0415 - other commands do not wait for it

    changes = [each.as_json() for each in compare(_read(old, folder), _read(new, folder))]
    show(changes, as_json=as_json, columns=_CHANGES)


@app.command()
def docs(
    standard: Either,
    folder: Dir,
    target: Annotated[Path | None, typer.Argument(help="The file to write; standard output if not given.")] = None,
) -> None:
    """Write a data standard as Markdown."""
    from lifang.standards import as_markdown  # noqa: PLC0415 - other commands do not wait for it

    text = as_markdown(_read(standard, folder))
    if target is None:
        OUT.print(text, markup=False, highlight=False, soft_wrap=True)
    else:
        target.write_text(text, "utf-8")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="A data standard, TOML; see docs/reference/data-standards.md.")],
    folder: Dir,
    as_json: Json = False,
) -> None:
    """Register a data standard of the city's own; an edition never changes."""
    with Client(folder) as client:
        made = client.post("/api/v1/standards/data", {"toml": _text(file)})
    if as_json:
        show(made, as_json=True)
        return
    names = ("reference", "title", "element_count", "grade", "personal")
    show({name: made["standard"][name] for name in names} | {"unchanged": made["unchanged"]}, as_json=False)
    if made["changes"]:
        show(made["changes"], as_json=False, columns=_CHANGES)


def _read(which: str, folder: Path) -> DataStandard:
    """Return the standard of a file, or of a reference that the city knows."""
    from lifang.standards import read_standard, shipped_standards  # noqa: PLC0415 - other commands do not wait for it

    if Path(which).is_file() or which.endswith(".toml"):
        return read_standard(_text(Path(which)), where=which)
    if shipped := shipped_standards().get(which):
        return shipped
    with Client(folder) as client:
        return read_standard(client.text(_path(which, "/text")), where=which)
