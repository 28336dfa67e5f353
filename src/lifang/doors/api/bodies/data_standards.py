"""The bodies of the data standards' routes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict

from lifang.doors.api.bodies.kinds import Asked, Name, Said


class ElementBody(Said):
    """One element: what a column that follows it holds; ``grade`` by GB/T 43697, ``personal`` by PIPL Art. 4, 28."""

    id: str
    name: Name
    definition: Name
    type: str
    unit: str
    minimum: float | str | None
    maximum: float | str | None
    pattern: str
    code_list: str
    check_digit: str
    key: bool
    required: bool
    unique: bool
    grade: Literal["general", "important", "core"]
    personal: Literal["", "personal", "sensitive"]
    source: str


class StandardSummary(Said):
    """A data standard in one edition; ``shipped``: it came with lifang. ``grade`` is the highest of its elements."""

    reference: str
    id: str
    edition: int
    title: Name
    kind: Literal["base", "theme", "department"]
    theme: str
    source: str
    grade: str
    personal: str
    shipped: bool
    recorded: str | None
    by: str
    element_count: int


class StandardPage(Said):
    """Data standards."""

    items: list[StandardSummary]
    next: str | None


class StandardBody(StandardSummary):
    """A data standard in full."""

    summary: Name
    note: str
    grading: dict[str, str]
    elements: list[ElementBody]


class ChangeBody(Said):
    """What an edition changes; ``text`` is the same in words. ``breaking``: old data may fail it, or their readers."""

    kind: str
    element: str
    field: str
    before: Any
    after: Any
    breaking: bool
    text: str


class DiffBody(Said):
    """What one standard changes of another."""

    before: str
    after: str
    breaking: bool
    changes: list[ChangeBody]


class StandardFile(Asked):
    """The TOML text of a data standard."""

    model_config = ConfigDict(str_max_length=1_000_000)
    toml: str


class RegisteredBody(Said):
    """What became of a text."""

    standard: StandardBody
    unchanged: bool
    changes: list[ChangeBody]


class FaultBody(Said):
    """A fault of a text: on which line, of which key, and how to mend it."""

    line: int
    where: str
    what: str
    mend: str
    warning: bool


class LintBody(Said):
    """The faults of a text; ``ok``: none of them bars it."""

    ok: bool
    faults: list[FaultBody]
