"""Expressions over the rows of a release as parameterised DuckDB SQL, spatial functions included.

A field is a column of the release; ``geometry`` is well-known binary on WGS 84, its bounds lie beside it in ``_xmin``
and so on. Nothing is known of a comparison with null (SQL's three values), as CQL2 (OGC 21-065r2, clause 6.4) has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lifang.core import BadInput
from lifang.store.expression import Expression, Kind
from lifang.store.expression_compiler import Part
from lifang.store.lake.model import ColumnInfo
from lifang.store.lake.names import name as quoted
from lifang.store.lake.spatial_where import SpatialCompiler
from lifang.store.lake.where import Bound

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


def row_where(expression: Expression, columns: Sequence[ColumnInfo]) -> tuple[str, list[object], bool]:
    """Return the condition, the values of its placeholders, and whether it needs the spatial functions."""
    compiler = _RowCompiler(columns)
    found = compiler.condition(expression)
    return found.text, list(found.values), compiler.spatially


class _RowCompiler(SpatialCompiler):
    def __init__(self, columns: Sequence[ColumnInfo]) -> None:
        super().__init__()
        self._types = {column.name: column.type for column in columns}

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
