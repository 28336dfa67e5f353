"""The part of Solr's query language that CKAN's clients use: ``field:value``, phrases, ranges, AND, OR, NOT, + and -.

A question becomes a tree of conditions, which the catalogue's index answers; no text of it is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from lifang.core import BadInput, parse_instant
from lifang.doors.ckan.envelope import SearchFault
from lifang.doors.ckan.packages import stamp

LENGTH_MAX, TERMS_MAX, DEPTH_MAX = 8_000, 300, 20
_TOKEN = re.compile(
    r'\s+|(?P<open>\()|(?P<close>\))|(?P<range>[\[{][^\[\]{}]{1,200}[\]}])|(?P<phrase>"(?:[^"\\]|\\.)*")'
    r"|(?P<field>[A-Za-z_][\w.\-]*):(?!//)|(?P<sign>[+\-!](?=\S))|(?P<word>(?:\\.|[^\s()\[\]{}\"\\])+)",
    re.DOTALL,
)
_RANGE = re.compile(r"([\[{])\s*(\S+)\s+TO\s+(\S+?)\s*([\]}])", re.DOTALL)
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
_MEND = 'Write field:value, field:"a phrase", field:(a OR b), field:[from TO to], joined by AND, OR, NOT, + and -.'


@dataclass(frozen=True)
class Term:
    """One condition; ``field`` is empty for a bare word. ``low`` and ``high`` bound a range, ``*`` is no bound."""

    field: str
    value: str = ""
    low: str = "*"
    high: str = "*"
    inside: tuple[bool, bool] = (True, True)
    is_range: bool = False


@dataclass(frozen=True)
class Not:
    """What must not be met."""

    part: Node


@dataclass(frozen=True)
class Group:
    """Parts of which all must be met, or any."""

    parts: tuple[Node, ...]
    any_of: bool = False


Node = Term | Not | Group


def parse(text: str, *, where: str) -> Node:
    """Return the conditions that ``text`` states; ``*:*`` states none. ``SearchFault`` says what is wrong."""
    if len(text) > LENGTH_MAX:
        raise SearchFault(f"This is longer than {LENGTH_MAX} characters.", where=where, mend="Shorten it.")
    tokens = list(_tokens(text, where))
    if len(tokens) > TERMS_MAX:
        raise SearchFault(f"There are more than {TERMS_MAX} terms.", where=where, mend="Ask for less at once.")
    reader = _Reader(tokens, where)
    node = reader.group("", 0)
    if reader.at < len(tokens):
        raise SearchFault("A bracket closes that was not opened.", where=where, mend=_MEND)
    return node


def _tokens(text: str, where: str) -> Iterator[tuple[str, str]]:
    at = 0
    text = text.replace("*:*", " ")
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise SearchFault(f"{text[at : at + 40]!r} is not understood.", where=where, mend=_MEND)
        at = match.end()
        if match.lastgroup:
            yield match.lastgroup, match[match.lastgroup]


class _Reader:
    """Reads tokens by descent: OR binds less than AND, which is meant where nothing stands between two conditions."""

    def __init__(self, tokens: list[tuple[str, str]], where: str) -> None:
        self._tokens, self._where = tokens, where
        self.at = 0

    def group(self, field: str, depth: int) -> Node:
        """Return everything up to a closing bracket or the end."""
        if depth > DEPTH_MAX:
            raise SearchFault("Brackets lie too deep in one another.", where=self._where, mend="Flatten it.")
        either: list[list[Node]] = [[]]
        while (token := self._peek()) and token[0] != "close":
            if token == ("word", "OR"):
                self.at += 1
                either.append([])
            elif token == ("word", "AND"):
                self.at += 1
            else:
                either[-1].append(self._one(field, depth))
        if len(either) > 1 and not all(either):
            raise SearchFault("OR stands between two conditions.", where=self._where, mend=_MEND)
        whole = [parts[0] if len(parts) == 1 else Group(tuple(parts)) for parts in either]
        return whole[0] if len(whole) == 1 else Group(tuple(whole), any_of=True)

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self.at] if self.at < len(self._tokens) else None

    def _one(self, field: str, depth: int) -> Node:
        if depth > DEPTH_MAX:
            raise SearchFault("Brackets lie too deep in one another.", where=self._where, mend="Flatten it.")
        kind, text = self._tokens[self.at]
        self.at += 1
        if kind == "sign" or text == "NOT":
            part = self._following(field, depth + 1)
            return part if text == "+" else Not(part)
        if kind == "open":
            found = self.group(field, depth + 1)
            if self._peek() is None:
                raise SearchFault("A bracket is not closed.", where=self._where, mend=_MEND)
            self.at += 1
            return found
        if kind == "field":
            return self._following(text.lower(), depth + 1)
        return self._range(field, text) if kind == "range" else Term(field, _plain(kind, text))

    def _following(self, field: str, depth: int) -> Node:
        token = self._peek()
        if token is None or token[0] == "close":
            raise SearchFault("A value is missing.", where=self._where, mend=_MEND)
        return self._one(field, depth)

    def _range(self, field: str, text: str) -> Node:
        match = _RANGE.fullmatch(text)
        if match is None or not field:
            raise SearchFault(f"{text[:60]!r} is not a range of a field.", where=self._where, mend=_MEND)
        inside = (match[1] == "[", match[4] == "]")
        low, high = (self._bound(each.strip('"')) for each in (match[2], match[3]))
        return Term(field, low=low, high=high, inside=inside, is_range=True)

    def _bound(self, text: str) -> str:
        """Return a bound as values are compared: moments in UTC as CKAN writes them, else small letters."""
        if text.upper() == "NOW":
            return "*"
        if not _DATED.match(text):
            return text.lower()
        try:
            moment = parse_instant(text, default_zone=UTC)
        except BadInput as error:
            raise SearchFault(error.what, where=self._where, mend=error.mend) from error
        return (stamp(moment) or "").lower()


def _plain(kind: str, text: str) -> str:
    bare = text[1:-1] if kind == "phrase" else text
    return re.sub(r"\\(.)", r"\1", bare, flags=re.DOTALL).lower()


def words_of(node: Node) -> tuple[list[str], list[Node]]:
    """Return the bare words that must all be there, and the other conditions."""
    parts = node.parts if isinstance(node, Group) and not node.any_of else (node,)
    words = [each.value for each in parts if isinstance(each, Term) and not each.field and each.value != "*"]
    return words, [each for each in parts if not (isinstance(each, Term) and not each.field)]
