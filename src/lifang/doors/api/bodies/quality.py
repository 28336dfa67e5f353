"""The bodies of quality: scores of the standing checks, issues and what happened to them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said

IssueState = Literal["open", "assigned", "mended", "closed", "declined"]
Note = Annotated[str, Field(max_length=2000)]


class CheckBody(Said):
    """One dimension of GB/T 36344: its score (``null``: does not apply), the least that passes, what was counted."""

    dimension: str
    name: Name
    score: float | None
    least: float
    passed: bool
    detail: Json


class RunBody(Said):
    """The scores of one run of the standing checks."""

    recorded: str
    release: int
    scores: dict[str, float | None]


class QualityBody(Said):
    """How a dataset stands by its standing checks, and how it stood; ``due`` is until when a release is punctual."""

    dataset: str
    release: int | None
    recorded: str | None
    due: str | None
    late: bool
    checks: list[CheckBody]
    history: list[RunBody]


class Feedback(Asked):
    """What is wrong with a dataset, one of its rows (by its key, as written) or one of its columns."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    row_key: Annotated[str, Field(max_length=500)] = ""
    column: Annotated[str, Field(max_length=200)] = ""


class IssueMove(Asked):
    """A step of an issue: assign (to whom, by when), mend, confirm, reopen, decline."""

    move: Annotated[str, Field(min_length=1, max_length=40)]
    note: Note = ""
    assignee: Annotated[str, Field(max_length=200)] = ""
    due: Annotated[str | None, Field(max_length=64)] = None


class IssueEventBody(Said):
    """One step that was taken; by whom and with which note is told to those who may."""

    move: str
    recorded: str
    by: str | None
    note: str | None


class IssueBody(Said):
    """An issue: filed by somebody, or by a standing check (``dimension``). Its reporter is told to those who may.

    ``bureau`` is the organisation that its dataset came from, ``moves`` the steps that the asker may take now.
    """

    id: str
    dataset: str
    release: int
    row_key: str
    column: str
    dimension: str
    text: str
    state: IssueState
    reporter: str | None
    assignee: str
    bureau: str
    due: str | None
    overdue: bool
    opened: str
    updated: str
    events: list[IssueEventBody]
    moves: list[str]


class WaitingBody(Said):
    """How many issues wait for a step of the asker's: of datasets that are late, and others."""

    late: int
    others: int


class IssuePage(Said):
    """Issues, the newest first."""

    items: list[IssueBody]
    next: str | None
