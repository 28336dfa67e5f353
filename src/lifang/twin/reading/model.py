"""What reading a model gives: rows of objects, and the faults of those that were refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import chinese, distance_m
from lifang.store import OBJECT_COLUMNS
from lifang.twin.model import class_of, level_of
from lifang.twin.tiling import keys


@dataclass(frozen=True)
class Fault:
    """A rule that an object of a model breaks: ``error`` refuses the object, ``warning`` admits it all the same.

    ``rule`` is the family of rules, ``where`` the place in the file.
    """

    object: str
    rule: str
    what: str
    mend: str
    where: str = ""
    severity: str = "error"

    @property
    def in_chinese(self) -> dict[str, str]:
        """Its ``rule``, ``what`` and ``mend`` in Chinese, empty where there is none."""
        return {name: chinese(getattr(self, name)) for name in ("rule", "what", "mend")}


class Broken(ValueError):
    """A geometry that breaks a rule; the words say which."""


@dataclass(frozen=True)
class Belonging:
    """An object is a member of a group with a role (``kind`` ``group``), or a part of a further whole (``part``)."""

    object: str
    kind: str
    to: str
    role: str = ""


@dataclass(frozen=True)
class ModelFile:
    """The objects of a model file as rows of the store without times and classification, and what was refused.

    ``belongings`` are what they belong to beside the one whole that a row names, ``told`` the members of a CityJSON's
    root that tell of it as a whole, ``pictures`` the images of its textures by their SHA-256.
    """

    rows: pa.Table
    faults: Sequence[Fault]
    belongings: Sequence[Belonging] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Described:
    """What a file says of an object beside its geometry."""

    id: str
    kind: str
    name: str
    parent: str
    properties: Mapping[str, Any]
    category: str = ""  # that of its class
    level: int = 0  # that of its geometry


def rows_of(described: Sequence[Described], shapes: Sequence[list[dict[str, Any]]], bounds: NDArray[Any]) -> pa.Table:
    """Return the rows of objects with their shapes; ``bounds`` (n, 6) are west, south, east, north, bottom and top."""
    west, south, east, north, bottom, top = np.asarray(bounds, np.float64).reshape(-1, 6).T
    across = distance_m(west, south, east, north)
    lods = [[shape["lod"] for shape in each] for each in shapes]
    content = {
        "id": [each.id for each in described],
        "class": [each.kind for each in described],
        "category": [each.category or class_of(each.kind)[2] for each in described],
        "level": [each.level or level_of(found) for each, found in zip(described, lods, strict=True)],
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
