"""CQL2 text (OGC 21-065r2, clause 8) read into CQL2 JSON, in time linear in its length and with a bounded stack.

The grammar is read by precedence climbing; whether operands fit their operators is for the compiler to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import shapely

from lifang.core import BadInput

TEXT_MAX, DEPTH_MAX = 16_000, 40
Node = Any

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<text>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")+")
  | (?P<name>[^\W\d][\w.:]*)
  | (?P<sign><>|<=|>=|[=<>+\-*/%^(),])
  )""",
    re.VERBOSE,
)
_SHAPES = frozenset(
    {"POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"}
)
_SHAPE_BODY = re.compile(r"[\s\d.,()eE+\-A-Za-z]*")
_WORDS = frozenset({"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "DIV"})
_OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _POWER, _SIGNED = range(1, 9)
_INFIX = {
    "OR": _OR,
    "AND": _AND,
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">=", "LIKE", "BETWEEN", "IN", "IS", "NOT"), _COMPARE),
    **dict.fromkeys("+-", _ADD),
    **dict.fromkeys(("*", "/", "%", "DIV"), _MULTIPLY),
    "^": _POWER,
}


def read_text(text: str) -> Node:
    """Return the CQL2 JSON of ``text``; ``BadInput`` tells where it cannot be read."""
    if len(text) > TEXT_MAX:
        raise BadInput(f"A filter has at most {TEXT_MAX:,} characters.", where="filter", mend="Ask for less at once.")
    reader = _Reader(text)
    node = reader.expression(_OR)
    reader.end()
    return node


class _Reader:
    """Reads one text from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = 0  # where the token after the present one begins
        self._depth = 0
        self._advance()

    def expression(self, least: int) -> Node:
        """Return the expression whose operators bind at least as strongly as ``least``."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise BadInput(f"The filter is nested over {DEPTH_MAX} deep.", where="filter", mend="Write it flatter.")
        node = self._prefix()
        while (strength := _INFIX.get(self._word, 0)) >= least and strength:
            node = self._infix(node, strength)
        self._depth -= 1
        return node

    def end(self) -> None:
        """Raise ``BadInput`` unless all of the text was read."""
        if self._kind:
            raise self._fault("an operator")

    def _infix(self, left: Node, strength: int) -> Node:
        word = self._word
        special = _SPECIAL.get(word)
        if special is not None:
            return special(self, left)
        self._advance()
        right = self.expression(strength + (word != "^"))
        name = word.lower()
        if name in {"and", "or"} and isinstance(left, dict) and left.get("op") == name:
            return _op(name, *left["args"], right)
        return _op(name, left, right)

    def not_(self, left: Node) -> Node:
        """Return the negated LIKE, BETWEEN or IN after ``left``."""
        self._advance()
        special = _SPECIAL.get(self._word) if self._word in {"LIKE", "BETWEEN", "IN"} else None
        if special is None:
            raise self._fault("LIKE, BETWEEN or IN")
        return _op("not", special(self, left))

    def like(self, left: Node) -> Node:
        """Return the comparison of ``left`` with a pattern."""
        self._advance()
        return _op("like", left, self.expression(_ADD))

    def between(self, left: Node) -> Node:
        """Return whether ``left`` lies between two values."""
        self._advance()
        low = self.expression(_ADD)
        self._take("AND")
        return _op("between", left, low, self.expression(_ADD))

    def in_(self, left: Node) -> Node:
        """Return whether ``left`` is in a list."""
        self._advance()
        self._take("(")
        return _op("in", left, self._list())

    def is_(self, left: Node) -> Node:
        """Return whether ``left`` has a value, or none."""
        self._advance()
        negated = self._word == "NOT"
        if negated:
            self._advance()
        self._take("NULL")
        return _op("not", _op("isNull", left)) if negated else _op("isNull", left)

    def _prefix(self) -> Node:
        if self._word == "NOT":
            self._advance()
            return _op("not", self.expression(_NOT))
        if self._word in {"-", "+"}:
            sign = self._word
            self._advance()
            inner = self.expression(_SIGNED)
            if sign == "+":
                return inner
            return -inner if isinstance(inner, int | float) and not isinstance(inner, bool) else _op("*", -1, inner)
        if self._word == "(":
            self._advance()
            inner = self.expression(_OR)
            self._take(")")
            return inner
        return self._atom()

    def _atom(self) -> Node:
        kind, token = self._kind, self._token
        if kind == "number":
            self._advance()
            return int(token) if token.isdigit() and len(token) < 19 else float(token)
        if kind == "text":
            self._advance()
            return token[1:-1].replace("''", "'")
        if kind == "quoted":
            self._advance()
            return {"property": token[1:-1].replace('""', '"')}
        if kind == "name" and self._word not in _WORDS:
            return self._named(token)
        raise self._fault("a value or a property")

    def _named(self, token: str) -> Node:
        word = token.upper()
        if word in _SHAPES:
            return self._shape()
        self._advance()
        if word in {"TRUE", "FALSE"} and self._word != "(":
            return word == "TRUE"
        if self._word != "(":
            return {"property": token}
        self._advance()
        args = self._list()
        if word == "BBOX":
            return {"bbox": args}
        if word in {"DATE", "TIMESTAMP"} and len(args) == 1:
            return {word.lower(): args[0]}
        return {"interval": args} if word == "INTERVAL" else {"op": token.lower(), "args": args}

    def _list(self) -> list[Node]:
        found: list[Node] = []
        while self._word != ")":
            found.append(self.expression(_OR))
            if self._word != ")":
                self._take(",")
        self._advance()
        return found

    def _shape(self) -> Node:
        body = _SHAPE_BODY.match(self._text, self._start)
        raw = self._text[self._start : body.end()] if body else ""
        depth = end = 0
        for place, sign in enumerate(raw):
            depth += (sign == "(") - (sign == ")")
            if sign == ")" and depth <= 0:
                end = place + 1
                break
        wkt = raw[:end]
        try:
            shape = shapely.from_wkt(wkt)
        except (shapely.errors.ShapelyError, ValueError) as error:
            raise self._fault("well-known text of a geometry") from error
        self._next = self._start + end
        self._advance()
        return shapely.geometry.mapping(shape)

    def _take(self, word: str) -> None:
        if self._word != word:
            raise self._fault(repr(word))
        self._advance()

    def _advance(self) -> None:
        found = _TOKEN.match(self._text, self._next)
        if found is None:
            if self._text[self._next :].strip():
                raise BadInput(
                    f"The filter cannot be read at {self._text[self._next :].strip()[:30]!r}.",
                    where=f"filter, character {self._next + 1}",
                    mend="Texts stand in single quotes.",
                )
            self._kind = self._token = self._word = ""
            self._start = len(self._text)
            return
        self._kind = found.lastgroup or ""
        self._token = found[self._kind]
        self._word = self._token.upper() if self._kind in {"name", "sign"} else ""
        self._start, self._next = found.start(self._kind), found.end()

    def _fault(self, wanted: str) -> BadInput:
        there = f"{self._token[:30]!r}" if self._token else "the end"
        return BadInput(
            f"The filter has {there} where {wanted} should be.",
            where=f"filter, character {self._start + 1}",
            mend="Write CQL2 text, such as depth > 10 AND name LIKE 'a%'.",
        )


def _op(name: str, *args: Node) -> Node:
    return {"op": name, "args": list(args)}


_SPECIAL: dict[str, Callable[[_Reader, Node], Node]] = {
    "NOT": _Reader.not_,
    "LIKE": _Reader.like,
    "BETWEEN": _Reader.between,
    "IN": _Reader.in_,
    "IS": _Reader.is_,
}
