"""Search in the catalogue: substrings of normalised text, so that every two-character Chinese word is found."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lifang.catalogue.card import OTHER, Bilingual, Card, named


@dataclass(frozen=True)
class Found:
    """What the index holds of one dataset: the values its facets count, and the text that is searched."""

    id: str
    theme: str
    format: str
    classification: str
    text: str
    brief: str  # what is searched for those who may only know that the dataset is there


def normalised(text: str) -> str:
    """Return text as it is compared: NFKC, case folded (full-width letters equal plain ones)."""
    return unicodedata.normalize("NFKC", text).casefold()


def searchable(card: Card, themes: Mapping[str, Bilingual], *, media: str) -> Found:
    """Return the index entry of a dataset: everything a person may remember of it."""
    theme = named(themes, card.theme or OTHER)
    texts = [card.id, card.name.zh, card.name.en, media, card.theme, theme.zh, theme.en, card.source_text, card.licence]
    texts += card.keywords
    for both in (card.summary, card.provider, card.attribution):
        texts += [both.zh, both.en]
    for column in card.columns:
        texts += [column.name, column.zh, column.en]
    text = normalised("\n".join(filter(None, texts)))
    named_by = [card.id, card.name.zh, card.name.en, card.provider.zh, card.provider.en, theme.zh, theme.en]
    brief = normalised("\n".join(filter(None, named_by)))
    return Found(card.id, card.theme or OTHER, media, card.classification.value, text, brief)


def in_brief(entry: Found) -> Found:
    """Return the entry as those find it who may know that the dataset is there, and no more."""
    return replace(entry, format="", text=entry.brief)


def matching(entries: Iterable[Found], *, text: str = "", **facets: str | None) -> list[Found]:
    """Return the entries that hold every word of ``text`` and equal each facet given, by where the words stand.

    An entry whose id or name holds the words comes before one that only mentions them.
    """
    words = normalised(text).split()
    wanted = {name: value for name, value in facets.items() if value}
    kept = [
        entry
        for entry in entries
        if all(getattr(entry, name) == value for name, value in wanted.items()) and all(w in entry.text for w in words)
    ]
    return sorted(kept, key=lambda entry: (max((entry.text.index(word) for word in words), default=0), entry.id))


def counted(entries: Iterable[Found]) -> dict[str, list[tuple[str, int]]]:
    """Return how many entries have each theme, format and classification, the commonest first."""
    entries = list(entries)
    result = {}
    for name in ("theme", "format", "classification"):
        counts = Counter(str(getattr(entry, name)) for entry in entries)
        counts.pop("", None)  # what is not told is not counted
        result[name] = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return result
