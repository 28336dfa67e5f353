"""Commands on the city as a whole: demo, init, serve, backup, restore, doctor, ledger."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from lifang.core import Conflict, NotFound, loading
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import OUT, Dir, Json, follow, show

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port on 127.0.0.1.")]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
ledger = typer.Typer(no_args_is_help=True, help="The tamper-evident record of who did what.")


def demo(
    pack: Annotated[str, typer.Argument(help="A city pack: its id or folder.")] = "chengdu",
    folder: Annotated[Path | None, typer.Option("--dir", help="Where the city lives; city/PACK if not given.")] = None,
    port: Port = 8000,
    speed: Annotated[
        float | None, typer.Option("--speed", help="City seconds a second; the pack's if not given.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    simulate: Annotated[
        bool, typer.Option("--simulate/--no-simulate", help="A simulated network of poles beside the real stations.")
    ] = True,
) -> None:
    """Open a city from its pack and serve it, its recorded sensors replayed as live."""
    with loading():
        from lifang.doors.cli import hosting  # noqa: PLC0415 - loaded by the commands that need it only

    hosting.demonstrate(pack, folder, port=port, speed=speed, browser=browser, simulate=simulate)


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    pack: Annotated[str | None, typer.Option("--pack", help="A city pack to start from.")] = None,
    city_id: Annotated[str, typer.Option("--id", help="The city's id.")] = "city",
    name: Annotated[str, typer.Option(help="The city's name.")] = "城市",
    area_code: Annotated[str, typer.Option(help="Its GB/T 2260 code.")] = "",
    simulate: Annotated[bool, typer.Option("--simulate", help="With a simulated network of poles.")] = False,
    as_json: Json = False,
) -> None:
    """Make a city in a folder: empty, or furnished from a pack."""
    with loading():
        from lifang.doors.cli import founding  # noqa: PLC0415 - loaded by the commands that need it only

    if pack is None:
        founding.make(folder, city_id=city_id, name=name, area_code=area_code)
    else:
        founding.make_from(pack, folder, simulate=simulate)
    if as_json:
        show({"path": str(folder)}, as_json=True)
    else:
        OUT.print(f"lifang: {folder} holds a city. Next: lifang serve --dir {folder}", markup=False, soft_wrap=True)


def serve(folder: Dir, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve a city."""
    with loading():
        from lifang.doors.cli import hosting  # noqa: PLC0415 - loaded by the commands that need it only

    hosting.serve(folder, host, port)


def backup(
    target: Annotated[Path, typer.Argument(help="The file to write.")], folder: Dir, as_json: Json = False
) -> None:
    """Back a city up, running or not, into one file."""
    if target.exists():
        raise Conflict(f"{target} exists.", mend="Name another file; nothing is overwritten.")
    if not target.absolute().parent.is_dir():
        raise NotFound(f"There is no folder {target.absolute().parent}.", mend="Make it, or name another place.")
    with Client(folder) as client:
        result = follow(client, client.post("/api/v1/backups"), "backing up")
    shutil.move(result["path"], target)
    show({**result, "path": str(target)}, as_json=as_json)


def restore(
    source: Annotated[Path, typer.Argument(help="The backup's file.")],
    folder: Annotated[Path, typer.Argument(help="An empty folder, or one to make.")],
    as_json: Json = False,
) -> None:
    """Restore a backup into an empty folder; every file is verified by its hash."""
    from lifang.store import Store  # noqa: PLC0415 - loaded by the command that needs it only

    summary = Store.restore(source, folder)
    found = {"path": str(folder), "sha256": summary.sha256, "bytes": summary.bytes, "files": summary.files}
    show(found, as_json=as_json)


def doctor(folder: Dir, as_json: Json = False) -> None:
    """Look the city over; exit 1 if anything is ill."""
    with Client(folder) as client:
        findings = client.get("/api/v1/doctor")["items"]
    ill = [each for each in findings if not each["well"]]
    show(findings, as_json=as_json, columns=("check", "well", "seen", *(["mend"] if ill else [])))
    if ill:
        raise typer.Exit(1)


@ledger.command("verify")
def verify(
    folder: Dir, head: Annotated[str | None, typer.Option(help="A head noted earlier.")] = None, as_json: Json = False
) -> None:
    """Verify the chain of every record; exit 1 if it is broken."""
    with Client(folder) as client:
        verdict = client.get("/api/v1/ledger/verify", head=head)
    show(verdict, as_json=as_json)
    if not verdict["ok"]:
        raise typer.Exit(1)


@ledger.command("list")
def records(folder: Dir, limit: Annotated[int, typer.Option(min=1)] = 50, as_json: Json = False) -> None:
    """List records, oldest first."""
    with Client(folder) as client:
        found = client.listing("/api/v1/ledger", limit=limit)
    show(found, as_json=as_json, columns=("seq", "recorded", "subject", "action", "resource", "outcome"))


def add_to(app: typer.Typer) -> None:
    """Hang this module's commands into ``app``."""
    for command in (demo, init, serve, backup, restore, doctor):
        app.command()(command)
