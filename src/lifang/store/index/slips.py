"""What may have been meant by a piece of Chinese in which one character is wrong, missing, too many or misplaced."""

from __future__ import annotations

from lifang.core import WIDE, normalised
from lifang.store.index.tokens import runs

Phrase = list[str | tuple[int, str]]  # as tantivy takes it
_SHORTEST, _LONGEST = 3, 8  # characters; of two, one alone says too little of what was meant


def slips(word: str) -> list[Phrase]:
    """Return the phrases, each of (place, pattern of a token), that hold what lies one slip from ``word``.

    Nothing unless it is one run of a script without spaces of 3 to 8 characters. No pattern begins with a wildcard:
    that would be looked for through all tokens there are. A phrase has two tokens at least.
    """
    found = list(runs(normalised(word)))
    if len(found) != 1 or found[0] < WIDE or not _SHORTEST <= len(found[0]) <= _LONGEST:
        return []
    run = found[0]
    replaced = [_around(run[:at], run[at + 1 :]) for at in range(len(run))]
    forgotten = [_around(run[:at], run[at:]) for at in range(1, len(run))]
    added = [_around(run[:at] + run[at + 1 :], "") for at in range(len(run))] if len(run) > _SHORTEST else []
    exchanged = [
        _around(run[: at - 1] + run[at] + run[at - 1] + run[at + 1 :], "")
        for at in range(1, len(run))
        if run[at] != run[at - 1]
    ]
    return [each for each in (*replaced, *forgotten, *added, *exchanged) if len(each) > 1]


def _around(before: str, after: str) -> Phrase:
    """Return the phrase of ``before``, any one character, and ``after``; without ``after`` that of ``before`` alone."""
    start = len(before) + 1
    return [*_tokens(before, 0), *_tokens(after, start)]


def _tokens(run: str, start: int) -> Phrase:
    pairs: Phrase = [(start + at, run[at : at + 2]) for at in range(len(run) - 1)]
    return pairs or [(start, f"{run}.?") for _ in run]
