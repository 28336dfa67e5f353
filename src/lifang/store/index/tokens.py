"""Words of a text: what spaces divide stands whole, Chinese in overlapping pairs, so that any substring is a phrase.

A run of Chinese (空气质量) becomes 空气 气质 质量 量; the last character alone keeps its place, so that what follows is
counted on. A substring of two or more characters is the phrase of its pairs; a single one begins a pair or ends a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import tantivy

from lifang.core import WIDE, normalised

_RUN = re.compile(rf"[^\W_{WIDE}-\U0010ffff]+|[^\W_\u0000-\u2e7f]+")
_LONGEST = 100  # characters of a word; the rest of it is not told apart
_STEM = "~"  # marks a stem, which no word begins with


@dataclass(frozen=True)
class Term:
    """One word asked for: ``tokens`` in a row; of an ``open`` one the last token may go on."""

    tokens: tuple[str, ...]
    open: bool

    @property
    def is_wide(self) -> bool:
        """Whether it is of a script without spaces."""
        return self.tokens[-1] >= WIDE


def runs(text: str) -> Iterator[str]:
    """Yield the words, and the runs of scripts without spaces, of a normalised text."""
    for found in _RUN.finditer(text):
        run = found.group()
        yield run if run >= WIDE else run[:_LONGEST]


def tokens(text: str) -> str:
    """Return the tokens of a text, a space between them; the stems of its words stand at the end."""
    found: list[str] = []
    stems: set[str] = set()
    for run in runs(normalised(text)):
        if run >= WIDE:
            found += (run[at : at + 2] for at in range(len(run)))
        else:
            found.append(run)
            stems.add(stem(run))
    return " ".join([*found, *sorted(stems)])


@lru_cache(10_000)
def stem(word: str) -> str:
    """Return the English stem of a word, marked as one."""
    return _STEM + (_ENGLISH.analyze(word) or [word])[0]


def terms(text: str) -> list[Term]:
    """Return the words asked for by ``text``; what has neither letter nor digit asks for nothing."""
    found = (_term(list(runs(word))) for word in normalised(text).split())
    return [each for each in found if each is not None]


def _term(parts: list[str]) -> Term | None:
    if not parts:
        return None
    last = parts[-1]
    row = [token for part in parts[:-1] for token in _pairs(part)]
    if last < WIDE:
        return Term((*row, last), open=not row)
    if len(last) == 1:
        return Term((*row, last), open=True)
    return Term((*row, *_pairs(last)[:-1]), open=False)


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run))] if run >= WIDE else [run]


_ENGLISH = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(tantivy.Filter.stemmer("english")).build()
