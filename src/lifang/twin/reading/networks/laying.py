"""A network's nodes and lines as solids: pipes and cables are tubes, tanks cylinders, the rest marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from lifang.core import to_wgs84
from lifang.twin.reading.ground import Bed
from lifang.twin.reading.model import Described, Fault, ModelFile, bounds_of, footprint, rows_of
from lifang.twin.reading.networks.model import Line, Network, Node
from lifang.twin.shapes import Frame, tube, tube_faces

Floats = NDArray[np.float64]
_KIND = "OtherConstruction"
_MARK_M = 0.5  # what the file gives no size is drawn so wide
_MARKED = "a mark: the file gives it no size"
_LONG = "pipe", "cable", "overhead line"  # what cannot begin and end at one place
_SIDES = 12
_DECIMALS = 9, 4  # of degrees and of metres, in properties


def laid(network: Network, *, prefix: str, system: str, bed: Bed | None) -> ModelFile:
    """Return the nodes, then the lines of a network in the coordinate system ``system``; ids are ``prefix:group:id``.

    Without a ``bed``, and where its ground is not known, they lie as the network's ``heights`` say.
    """
    return _Laid(network, prefix, system, bed).done()


class _Laid:
    """The objects of a network, laid one by one."""

    def __init__(self, network: Network, prefix: str, system: str, bed: Bed | None) -> None:
        self._prefix, self._system, self._bed, self._network = prefix, system, bed, network
        self._faults = list(network.faults)
        self._described: list[Described] = []
        self._shapes: list[list[dict[str, Any]]] = []
        self._bounds: list[Floats] = []

    def done(self) -> ModelFile:
        """Return the nodes, then the lines."""
        for node in self._network.nodes.values():
            if node.at is None:
                self._refuse(node, "It has no coordinates.", self._network.no_place)
            else:
                self._stand(node)
        for line in self._network.lines.values():
            self._lie(line)
        found = np.array(self._bounds).reshape(-1, 6)
        return ModelFile(rows_of(self._described, self._shapes, found), self._faults)

    def _refuse(self, what: Node | Line, why: str, mend: str) -> None:
        self._faults.append(Fault(self._name(what), "geometry", why, mend, what.where))

    def _name(self, what: Node | Line) -> str:
        return f"{self._prefix}:{what.group}:{what.id}"

    def _stand(self, node: Node) -> None:
        axis, source = self._axis(np.array([node.at, node.at]), (node, node), 0.0)
        base, top, wide, drawn = _size(node, axis[0, 2])
        source = source if drawn == _MARKED else self._network.heights.source
        place = self._degrees(axis[:1])[0]
        if not np.isfinite(place).all():
            self._refuse(node, f"It lies outside {self._system}.", "Correct its coordinates.")
            return
        told = {"function": node.kind, **_rounded(node.told), "height_from": source, "drawn_as": drawn}
        self._add(node, told, *_cylinder(place, wide, base, top))

    def _lie(self, line: Line) -> None:
        ends = tuple(self._network.nodes[each] for each in line.ends)
        if lacking := [each for each in ends if each.at is None]:
            self._refuse(line, f"Its node {lacking[0].id[:40]!r} has no coordinates.", self._network.no_place)
            return
        way = np.array([ends[0].at, *line.bends, ends[1].at])
        way = way[np.append(True, (np.diff(way, axis=0) != 0).any(axis=1))]
        at_one_place = len(way) < 2
        if at_one_place and line.kind in _LONG:
            self._refuse(line, "It begins and ends at one place.", "Correct the coordinates of its nodes.")
            return
        radius = line.told.get("diameter_mm", _MARK_M * 1000) / 2000
        axis, source = self._axis(np.repeat(way, 2, axis=0) if at_one_place else way, ends, radius, line.above_m)
        places = self._degrees(axis)
        if not np.isfinite(places).all():
            self._refuse(line, f"It lies outside {self._system}.", "Correct its coordinates.")
            return
        told = {"function": line.kind, **_rounded(line.told), "height_from": source}
        told |= {"from": self._name(ends[0]), "to": self._name(ends[1])}
        if at_one_place:
            told["drawn_as"] = _MARKED
            middle = places[0, 2]
            self._add(line, told, *_cylinder(places[0], 2 * _MARK_M, middle - _MARK_M, middle + _MARK_M))
        else:
            self._add(line, told, *_tube(places, radius))

    def _axis(
        self, way: Floats, ends: tuple[Node, ...], radius: float, above: float | None = None
    ) -> tuple[Floats, str]:
        """Return the axis over a way, (n, 3) with metres up, and what its heights are from."""
        if self._bed is not None:
            bed, wide = (self._bed, radius) if above is None else (Bed(self._bed.ground, -above), 0.0)
            found = bed.along(way, wide, crs=self._system)
            if np.isfinite(found).all():
                over = f", and an assumed {above:g} m over it" if above is not None else ""
                return found, f"elevation model{over or f', less an assumed cover of {self._bed.cover_m:g} m'}"
        gone = np.append(0.0, np.hypot(*np.diff(way, axis=0).T).cumsum())
        share = gone / gone[-1] if gone[-1] > 0 else gone
        first, last = ends[0].floor_m, ends[-1].floor_m
        return self._over(np.column_stack((way, first + share * (last - first))), radius, above)

    def _over(self, floor: Floats, radius: float, above: float | None) -> tuple[Floats, str]:
        """Return the axis over the heights of the nodes, as the network says that they are meant."""
        heights = self._network.heights
        if above is not None:
            return floor + np.array([0.0, 0.0, above]), f"{heights.source}, and an assumed {above:g} m over it"
        if heights.cover_m is None:
            return floor, heights.source
        depth = np.array([0.0, 0.0, heights.cover_m + radius])
        return floor - depth, f"{heights.source}, less an assumed cover of {heights.cover_m:g} m"

    def _degrees(self, axis: Floats) -> Floats:
        lon, lat = to_wgs84(axis[:, 0], axis[:, 1], crs=self._system)
        return np.column_stack((lon, lat, axis[:, 2]))

    def _add(self, what: Node | Line, told: Mapping[str, Any], shape: dict[str, Any], bounds: Floats) -> None:
        self._described.append(Described(self._name(what), _KIND, what.name or what.id, "", told))
        self._shapes.append([shape])
        self._bounds.append(bounds)


def _size(node: Node, height_m: float) -> tuple[float, float, float, str]:
    """Return base and top, how wide, and what is drawn: a tank's water between its levels, else a mark."""
    if node.kind == "tank" and node.told["greatest_level_m"] > node.told["least_level_m"]:
        floor = node.told["elevation_m"]
        base, top = floor + node.told["least_level_m"], floor + node.told["greatest_level_m"]
        return base, top, max(node.told["tank_diameter_m"], _MARK_M), "the water between least and greatest level"
    return height_m - _MARK_M / 2, height_m + _MARK_M / 2, _MARK_M, _MARKED


