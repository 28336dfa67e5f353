"""The bodies of master data: sources, rules, conflicts, duplicates, the gazetteer, records with links and history."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said

Text = Annotated[str, Field(min_length=1, max_length=500)]


class MasterSource(Asked):
    """A dataset that tells of a kind of record for a bureau; ``columns`` maps elements to its columns."""

    organisation: Text
    columns: dict[str, str] = Field(default_factory=dict, max_length=200)


class MasterSourceBody(Said):
    """A dataset that tells of a kind of record; ``in_use``: it has a release that is read."""

    dataset: str
    organisation: str
    columns: dict[str, str]
    in_use: bool


class MasterSources(Said):
    """The sources of a kind, by dataset."""

    items: list[MasterSourceBody]
    next: str | None


class UnresolvedRows(Said):
    """Rows of sources that mean no one record, each with its bureau and why: for the bureau to mend."""

    items: list[Json]
    next: str | None


class MasterRule(Asked):
    """Who goes first: organisations, ``newest``, ``most_complete``; an empty one takes the rule away."""

    precedence: Annotated[list[Text], Field(max_length=50)]


class Settlement(Asked):
    """Whose word holds, and why."""

    organisation: Text
    reason: Text


class Verdict(Asked):
    """Whether the records are the same, as the record ``kept``, or different, and why."""

    decision: Literal["same", "different"]
    kept: Annotated[str, Field(max_length=500)] = ""
    reason: Text


class StepBody(Said):
    """One step of a conflict or a case of duplicates: opened, changed, settled, reopened, gone; by whom, when."""

    move: str
    by: str
    recorded: str
    detail: Json


class ConflictBody(Said):
    """What bureaus differ in of one element of one record; ``steps`` where one conflict is asked for.

    ``job`` is the id of the one that writes the release which says so, where one was just settled.
    """

    id: str
    kind: str
    record: str
    element: str
    said: list[Json]
    state: str
    value: str | None
    reason: str
    settled_by: str
    opened: str
    settled: str | None
    steps: list[StepBody] = Field(default_factory=list)
    job: str = ""


class ConflictPage(Said):
    """Conflicts, by record and element."""

    items: list[ConflictBody]
    next: str | None


class DuplicateBody(Said):
    """Records that may be one, what they are alike in, and what a person said; ``steps`` where one is asked for.

    ``job`` is the id of the one that writes the release which says so, where one was just decided.
    """

    id: str
    kind: str
    records: list[str]
    said: Json
    state: str
    decision: str
    kept: str
    reason: str
    settled_by: str
    opened: str
    settled: str | None
    steps: list[StepBody] = Field(default_factory=list)
    job: str = ""


class DuplicatePage(Said):
    """Cases of duplicates, by id."""

    items: list[DuplicateBody]
    next: str | None


class FeedBody(Said):
    """What a part of the gazetteer came from, a release or a code list, and how many names it gave."""

    part: str
    source: str
    names: int


class GazetteerBody(Said):
    """What the city's gazetteer is fed from now."""

    items: list[FeedBody]
    next: str | None


class MeaningBody(Said):
    """The parts of an address, and the standard address that it means with a score of 0 to 1; empty if none."""

    parts: Json
    code: str
    score: float


class BaseDatabase(Said):
    """A base database: its key and elements; ``there``: it holds records that the asker may read.

    ``sources`` (organisations) and ``rules`` (who goes first, by element) are for those who settle conflicts.
    """

    id: str
    name: Name
    key: list[str]
    elements: dict[str, Name]
    there: bool
    sources: list[str]
    rules: dict[str, list[str]]


class BaseDatabases(Said):
    """The six base databases."""

    items: list[BaseDatabase]
    next: str | None


class LinkedBody(Said):
    """A record that another leads to (``out``), or that leads to it, with what it is linked to itself."""

    link: str
    name: Name
    out: bool
    kind: str
    record: Json
    links: list[LinkedBody] = Field(default_factory=list)


class StateBody(Said):
    """A record as it was recorded at a moment; ``None``: it had gone."""

    recorded: str
    record: Json | None


class RecordBody(Said):
    """The one record of its key, with what it is linked to and every state it had."""

    record: Json
    links: list[LinkedBody]
    history: list[StateBody]
