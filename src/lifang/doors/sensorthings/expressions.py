"""OData's ``$filter`` and ``$orderby`` read into expressions of the store (OGC 18-088, clause 9.3.3.5).

Precedence, from loose to tight: ``or``, ``and``, ``not``, comparisons, ``add sub``, ``mul div mod``, ``-``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from lifang.core import BadInput
from lifang.doors.sensorthings.tokens import Token, tokens
from lifang.sensing import APART, OBSERVATION, WAYS
from lifang.store import Call, Expression, Field, Literal

_COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_NEST_MAX = 50
_IDS = frozenset({"id", "ID", "@iot.id", "@id"})  # example 9 orders by ID
_MOMENTS = {"mindatetime": datetime(1, 1, 1, tzinfo=UTC), "maxdatetime": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)}


def parse_filter(text: str, kind: str, now: datetime) -> Expression:
    """Return the condition written in ``text`` about entities of ``kind``; ``BadInput`` says where it is not one."""
    return _Parser(text, kind, now).whole()


def parse_order(text: str, kind: str, now: datetime) -> tuple[tuple[Expression, bool], ...]:
    """Return the keys written in ``text`` (``name desc, id``), each with whether it descends."""
    return _Parser(text, kind, now).order()


class _Parser:
    def __init__(self, text: str, kind: str, now: datetime) -> None:
        self._tokens: Sequence[Token] = list(tokens(text))
        self._at, self._depth = 0, 0
        self._kind, self._now = kind, now
        self._variables: dict[str, str] = {}  # of any(), and the path that each stands for
        self._anys: set[str] = set()
        self._denied = 0

    def whole(self) -> Expression:
        found = self._or()
        self._expect("end")
        return found

    def order(self) -> tuple[tuple[Expression, bool], ...]:
        found: list[tuple[Expression, bool]] = []
        while True:
            key = self._or()
            way = str(self._next.value).lower() if self._next.kind == "name" else None
            if way in {"asc", "desc"}:
                self._at += 1
            found.append((key, way == "desc"))
            if len(found) > 20:
                raise BadInput("More than 20 keys are no order.", where="$orderby", mend="Leave some out.")
            if self._next.value != ",":
                break
            self._at += 1
        self._expect("end")
        return tuple(found)

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _expect(self, kind: str, value: str | None = None) -> Token:
        token = self._next
        if token.kind != kind or (value is not None and token.value != value):
            wanted = value or {"end": "the end", "name": "a name"}.get(kind, kind)
            told = "the end" if token.kind == "end" else repr(str(token.value)[:40])
            raise BadInput(f"Expected {wanted}, found {told}.", where=f"character {token.at + 1}", mend="Correct it.")
        self._at += 1
        return token

    def _word(self, *words: str) -> str | None:
        token = self._next
        if token.kind == "name" and token.value in words:
            self._at += 1
            return str(token.value)
        return None

    def _or(self) -> Expression:
        parts = [self._and()]
        while self._word("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Call("or", tuple(parts))

    def _and(self) -> Expression:
        parts = [self._not()]
        while self._word("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Call("and", tuple(parts))

    def _not(self) -> Expression:
        if self._next.kind == "name" and self._next.value == "not":
            self._at += 1
            self._denied += 1
            found = Call("not", (self._nested(self._not),))
            self._denied -= 1
            return found
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        word = self._word(*_COMPARISONS)
        if word:
            return Call(word, (left, self._sum()))
        if self._word("in"):
            if self._next.kind == "sign" and self._next.value == "(":
                self._at += 1
                return Call("in", (left, *self._arguments()))
            return Call("in_list", (left, self._sum()))
        return left

    def _sum(self) -> Expression:
        left = self._product()
        while word := self._word("add", "sub"):
            left = Call(word, (left, self._product()))
        return left

    def _product(self) -> Expression:
        left = self._unary()
        while word := self._word("mul", "div", "mod"):
            left = Call(word, (left, self._unary()))
        return left

    def _unary(self) -> Expression:
        if self._next.kind == "sign" and self._next.value == "-":
            self._at += 1
            return Call("negate", (self._nested(self._unary),))
        return self._primary()

    def _nested(self, read: Callable[[], Expression]) -> Expression:
        self._depth += 1
        if self._depth > _NEST_MAX:
            raise BadInput(f"An expression is at most {_NEST_MAX} levels deep.", mend="Ask for less at once.")
        found = read()
        self._depth -= 1
        return found

    def _primary(self) -> Expression:
        token = self._next
        if token.kind == "literal":
            self._at += 1
            return Literal(token.value)
        if token.kind == "sign" and token.value == "(":
            self._at += 1
            found = self._nested(self._or)
            self._expect("sign", ")")
            return found
        name = str(self._expect("name").value)
        if self._next.kind == "sign" and self._next.value == "(":
            self._at += 1
            return self._any(name.removesuffix("/any")) if name.endswith("/any") else self._call(name)
        return Field(field_name(self._kind, self._path(name)))

    def _path(self, name: str) -> str:
        first, slash, rest = name.partition("/")
        return f"{self._variables[first]}{slash}{rest}" if first in self._variables else name

    def _any(self, path: str) -> Expression:
        """Return the condition that one entity at the end of a link meets (OData 4.01 Part 2, clause 5.1.1.13.1)."""
        variable, path = str(self._expect("name").value), self._path(path)
        self._expect("sign", ":")
        apart = bool(self._denied) or path in self._anys
        if apart and self._variables:
            raise BadInput(
                "Inside of any, another stands once for each link, and not below not.",
                where=path[:80],
                mend="Join what it says with and.",
            )
        self._anys.add(path)
        self._variables[variable] = path
        denied, self._denied = self._denied, 0
        found = self._nested(self._or)
        self._denied = denied
        del self._variables[variable]
        self._expect("sign", ")")
        there = self._there(path, found)
        return Call(APART, (there,)) if apart else there

    def _there(self, path: str, found: Expression) -> Expression:
        """Return ``found`` of a linked entity that there is: without one, ``ne`` would hold of nothing."""
        kind = self._kind
        for step in path.split("/"):
            way = WAYS.get(kind, {}).get(step)
            if way is None:
                return found
            kind = way.target
        if kind == OBSERVATION:  # asked for among those there are
            return found
        return Call("and", (Call("gt", (Field(f"{path}/@id"), Literal(0))), found))

    def _call(self, name: str) -> Expression:
        args = self._arguments()
        if name == "now" and not args:
            return Literal(self._now)
        if name in _MOMENTS and not args:
            return Literal(_MOMENTS[name])
        return Call(name, args)

    def _arguments(self) -> tuple[Expression, ...]:
        """Return what stands up to the closing bracket; the opening one is read."""
        if self._next.value == ")" and self._next.kind == "sign":
            self._at += 1
            return ()
        found = [self._nested(self._or)]
        while self._next.kind == "sign" and self._next.value == ",":
            self._at += 1
            found.append(self._nested(self._or))
        self._expect("sign", ")")
        return tuple(found)


def field_name(kind: str, path: str) -> str:
    """Return ``path`` as the house writes it: ``@id`` for an id at the end of links, list places as steps.

    ``Datastreams/id`` of an Observation is its ``Datastream/id``: example 2 of clause 9.3.3.1 writes it so.
    """
    steps = path.replace("[", "/").replace("]", "").split("/")
    if kind == OBSERVATION and steps[0] in {"Datastreams", "MultiDatastreams"}:
        steps[0] = steps[0].removesuffix("s")
    at = 0
    while at < len(steps) and (way := WAYS.get(kind, {}).get(steps[at])):
        kind, at = way.target, at + 1
    if steps[at:] and steps[at] in _IDS and len(steps) == at + 1:
        steps[at] = "@id"
    return "/".join(steps)
