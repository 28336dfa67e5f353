"""Objects as GeoJSON features (RFC 7946): their outline, what they are, since when, and their properties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import shapely

from lifang.core import format_instant, from_micros
from lifang.store import FOREVER
from lifang.twin.flat import outlines_of, plain
from lifang.twin.model import class_of

_DECIMALS = 8
_OWN = ("model", "class", "class_zh", "category", "level", "stage", "parent", "name", "bottom_m", "top_m", "height_m")
FEATURE_FIELDS: tuple[str, ...] = (*_OWN, "valid_from", "valid_to", "generated")


def features(
    rows: pa.Table, *, generated: frozenset[str], move: Callable[[Any], Any] | None = None
) -> list[dict[str, Any]]:
    """Return a feature of each row of objects, whose own properties follow those of ``FEATURE_FIELDS``.

    ``move`` brings positions from degrees on WGS 84 into another coordinate system.
    """
    shapes = shapely.transform(outlines_of(rows), lambda at: np.round(move(at) if move else at, _DECIMALS))
    texts = shapely.to_geojson(shapes)
    return [
        {
            "type": "Feature",
            "id": row["id"],
            "geometry": None if shapely.is_empty(shape) else orjson.Fragment(text),
            "properties": _properties(row, generated),
        }
        for row, shape, text in zip(rows.drop_columns(["geometry"]).to_pylist(), shapes, texts, strict=True)
    ]


def _properties(row: dict[str, Any], generated: frozenset[str]) -> dict[str, Any]:
    own = {name: row[name] for name in _OWN if name in row}
    own |= {
        "class_zh": class_of(row["class"])[0],
        "height_m": round(row["top_m"] - row["bottom_m"], 3),
        "valid_from": format_instant(from_micros(row["valid_from"])),
        "valid_to": None if row["valid_to"] == FOREVER else format_instant(from_micros(row["valid_to"])),
        "generated": row["model"] in generated,
    }
    told = orjson.loads(row["properties"])
    return {**own, **{name: plain(value) for name, value in told.items() if name not in own}}
