"""CQL2 (OGC 21-065r2), as text or JSON, as the house's expression: parameterised by whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import orjson
import shapely

from lifang.core import BadInput, parse_instant
from lifang.doors.ogcapi.cql_text import DEPTH_MAX, TEXT_MAX, read_text
from lifang.store import Call, Expression, Field, Geometry, Literal

Place = Callable[[shapely.Geometry], shapely.Geometry]  # from the filter's coordinate system to WGS 84
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_COMPARE = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}
_SPATIAL = ("equals", "disjoint", "touches", "within", "overlaps", "crosses", "intersects", "contains")
_TEXTUAL = {"casei": "tolower", "accenti": "unaccented"}
_SHAPES = frozenset(
    {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"}
)
_Instants = tuple[Expression, Expression]
_MEND = "See OGC CQL2: depth > 10, name LIKE 'a%', S_INTERSECTS(geometry, POINT(104 30.6))."


def read_filter(
    text: str, lang: str, place: Place, intervals: Mapping[str, tuple[str, str]] = MappingProxyType({})
) -> Expression:
    """Return the condition written in ``text`` as ``cql2-text`` or ``cql2-json``; ``BadInput`` says what is wrong.

    ``intervals`` are properties that are no moments but spans, with what their ends are called.
    """
    if lang == "cql2-text":
        node = read_text(text)
    elif lang == "cql2-json":
        node = _json(text)
    else:
        raise BadInput(f"{lang[:40]!r} is no filter language.", where="filter-lang", mend="cql2-text or cql2-json.")
    return _Reader(place, intervals).read(node)


def _json(text: str) -> Any:
    if len(text) > TEXT_MAX:
        raise BadInput(f"A filter has at most {TEXT_MAX:,} characters.", where="filter", mend="Ask for less at once.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"The filter is no JSON: {error}.", where="filter", mend="Correct it.") from error


class _Reader:
    """Turns CQL2 JSON into an expression; a bounded number of levels."""

    def __init__(self, place: Place, intervals: Mapping[str, tuple[str, str]]) -> None:
        self._place, self._intervals = place, intervals
        self._depth = 0

    def read(self, node: Any) -> Expression:
        """Return the expression that ``node`` is."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise BadInput(f"The filter is nested over {DEPTH_MAX} deep.", where="filter", mend="Write it flatter.")
        try:
            return self._read(node)
        finally:
            self._depth -= 1

    def _read(self, node: Any) -> Expression:
        if isinstance(node, bool | int | float | str):
            return Literal(node)
        if not isinstance(node, dict):
            raise _strange(node)
        if "op" in node:
            return self._operation(node)
        if isinstance(name := node.get("property"), str):
            return Field(name)
        if str(node.get("type")) in _SHAPES or "bbox" in node:
            return Literal(Geometry(shapely.to_wkt(self._place(_shape(node)), rounding_precision=-1)))
        if "date" in node or "timestamp" in node:
            return Literal(_moment(node))
        raise _strange(node)

    def _operation(self, node: Mapping[str, Any]) -> Expression:
        name, args = node["op"], node.get("args")
        if not isinstance(name, str) or not isinstance(args, list):
            raise _strange(node)
        if name.lower().startswith("t_"):
            return self._temporal(name.lower(), args)
        read = _OPERATIONS.get(name) or _OPERATIONS.get(name.lower())
        if read is None:
            raise BadInput(f"{name[:40]!r} is no operator here.", where="filter", mend=_MEND)
        found = read(self, args)
        if found is None:
            raise BadInput(f"{name} does not take {len(args)} arguments.", where="filter", mend=_MEND)
        return found

    def simple(self, name: str, args: Sequence[Any], *counts: int) -> Expression | None:
        """Return the call of ``name`` with as many arguments as one of ``counts`` (none: any number but none)."""
        if (counts and len(args) not in counts) or not args:
            return None
        return Call(name, tuple(self.read(each) for each in args))

    def between(self, args: Sequence[Any]) -> Expression | None:
        """Return whether the first argument lies between the two others, bounds included."""
        if len(args) != 3:
            return None
        value, low, high = (self.read(each) for each in args)
        return Call("and", (Call("ge", (value, low)), Call("le", (value, high))))

    def among(self, args: Sequence[Any]) -> Expression | None:
        """Return whether the first argument is one of the list that is the second."""
        if len(args) != 2 or not isinstance(args[1], list) or not args[1]:
            return None
        return Call("in", (self.read(args[0]), *(self.read(each) for each in args[1])))

    def is_null(self, args: Sequence[Any]) -> Expression | None:
        """Return whether the argument has no value."""
        return Call("eq", (self.read(args[0]), Literal(None))) if len(args) == 1 else None

    def whole_division(self, args: Sequence[Any]) -> Expression | None:
        """Return how often the second argument is in the first."""
        found = self.simple("div", args, 2)
        return None if found is None else Call("floor", (found,))

    def _temporal(self, name: str, args: Sequence[Any]) -> Expression:
        if name not in _TEMPORAL or len(args) != 2:
            raise BadInput(
                f"{name[:40]!r} is no operator here.", where="filter", mend=f"Known: {', '.join(_TEMPORAL)}."
            )
        ends = dict(zip("abcd", (*self._instants(args[0]), *self._instants(args[1])), strict=True))
        joined, compared = _TEMPORAL[name]
        return Call(joined, tuple(Call(sign, (ends[left], ends[right])) for sign, left, right in compared))

    def _instants(self, node: Any) -> _Instants:
        if isinstance(node, dict) and isinstance(ends := node.get("interval"), list):
            if len(ends) != 2:
                raise BadInput("An interval has two ends.", where="filter", mend="Write INTERVAL('2020-01-01','..').")
            return self._end(ends[0], _FIRST), self._end(ends[1], _LAST)
        if isinstance(node, dict) and (ends := self._intervals.get(str(node.get("property")))):
            return Field(ends[0]), Field(ends[1])
        found = self.read(node)
        return found, found

    def _end(self, node: Any, otherwise: datetime) -> Expression:
        if node in {"..", ""} if isinstance(node, str) else False:
            return Literal(otherwise)
        if isinstance(node, str):
            return Literal(_moment({"timestamp" if "T" in node.upper() else "date": node}))
        return self.read(node)


