"""The bodies of connectors: their files, how they do, what they would bring."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said

FileText = Annotated[str, Field(min_length=1, max_length=100_000, description="The connector's file, TOML.")]
SecretName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]
SecretsGiven = Annotated[
    dict[SecretName, Annotated[str, Field(max_length=10_000)]],
    Field(max_length=20, default_factory=dict, description="What `${name}` in the file stands for; never shown again."),
]
ConnectorId = Annotated[str, Field(min_length=1, max_length=64)]


class KindBody(Said):
    """A kind of connector: what it brings in, an example of its file."""

    id: str
    name: Name
    says: Name
    citation: str
    continuous: bool
    example: str


class KindPage(Said):
    """Kinds of connectors."""

    items: list[KindBody]
    next: str | None


class TroubleBody(Said):
    """A failure: when, what, where, how to mend it."""

    moment: str
    what: str
    where: str
    mend: str


class ConnectorBody(Said):
    """How a connector does; ``lag_s`` is the age of its newest value, ``counts`` are totals since it was added."""

    id: str
    kind: str
    name: Name
    state: Literal["running", "failing", "paused", "overdue", "refused"]
    file: str
    secrets: list[str]
    every_s: float | None
    failures: int
    lag_s: float | None
    newest: str | None
    last_attempt: str | None
    last_success: str | None
    next_attempt: str | None
    counts: dict[str, int]
    troubles: list[TroubleBody]


class ConnectorPage(Said):
    """Connectors."""

    items: list[ConnectorBody]
    next: str | None


class ConnectorFile(ConnectorBody):
    """A connector with its file; secrets stand in it by name only."""

    toml: str


class NewConnector(Asked):
    """A connector to add; ``replace`` gives one that is there a new file."""

    id: ConnectorId
    toml: FileText
    secrets: SecretsGiven
    replace: bool = False


class ConnectorChange(Asked):
    """What to change of a connector."""

    paused: bool


class TriedFile(Asked):
    """A file to try out; nothing of it is kept."""

    toml: FileText
    secrets: SecretsGiven


class IssueBody(Said):
    """A refused cell: where it came from, its row and column, what stood there, the rule, the remedy."""

    moment: str | None
    where: str
    row: int
    column: str
    value: str
    rule: str
    mend: str


class IssuePage(Said):
    """Refused cells, the newest first."""

    items: list[IssueBody]
    next: str | None


class TriedValue(Said):
    """A value that would be stored."""

    datastream: str
    time: str
    value: float | None
    quality: str


class TrialBody(Said):
    """What a connector would bring now; nothing of it is stored. Lists are cut to the first 20."""

    records: int
    values: list[TriedValue]
    things: list[Json]
    datastreams: list[str]
    issues: list[IssueBody]
    trouble: TroubleBody | None
