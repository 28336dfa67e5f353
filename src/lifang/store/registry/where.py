"""Expressions over the registry as SQLAlchemy elements, every value bound.

Whoever asks says what a field's name stands for: a column, a JSON path inside one, a column of a joined table.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import shapely
import sqlalchemy as sa

from lifang.core import BadInput
from lifang.store.expression import DAY_US, Expression, Geometry, Kind, Literal
from lifang.store.expression_compiler import Compiler, Part
from lifang.store.registry.functions import RELATE, geometry_of
from lifang.store.registry.types import Json, Moment, Real, Text, Truth, Whole

Element = sa.ColumnElement[Any]
Columns = Callable[[str], "Part[Element]"]
_STEP_MAX = 20


def condition_of(expression: Expression, columns: Columns) -> Element:
    """Return the condition as an element; ``columns`` turns a field's name into its part or raises ``BadInput``."""
    return _RegistryCompiler(columns).condition(expression)


def value_of(expression: Expression, columns: Columns) -> Part[Element]:
    """Return a value to order by."""
    return _RegistryCompiler(columns).value(expression)


def part_of(column: sa.ColumnElement[Any], *, kind: Kind | None = None) -> Part[Element]:
    """Return ``column`` as a part of the kind that its type says, or of ``kind``."""
    plain: Element = sa.type_coerce(column, Whole) if isinstance(column.type, Moment | Truth) else column
    return Part(kind or _kind_of(column), plain)


def json_part(column: sa.ColumnElement[Any], steps: Sequence[str]) -> Part[Element]:
    """Return what lies at the path ``steps`` inside a JSON column, read as whatever it is compared with."""
    plain = sa.type_coerce(column, sa.Text)
    path = json_path(steps)
    kind, found = sa.func.json_type(plain, path), sa.func.json_extract(plain, path)

    def where(*kinds: str) -> Element:
        return sa.case((kind.in_(kinds), found))

    readings = {
        Kind.NUMBER: where("integer", "real"),
        Kind.TEXT: where("text"),
        Kind.TRUTH: where("true", "false") == sa.literal(1, Whole),
        Kind.MOMENT: sa.func.lifang_moment(where("text"), type_=sa.BigInteger()),
        Kind.GEOMETRY: where("object"),
        Kind.LIST: where("array"),
    }
    return Part(Kind.ANY, found, readings)


def json_path(steps: Sequence[str]) -> str:
    """Return the SQLite JSON path of ``steps``; a whole number is also the place in a list. ``BadInput`` if unfit."""
    if len(steps) > _STEP_MAX or not all(
        step and step.isprintable() and '"' not in step and "\\" not in step for step in steps
    ):
        raise BadInput("This is no path into JSON.", where="/".join(steps)[:80], mend="Write properties/name.")
    return "$" + "".join(
        f"[{step}]" if step.isascii() and step.isdigit() and len(step) < 10 else f'."{step}"' for step in steps
    )


def listed(numbers: Sequence[int]) -> sa.Select[Any]:
    """Return the query that yields ``numbers``: one bound value, however many they are."""
    each = sa.func.json_each(orjson.dumps(list(numbers)).decode()).table_valued("value", name="listed")
    return sa.select(each.c.value)


def _kind_of(column: sa.ColumnElement[Any]) -> Kind:
    kinds: tuple[tuple[Any, Kind], ...] = (
        (Moment, Kind.MOMENT),
        (Truth, Kind.TRUTH),
        (Json, Kind.ANY),
        (Real, Kind.NUMBER),
        (Text, Kind.TEXT),
    )
    return next((kind for of, kind in kinds if isinstance(column.type, of)), Kind.NUMBER)


def _floored(step: int, unit: int) -> Callable[[Element], Element]:
    """Return whole ``unit`` inside ``step`` microseconds, also before 1970."""

    def build(micros: Element) -> Element:
        inside = (micros % step + step) % step
        return sa.cast((inside - inside % unit) / unit, Whole)

    return build


def _calendar(pattern: str) -> Callable[[Element], Element]:
    def build(micros: Element) -> Element:
        days = (micros - (micros % DAY_US + DAY_US) % DAY_US) / DAY_US
        return sa.cast(sa.func.strftime(pattern, days * 86_400, "unixepoch"), Whole)

    return build


def _substring(text: Element, start: Element, length: Element | None = None) -> Element:
    first = sa.func.max(sa.cast(start, Whole), 0) + 1
    return sa.func.substr(text, first, *([] if length is None else [sa.func.max(sa.cast(length, Whole), 0)]))


def _ends(text: Element, end: Element) -> Element:
    size, of_end = sa.func.length(text), sa.func.length(end)
    return sa.and_(size >= of_end, sa.func.substr(text, size - of_end + 1) == end)


