"""Entities and the links between them: what kinds there are, told as data, and questions over paths among them.

A field's name in an expression is a path: ``name``, ``properties/owner/name``, ``Thing/name``,
``Datastreams/ObservedProperty/id``. What lies at the end of a link to many holds if it holds for any of them; all
paths of one expression that begin with the same link mean the same linked entity (OGC 18-088, clause 9.3.3.5.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lifang.core import BadInput
from lifang.store.expression import Expression

NUMBER = "@id"  # the field that every entity has


@dataclass(frozen=True)
class Step:
    """One join on the way along a link: the column ``left`` of where one stands equals ``right`` of ``table``."""

    left: str
    table: str
    right: str


@dataclass(frozen=True)
class Link:
    """A way from one kind to another; the last step's table is that of ``target``; ``order`` a column on the way.

    ``repeats`` says that one end may lie at two ways through the first step's table: it is one end all the same.
    """

    target: str
    many: bool
    steps: tuple[Step, ...]
    order: tuple[int, str] | None = None
    repeats: bool = False


@dataclass(frozen=True)
class Derived:
    """A field that is another column read by a list: ``code`` column, what each code stands for, by inner name.

    ``stored`` is a JSON column that wins where it is filled.
    """

    code: str
    stored: str
    meanings: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Node:
    """A kind of entity: its table, its fields (name to column), and its links.

    ``shape`` is the field that holds a geometry; ``defaults`` say what an empty text in a column means, ``instead``
    which column is read then; ``inside`` gives columns that are read as if they stood in a JSON field (of one that no
    column holds, too); ``only`` narrows the table to rows of one value; ``guarded`` names the link to what carries the
    classification of an entity that has none of its own: its end, or the end of that one's.
    """

    name: str
    table: str
    fields: Mapping[str, str]
    links: Mapping[str, Link] = field(default_factory=dict)
    shape: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, Derived] = field(default_factory=dict)
    inside: Mapping[tuple[str, str], str] = field(default_factory=dict)
    only: tuple[str, Any] | None = None
    guarded: str = ""


Graph = Mapping[str, Node]
Classes = Mapping[str, tuple[str, ...]]  # what of each kind may be seen: values of its classification


@dataclass(frozen=True)
class Parents:
    """Where a question starts: the entities ``numbers`` of ``kind``, and the link from them to what is asked for."""

    kind: str
    link: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class EntityQuery:
    """Entities of ``kind`` that may be seen (``classes``), that meet ``where``, in ``order``, then by number.

    With ``parents`` only those linked from them, ``limit`` and ``offset`` counting for each parent. ``after`` is the
    last entity's values of ``order``, then its number. ``columns`` are names of columns (all of the table without).
    """

    kind: str
    classes: Classes
    where: Expression | None = None
    order: tuple[tuple[Expression, bool], ...] = ()
    limit: int | None = None
    offset: int = 0
    after: tuple[Any, ...] | None = None
    parents: Parents | None = None
    columns: tuple[str, ...] = ()


def node_of(graph: Graph, kind: str) -> Node:
    """Return the node of ``kind``; ``BadInput`` if there is none."""
    found = graph.get(kind)
    if found is None:
        raise BadInput(f"There is no kind of entity {kind[:40]!r}.", mend=f"Known: {', '.join(graph)}.")
    return found
