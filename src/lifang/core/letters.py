"""Letters as texts are compared by them: one form of each, and which Chinese characters sound alike."""

from __future__ import annotations

import unicodedata

WIDE = "\u2e80"  # from here on, scripts without spaces between words
_ROWS, _FIRST, _ROW = range(0xB0, 0xD8), 0xA1, 94  # of GB 2312-1980, level 1: 3,755 characters in the order of pinyin
_ALIKE = 30  # places apart in that order: mostly the same syllable


def normalised(text: str) -> str:
    """Return text as it is compared: NFKC, case folded (full-width letters equal plain ones)."""
    return unicodedata.normalize("NFKC", text).casefold()


def sounding_near(character: str, within: int) -> list[str]:
    """Return the characters that stand up to ``within`` places from one in the order of sounds, itself left out."""
    place = _place(character)
    if place < 0:
        return []
    near = range(max(0, place - within), min(len(_ROWS) * _ROW, place + within + 1))
    codes = (bytes((_ROWS.start + each // _ROW, _FIRST + each % _ROW)) for each in near if each != place)
    return [found for code in codes if (found := code.decode("gb2312", "ignore"))]


def sounds_like(one: str, other: str) -> bool:
    """Return whether two Chinese characters stand near each other in the order of sounds."""
    places = _place(one), _place(other)
    return min(places) >= 0 and abs(places[0] - places[1]) <= _ALIKE


def _place(character: str) -> int:
    """Return the place of a character in the order of sounds; -1 for one that GB 2312 orders otherwise."""
    code = character.encode("gb2312", "ignore")
    return (code[0] - _ROWS.start) * _ROW + code[1] - _FIRST if len(code) == 2 and code[0] in _ROWS else -1
