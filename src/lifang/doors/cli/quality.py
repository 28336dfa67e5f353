"""Commands on quality: scores of the standing checks, feedback, issues and their steps."""

from __future__ import annotations

from typing import Annotated

import typer

from lifang.doors.cli.client import Client
from lifang.doors.cli.show import Dir, Json, Purpose, show

issues = typer.Typer(no_args_is_help=True, help="Issues: what is wrong with datasets, and whether it is mended.")
Dataset = Annotated[str, typer.Argument(help="The dataset's id.")]
Id = Annotated[str, typer.Argument(help="The issue's id.")]
_COLUMNS = ("id", "dataset", "state", "dimension", "text", "assignee", "due", "overdue")


def add_to(app: typer.Typer) -> None:
    """Hang ``lifang data quality`` into ``lifang data``."""
    app.command()(quality)


def quality(
    dataset: Dataset,
    folder: Dir,
    run: Annotated[bool, typer.Option("--run", help="Run the checks now.")] = False,
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Show how a dataset scores by its standing checks, 0 to 100 by dimension of GB/T 36344, and how it did before."""
    with Client(folder, purpose=purpose) as client:
        address = f"/api/v1/datasets/{dataset}/quality"
        found = client.post(address) if run else client.get(address)
    if as_json:
        show(found, as_json=True)
        return
    show({name: found[name] for name in ("dataset", "release", "recorded", "due", "late")}, as_json=False)
    show(found["checks"], as_json=False, columns=("dimension", "name", "score", "least", "passed"))


@issues.command("list")
def listing(
    folder: Dir,
    dataset: Annotated[str | None, typer.Argument(help="Only those of this dataset.")] = None,
    state: Annotated[str | None, typer.Option(help="open, assigned, mended, closed or declined.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    as_json: Json = False,
) -> None:
    """List issues, the newest first."""
    address = f"/api/v1/datasets/{dataset}/issues" if dataset else "/api/v1/issues"
    with Client(folder) as client:
        show(client.listing(address, limit=limit, state=state), as_json=as_json, columns=_COLUMNS)


@issues.command()
def file(
    dataset: Dataset,
    text: Annotated[str, typer.Argument(help="What is wrong.")],
    folder: Dir,
    row: Annotated[str, typer.Option(help="The key of the row.")] = "",
    column: Annotated[str, typer.Option(help="The column.")] = "",
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """File an issue: say what is wrong with a dataset, a row or a column of it."""
    with Client(folder, purpose=purpose) as client:
        body = {"text": text, "row_key": row, "column": column}
        show(client.post(f"/api/v1/datasets/{dataset}/issues", body), as_json=as_json)


@issues.command()
def move(
    issue: Id,
    name: Annotated[str, typer.Argument(help="assign, mend, confirm, reopen or decline.")],
    folder: Dir,
    note: Annotated[str, typer.Option(help="What was done, or why.")] = "",
    assignee: Annotated[str, typer.Option(help="To assign: the person or office.")] = "",
    due: Annotated[str | None, typer.Option(help="To assign: the deadline, ISO 8601; 15 days if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Take an issue a step on."""
    with Client(folder) as client:
        body = {"move": name, "note": note, "assignee": assignee, "due": due}
        show(client.post(f"/api/v1/issues/{issue}", body), as_json=as_json)
