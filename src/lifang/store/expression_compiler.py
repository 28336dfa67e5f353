"""What the two compilers of expressions share: kinds are checked here, SQL is made by the store's own dialect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lifang.core import BadInput
from lifang.store.expression import (
    COMPARISONS,
    Among,
    Call,
    Expression,
    Field,
    Kind,
    Literal,
    Lookup,
    check,
    signature_of,
    unfit,
)

Sql = TypeVar("Sql")
_TIMES = frozenset({Kind.MOMENT, Kind.DATE})
_ALIKE = (Kind.NUMBER, Kind.TEXT, Kind.TRUTH)
_PARTS = {Kind.DATE: "date", Kind.TIME: "time"}  # of a moment
_SUMS = {  # of what may be added and subtracted besides numbers (OData 4.0 Part 2, clause 5.1.1.2)
    ("add", Kind.MOMENT, Kind.DURATION): Kind.MOMENT,
    ("sub", Kind.MOMENT, Kind.DURATION): Kind.MOMENT,
    ("sub", Kind.MOMENT, Kind.MOMENT): Kind.DURATION,
    ("add", Kind.DURATION, Kind.DURATION): Kind.DURATION,
    ("sub", Kind.DURATION, Kind.DURATION): Kind.DURATION,
}


@dataclass(frozen=True)
class Part(Generic[Sql]):
    """A compiled part: its kind and SQL; a JSON value has one SQL per kind it may turn out to be.

    ``bounds`` are west, south, east, north of a geometry column, for a quick first look; ``wkt`` a literal geometry.
    """

    kind: Kind
    sql: Sql
    readings: Mapping[Kind, Sql] = field(default_factory=dict)
    bounds: tuple[Sql, Sql, Sql, Sql] | None = None
    wkt: str = ""


class Compiler(ABC, Generic[Sql]):
    """Makes SQL of an expression; a dialect says how columns, literals and calls are written."""

    def condition(self, expression: Expression) -> Sql:
        """Return the SQL that holds where ``expression`` is true; ``BadInput`` if it is no condition."""
        check(expression)
        return self.read(self.part(expression), Kind.TRUTH, "a condition", 0)

    def value(self, expression: Expression) -> Part[Sql]:
        """Return the compiled value of ``expression``: for ordering."""
        check(expression)
        return self.part(expression)

    @abstractmethod
    def column(self, name: str) -> Part[Sql]:
        """Return the column called ``name``; ``BadInput`` if there is none."""

    @abstractmethod
    def literal(self, literal: Literal) -> Part[Sql]:
        """Return the bound literal."""

    @abstractmethod
    def nothing(self, kind: Kind) -> Sql:
        """Return null as a value of ``kind``."""

    @abstractmethod
    def among(self, value: Sql, numbers: Sequence[int]) -> Sql:
        """Return whether ``value`` is one of ``numbers``."""

    @abstractmethod
    def call(self, name: str, args: Sequence[Sql]) -> Sql:
        """Return the SQL of a function whose arguments are of the kinds it takes."""

    def lookup(self, key: Sql, looked: Lookup) -> Part[Sql]:
        """Return the value that stands for ``key``; ``BadInput`` where the store looks nothing up."""
        del key, looked
        raise BadInput("Values at the ends of links are not compared here.", mend="Compare with a literal.")

    def holds(self, listed: Sql, kind: Kind, value: Sql) -> Sql:
        """Return whether a JSON list holds a value of ``kind``; ``BadInput`` where the store knows no such lists."""
        del listed, kind, value
        raise BadInput("Lists are not looked into here.", where="in", mend="Write the values in brackets: in (1,2).")

    def spatial(self, name: str, args: Sequence[Part[Sql]]) -> Sql:
        """Return the SQL of a spatial function; ``BadInput`` where the store knows no geometry."""
        del args
        raise BadInput(f"{name} cannot be asked of observations.", mend="Ask it of a Location or FeatureOfInterest.")

    def part(self, expression: Expression) -> Part[Sql]:
        """Return ``expression`` compiled."""
        if isinstance(expression, Field):
            return self.column(expression.name)
        if isinstance(expression, Literal):
            return self.literal(expression)
        if isinstance(expression, Among):
            value = self.read(self.part(expression.value), Kind.NUMBER, "among", 0)
            return Part(Kind.TRUTH, self.among(value, expression.numbers))
        if isinstance(expression, Lookup):
            return self.lookup(self.read(self.part(expression.key), Kind.NUMBER, "lookup", 0), expression)
        signature = signature_of(expression)
        parts = [self.part(each) for each in expression.args]
        if expression.name in COMPARISONS:
            return Part(Kind.TRUTH, self._compare(expression.name, *parts))
        if expression.name in {"in", "in_list"}:
            among = self._in if expression.name == "in" else self._in_list
            return Part(Kind.TRUTH, among(*parts))
        if expression.name in {"add", "sub"} and (found := self._sum(expression, parts)):
            return found
        if Kind.GEOMETRY in signature.args:
            for position, each in enumerate(parts):
                self.read(each, signature.kind_of(position), expression.name, position)
            return Part(signature.returns, self.spatial(expression.name, parts))
        args = [self.read(each, signature.kind_of(at), expression.name, at) for at, each in enumerate(parts)]
        return Part(signature.returns, self.call(expression.name, args))

    def read(self, part: Part[Sql], kind: Kind, call: str, position: int) -> Sql:
        """Return the SQL of ``part`` as a value of ``kind``; ``BadInput`` if it cannot be one."""
        if part.kind is Kind.ANY and kind is not Kind.ANY:
            if kind in part.readings:
                return part.readings[kind]
            if kind in _PARTS and Kind.MOMENT in part.readings:
                return self.call(_PARTS[kind], [part.readings[Kind.MOMENT]])
        elif part.kind is Kind.NOTHING:
            return self.nothing(kind)
        elif part.kind is kind or kind is Kind.ANY:
            return part.sql
        elif (part.kind, kind) == (Kind.DATE, Kind.MOMENT):
            return self.call("midnight", [part.sql])
        elif (part.kind, kind) == (Kind.MOMENT, Kind.TIME):
            return self.call("time", [part.sql])
        raise unfit(call, position, part.kind, kind)

    def _compare(self, name: str, left: Part[Sql], right: Part[Sql]) -> Sql:
        if Kind.NOTHING in {left.kind, right.kind}:
            value = left if right.kind is Kind.NOTHING else right
            return self.call({"eq": "is_null", "ne": "is_not_null"}.get(name, "never"), [value.sql])
        if Kind.GEOMETRY in {left.kind, right.kind}:
            if name not in {"eq", "ne"}:
                raise BadInput(f"{name} does not compare geometries.", mend="Use st_within, st_intersects and others.")
            same = self.spatial("st_equals", [left, right])
            return same if name == "eq" else self.call("not", [same])
        kind = self._common(left.kind, right.kind, name)
        pairs = [
            (left.readings[each], right.readings[each])
            for each in _ALIKE
            if {each} <= left.readings.keys() & right.readings.keys()
        ]
        if kind is Kind.ANY and pairs and name == "ne":
            return self.call("not", [self._compare("eq", left, right)])
        if kind is Kind.ANY and pairs:  # of two JSON values: alike in kind, then in value
            return self.call("or", [self.call(name, pair) for pair in pairs])
        return self.call(name, [self.read(left, kind, name, 0), self.read(right, kind, name, 1)])

    def _in(self, value: Part[Sql], *others: Part[Sql]) -> Sql:
        return self.call("or", [self._compare("eq", value, each) for each in others])

    def _in_list(self, value: Part[Sql], listed: Part[Sql]) -> Sql:
        if Kind.LIST not in listed.readings:
            mend = "Write the values in brackets, or name a property that is a list."
            raise BadInput("What stands behind in is no list.", where="in", mend=mend)
        kinds = [kind for kind in _ALIKE if value.kind is kind or kind in value.readings]
        if not kinds:
            raise unfit("in", 0, value.kind, Kind.TEXT)
        found = [self.holds(listed.readings[Kind.LIST], kind, self.read(value, kind, "in", 0)) for kind in kinds]
        return found[0] if len(found) == 1 else self.call("or", found)

    def _common(self, left: Kind, right: Kind, name: str) -> Kind:
        if left is right:
            return left
        if Kind.ANY in {left, right}:
            return right if left is Kind.ANY else left
        if {left, right} == _TIMES:
            return Kind.MOMENT
        if {left, right} == {Kind.MOMENT, Kind.TIME}:
            return Kind.TIME
        raise unfit(name, 1, right, left)

    def _sum(self, call: Call, parts: Sequence[Part[Sql]]) -> Part[Sql] | None:
        kind = _SUMS.get((call.name, parts[0].kind, parts[1].kind))
        return None if kind is None else Part(kind, self.call(call.name, [each.sql for each in parts]))
