"""Expressions over versions of objects as parameterised DuckDB SQL: their columns, and their own properties.

Nothing is known of a comparison with null (SQL's three values), as CQL2 (OGC 21-065r2, clause 6.4) has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifang.core import BadInput
from lifang.store.expression import Expression, Kind
from lifang.store.expression_compiler import Part
from lifang.store.lake.objects.model import FOREVER
from lifang.store.lake.where import TEMPLATES, Bound, LakeCompiler

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


class _ObjectCompiler(LakeCompiler):
    templates: Mapping[str, str] = {**TEMPLATES, "ne": "({0} <> {1})", "not": "(NOT {0})"}

    def column(self, name: str) -> Part[Bound]:
        if name == _GEOMETRY:
            raise BadInput("Objects are not filtered by geometry.", where="filter", mend="Narrow them by bbox.")
        if name in FILTERED:
            kind = Kind.NUMBER if name in _NUMBERS else Kind.MOMENT if name in _MOMENTS else Kind.TEXT
            return Part(kind, Bound(FILTERED[name]))
        if '"' in name or "\\" in name or not name.isprintable():
            raise BadInput(f"{name[:80]!r} is no property.", where="filter", mend="See the queryables.")
        path = f'$."{name}"'
        readings = {kind: Bound(sql, (path,) * sql.count("?")) for kind, sql in _READINGS.items()}
        return Part(Kind.ANY, Bound("json_extract(properties, ?)", (path,)), readings)
