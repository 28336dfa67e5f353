"""Expressions over rows: what to keep or to order by, as data that two compilers turn into parameterised SQL.

An expression is built by a door (from OData's ``$filter``, from CQL2) or by a room. Function names are OData's (OData
4.0 Part 2, clause 5.1.1; OGC 18-088 clause 9.3.3.5), beside ``like`` (``%``, ``_``, ``\\`` escapes) and ``unaccented``
(OGC 21-065r2). Moments are microseconds UTC, dates are days since 1970, times of day and
durations are microseconds, so that one arithmetic serves every store.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, auto

from lifang.core import BadInput, to_micros

DAY_US = 86_400_000_000
NODES_MAX, DEPTH_MAX, TEXT_MAX = 2000, 60, 20_000
WILD_MAX = 8  # of % in the pattern of like
_EPOCH = date(1970, 1, 1)
_WHOLE_MAX = 2**63


class Kind(Enum):
    """What an expression's value is; ``ANY`` is a JSON value whose kind only the row knows."""

    NUMBER = auto()
    TEXT = auto()
    TRUTH = auto()
    MOMENT = auto()
    DATE = auto()
    TIME = auto()
    DURATION = auto()
    GEOMETRY = auto()
    LIST = auto()
    ANY = auto()
    NOTHING = auto()


@dataclass(frozen=True)
class Geometry:
    """A geometry as a literal: well-known text in degrees on WGS 84, longitude first."""

    wkt: str


Value = bool | int | float | str | datetime | date | time | timedelta | Geometry | None


@dataclass(frozen=True)
class Field:
    """A column of the rows, by the name that the store knows it by."""

    name: str


@dataclass(frozen=True)
class Literal:
    """A value written in the expression; ``BadInput`` if no store could take it."""

    value: Value

    def __post_init__(self) -> None:
        value = self.value
        if isinstance(value, float) and not math.isfinite(value):
            raise BadInput("A number in an expression is finite.", mend="Leave INF and NaN out.")
        text = value.wkt if isinstance(value, Geometry) else value
        if isinstance(text, str):
            if len(text) > TEXT_MAX or "\0" in text:
                raise BadInput(f"A text has at most {TEXT_MAX:,} characters, none of them NUL.", mend="Shorten it.")
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise BadInput("A text is not valid Unicode.", mend="Take out the lone surrogates.") from error

    @property
    def kind(self) -> Kind:
        """The kind of the value."""
        return next(kind for types, kind in _KINDS if isinstance(self.value, types))

    def plain(self) -> bool | int | float | str | None:
        """Return the value as stores keep it: whole numbers beyond 64 bits as floats, times as counts."""
        value = self.value
        if isinstance(value, bool | float | str | None):
            return value
        if isinstance(value, int):
            return value if -_WHOLE_MAX <= value < _WHOLE_MAX else _as_float(value)
        if isinstance(value, Geometry):
            return value.wkt
        if isinstance(value, datetime):
            return to_micros(value)
        if isinstance(value, date):
            return (value - _EPOCH).days
        if isinstance(value, time):
            return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
        return value // timedelta(microseconds=1)


@dataclass(frozen=True)
class Call:
    """A function or operator applied to ``args``; its ``name`` is one of :data:`SIGNATURES`."""

    name: str
    args: tuple[Expression, ...]


@dataclass(frozen=True)
class Among:
    """Whether the whole number that ``value`` is stands among ``numbers``, of which there may be many."""

    value: Field
    numbers: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Lookup:
    """The value that stands for the whole number that ``key`` is: ``values[i]`` for ``numbers[i]``, else nothing."""

    key: Field
    numbers: tuple[int, ...]
    values: tuple[bool | int | float | str | None, ...]


Expression = Field | Literal | Call | Among | Lookup


@dataclass(frozen=True)
class Signature:
    """How a function is called: the kinds of its arguments, how many of them must be given, and what it returns."""

    args: tuple[Kind, ...]
    returns: Kind
    least: int
    many: bool = False

    def kind_of(self, position: int) -> Kind:
        """Return the kind of the argument at ``position``."""
        return self.args[min(position, len(self.args) - 1)]


_KINDS: tuple[tuple[type | tuple[type, ...], Kind], ...] = (  # the more special type first
    (type(None), Kind.NOTHING),
    (bool, Kind.TRUTH),
    ((int, float), Kind.NUMBER),
    (str, Kind.TEXT),
    (datetime, Kind.MOMENT),
    (date, Kind.DATE),
    (time, Kind.TIME),
    (timedelta, Kind.DURATION),
    (Geometry, Kind.GEOMETRY),
)
_N, _T, _B, _M, _G = Kind.NUMBER, Kind.TEXT, Kind.TRUTH, Kind.MOMENT, Kind.GEOMETRY
COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
RELATIONS = ("equals", "disjoint", "touches", "within", "overlaps", "crosses", "intersects", "contains")


