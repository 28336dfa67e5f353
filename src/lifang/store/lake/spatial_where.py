"""Spatial functions over columns that hold geometries, as parameterised DuckDB SQL: bounds first, then exactly.

Source: OGC 21-065r2 (CQL2), clause 6.8, on the relations that DE-9IM (ISO 19125-1) defines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import shapely

from lifang.core import BadInput
from lifang.store.expression import Geometry, Kind, Literal
from lifang.store.expression_compiler import Part
from lifang.store.lake.where import TEMPLATES, Bound, LakeCompiler, fill

GRID_DEG = 1e-8  # to which positions are shown
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


def is_spatial(statement: str) -> bool:
    """Return whether a statement, in which values are never written, calls spatial functions."""
    return "ST_" in statement


class SpatialCompiler(LakeCompiler):
    """Compiles expressions with geometries, over rows of which nothing is known where they have no value.

    ``spatially`` says whether what was compiled needs the spatial functions.
    """

    templates: Mapping[str, str] = {**TEMPLATES, "ne": "({0} <> {1})", "not": "(NOT {0})"}

    def __init__(self) -> None:
        self.spatially = False

    def literal(self, literal: Literal) -> Part[Bound]:
        """Return a value as SQL."""
        if isinstance(literal.value, Geometry):
            return Part(Kind.GEOMETRY, Bound("ST_GeomFromText(?)", (literal.value.wkt,)), wkt=literal.value.wkt)
        return super().literal(literal)

    def spatial(self, name: str, args: Sequence[Part[Bound]]) -> Bound:
        """Return the SQL of a spatial function, the bounds of a column being compared before its geometry."""
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
        reach = (east + GRID_DEG, north + GRID_DEG, west - GRID_DEG, south - GRID_DEG)
        near = zip(column, ("<=", "<=", ">=", ">="), reach, strict=True)
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
