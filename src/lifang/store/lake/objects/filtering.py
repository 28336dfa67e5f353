"""Expressions over versions of objects as parameterised DuckDB SQL: their columns, their own properties, their outline.

Nothing is known of a comparison with null (SQL's three values), as CQL2 (OGC 21-065r2, clause 6.4) has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifang.core import BadInput
from lifang.store.expression import Expression, Kind
from lifang.store.expression_compiler import Part
from lifang.store.lake.objects.model import FOREVER
from lifang.store.lake.spatial_where import GRID_DEG, SpatialCompiler
from lifang.store.lake.where import Bound

FILTERED: Mapping[str, str] = {
    "id": "id",
    "model": "model",
    "class": "class",
    "category": "category",
    "stage": "stage",
    "parent": "parent",
    "name": "name",
    "level": "level",
    "bottom_m": "bottom_m",
    "top_m": "top_m",
    "height_m": "(top_m - bottom_m)",
    "valid_from": "valid_from",
    "valid_to": f"nullif(valid_to, {FOREVER})",
}
_NUMBERS, _MOMENTS = {"level", "bottom_m", "top_m", "height_m"}, {"valid_from", "valid_to"}
_GEOMETRY = "geometry"
_SIDES = (Bound("west"), Bound("south"), Bound("east"), Bound("north"))
_THIN = "('MultiPoint', 'MultiLineString')"
_LODS = f"list_transform(geometry, lambda shape: if(shape.kind IN {_THIN}, '~', '') || shape.lod)"  # surfaces first
_COARSEST = f"geometry[list_position({_LODS}, list_min({_LODS}))]"
_FLAT = f"ST_Force2D(ST_GeomFromWKB({_COARSEST}.wkb))"
_SEEN = f"if(ST_Length({_FLAT}) < {GRID_DEG}, ST_Points({_FLAT}), {_FLAT})"  # an upright line is a point from above
_OUTLINE = (  # the ground that the coarsest shape covers; its faces may overlap as seen from above
    f"ST_ReducePrecision(CASE WHEN {_COARSEST}.kind = 'footprint' THEN ST_GeomFromWKB({_COARSEST}.wkb) "
    f"WHEN {_COARSEST}.kind IN {_THIN} THEN {_SEEN} "
    f"ELSE ST_Buffer({_FLAT}, 0) END, {GRID_DEG})"
)
_FILLED = f"({_COARSEST}.kind = 'footprint' OR ST_Area({_FLAT}) > 1e-12)"  # deg2
_READINGS = {
    Kind.NUMBER: "CASE WHEN json_type(properties, ?) IN ('BIGINT', 'UBIGINT', 'DOUBLE') "
    "THEN CAST(json_extract(properties, ?) AS DOUBLE) END",
    Kind.TEXT: "CASE WHEN json_type(properties, ?) = 'VARCHAR' THEN json_extract_string(properties, ?) END",
    Kind.TRUTH: "CASE WHEN json_type(properties, ?) = 'BOOLEAN' THEN CAST(json_extract(properties, ?) AS BOOLEAN) END",
    Kind.MOMENT: "epoch_us(TRY_CAST(json_extract_string(properties, ?) AS TIMESTAMPTZ))",
}


def filtered(expression: Expression) -> tuple[str, list[Any]]:
    """Return the condition on versions and the values of its placeholders; ``BadInput`` for what they do not have."""
    found = _ObjectCompiler().condition(expression)
    return found.text, list(found.values)


def property_path(name: str, *, where: str) -> str:
    """Return the path of a property in the properties of an object; ``BadInput`` if none can be called so."""
    if name in ("", "*") or '"' in name or "\\" in name or not name.isprintable():  # `*` would be all of them
        raise BadInput(f"{name[:80]!r} is no property.", where=where, mend="See the queryables.")
    return f'$."{name}"'


class _ObjectCompiler(SpatialCompiler):
    filled = _FILLED

    def column(self, name: str) -> Part[Bound]:
        if name == _GEOMETRY:
            return Part(Kind.GEOMETRY, Bound(_OUTLINE), bounds=_SIDES)
        if name in FILTERED:
            kind = Kind.NUMBER if name in _NUMBERS else Kind.MOMENT if name in _MOMENTS else Kind.TEXT
            return Part(kind, Bound(FILTERED[name]))
        path = property_path(name, where="filter")
        readings = {kind: Bound(sql, (path,) * sql.count("?")) for kind, sql in _READINGS.items()}
        return Part(Kind.ANY, Bound("json_extract(properties, ?)", (path,)), readings)
