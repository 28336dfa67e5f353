"""The commands, gathered; problems become one clear line and exit code 1.

The commands on the city as a whole are always there. A word of ``_GROUPS`` is loaded when it is chosen, or when all are
asked for (help, completion): one command costs what it needs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from lifang.core import Problem
from lifang.doors.cli import house
from lifang.doors.cli.show import ERR

if TYPE_CHECKING:
    from typer._click import Command

_GROUPS: Mapping[str, tuple[str, ...]] = {  # word: where its Typer or command is, and the modules that add to it
    "data": ("data.app", "life", "quality"),
    "query": ("data.query",),
    "issue": ("quality.issues",),
    "catalogue": ("harvest.app",),
    "webhook": ("webhooks.app",),
    "share": ("share.app",),
    "standard": ("standards.app",),
    "sense": ("sense.app", "network"),
    "task": ("tasks.app",),
    "connect": ("connect.app",),
    "exchange": ("exchange.app",),
    "scene": ("scenes.app",),
    "alert": ("alerts.app",),
    "twin": ("twin.app", "twin_links", "twin_clashes", "twin_imagery", "twin_scenarios", "twin_topics"),
    "user": ("people.app",),
    "population": ("population.app",),
    "master": ("masterdata.app",),
    "ledger": ("house.ledger",),
}


@cache
def _group(word: str) -> Command:
    place, *adding = _GROUPS[word]
    module, _, name = place.partition(".")
    found = getattr(import_module(f"{__package__}.{module}"), name)
    for each in adding:
        import_module(f"{__package__}.{each}").add_to(found)
    parent = typer.Typer()
    if isinstance(found, typer.Typer):
        parent.add_typer(found, name=word)
    else:
        parent.command(word)(found)
    return typer.main.get_group(parent).commands[word]


class _Words(Mapping[str, "Command"]):
    """All first words: commands that are there, and groups that are loaded when they are looked at."""

    def __init__(self, there: Mapping[str, Command]) -> None:
        self._there = there

    def __getitem__(self, word: str) -> Command:
        return self._there[word] if word in self._there else _group(word)

    def __iter__(self) -> Iterator[str]:
        yield from (*self._there, *_GROUPS)

    def __len__(self) -> int:
        return len(self._there) + len(_GROUPS)


class _Lazy(TyperGroup):
    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.commands = _Words(self.commands)  # type: ignore[assignment]  # nothing is added later


app = typer.Typer(
    cls=_Lazy, no_args_is_help=True, pretty_exceptions_enable=False, help="里坊 lifang: a city that runs by its data."
)
house.add_to(app)


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
