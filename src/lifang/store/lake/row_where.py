"""Expressions over the rows of a release as parameterised DuckDB SQL, spatial functions included.

A field is a column of the release; ``geometry`` is well-known binary on WGS 84, its bounds lie beside it in ``_xmin``
and so on. Nothing is known of a comparison with null (SQL's three values), as CQL2 (OGC 21-065r2, clause 6.4) has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import shapely

from lifang.core import BadInput
from lifang.store.expression import Expression, Geometry, Kind, Literal
from lifang.store.expression_compiler import Part
from lifang.store.lake.model import ColumnInfo
from lifang.store.lake.names import name as quoted
from lifang.store.lake.where import TEMPLATES, Bound, LakeCompiler, fill

GEOMETRY = "geometry"
SIDES = ("_xmin", "_ymin", "_xmax", "_ymax")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
_KINDS: Mapping[str, tuple[Kind, str]] = {
    "VARCHAR": (Kind.TEXT, "{}"),
    "BOOLEAN": (Kind.TRUTH, "{}"),
    "FLOAT": (Kind.NUMBER, "{}"),
    "DOUBLE": (Kind.NUMBER, "{}"),
    **dict.fromkeys(_INTEGERS, (Kind.NUMBER, "{}")),
    "DATE": (Kind.DATE, "({} - DATE '1970-01-01')"),
    "TIME": (Kind.TIME, "epoch_us({})"),
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
        (Kind.MOMENT, "epoch_us({})"),
    ),
}
_SPATIAL = {
    "st_equals": "ST_Equals({0}, {1})",
    "st_disjoint": "ST_Disjoint({0}, {1})",
    "st_touches": "ST_Touches({0}, {1})",
    "st_within": "ST_Within({0}, {1})",
    "st_overlaps": "ST_Overlaps({0}, {1})",
    "st_crosses": "ST_Crosses({0}, {1})",
    "st_intersects": "ST_Intersects({0}, {1})",
    "st_contains": "ST_Contains({0}, {1})",
}


def row_where(expression: Expression, columns: Sequence[ColumnInfo]) -> tuple[str, list[object], bool]:
    """Return the condition, the values of its placeholders, and whether it needs the spatial functions."""
    compiler = _RowCompiler(columns)
    found = compiler.condition(expression)
    return found.text, list(found.values), compiler.spatially


class _RowCompiler(LakeCompiler):
    templates: Mapping[str, str] = {**TEMPLATES, "ne": "({0} <> {1})", "not": "(NOT {0})"}

    def __init__(self, columns: Sequence[ColumnInfo]) -> None:
        self._types = {column.name: column.type for column in columns}
        self.spatially = False

    def column(self, name: str) -> Part[Bound]:
        kind = self._types.get(name)
        if kind is None or name in SIDES:
            known = ", ".join(each for each in self._types if each not in SIDES)
            raise BadInput(f"There is no property {name[:80]!r}.", where="filter", mend=f"Known: {known}.")
        chosen = quoted(name)
        if name == GEOMETRY and kind == "BLOB":
            west, south, east, north = (Bound(quoted(side)) for side in SIDES)
            return Part(Kind.GEOMETRY, Bound(f"ST_GeomFromWKB({chosen})"), bounds=(west, south, east, north))
        of_number = kind.startswith("DECIMAL")
        found = (Kind.NUMBER, "{}") if of_number else _KINDS.get(kind)
        if found is None:
            raise BadInput(f"{name[:80]!r} cannot be filtered by.", where="filter", mend="Name another property.")
        return Part(found[0], Bound(found[1].format(chosen)))

    def literal(self, literal: Literal) -> Part[Bound]:
        if isinstance(literal.value, Geometry):
            return Part(Kind.GEOMETRY, Bound("ST_GeomFromText(?)", (literal.value.wkt,)), wkt=literal.value.wkt)
        return super().literal(literal)

    def spatial(self, name: str, args: Sequence[Part[Bound]]) -> Bound:
        template = _SPATIAL.get(name)
        if template is None:
            raise BadInput(f"{name} cannot be asked of these rows.", mend=f"Known: {', '.join(_SPATIAL)}.")
        self.spatially = True
        exact = fill(template, [each.sql for each in args])
        column = next((each.bounds for each in args if each.bounds), None)
        wkt = next((each.wkt for each in args if each.wkt), "")
        if column is None or not wkt or name == "st_disjoint":
            return exact
        west, south, east, north = (float(side) for side in _shape(wkt).bounds)
        near = zip(column, ("<=", "<=", ">=", ">="), (east, north, west, south), strict=True)
        parts = [Bound(f"{side.text} {sign} ?", (bound,)) for side, sign, bound in near]
        text = " AND ".join(part.text for part in [*parts, exact])
        return Bound(f"({text})", tuple(value for part in [*parts, exact] for value in part.values))


def _shape(wkt: str) -> shapely.Geometry:
    try:
        shape = shapely.from_wkt(wkt)
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise BadInput(f"{wkt[:60]!r} is no geometry.", mend="Write well-known text.") from error
    if shape.is_empty or not shape.is_valid:
        why = shapely.is_valid_reason(shape).split("[")[0] if not shape.is_empty else "It is empty"
        raise BadInput(f"The geometry is not valid: {why}.", where="filter", mend="Correct the geometry.")
    return shape
