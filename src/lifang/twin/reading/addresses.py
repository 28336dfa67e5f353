"""The addresses of an object, with the points where they are: in degrees and metres, as GeoJSON has coordinates.

Source: CityJSON 2.0 (OGC 20-072r5), section 2.2 (``address`` and its ``location``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.twin.reading.thin import corners_of

LOCATION = "location"
_DECIMALS = 10  # of a degree: a hundredth of a millimetre


def addressed(addresses: Sequence[Mapping[str, Any]], vertices: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return addresses whose ``location``, if any, tells coordinates instead of numbers of ``vertices`` (n, 3).

    ``ValueError`` or ``TypeError`` if one is not as it must be.
    """
    return [{**each, **_located(each[LOCATION], vertices)} if each.get(LOCATION) else dict(each) for each in addresses]


def without_places(addresses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return addresses in words."""
    return [{name: value for name, value in each.items() if name != LOCATION} for each in addresses]


def _located(location: Mapping[str, Any], vertices: NDArray[np.float64]) -> dict[str, Any]:
    places = corners_of(location["boundaries"], vertices).round(_DECIMALS).tolist()
    return {LOCATION: {"type": "MultiPoint", "lod": str(location.get("lod", "")), "coordinates": places}}