def _fixed(returns: Kind, *args: Kind, least: int | None = None) -> Signature:
    return Signature(args, returns, len(args) if least is None else least)


SIGNATURES: dict[str, Signature] = {
    **{name: _fixed(_B, Kind.ANY, Kind.ANY) for name in COMPARISONS},
    "and": Signature((_B,), _B, 1, many=True),
    "or": Signature((_B,), _B, 1, many=True),
    "not": _fixed(_B, _B),
    "in": Signature((Kind.ANY,), _B, 2, many=True),
    "in_list": _fixed(_B, Kind.ANY, Kind.ANY),  # the second is a JSON value that is a list
    **{name: _fixed(_N, _N, _N) for name in ("add", "sub", "mul", "div", "mod")},
    "negate": _fixed(_N, _N),
    "substringof": _fixed(_B, _T, _T),
    "contains": _fixed(_B, _T, _T),
    "startswith": _fixed(_B, _T, _T),
    "endswith": _fixed(_B, _T, _T),
    "length": _fixed(_N, _T),
    "indexof": _fixed(_N, _T, _T),
    "substring": _fixed(_T, _T, _N, _N, least=2),
    "tolower": _fixed(_T, _T),
    "toupper": _fixed(_T, _T),
    "trim": _fixed(_T, _T),
    "concat": _fixed(_T, _T, _T),
    "like": _fixed(_B, _T, _T),
    "unaccented": _fixed(_T, _T),
    **{name: _fixed(_N, _M) for name in ("year", "month", "day", "hour", "minute", "second", "fractionalseconds")},
    "date": _fixed(Kind.DATE, _M),
    "time": _fixed(Kind.TIME, _M),
    "totaloffsetminutes": _fixed(_N, _M),
    **{name: _fixed(_N, _N) for name in ("round", "floor", "ceiling")},
    "geo.distance": _fixed(_N, _G, _G),
    "geo.length": _fixed(_N, _G),
    "geo.intersects": _fixed(_B, _G, _G),
    **{f"st_{name}": _fixed(_B, _G, _G) for name in RELATIONS},
    "st_relate": _fixed(_B, _G, _G, _T),
}


def walk(expression: Expression) -> Iterator[tuple[Expression, int]]:
    """Yield each part of ``expression`` with its depth, the whole first; ``BadInput`` once it is too deep or large."""
    waiting: list[tuple[Expression, int]] = [(expression, 1)]
    count = 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if count > NODES_MAX or depth > DEPTH_MAX:
            raise BadInput(
                f"The expression has more than {NODES_MAX:,} parts or {DEPTH_MAX} levels.", mend="Ask for less at once."
            )
        yield part, depth
        if isinstance(part, Call):
            waiting += [(each, depth + 1) for each in reversed(part.args)]


def check(expression: Expression) -> None:
    """Raise ``BadInput`` if ``expression`` is too large, or calls what is no function or with too few arguments."""
    for part, _ in walk(expression):
        if isinstance(part, Call):
            signature_of(part)
            if part.name == "like":
                _check_pattern(part.args[1])


def _check_pattern(pattern: Expression) -> None:
    """Raise ``BadInput`` for a pattern that would take long to compare: each ``%`` is tried at every place."""
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str) or pattern.value.count("%") > WILD_MAX:
        raise BadInput(f"like takes a text with at most {WILD_MAX} %.", mend="Compare with less at once.")


def signature_of(call: Call) -> Signature:
    """Return the signature that ``call`` fits; ``BadInput`` if it calls no known function, or with a wrong count."""
    found = SIGNATURES.get(call.name)
    if found is None:
        raise BadInput(f"{call.name[:40]!r} is no function.", mend=f"Known: {', '.join(sorted(SIGNATURES))}.")
    count, most = len(call.args), math.inf if found.many else len(found.args)
    if not found.least <= count <= most:
        raise BadInput(f"{call.name} does not take {count} arguments.", mend=f"Give it {found.least} of them.")
    return found


def unfit(call: str, position: int, kind: Kind, wanted: Kind) -> BadInput:
    """Return the error of an argument of another kind than ``call`` takes."""
    return BadInput(
        f"Argument {position + 1} of {call} is {kind.name.lower()}, not {wanted.name.lower()}.",
        mend="Compare like with like; texts stand in single quotes, moments as 2019-01-12T09:00:00Z.",
    )


def conjuncts(expression: Expression | None) -> tuple[Expression, ...]:
    """Return the parts that must all hold."""
    if expression is None:
        return ()
    if isinstance(expression, Call) and expression.name == "and":
        return tuple(part for each in expression.args for part in conjuncts(each))
    return (expression,)


def all_of(*parts: Expression) -> Expression | None:
    """Return the expression that holds where all ``parts`` do; nothing where there are none."""
    return parts[0] if len(parts) == 1 else Call("and", parts) if parts else None


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise BadInput("A number in an expression is too large.", mend="Write fewer digits.") from error
