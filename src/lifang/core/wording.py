"""What the house says in English sentences, said in Chinese: a gettext table read backwards.

A sentence that was kept long ago is found again by the form it was made in, so nothing need be stored twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from string import Formatter

_HAN = re.compile(r"[\u4e00-\u9fff]")
_SENTENCES = re.compile(r"(?<=[^A-Z\s][.!?]) (?=[A-Z\u4e00-\u9fff])")
_WORDS = re.compile(r"(, | or | and )")
_JOINTS = {", ": "、", " or ": "或", " and ": "和"}
_DEPTH_MAX = 4
_TEXT_MAX = 4000  # characters


@dataclass(frozen=True)
class _Form:
    """One sentence of the table: its fixed texts, the names and marks of the parts between them, and its Chinese."""

    fixed: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    chinese: str

    def read(self, text: str) -> dict[str, str] | None:
        """Return the parts of ``text`` if it has this form; each part ends where the next fixed text is first met."""
        if not text.startswith(self.fixed[0]):
            return None
        found: dict[str, str] = {}
        at = len(self.fixed[0])
        for index, ((name, _), following) in enumerate(zip(self.parts, self.fixed[1:], strict=True)):
            last = index == len(self.parts) - 1
            end = len(text) - len(following) if last else text.find(following, at + 1)
            if end <= at or not text.startswith(following, end):
                return None
            found[name] = text[at:end]
            at = end + len(following)
        return found if at == len(text) else None


def chinese(text: str) -> str:
    """Return the Chinese of something the house says in English, nothing where the table does not have it.

    Several sentences or lines are said one by one; all must be known, or have Chinese words of their own.
    """
    return _said(text) if text and len(text) <= _TEXT_MAX else ""


@lru_cache(2048)
def _said(text: str, depth: int = 0) -> str:
    if depth > _DEPTH_MAX:
        return ""
    for joint, pieces in (("\n", text.split("\n")), ("", _SENTENCES.split(text))):
        if len(pieces) > 1:
            said = [_said(each, depth + 1) or (each if _HAN.search(each) else "") for each in pieces]
            if all(said):
                return joint.join(said)
    return _sentence(text, depth)


def _sentence(text: str, depth: int) -> str:
    plain, forms = _table()
    if text in plain:
        return plain[text]
    for form in forms:
        parts = form.read(text)
        if parts is None:
            continue
        said = {name: _MARKS[mark](parts[name], depth + 1) for name, mark in form.parts}
        if all(said.values()):
            return form.chinese.format(**said)
    return ""


def _as_is(part: str, _depth: int) -> str:
    return part


def _may(part: str, depth: int) -> str:
    return _said(part, depth) or part


def _listed(part: str, depth: int) -> str:
    return "".join(_JOINTS.get(each) or _may(each, depth) for each in _WORDS.split(part))


_MARKS: dict[str, Callable[[str, int], str]] = {"": _as_is, "m": _may, "l": _listed, "t": _said}


@cache
def _table() -> tuple[dict[str, str], tuple[_Form, ...]]:
    """Return the sentences without parts, and the forms, those with the most fixed text first."""
    plain: dict[str, str] = {}
    forms: list[_Form] = []
    for english, said in catalogue_of_words():
        pieces = list(Formatter().parse(english))
        parts = tuple((name, mark or "") for _, name, _, mark in pieces if name is not None)
        if not parts:
            plain["".join(fixed for fixed, *_ in pieces)] = said.format()
            continue
        fixed = [each for each, *_ in pieces]
        forms.append(_Form((*fixed, *([""] if pieces[-1][1] is not None else [])), parts, said))
    return plain, tuple(sorted(forms, key=lambda form: -sum(map(len, form.fixed))))


def catalogue_of_words() -> Iterator[tuple[str, str]]:
    """Give every English form of the table, its parts in braces, with its Chinese."""
    text = (files("lifang.core") / "zh.po").read_text("utf-8")
    for english, said in re.findall(r'^msgid (".+")\nmsgstr (".+")$', text, re.MULTILINE):
        yield json.loads(english), json.loads(said)
