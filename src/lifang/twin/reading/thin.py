"""Points and lines of CityJSON as shapes of the store (OGC 20-072r5, 3.1): geometry that has no surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from lifang.twin.reading.model import Broken, bounds_of

Floats = NDArray[np.float64]
_POINTS = "MultiPoint"


def thin_shape(
    geometry: Mapping[str, Any], vertices: Floats, semantics: Mapping[str, Any] | None
) -> tuple[dict[str, Any], Floats]:
    """Return a ``MultiPoint`` or ``MultiLineString`` as a shape of the store, and its bounds (6,).

    ``vertices`` (n, 3) are those that it counts, in degrees and metres, ``semantics`` what it says that its parts are.
    ``Broken`` says which rule it breaks.
    """
    boundaries = geometry["boundaries"]
    if not boundaries:
        raise Broken("Its geometry is empty.")
    if geometry["type"] == _POINTS:
        whole = shapely.multipoints(corners_of(boundaries, vertices))
    else:
        whole = shapely.multilinestrings([_line(each, number, vertices) for number, each in enumerate(boundaries)])
    return stored(whole, str(geometry.get("lod", "")), {"semantics": semantics} if semantics else {})


def stored(whole: shapely.Geometry, lod: str, detail: Mapping[str, Any]) -> tuple[dict[str, Any], Floats]:
    """Return points or lines, in degrees and metres, as a shape of the store at a level of detail, and its bounds."""
    bounds = bounds_of(np.array([whole], dtype=object))[0]
    shape = {
        "lod": lod,
        "kind": whole.geom_type,
        "wkb": shapely.to_wkb(whole, output_dimension=3),
        "base_m": float(bounds[4]),
        "top_m": float(bounds[5]),
        "detail": orjson.dumps(detail).decode() if detail else None,
    }
    return shape, bounds


def _line(numbers: Sequence[int], own: int, vertices: Floats) -> shapely.LineString:
    if len(set(numbers)) < 2:
        raise Broken(f"Line {own} has fewer than two vertices.")
    return shapely.linestrings(corners_of(numbers, vertices))


def corners_of(numbers: Sequence[int], vertices: Floats) -> Floats:
    """Return the vertices of these numbers, shape (n, 3)."""
    wanted = np.array(numbers)
    if wanted.ndim != 1 or wanted.dtype.kind != "i":
        raise TypeError
    astray = wanted[(wanted < 0) | (wanted >= len(vertices))]
    if len(astray):
        raise Broken(f"It names vertex {int(astray[0])} of {len(vertices)}.")
    return np.asarray(vertices[wanted])
