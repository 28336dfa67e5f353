"""Which word was probably meant: those of a text's words that are a letter or two away, and sound alike."""

from __future__ import annotations

from collections.abc import Iterable

from lifang.core import WIDE, normalised, sounding_near, sounds_like
from lifang.store import runs

_TWO = 8  # letters from which two may differ; of Chinese, 5 characters
_TWO_WIDE = 5
_NEXT = 15  # places apart where nothing else tells what was meant


def nearest(word: str, texts: Iterable[str]) -> list[str]:
    """Return the words of ``texts`` nearest to ``word`` (normalised), in order; none if none is near.

    Of pieces of Chinese those as long as it, if there are any, and of these those that sound like it.
    """
    wide = word[-1:] >= WIDE
    allowed = 2 if len(word) >= (_TWO_WIDE if wide else _TWO) else 1
    there = {each for text in texts for each in (_windows(text, len(word)) if wide else _words(text))}
    letters = set(word)  # a slip takes one of them away at most
    alike = (each for each in there if len(letters.intersection(each)) >= len(letters) - allowed)
    near = [(away, each) for each in alike if 0 < (away := distance(word, each, allowed)) <= allowed]
    equals = sorted(each for away, each in near if away == min(near)[0])
    if not wide:
        return equals
    same = [each for each in equals if len(each) == len(word)] or equals
    return [each for each in same if _sounds_like(word, each)] or same


def pairs_like(word: str) -> list[str]:
    """Return what two characters may be a slip of: one of them replaced by one that sounds alike, or both exchanged.

    Nothing for any other word: a longer one tells more of itself.
    """
    if len(word) != 2 or min(word) < WIDE:
        return []
    one, other = word[0], word[1]
    found = [
        *(each + other for each in sounding_near(one, _NEXT)),
        *(one + each for each in sounding_near(other, _NEXT)),
        other + one,
    ]
    return [each for each in found if each != word]


def _words(text: str) -> set[str]:
    return set(runs(normalised(text)))


def _windows(text: str, size: int) -> set[str]:
    """Return every piece of a run of Chinese that is as long as what was asked for, or one character off."""
    sizes = [each for each in (size - 1, size, size + 1) if each > 1]
    return {
        run[at : at + each] for run in runs(normalised(text)) for each in sizes for at in range(len(run) - each + 1)
    }


def _sounds_like(one: str, other: str) -> bool:
    """Return whether the characters that differ stand near each other in the order of sounds."""
    if len(one) != len(other):
        return False
    return all(sounds_like(here, there) for here, there in zip(one, other, strict=True) if here != there)


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
