"""The words of harvesting: a source, a dataset as its portal describes it, what came of a harvest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from lifang.catalogue import Bilingual
from lifang.core import format_instant
from lifang.guard import Classification

KINDS = ("auto", "dcat", "data.json", "ckan")
PRESENT, WITHDRAWN = "present", "withdrawn"
REFUSED_TOLD = 100
_NO_TEXT = Bilingual()


@dataclass(frozen=True)
class FileLink:
    """A file that stays at its portal: its address, its format as the portal calls it, its media type, its title."""

    url: str
    format: str = ""
    media_type: str = ""
    title: str = ""


@dataclass(frozen=True)
class Remote:
    """A dataset as its portal describes it; ``identifier`` is its own at that portal.

    ``bbox`` is west, south, east, north in degrees; ``themes`` are the portal's own words, ``eu_themes`` codes of the
    EU's data themes.
    """

    identifier: str
    title: Bilingual
    summary: Bilingual = _NO_TEXT
    provider: Bilingual = _NO_TEXT
    keywords: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    eu_themes: tuple[str, ...] = ()
    licence: str = ""
    page: str = ""
    issued: str = ""
    modified: str = ""
    cycle: str = ""
    classification: Classification = Classification.OPEN
    bbox: tuple[float, ...] = ()
    start: str = ""
    end: str = ""
    contact: str = ""
    email: str = ""
    files: tuple[FileLink, ...] = ()

    def digest(self) -> str:
        """Return the SHA-256 (hex) of all that is said."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True)
class Page:
    """One page of what a portal lists; ``refused`` are identifier and reason of what could not be understood."""

    records: tuple[Remote, ...]
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Source:
    """A portal that is harvested. ``cursor`` is up to when it was read, where it can be asked for changes only.

    While it is ``active`` it is read by itself every so many days (0: only when asked); ``attempted`` is when that was
    last begun, ``trouble`` why it failed, if it did: detail, where, mend. What was ``removed`` is not read any more.
    """

    id: str
    url: str
    kind: str
    title: str
    classification: Classification
    by: str
    created: datetime
    harvested: datetime | None = None
    cursor: str = ""
    report: Mapping[str, Any] | None = None
    every_days: int = 0
    active: bool = True
    attempted: datetime | None = None
    trouble: Mapping[str, str] | None = None
    removed: datetime | None = None

    @property
    def due(self) -> datetime | None:
        """When it is to be read by itself the next time; ``None``: never."""
        if not self.active or not self.every_days or self.removed:
            return None
        return (self.attempted or self.harvested or self.created) + timedelta(days=self.every_days)

    def as_json(self) -> dict[str, Any]:
        """Return the source as plain values."""
        return {
            "id": self.id,
            "url": self.url,
            "kind": self.kind,
            "title": self.title,
            "classification": self.classification.value,
            "created": format_instant(self.created),
            "harvested": format_instant(self.harvested) if self.harvested else None,
            "report": self.report,
            "every_days": self.every_days,
            "active": self.active,
            "attempted": format_instant(self.attempted) if self.attempted else None,
            "trouble": self.trouble,
            "due": format_instant(self.due) if self.due else None,
        }


@dataclass(frozen=True)
class Trial:
    """What a portal answers to a first question: its kind, how many datasets it lists (or at least), some of them.

    ``whole`` tells that it lists no others; ``refused`` are identifier and reason of what could not be understood.
    """

    kind: str
    found: int
    whole: bool
    examples: tuple[Remote, ...]
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Harvested:
    """What is known of a harvested dataset: from which source, and whether its portal still lists it."""

    dataset: str
    source: Source
    identifier: str
    state: str
    seen: datetime
    files: tuple[FileLink, ...]

    @property
    def is_withdrawn(self) -> bool:
        """Whether its portal no longer lists it."""
        return self.state == WITHDRAWN


@dataclass
class Report:
    """What came of one harvest: how many datasets were found, and what became of them."""

    source: str
    kind: str
    found: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    refused: int = 0
    reasons: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, identifier: str, why: str) -> None:
        """Count what could not be taken in, and keep why for the first hundred."""
        self.refused += 1
        if len(self.reasons) < REFUSED_TOLD:
            self.reasons.append({"identifier": identifier[:300], "why": why[:500]})

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)
