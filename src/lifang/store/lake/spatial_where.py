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

    ``spatially`` says whether what was compiled needs the spatial functions. ``filled`` is SQL that holds where a shape
    is not empty, although it has bounds: where these lie within a polygon, the shape itself need not be looked at.
    """

    filled = "true"
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
        at = next((n for n, each in enumerate(args) if each.bounds), None)
        wkt = next((each.wkt for each in args if each.wkt), "")
        bounds = args[at].bounds if at is not None else None
        if bounds is None or not wkt:
            return exact
        shape = _shape(wkt)
        west, south, east, north = (float(side) for side in shape.bounds)
        reach = (east + GRID_DEG, north + GRID_DEG, west - GRID_DEG, south - GRID_DEG)
        apart = _joined(" OR ", bounds, (">", ">", "<", "<"), reach)
        cases = [Bound(f"WHEN {apart.text} THEN {name == 'st_disjoint'}", apart.values)]
        if isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
            inside = Bound(f"{self.filled} AND ST_Within({_envelope(bounds)}, ST_GeomFromText(?))", (wkt,))
            holds = name in {"st_intersects", "st_contains" if at else "st_within"}
            cases.append(Bound(f"WHEN {inside.text} THEN {holds}", inside.values))
        cases.append(Bound(f"ELSE {exact.text} END", exact.values))
        quick = Bound(
            f"(CASE {' '.join(each.text for each in cases)})", tuple(v for each in cases for v in each.values)
        )
        if name == "st_disjoint":
            return quick
        near = _joined(" AND ", bounds, ("<=", "<=", ">=", ">="), reach)  # by which whole groups of rows are left out
        return Bound(f"({near.text} AND {quick.text})", (*near.values, *quick.values))


def _joined(word: str, sides: Sequence[Bound], signs: Sequence[str], reach: Sequence[float]) -> Bound:
    text = word.join(f"{side.text} {sign} ?" for side, sign in zip(sides, signs, strict=True))
    return Bound(f"({text})", tuple(reach))


def _envelope(sides: Sequence[Bound]) -> str:
    west, south, east, north = (each.text for each in sides)
    return f"ST_MakeEnvelope({west} - {GRID_DEG}, {south} - {GRID_DEG}, {east} + {GRID_DEG}, {north} + {GRID_DEG})"


def _shape(wkt: str) -> shapely.Geometry:
    try:
        shape = shapely.from_wkt(wkt)
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise BadInput(f"{wkt[:60]!r} is no geometry.", mend="Write well-known text.") from error
    if shape.is_empty or not shape.is_valid:
        why = shapely.is_valid_reason(shape).split("[")[0] if not shape.is_empty else "It is empty"
        raise BadInput(f"The geometry is not valid: {why}.", where="filter", mend="Correct the geometry.")
    return shape
