"""What a connector declares, what it is given, what it hands over, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol

from lifang.core import BadInput, Clock, Unavailable
from lifang.outside import Reach
from lifang.sensing.connectors.mapping import Issue, Part, Record
from lifang.sensing.model import Thing


@dataclass(frozen=True)
class ConnectorSpec:
    """One kind of connector.

    ``options`` are the keys of ``[source]``; ``given`` are tables that stand where a file has none of its own;
    ``example`` is a whole file; ``paths`` says that fields are paths into JSON, not names of columns; ``fields`` names
    what a record holds where the kind decides that; ``continuous`` that it listens without end instead of pulling at
    times; ``maps`` is false where the source needs no ``[[values]]`` because it brings things only.
    """

    id: str
    zh: str
    en: str
    says: tuple[str, str]
    options: type[Part]
    example: str
    citation: str
    given: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    paths: bool = False
    continuous: bool = False
    maps: bool = True
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ("thing", "datastream", "observation")


@dataclass(frozen=True)
class Portion:
    """A part of what a source brings; it is stored before the next is asked for.

    ``where`` names its origin for people. When its values are durable, ``checkpoint`` (if any) and ``marks`` are kept
    in one transaction, then ``acknowledge`` is called. ``things`` are registered as they are; ``zone`` and
    ``properties`` are those that the source itself states.
    """

    where: str
    records: Sequence[Record] = ()
    things: Sequence[Thing] = ()
    issues: Sequence[Issue] = ()
    checkpoint: Mapping[str, Any] | None = None
    marks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    acknowledge: Callable[[], None] = lambda: None
    zone: tzinfo | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


class Refused(BadInput):
    """A source that is refused whole; ``issues`` tell of every fault."""

    def __init__(self, what: str, *, issues: Sequence[Issue] = (), where: str = "", mend: str = "") -> None:
        super().__init__(what, where=where, mend=mend)
        self.issues = tuple(issues)


@dataclass(frozen=True)
class Context:
    """What a pull is given.

    ``folder`` is the city's, relative paths start there; ``marked`` says whether a mark is
    set; ``trial`` says that nothing will be stored; ``centre`` is the middle of the city (degrees).
    """

    id: str
    folder: Path
    clock: Clock
    zone: tzinfo
    centre: tuple[float, float]
    limit_s: float
    marked: Callable[[str], bool] = lambda _: False
    stopping: Callable[[], bool] = lambda: False
    trial: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def left_s(self) -> float:
        """How many seconds this pull may still take."""
        return self.limit_s - (time.monotonic() - self.began)

    def check(self) -> None:
        """Raise ``Unavailable`` when the pull has taken too long."""
        if self.left_s <= 0:
            raise Unavailable(
                f"The pull took longer than {self.limit_s:g} s.",
                where=self.id,
                mend="What was stored is kept; it goes on from there. Raise limit_s if it needs more time.",
            )

    def reach(self, allow: tuple[Any, ...], ports: Sequence[int], bytes_max: int) -> Reach:
        """Return what a fetch of this pull may reach, within the time that is left."""
        self.check()
        return Reach(allow, tuple(ports), bytes_max, self.left_s)


class Connector(Protocol):
    """The face of a connector's module."""

    spec: ConnectorSpec

    @staticmethod
    def pull(options: Any, checkpoint: Mapping[str, Any], context: Context) -> Iterator[Portion]:
        """Yield what is new since ``checkpoint``; raise a ``Problem`` when the source cannot be read."""


@dataclass(frozen=True)
class Trouble:
    """A failure as kept: when, what, where, how to mend it."""

    moment: datetime
    what: str
    where: str
    mend: str


@dataclass(frozen=True)
class Status:
    """How a connector does: ``state`` is running, failing, paused, overdue or refused.

    ``lag_s`` is the age of the newest value; ``counts`` are totals
    since it was added: pulls, failures, values, refused cells, things, datastreams.
    """

    id: str
    kind: str
    zh: str
    en: str
    state: str
    file: str
    secrets: tuple[str, ...]
    every_s: float | None
    failures: int
    lag_s: float | None
    newest: datetime | None
    last_attempt: datetime | None
    last_success: datetime | None
    next_attempt: datetime | None
    counts: Mapping[str, int]
    troubles: Sequence[Trouble]


@dataclass(frozen=True)
class KeptIssue:
    """A refused cell as kept: its id, when it was refused, and what was wrong."""

    id: str
    recorded: datetime
    issue: Issue


@dataclass(frozen=True)
class Trial:
    """What a connector would bring: nothing of it is stored."""

    records: int
    values: Sequence[Mapping[str, Any]]
    things: Sequence[Thing]
    datastreams: Sequence[str]
    issues: Sequence[Issue]
    trouble: Trouble | None
