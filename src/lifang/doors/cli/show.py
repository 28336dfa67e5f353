"""What the command line prints: tables for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from lifang.core import CITY_FILE
from lifang.doors.cli.client import Client

_PIPE_WIDTH = 240  # where nobody looks on, nothing is cut to a screen
# Ids have words between colons, which are no pictures.
OUT = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH, emoji=False)
ERR = Console(stderr=True, emoji=False)
_CELL = 100
_ROWS = 24
_COLUMNS = 7
_NAME_KEYS = 4
_POLL_S = 0.1


def _folder() -> Path:
    named = os.environ.get("LIFANG_DIR")
    if named:
        return Path(named)
    here = Path()
    return here if (here / CITY_FILE).exists() else here / "city" / "chengdu"


Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Purpose = Annotated[
    str, typer.Option("--purpose", help="Why: asked for where data are restricted, kept in the ledger.")
]
Dir = Annotated[
    Path,
    typer.Option(
        "--dir", help="The city's folder.", default_factory=_folder, show_default="LIFANG_DIR, . or city/chengdu"
    ),
]


def show(value: Any, *, as_json: bool, columns: Sequence[str] = ()) -> None:
    """Print a value: JSON if asked, a table for a list of mappings, an indented outline for one mapping."""
    if as_json:
        OUT.print_json(json.dumps(value, ensure_ascii=False, default=str))
    elif isinstance(value, list):
        _show_table(value, columns)
    elif isinstance(value, Mapping):
        _show_outline(value, 0)
    elif value is not None:
        OUT.print(cell(value), markup=False)


def _show_outline(value: Mapping[str, Any], depth: int) -> None:
    for key, each in value.items():
        head = f"{'  ' * depth}{key}"
        if isinstance(each, Mapping) and not _is_name(each):
            OUT.print(head, style="bold", markup=False, highlight=False)
            _show_outline(each, depth + 1)
        elif isinstance(each, list) and each and all(isinstance(row, Mapping) for row in each):
            OUT.print(f"{head} ({len(each)})", style="bold", markup=False, highlight=False)
            plain = [name for name, part in each[0].items() if _is_plain(part)]
            _show_table(each[:_ROWS], plain[:_COLUMNS])
        else:
            text = ", ".join(map(cell, each)) if isinstance(each, list) else cell(each)
            OUT.print(f"{head}  {text}", markup=False, highlight=False, soft_wrap=True)


def _is_name(value: Any) -> bool:
    return isinstance(value, Mapping) and {"zh", "en"} <= value.keys() and len(value) <= _NAME_KEYS


def _is_plain(value: Any) -> bool:
    return _is_name(value) or not isinstance(value, Mapping | list)


def _show_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    if not rows:
        OUT.print("nothing")
        return
    names = list(columns) or list(rows[0])
    table = Table(*names, box=None, header_style="bold")
    for row in rows:
        table.add_row(*(_clipped(_dug(row, name)) for name in names))
    OUT.print(table, markup=False)


def _dug(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _clipped(value: Any) -> str:
    text = cell(value)
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"


def cell(value: Any) -> str:
    """Return a value as a person reads it; names in two languages as ``中文 / English``."""
    if value is None:
        return "–"
    if _is_name(value):
        return f"{value['zh']} / {value['en']}"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def progress() -> Progress:
    """Return a progress bar on standard error; it is quiet where nobody watches."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    return Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal)


def follow(client: Client, job: Mapping[str, Any], title: str) -> Any:
    """Return a job's result once it has ended, with a progress bar; Ctrl-C cancels the job. Exit 1 if it failed."""
    with progress() as bars:
        task = bars.add_task(title, total=1.0)
        try:
            while job["state"] in {"queued", "running"}:
                time.sleep(_POLL_S)
                job = client.get(f"/api/v1/jobs/{job['id']}")
                bars.update(task, completed=job["progress"])
        except KeyboardInterrupt:
            client.delete(f"/api/v1/jobs/{job['id']}")
            raise
    if job["state"] == "failed":
        error = job["error"]
        ERR.print(f"lifang: {error['detail']} {error.get('where', '')} {error.get('mend', '')}", markup=False)
    if job["state"] != "done":
        raise typer.Exit(1)
    return job["result"]
