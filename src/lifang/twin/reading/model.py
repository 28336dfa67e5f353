"""What reading a model gives: rows of objects, and the faults of those that were refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import distance_m
from lifang.store import OBJECT_COLUMNS
from lifang.twin.model import class_of, level_of
from lifang.twin.tiling import keys


@dataclass(frozen=True)
class Fault:
    """Why an object was refused: the rule it breaks, where in the file, and how to mend it."""

    object: str
    rule: str
    what: str
    mend: str


@dataclass(frozen=True)
class ModelFile:
    """The objects of a model file as rows of the store without times and classification, and what was refused."""

    rows: pa.Table
    faults: Sequence[Fault]


@dataclass(frozen=True)
class Described:
    """What a file says of an object beside its geometry."""

    id: str
    kind: str
    name: str
    parent: str
    properties: Mapping[str, Any]


def rows_of(described: Sequence[Described], shapes: Sequence[list[dict[str, Any]]], bounds: NDArray[Any]) -> pa.Table:
    """Return the rows of objects with their shapes; ``bounds`` (n, 6) are west, south, east, north, bottom and top."""
    west, south, east, north, bottom, top = np.asarray(bounds, np.float64).reshape(-1, 6).T
    across = distance_m(west, south, east, north)
    content = {
        "id": [each.id for each in described],
        "class": [each.kind for each in described],
        "category": [class_of(each.kind)[2] for each in described],
        "level": [level_of([shape["lod"] for shape in each]) for each in shapes],
        "parent": [each.parent for each in described],
        "name": [each.name for each in described],
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "bottom_m": bottom,
        "top_m": top,
        "cell": keys((west + east) / 2, (south + north) / 2, np.hypot(across, top - bottom)),
        "geometry": list(shapes),
        "properties": [orjson.dumps(each.properties).decode() for each in described],
    }
    kinds = {each.name: each.type for each in OBJECT_COLUMNS}
    return pa.table({name: pa.array(values, kinds[name]) for name, values in content.items()})


def footprint(wkb: bytes, base_m: float, top_m: float) -> dict[str, Any]:
    """Return the shape of an upright solid."""
    return {"lod": "1", "kind": "footprint", "wkb": wkb, "base_m": base_m, "top_m": top_m, "detail": None}


def bounds_of(surfaces: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return west, south, east, north, bottom and top of geometries with heights, shape (n, 6)."""
    flat = shapely.bounds(surfaces)
    coordinates, owner = shapely.get_coordinates(surfaces, include_z=True, return_index=True)
    starts = np.searchsorted(owner, np.arange(len(surfaces)))
    low, high = (each.reduceat(coordinates[:, 2], starts) for each in (np.minimum, np.maximum))
    return np.column_stack((flat, low, high))
