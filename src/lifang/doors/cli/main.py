"""The commands, gathered; problems become one clear line and exit code 1."""

from __future__ import annotations

import sys

import typer

from lifang.core import Problem
from lifang.doors.cli import (
    alerts,
    connect,
    data,
    exchange,
    harvest,
    house,
    life,
    masterdata,
    network,
    people,
    population,
    quality,
    scenes,
    sense,
    share,
    standards,
    tasks,
    twin,
    twin_clashes,
    twin_links,
    twin_scenarios,
    webhooks,
)
from lifang.doors.cli.show import ERR

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="里坊 lifang: a city that runs by its data."
)
house.add_to(app)
network.add_to(sense.app)
life.add_to(data.app)
twin_links.add_to(twin.app)
twin_clashes.add_to(twin.app)
twin_scenarios.add_to(twin.app)
data.app.command()(quality.quality)
app.add_typer(data.app, name="data")
app.add_typer(quality.issues, name="issue")
app.add_typer(harvest.app, name="catalogue")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(share.app, name="share")
app.add_typer(standards.app, name="standard")
app.add_typer(sense.app, name="sense")
app.add_typer(tasks.app, name="task")
app.add_typer(connect.app, name="connect")
app.add_typer(exchange.app, name="exchange")
app.add_typer(scenes.app, name="scene")
app.add_typer(alerts.app, name="alert")
app.add_typer(twin.app, name="twin")
app.add_typer(people.app, name="user")
app.add_typer(population.app, name="population")
app.add_typer(masterdata.app, name="master")
app.add_typer(house.ledger, name="ledger")


def main() -> None:
    """Run one command."""
    try:
        app()
    except Problem as problem:
        _end(str(problem))
    except OSError as error:
        where = f" Where: {error.filename}." if error.filename else ""
        _end(f"The system refused: {error.strerror or error}.{where} To mend: see whether it is there and open to you.")


def _end(message: str) -> None:
    ERR.print(f"lifang: {message}", markup=False, highlight=False, soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
