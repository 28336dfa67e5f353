"""The network's nodes and links as solids: pipes as tubes about their axis, tanks as cylinders, the rest marked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, check_crs, to_wgs84
from lifang.twin.reading.epanet.network import Line, Network, Node
from lifang.twin.reading.ground import Bed
from lifang.twin.reading.model import Described, Fault, ModelFile, bounds_of, footprint, rows_of
from lifang.twin.shapes import Frame, tube, tube_faces

Floats = NDArray[np.float64]
_BEGINNING = re.compile(rb"^\s*\[(?:TITLE|JUNCTIONS)\]", re.IGNORECASE | re.MULTILINE)
_HEAD_BYTES = 4096
_KIND = "OtherConstruction"
_MARK_M = 0.5  # what the file gives no size is drawn so wide
_AS_GIVEN = "elevation of nodes, as given"
_MARKED = "a mark: the file gives it no size"
_SIDES = 12
_DECIMALS = 9, 4  # of degrees and of metres, in properties


def is_epanet(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` (unpacked) is an input file of EPANET."""
    return bool(_BEGINNING.search(head[:_HEAD_BYTES]))


def read_epanet(content: bytes, *, prefix: str, crs: str, bed: Bed | None = None) -> ModelFile:
    """Return the network of an EPANET input file; ids are ``prefix:node:J-1`` and ``prefix:link:P-1``.

    ``crs`` is the coordinate system of its coordinates. Pipes lie in their ``bed``; without one, and where its ground
    is not known, straight between the elevations of their nodes: ``height_from`` of each says which. Properties are in
    SI units; ``from`` and ``to`` of a link are ids of objects; the ``axis`` of its shape is its way (longitude,
    latitude, metres). What lacks a place or is faulty is refused with its line. ``BadInput`` if the whole cannot be
    read.
    """
    if not crs:
        raise BadInput(
            "An EPANET file does not say in which coordinate system its coordinates are.",
            where="crs",
            mend="State it, such as EPSG:3547.",
        )
    system = check_crs(crs)
    if bed is not None and bed.ground.crs != system:
        what = f"The ground is in {bed.ground.crs}, the network in {system}."
        raise BadInput(what, where="crs", mend="Give both in one coordinate system.")
    network = Network(_decoded(content))
    return _Laid(prefix, system, bed, network).done()


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


class _Laid:
    """The objects of a network, laid one by one."""

    def __init__(self, prefix: str, system: str, bed: Bed | None, network: Network) -> None:
        self._prefix, self._system, self._bed, self._network = prefix, system, bed, network
        self._faults = list(network.faults)
        self._described: list[Described] = []
        self._shapes: list[list[dict[str, Any]]] = []
        self._bounds: list[Floats] = []
        self._floor = {each.id: _elevation(each) for each in network.nodes.values()}

    def done(self) -> ModelFile:
        """Return the nodes, then the links."""
        for node in self._network.nodes.values():
            if node.at is None:
                self._refuse(node, "It has no coordinates.", "Add it to [COORDINATES].")
            else:
                self._stand(node)
        for link in self._network.links.values():
            self._lie(link)
        found = np.array(self._bounds).reshape(-1, 6)
        return ModelFile(rows_of(self._described, self._shapes, found), self._faults)

    def _refuse(self, what: Node | Line, why: str, mend: str) -> None:
        self._faults.append(Fault(self._name(what), "geometry", why, mend, f"line {what.line}"))

    def _name(self, what: Node | Line) -> str:
        return f"{self._prefix}:{'node' if isinstance(what, Node) else 'link'}:{what.id}"

    def _node_id(self, own_id: str) -> str:
        return self._name(self._network.nodes[own_id])

    def _stand(self, node: Node) -> None:
        axis, source = self._axis(np.array([node.at, node.at]), [self._floor[node.id]] * 2, 0.0)
        base, top, wide, drawn = _size(node, axis[0, 2])
        source = source if drawn == _MARKED else _AS_GIVEN
        place = self._degrees(axis[:1])[0]
        if not np.isfinite(place).all():
            self._refuse(node, f"It lies outside {self._system}.", "Correct its coordinates.")
            return
        told = {"function": node.kind, **_rounded(node.told), "height_from": source, "drawn_as": drawn}
        self._add(node, told, *_cylinder(place, wide, base, top))

    def _lie(self, link: Line) -> None:
        first, last = (self._network.nodes[each] for each in link.ends)
        if first.at is None or last.at is None:
            lacking = first.id if first.at is None else last.id
            self._refuse(link, f"Its node {lacking[:40]!r} has no coordinates.", "Add it to [COORDINATES].")
            return
        way = np.array([first.at, *link.bends, last.at])
        way = way[np.append(True, (np.diff(way, axis=0) != 0).any(axis=1))]
        at_one_place = len(way) < 2
        if at_one_place and link.kind == "pipe":
            self._refuse(link, "It begins and ends at one place.", "Correct the coordinates of its nodes.")
            return
        radius = link.told.get("diameter_mm", _MARK_M * 1000) / 2000
        whole = np.repeat(way, 2, axis=0) if at_one_place else way
        axis, source = self._axis(whole, [self._floor[each] for each in link.ends], radius)
        places = self._degrees(axis)
        if not np.isfinite(places).all():
            self._refuse(link, f"It lies outside {self._system}.", "Correct its coordinates.")
            return
        told = {"function": link.kind, **_rounded(link.told), "height_from": source}
        told |= {"from": self._node_id(first.id), "to": self._node_id(last.id)}
        if at_one_place:
            told["drawn_as"] = _MARKED
            middle = places[0, 2]
            self._add(link, told, *_cylinder(places[0], 2 * _MARK_M, middle - _MARK_M, middle + _MARK_M))
        else:
            self._add(link, told, *_tube(places, radius))

    def _axis(self, way: Floats, ends: list[float], radius: float) -> tuple[Floats, str]:
        """Return the axis over a way, (n, 3) with metres up, and what its heights are from."""
        if self._bed is not None:
            found = self._bed.along(way, radius)
            if np.isfinite(found).all():
                return found, f"elevation model, less an assumed cover of {self._bed.cover_m:g} m"
        gone = np.append(0.0, np.hypot(*np.diff(way, axis=0).T).cumsum())
        share = gone / gone[-1] if gone[-1] > 0 else gone
        return np.column_stack((way, ends[0] + share * (ends[1] - ends[0]))), _AS_GIVEN

    def _degrees(self, axis: Floats) -> Floats:
        lon, lat = to_wgs84(axis[:, 0], axis[:, 1], crs=self._system)
        return np.column_stack((lon, lat, axis[:, 2]))

    def _add(self, what: Node | Line, told: Mapping[str, Any], shape: dict[str, Any], bounds: Floats) -> None:
        self._described.append(Described(self._name(what), _KIND, what.id, "", told))
        self._shapes.append([shape])
        self._bounds.append(bounds)


def _elevation(node: Node) -> float:
    return float(node.told["head_m" if node.kind == "reservoir" else "elevation_m"])


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