def _cylinder(place: Floats, wide: float, base: float, top: float) -> tuple[dict[str, Any], Floats]:
    """Return an upright cylinder as a row of the store, and its bounds."""
    turn = np.arange(_SIDES) * (2 * np.pi / _SIDES)
    ring = np.column_stack((np.cos(turn), np.sin(turn), np.zeros(_SIDES))) * wide / 2
    flat = shapely.Polygon(Frame(float(place[0]), float(place[1])).degrees(ring)[:, :2])
    return footprint(shapely.to_wkb(flat), base, top), np.array([*flat.bounds, base, top])


def _tube(places: Floats, radius: float) -> tuple[dict[str, Any], Floats]:
    """Return a tube about an axis in degrees and metres as a row of the store, and its bounds."""
    frame = Frame(float(places[0, 0]), float(places[0, 1]), float(places[0, 2]))
    rings = tube(frame.local(*places.T), radius)
    faces = tube_faces(frame.degrees(rings.reshape(-1, 3)).reshape(rings.shape))
    whole = shapely.multipolygons(faces)
    bounds = bounds_of(np.array([whole]))[0]
    shape = {
        "lod": "2",
        "kind": "Solid",
        "wkb": shapely.to_wkb(whole, output_dimension=3),
        "base_m": float(bounds[4]),
        "top_m": float(bounds[5]),
        "detail": orjson.dumps({"shells": [len(faces)], "semantics": None, "axis": _listed(places)}).decode(),
    }
    return shape, bounds


def _rounded(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(each, _DECIMALS[1]) if isinstance(each, float) else each for name, each in told.items()}


def _listed(places: Floats) -> list[list[float]]:
    degrees, metres = np.round(places[:, :2], _DECIMALS[0]), np.round(places[:, 2:], _DECIMALS[1])
    return [list(each) for each in np.column_stack((degrees, metres)).tolist()]
