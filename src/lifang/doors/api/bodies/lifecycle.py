"""The bodies of the life of datasets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from lifang.doors.api.bodies.catalogue import State
from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said

Text = Annotated[str, Field(max_length=2000)]
Id = Annotated[str, Field(max_length=128)]


class CardAsked(Asked):
    """A dataset's card: the fields of a ``dataset.toml``."""

    card: Json


class MoveBody(Said):
    """A move that the dataset is open to and that the asker may do."""

    id: str
    name: Name
    reasoned: bool


class HoldBody(Said):
    """A legal hold: it keeps a dataset from destruction until it is lifted."""

    id: str
    reason: str
    authority: str
    placed_by: str
    placed: str
    lifted_by: str
    lifted: str | None
    lifted_reason: str


class HistoryBody(Said):
    """One change in a dataset's life; who did it and why is told to those who prepare data."""

    seq: int
    kind: str
    recorded: str
    by: str | None
    detail: Json


class LifeBody(Said):
    """Where a dataset is in its life, and what can be done with it.

    ``retained_until`` is when its retention ends (``null``: never); ``holds``, ``destruction`` and ``made_from_it``,
    what would stay under its own retention, are told to those who may decide on them.
    """

    dataset: str
    state: State
    since: str
    reason: str
    successor: str | None
    retention: str
    retained_until: str | None
    held: bool | None
    moves: list[MoveBody]
    holds: list[HoldBody]
    destruction: str | None
    made_from_it: list[str]
    history: list[HistoryBody]


class MoveAsked(Asked):
    """A move: ``successor`` deprecates, ``authority`` places a hold, ``hold`` names the one to lift.

    A destruction asked for ``with_derived`` is approved only once what was made from the dataset is destroyed too.
    """

    move: Annotated[str, Field(min_length=1, max_length=40)]
    reason: Text = ""
    successor: Id = ""
    authority: Annotated[str, Field(max_length=300)] = ""
    hold: Id = ""
    with_derived: bool = False


class DestructionBody(Said):
    """A destruction: asked, refused, lapsed, removing or done; then with its certificate.

    ``made_from_it`` was made from the dataset and stays under its own retention: ends of lineage.
    """

    id: str
    dataset: str
    state: Literal["asked", "refused", "lapsed", "removing", "done"]
    asked_by: str
    asked: str
    asked_reason: str
    decided_by: str
    decided: str | None
    decided_reason: str
    completed: str | None
    with_derived: bool
    made_from_it: list[str]
    certificate: Json | None


class DestructionPage(Said):
    """Destructions, the newest first."""

    items: list[DestructionBody]
    next: str | None


class CertificateAsked(Asked):
    """A certificate of destruction as it was given."""

    certificate: dict[str, Any]


class CheckBody(Said):
    """One thing that was looked at."""

    what: str
    ok: bool
    seen: str


class VerdictBody(Said):
    """What checking a certificate came to."""

    ok: bool
    checks: list[CheckBody]