_CALLS: Mapping[str, Callable[..., Any]] = {
    "eq": operator.eq,
    "ne": lambda left, right: left.is_distinct_from(right),
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "and": sa.and_,
    "or": sa.or_,
    "not": lambda each: sa.not_(sa.func.coalesce(each, sa.literal(0, Whole), type_=sa.Boolean())),
    "is_null": lambda each: each.is_(None),
    "is_not_null": lambda each: each.is_not(None),
    "never": lambda _: sa.false(),
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": lambda left, right: sa.cast(left, sa.REAL) / sa.func.nullif(right, 0),
    "mod": lambda left, right: sa.func.mod(left, sa.func.nullif(right, 0), type_=sa.REAL()),
    "negate": operator.neg,
    "substringof": lambda part, text: sa.func.instr(text, part) > 0,
    "contains": lambda text, part: sa.func.instr(text, part) > 0,
    "startswith": lambda text, start: sa.func.substr(text, 1, sa.func.length(start)) == start,
    "endswith": _ends,
    "length": lambda text: sa.func.length(text, type_=Whole),
    "indexof": lambda text, part: sa.func.instr(text, part, type_=Whole) - 1,
    "substring": _substring,
    "tolower": lambda text: sa.func.lifang_lower(text, type_=sa.Text()),
    "toupper": lambda text: sa.func.lifang_upper(text, type_=sa.Text()),
    "trim": lambda text: sa.func.trim(text, type_=sa.Text()),
    "concat": lambda left, right: sa.type_coerce(left, sa.Text) + sa.type_coerce(right, sa.Text),
    "like": lambda text, pattern: sa.func.lifang_like(text, pattern) == 1,
    "unaccented": lambda text: sa.func.lifang_unaccented(text, type_=sa.Text()),
    "year": _calendar("%Y"),
    "month": _calendar("%m"),
    "day": _calendar("%d"),
    "hour": _floored(DAY_US, 3_600_000_000),
    "minute": _floored(3_600_000_000, 60_000_000),
    "second": _floored(60_000_000, 1_000_000),
    "fractionalseconds": lambda micros: ((micros % 1_000_000 + 1_000_000) % 1_000_000) / 1_000_000.0,
    "date": lambda micros: sa.cast((micros - (micros % DAY_US + DAY_US) % DAY_US) / DAY_US, Whole),
    "time": _floored(DAY_US, 1),
    "midnight": lambda days: days * DAY_US,
    "totaloffsetminutes": lambda micros: micros * 0,
    "round": lambda each: sa.func.round(each, type_=sa.REAL()),
    "floor": lambda each: -sa.func.ceiling(-each, type_=sa.REAL()),  # SQLAlchemy's own floor fails on null
    "ceiling": lambda each: sa.func.ceiling(each, type_=sa.REAL()),
}
_HELD = {Kind.NUMBER: ("integer", "real"), Kind.TEXT: ("text",), Kind.TRUTH: ("true", "false")}  # types of JSON
_TYPES: Mapping[Kind, Any] = {Kind.TEXT: sa.Text(), Kind.NOTHING: sa.Text(), Kind.GEOMETRY: sa.Text()}
_NEAR = frozenset({"touches", "within", "overlaps", "crosses", "intersects", "contains", "equals"})


class _RegistryCompiler(Compiler[Element]):
    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def column(self, name: str) -> Part[Element]:
        return self._columns(name)

    def literal(self, literal: Literal) -> Part[Element]:
        plain = literal.plain()
        if literal.kind is Kind.TRUTH:
            return Part(Kind.TRUTH, sa.literal(int(bool(plain)), Whole))
        if plain is None:
            return Part(Kind.NOTHING, sa.null())
        kind = sa.REAL() if isinstance(plain, float) else _TYPES.get(literal.kind, Whole)
        wkt = literal.value.wkt if isinstance(literal.value, Geometry) else ""
        return Part(literal.kind, sa.literal(plain, kind), wkt=wkt)

    def nothing(self, kind: Kind) -> Element:
        del kind
        return sa.null()

    def among(self, value: Element, numbers: Sequence[int]) -> Element:
        return value.in_(listed(numbers))

    def holds(self, listed: Element, kind: Kind, value: Element) -> Element:
        each = sa.func.json_each(listed).table_valued("value", "type", name="held")
        same = sa.and_(each.c.type.in_(_HELD[kind]), each.c.value == value)
        return sa.select(sa.literal(1)).select_from(each).where(same).correlate_except(each).exists()

    def call(self, name: str, args: Sequence[Element]) -> Element:
        found: Element = _CALLS[name](*args)
        return found

    def spatial(self, name: str, args: Sequence[Part[Element]]) -> Element:
        for each in args:
            if each.wkt:
                geometry_of(each.wkt)
        shapes = [self.read(each, Kind.GEOMETRY, name, at) for at, each in enumerate(args[:2])]
        what = name.rpartition(".")[2].removeprefix("st_")
        if what in {"distance", "length"}:
            return getattr(sa.func, f"lifang_{what}")(*shapes, type_=sa.REAL())  # type: ignore[no-any-return]
        if what == RELATE:
            pattern = self.read(args[2], Kind.TEXT, name, 2)
            return sa.func.lifang_relate(*shapes, pattern) == 1
        exact = sa.func.lifang_spatial(what, *shapes) == 1
        return sa.and_(*_near(args), exact) if what in _NEAR else exact


def _near(args: Sequence[Part[Element]]) -> list[Element]:
    """Return the first look at a column's bounds, where a literal geometry says which can match at all."""
    literal = next((each for each in args if each.wkt), None)
    column = next((each for each in args if each.bounds), None)
    if literal is None or column is None or column.bounds is None:
        return []
    west, south, east, north = shapely.bounds(geometry_of(literal.wkt)).tolist()
    if west != west:  # an empty geometry has no bounds
        return []
    bounds = column.bounds
    return [bounds[0] <= east, bounds[2] >= west, bounds[1] <= north, bounds[3] >= south]
