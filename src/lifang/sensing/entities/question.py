"""What is asked of the entities, and what is answered: pages of entities with those linked to them inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lifang.sensing.entities.observation import When
from lifang.store import Expression, Row

PAGE, PAGE_MAX = 100, 10_000  # entities of a page when nobody says, and at most
NESTED = 100  # linked entities of each, when nobody says
DEPTH_MAX = 8  # levels of links inside links


@dataclass(frozen=True)
class Question:
    """Entities of ``kind`` that meet ``where``, in ``order`` (expression, descending), then by their own order.

    ``top`` at most, after ``skip``; ``after`` is where the last page ended. ``expand`` names the links whose ends are
    wanted too, each with a question of its own. Field names in expressions are paths as in the standard.
    """

    kind: str
    where: Expression | None = None
    order: tuple[tuple[Expression, bool], ...] = ()
    top: int = PAGE
    skip: int = 0
    after: tuple[Any, ...] | None = None
    count: bool = False
    expand: tuple[tuple[str, Question], ...] = ()


@dataclass(frozen=True)
class Start:
    """Where a path has led so far: the entity ``number`` of ``kind``; for an observation also its ``when``."""

    kind: str
    number: int
    when: When = (0, None)


@dataclass
class Entity:
    """One entity: its kind, its row as kept, and what hangs on its links where that was asked for."""

    kind: str
    row: Row
    links: dict[str, Page | Entity | None] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The entity's number; of an observation that of its datastream."""
        return int(self.row["datastream"] if self.kind == "Observation" else self.row["number"])


@dataclass
class Page:
    """Some entities of a collection: whether more follow, after which keys, and how many there are if asked."""

    items: list[Entity] = field(default_factory=list)
    more: bool = False
    after: tuple[Any, ...] | None = None
    count: int | None = None


Sight = Mapping[str, tuple[str, ...]]  # by kind of entity, the classifications that may be seen
