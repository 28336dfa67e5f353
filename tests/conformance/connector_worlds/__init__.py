"""An outside for each kind of connector, one file each: a source that speaks, breaks, is mended and says nonsense.

A new connector needs a new file here with a class ``World``; the conformance tests do the rest.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Protocol

FEED = "feed"  # the id of the connector under test
START = 1_700_000_000  # seconds since 1970: when the first value was measured
STEP = 60  # seconds between values

Values = dict[tuple[str, int], float]


class World(Protocol):
    """What the tests need of an outside; ``folder`` is the city's."""

    timed: bool  # whether the source says when a value was measured
    there: bool  # whether it can be reached before it has said anything

    def __init__(self, folder: Path) -> None: ...

    @property
    def config(self) -> str:
        """The connector's file."""
        ...

    secrets: dict[str, str]

    def say(self, count: int) -> None:
        """Bring out ``count`` more values; value number k is k."""
        ...

    def expected(self) -> Values:
        """Return every value said so far: (datastream, microseconds) to number."""
        ...

    def things(self) -> set[str]:
        """Return the ids of the things said so far."""
        ...

    def fail(self) -> None:
        """Be out of reach, or unreadable."""
        ...

    def mend(self) -> None:
        """Be well again."""
        ...

    def say_nonsense(self) -> tuple[str, str]:
        """Say something bad; return the column and the rule that are to be told."""
        ...

    def close(self) -> None:
        """End."""
        ...


def micros(number: int) -> int:
    """Return when value ``number`` was measured, in microseconds UTC."""
    return (START + number * STEP) * 1_000_000


def world_of(kind: str, folder: Path) -> Any:
    """Return the world of this kind of connector; a kind without one cannot be tested."""
    return importlib.import_module(f"connector_worlds.{kind}").World(folder)
