"""Marks between words of Chinese: those of GB/T 15834-2011 are full-width, those inside numbers and times are not."""

import re

_HAN = re.compile("[\u4e00-\u9fff]")
_MARK = re.compile(r"[,;:!?()]")
_ENGLISH = re.compile(r"[A-Za-z]{2,}[ .,;:]+[A-Za-z(]|, annex \d")  # two words beside each other; a citation


def half_width(text: str) -> list[str]:
    """Return the half-width marks of a Chinese text that stand between its words; none of an English text."""
    if not _HAN.search(text) or _ENGLISH.search(text):
        return []
    return [each[0] for each in _MARK.finditer(text) if not _within_number(text, each.start())]


def _within_number(text: str, at: int) -> bool:
    return text[at] in ",:" and text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit()
