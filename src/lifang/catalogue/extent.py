"""What place and time a dataset covers: as its card says, else as its release shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifang.catalogue.card import Card, Coverage
from lifang.catalogue.model import Release
from lifang.core import Box

_TIMES = ("time", "date")  # a moment tells more than a day


@dataclass(frozen=True)
class Extent:
    """``box`` in degrees, ``start`` and ``end`` as dates or moments of ISO 8601, both included; empty if not known."""

    box: Box | None = None
    start: str = ""
    end: str = ""


def extent_of(card: Card, release: Release | None) -> Extent:
    """Return the extent by ``[coverage]`` of the card; what that leaves out, by the bounds of the release.

    Time is that of the first column of moments, else of the first column of dates; a table without has none.
    """
    said = card.coverage
    start, end = _period(release) if release and not (said.start or said.end) else (said.start, said.end)
    return Extent(_box(said, release), start, end or start)


def _box(said: Coverage, release: Release | None) -> Box | None:
    found = said.bbox or (release.provenance.get("bounds") if release else None)
    return Box(*found) if found else None


def _period(release: Release) -> tuple[str, str]:
    bounds = {each.name: (each.minimum, each.maximum) for each in release.quality.columns}
    for kind in _TIMES:
        for name in _named(release.columns, kind):
            low, high = bounds.get(name, (None, None))
            if isinstance(low, str) and isinstance(high, str):
                return low, high
    return "", ""


def _named(columns: tuple[Mapping[str, Any], ...], kind: str) -> list[str]:
    return [str(column["name"]) for column in columns if column["type"] == kind]
