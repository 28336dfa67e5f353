"""Which word was probably meant: the commonest of a text's words that is a letter or two away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lifang.store import normalised, runs

_WIDE = "\u2e80"
_TWO = 8  # letters from which two may differ; of Chinese, 5 characters
_TWO_WIDE = 5


def nearest(word: str, texts: Iterable[str]) -> str:
    """Return the word of ``texts`` nearest to ``word`` (normalised), the commonest of equals; empty if none is near."""
    wide = word[-1:] >= _WIDE
    allowed = 2 if len(word) >= (_TWO_WIDE if wide else _TWO) else 1
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_windows(text, len(word)) if wide else _words(text))
    near = {each: distance(word, each, allowed) for each in counts}
    found = [(away, -counts[each], each) for each, away in near.items() if 0 < away <= allowed]
    return min(found)[2] if found else ""


def _words(text: str) -> set[str]:
    return set(runs(normalised(text)))


def _windows(text: str, size: int) -> set[str]:
    """Return every piece of a run of Chinese that is as long as what was asked for."""
    return {run[at : at + size] for run in runs(normalised(text)) for at in range(len(run) - size + 1)}


def distance(one: str, other: str, most: int) -> int:
    """Return how many letters are to be put in, left out, replaced or exchanged with the next; ``most + 1`` beyond.

    The optimal string alignment distance (Damerau 1964; Boytsov 2011, section 2.2).
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
