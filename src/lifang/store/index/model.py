"""What is indexed of a document, and what may be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as filled


@dataclass(frozen=True)
class IndexFields:
    """The fields of an index: ``texts`` searched by words, ``keywords`` exact, ``numbers`` whole, ``sorts`` ordered by.

    ``version`` is changed where documents are made otherwise: an index of another version is made anew.
    """

    texts: tuple[str, ...]
    keywords: tuple[str, ...]
    numbers: tuple[str, ...]
    sorts: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class IndexDocument:
    """One document; ``mark`` is a number of 63 bits that changes when the record it is made from does."""

    id: str
    mark: int
    texts: Mapping[str, str]
    keywords: Mapping[str, Sequence[str]] = filled(default_factory=dict)
    numbers: Mapping[str, int] = filled(default_factory=dict)
    sorts: Mapping[str, str] = filled(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """Every word of ``text`` stands in ``field``; standing in a field of ``better`` too counts that many times."""

    text: str
    field: str
    better: Mapping[str, float] = filled(default_factory=dict)


@dataclass(frozen=True)
class Having:
    """``field`` has one of ``values``."""

    field: str
    values: Sequence[str]


@dataclass(frozen=True)
class Begins:
    """A value of ``field`` begins with ``start``; with none any value will do."""

    field: str
    start: str = ""


@dataclass(frozen=True)
class Without:
    """The clause does not hold."""

    clause: Clause


@dataclass(frozen=True)
class Span:
    """The number ``field`` lies in ``[low, high]``, without end where a bound is ``None``."""

    field: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Every:
    """All of the clauses hold; without any, anything does."""

    clauses: Sequence[Clause] = ()


@dataclass(frozen=True)
class Either:
    """One of the clauses holds; without any, nothing does."""

    clauses: Sequence[Clause] = ()


@dataclass(frozen=True)
class Nearly:
    """``field`` holds something like ``word``: a word one or two letters away, or some of its pairs of characters."""

    word: str
    field: str


Clause = Words | Having | Begins | Without | Span | Every | Either | Nearly
