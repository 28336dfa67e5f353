"""Where the vertices of a CityJSON file stand, and its geometry templates: a shape told once, placed many times.

Source: CityJSON 2.0 (OGC 20-072r5), section 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput, to_wgs84

INSTANCE = "GeometryInstance"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Templates:
    """The templates of a file, whose vertices ``corners`` (n, 3) stand about each one's own origin."""

    shapes: Sequence[Mapping[str, Any]]
    corners: Floats

    @classmethod
    def of(cls, head: Mapping[str, Any]) -> Templates:
        """Return those of the first document of a file; ``BadInput`` if they cannot be read."""
        told = head.get("geometry-templates") or {}
        try:
            corners = np.asarray(told.get("vertices-templates") or [], np.float64).reshape(-1, 3)
            return cls(list(told.get("templates") or []), corners)
        except (TypeError, ValueError, AttributeError):
            raise BadInput(
                "The geometry templates cannot be read.",
                where="geometry-templates",
                mend="Write templates as a list, and vertices-templates as a list of three numbers each.",
            ) from None

    def placed(self, geometry: Mapping[str, Any], vertices: Floats) -> tuple[Mapping[str, Any], Floats]:
        """Return the template of a ``GeometryInstance`` and its vertices (n, 3) in the file's system.

        ``vertices`` (m, 3) are those of the document. ``ValueError`` if the instance is not as it must be.
        """
        number, (at,) = geometry["template"], geometry["boundaries"]
        if not (0 <= number < len(self.shapes) and 0 <= at < len(vertices)):
            raise ValueError
        turn = np.asarray(geometry["transformationMatrix"], np.float64).reshape(4, 4)
        turned = self.corners @ turn[:3, :3].T + turn[:3, 3]
        return self.shapes[number], turned + vertices[at]


def on_earth(vertices: Floats, system: str) -> Floats:
    """Return vertices (n, 3) of a system in degrees on WGS 84 and metres; ``BadInput`` if one is not on it."""
    if not np.isfinite(vertices).all():
        raise BadInput("A vertex is not finite.", where="vertices", mend="Write finite numbers.")
    lon, lat = to_wgs84(vertices[:, 0], vertices[:, 1], crs=system)
    if len(vertices) and not (np.isfinite(lon) & np.isfinite(lat)).all():
        raise BadInput(f"A vertex lies outside {system}.", where="vertices", mend="Correct metadata.referenceSystem.")
    return np.column_stack((lon, lat, vertices[:, 2]))
