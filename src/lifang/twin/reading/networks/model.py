"""A utility network as its file tells it: nodes and the lines between them, each with its place in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lifang.twin.reading.model import Fault

_MOST = 1e12  # no coordinate, length or load is greater


@dataclass
class Node:
    """A junction, a tank, a busbar: ``at`` in the file's coordinates, ``floor_m`` up; what is ``told`` of it in SI."""

    group: str
    id: str
    kind: str
    where: str
    told: dict[str, Any]
    at: tuple[float, float] | None = None
    floor_m: float = 0.0
    name: str = ""


@dataclass
class Line:
    """A pipe, a cable, a pump between two nodes (``ends``) by way of its ``bends``; ``above_m`` if it hangs."""

    group: str
    id: str
    kind: str
    where: str
    ends: tuple[str, str]
    told: dict[str, Any]
    bends: list[tuple[float, float]] = field(default_factory=list)
    above_m: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Heights:
    """Whence the heights of nodes are, where no ground is given.

    Lines lie at them, or ``cover_m`` deep where they are those of the ground.
    """

    source: str
    cover_m: float | None = None


@dataclass
class Network:
    """What a file tells: nodes and lines by their ids in the file, and the faults of what cannot be understood."""

    heights: Heights
    no_place: str  # how to mend that a node has no coordinates
    nodes: dict[str, Node] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def number(told: Any) -> float:
    """Return a number as one; ``ValueError`` for what is none, infinite or beyond all measure."""
    if isinstance(told, bool):
        raise ValueError(told)
    found = float(told)
    if not abs(found) < _MOST:
        raise ValueError(told)
    return found