# Each of two spans, the first from a to b, the other from c to d (21-065r2, clause 6.10), as comparisons of their ends.
_TEMPORAL: Mapping[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "t_after": ("and", (("gt", "a", "d"),)),
    "t_before": ("and", (("lt", "b", "c"),)),
    "t_equals": ("and", (("eq", "a", "c"), ("eq", "b", "d"))),
    "t_disjoint": ("or", (("lt", "b", "c"), ("gt", "a", "d"))),
    "t_intersects": ("and", (("le", "a", "d"), ("ge", "b", "c"))),
    "t_during": ("and", (("gt", "a", "c"), ("lt", "b", "d"))),
    "t_contains": ("and", (("lt", "a", "c"), ("gt", "b", "d"))),
    "t_finishes": ("and", (("gt", "a", "c"), ("eq", "b", "d"))),
    "t_finishedby": ("and", (("lt", "a", "c"), ("eq", "b", "d"))),
    "t_meets": ("and", (("eq", "b", "c"),)),
    "t_metby": ("and", (("eq", "a", "d"),)),
    "t_overlaps": ("and", (("lt", "a", "c"), ("gt", "b", "c"), ("lt", "b", "d"))),
    "t_overlappedby": ("and", (("gt", "a", "c"), ("lt", "a", "d"), ("gt", "b", "d"))),
    "t_starts": ("and", (("eq", "a", "c"), ("lt", "b", "d"))),
    "t_startedby": ("and", (("eq", "a", "c"), ("gt", "b", "d"))),
}
_Operation = Callable[[_Reader, Sequence[Any]], Expression | None]


def _simple(name: str, *counts: int) -> _Operation:
    return lambda reader, args: reader.simple(name, args, *counts)


_OPERATIONS: Mapping[str, _Operation] = {
    "and": _simple("and"),
    "or": _simple("or"),
    "not": _simple("not", 1),
    "like": _simple("like", 2),
    **{sign: _simple(name, 2) for sign, name in (_COMPARE | _ARITHMETIC).items()},
    **{f"s_{name}": _simple(f"st_{name}", 2) for name in _SPATIAL},
    **{sign: _simple(name, 1) for sign, name in _TEXTUAL.items()},
    "between": _Reader.between,
    "in": _Reader.among,
    "isNull": _Reader.is_null,
    "isnull": _Reader.is_null,
    "div": _Reader.whole_division,
}


def _shape(node: Mapping[str, Any]) -> shapely.Geometry:
    try:
        if "bbox" not in node:
            return shapely.from_geojson(orjson.dumps(dict(node)).decode())
        sides = [float(each) for each in node["bbox"]]
        west, south, east, north = sides if len(sides) == 4 else [*sides[:2], *sides[3:5]]
    except (shapely.errors.ShapelyError, ValueError, TypeError) as error:
        raise BadInput("The filter has a geometry that is none.", where="filter", mend="Write GeoJSON.") from error
    if not (west <= east and south <= north):
        mend = "Write the lower corner first; what crosses the meridian of 180° as two boxes joined by OR."
        raise BadInput("The upper corner of a BBOX lies below its lower one.", where="filter", mend=mend)
    return shapely.box(west, south, east, north)


def _moment(node: Mapping[str, Any]) -> date | datetime:
    text = node.get("timestamp", node.get("date"))
    try:
        if "timestamp" in node:
            return parse_instant(text)
        return date.fromisoformat(text)
    except (ValueError, TypeError, AttributeError) as error:
        mend = "DATE('2020-01-31') or TIMESTAMP('2020-01-31T12:00:00Z')."
        raise BadInput(f"{str(text)[:40]!r} is no date or moment.", where="filter", mend=mend) from error


def _strange(node: Any) -> BadInput:
    return BadInput(f"{str(node)[:60]!r} is not understood.", where="filter", mend=_MEND)
