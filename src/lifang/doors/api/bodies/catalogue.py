"""The bodies of the catalogue's routes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Json, Name, Said

State = Literal["draft", "review", "published", "deprecated", "archived", "destroyed"]


class Theme(Said):
    """A subject class of the catalogue."""

    id: str
    zh: str
    en: str


class Term(Said):
    """An entry of a list that cards choose from."""

    id: str
    zh: str
    en: str


class Period(Said):
    """A time with both its ends: dates (a year, a month, a day) or moments of ISO 8601."""

    start: str
    end: str


class ContactBody(Said):
    """Whom to ask about a dataset."""

    name: Name
    email: str
    phone: str
    url: str


class DatasetSummary(Said):
    """A dataset as the list shows it; ``quality_score`` is the admitted share of its rows, 0 to 1.

    ``kind`` is the class of the resource: base, theme or department. ``bbox`` is west, south, east, north in degrees.

    ``needs`` is ``purpose`` where the asker must state one to read it: all but id, name, theme, provider and
    classification is left out then.
    """

    id: str
    name: Name
    summary: Name
    theme: Theme
    format: str
    provider: Name
    licence: str
    licence_name: Name
    classification: str
    state: State
    rows: int | None
    refused: int | None
    updated: str | None
    release: int | None
    geometry: bool
    quality_score: float | None
    kind: Literal["base", "theme", "department"]
    base: Term | None
    keywords: list[str]
    sharing: Term | None
    opening: Term | None
    update_cycle: Term | None
    bbox: list[float] | None
    period: Period | None
    needs: Literal["purpose", "agreement"] | None = None


class CardBody(Said):
    """A dataset's card, and the same as the text of a ``dataset.toml``."""

    card: Json
    toml: str


class Facet(Said):
    """One value to narrow the list by."""

    value: str
    name: Name
    count: int


class DatasetPage(Said):
    """Datasets, ``total`` of them, with what to narrow the list by; ``did_you_mean`` where there is none."""

    items: list[DatasetSummary]
    next: str | None
    total: int
    facets: dict[str, list[Facet]]
    did_you_mean: str | None = None


class MetadataElement(Said):
    """One element of GB/T 21063 metadata."""

    element: str
    en: str
    value: Any


class Column(Said):
    """A column: 信息项; ``element`` is that of the dataset's standard which it follows."""

    name: str
    title: Name
    type: str
    unit: str | None
    code_list: str | None
    required: bool
    element: str | None


class ReleaseBody(Said):
    """An immutable published version."""

    number: int
    recorded: str
    rows: int
    refused: int
    bytes: int
    sha256: str
    source_name: str


class HarvestedBody(Said):
    """From which portal a dataset was harvested; ``state`` is present, or withdrawn once it is listed no more."""

    source: str
    title: str
    url: str
    identifier: str
    state: str
    seen: str
    files: list[Json]


class DatasetBody(DatasetSummary):
    """A dataset in full; ``code`` is its resource code, ``place`` what its coverage is called.

    ``standard`` is the data standard that it follows.
    """

    code: str
    standard: str | None
    provider_code: str
    sharing_condition: Name
    sharing_mode: Term | None
    opening_condition: Name
    related: list[str]
    place: Name
    contact: ContactBody
    metadata: list[MetadataElement]
    columns: list[Column]
    releases: list[ReleaseBody]
    quality: Json
    attribution: Name
    source: str
    harvested: HarvestedBody | None


class RowsColumn(Said):
    """A column of the rows answered."""

    name: str
    type: str


class RowPage(Said):
    """Rows of a release; ``total`` counts all that fit the conditions."""

    items: list[Json]
    next: str | None
    columns: list[RowsColumn]
    total: int
    release: int


class ColumnChangeBody(Said):
    """A column that differs; ``told`` gives each fact that does, before and after."""

    kind: Literal["added", "removed", "retyped", "renamed"]
    name: str
    told: dict[str, list[str | None]]


class DifferenceItem(Said):
    """A row that differs: its key, and each cell that does, before and after."""

    change: Literal["added", "removed", "changed"]
    key: Json
    cells: dict[str, Json]


class DifferenceBody(Said):
    """What makes release ``to`` of release ``from``; ``cells`` counts the changed cells by column.

    ``key`` is empty where no key names each row once: rows are added and removed only, then.
    """

    dataset: str
    older: int = Field(alias="from")
    to: int
    key: list[str]
    columns: list[ColumnChangeBody]
    rows: dict[str, int]
    added: int
    removed: int
    changed: int
    same: int
    cells: dict[str, int]
    items: list[DifferenceItem]
    next: str | None


class RefusedRow(Said):
    """A row that was not admitted: where it is, which rule it breaks, how to mend it.

    ``mend_zh`` is ``mend`` in Chinese, empty where it has no Chinese words.
    """

    row: int
    column: str
    value: str | None
    rule: str
    rule_name: Name
    mend: str
    mend_zh: str


class RefusedPage(Said):
    """Refused rows."""

    items: list[RefusedRow]
    next: str | None


class LineageNode(Said):
    """A source, dataset, datastream or indicator."""

    id: str
    kind: str
    name: Name | None


class LineageEdge(Said):
    """What was made from what, and how."""

    source: str
    target: str
    activity: str
    activity_name: Name
    recorded: str


class LineageBody(Said):
    """Where a dataset comes from and what is made from it."""

    nodes: list[LineageNode]
    edges: list[LineageEdge]


class CodeBody(Said):
    """One code of a list."""

    code: str
    name: Name


class DictionaryColumn(Said):
    """A column of the data dictionary; ``codes`` are the first 500 of ``codes_total``, the rest is in the code list.

    ``definition`` and ``clause`` are those of the element of the dataset's standard which the column follows.
    ``minimum`` and ``maximum`` are declared, ``found_minimum`` and ``found_maximum`` those of the release; ``complete``
    is the share of filled cells, 0 to 1.
    """

    name: str
    title: Name
    definition: Name
    clause: str | None
    type: str
    unit: str | None
    key: bool
    required: bool
    unique: bool
    pattern: str | None
    minimum: float | str | None
    maximum: float | str | None
    complete: float | None
    distinct: int | None
    found_minimum: float | int | str | None
    found_maximum: float | int | str | None
    code_list: Term | None
    codes: list[CodeBody]
    codes_total: int


class DictionaryBody(Said):
    """The data dictionary of a dataset's release; ``release`` is nothing where there is none yet."""

    dataset: str
    release: int | None
    columns: list[DictionaryColumn]


class SnippetBody(Said):
    """A piece of code that reads a dataset."""

    language: Literal["curl", "python", "r", "javascript"]
    title: Name
    code: str


class SnippetsBody(Said):
    """Code that reads a dataset."""

    items: list[SnippetBody]


class CitationBody(Said):
    """How a dataset is cited: as text, as BibTeX, as DataCite metadata 4.5."""

    text: Name
    bibtex: str
    datacite: Json
