"""What of a model has no surface: alignments, grids, referents and elements of curves or points alone, in metres.

A curve is followed so closely that it lies about :data:`CHORD_M` from the pieces it becomes at most: curves along which
one can be placed (IfcCompositeCurve of IfcCurveSegment, IfcGradientCurve, IfcSegmentedReferenceCurve) by halves, others
by IfcOpenShell's mesher. Source: ISO 16739-1:2024 (IFC 4.3), IfcAlignment and the curves named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ifcopenshell
import ifcopenshell.geom
import numpy as np
import shapely
from ifcopenshell import ifcopenshell_wrapper
from ifcopenshell.util.placement import get_mappeditem_transformation
from ifcopenshell.util.unit import calculate_unit_scale
from numpy.typing import NDArray

from lifang.twin.reading.ifc.elements import said
from lifang.twin.reading.ifc.items import Mapped, axes_of, is_points, thin_parts

CHORD_M = 0.001
_BEGUN_M, _LEAST_M = 10.0, 0.01  # pieces that a curve is begun with, and such as are not halved any more
_PIECES_MAX = 20_000  # to begin with: of a longer curve they are longer
_LONGEST_M, _CORNERS_MAX = 4.1e7, 1_000_000  # once around the Earth

Entity = ifcopenshell.entity_instance
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Thin:
    """Lines, each (n, 3) metres in the model, or if there are none, points (k, 3)."""

    lines: list[Floats]
    points: Floats

    @property
    def vertex(self) -> Floats:
        """All corners one after the other, shape (n, 3)."""
        return np.concatenate([*self.lines, self.points])

    def wkb(self, position: Floats) -> bytes:
        """Return it as lines or points with heights, its corners standing at ``position`` (n, 3)."""
        if not self.lines:
            return bytes(shapely.to_wkb(shapely.multipoints(position), output_dimension=3))
        ends = np.cumsum([len(each) for each in self.lines])[:-1]
        parts = [shapely.linestrings(each) for each in np.split(position, ends)]
        return bytes(shapely.to_wkb(shapely.multilinestrings(parts), output_dimension=3))

    @property
    def kind(self) -> str:
        """The type of CityJSON that it is."""
        return "MultiLineString" if self.lines else "MultiPoint"


class Curves:
    """The curves and points of the objects of one model."""

    def __init__(self, model: ifcopenshell.file) -> None:
        self._model, self._unit_m = model, calculate_unit_scale(model)
        self._settings: Any = ifcopenshell.geom.settings()
        self._settings.set("dimensionality", ifcopenshell_wrapper.CURVES)
        self._settings.set("mesher-linear-deflection", CHORD_M)

    def of(self, entity: Entity) -> Thin | None:
        """Return the curves or points of an object that has nothing else, ``None`` of one that has, or has neither."""
        try:
            found = self._of(entity) if entity.is_a("IfcProduct") else None
        except (RuntimeError, IndexError, ValueError):  # what the parser cannot evaluate
            return None
        return found if found is not None and np.isfinite(found.vertex).all() else None

    def of_layout(self, alignment: Entity) -> Thin | None:
        """Return the curve that the segments of an alignment's layouts make, ``None`` if they make none.

        Where cant says too little it is left out. The model has that curve from then on, if there is one.
        """
        from ifcopenshell.api import alignment as api  # noqa: PLC0415 - it takes long to load, few models need it

        own = alignment.Representation
        layouts = [(each, each.RelatedObjects) for each in said(alignment, "IsNestedBy") or ()]
        for without in ("", "IfcAlignmentCant"):
            alignment.Representation = None
            for nest, parts in layouts:
                nest.RelatedObjects = [each for each in parts if each.is_a() != without]
            try:
                api.create_representation(self._model, alignment)
            except Exception:  # noqa: BLE001, S112 - it fails in its own way on each thing that a segment does not say
                continue
            finally:
                for nest, parts in layouts:
                    nest.RelatedObjects = parts
            if (found := self.of(alignment)) is not None:
                return found
        alignment.Representation = own
        return None

    def _of(self, entity: Entity) -> Thin | None:
        placed = self._placement(entity)
        axes = axes_of(entity) if entity.is_a("IfcGrid") else []
        parts: list[tuple[Entity, Mapped]] = [(each, ()) for each in axes] or thin_parts(entity)
        if entity.is_a("IfcReferent") and not all(is_points(each) for each, _ in parts or [(entity, ())]):
            return None if placed is None else Thin([], placed[None, :3, 3])
        placed = np.eye(4) if placed is None else placed
        lines = [self._mapped(line, by) for each, by in parts if each.is_a("IfcCurve") for line in self._curve(each)]
        points = [self._mapped(self._points(each), by) for each, by in parts if is_points(each)]
        moving = [line for line in lines if np.ptp(line, axis=0).any()]
        if not moving:  # a curve of no length is the point where it begins
            points += [line[:1] for line in lines]
        if not moving and not points:
            return None
        turned = [each @ placed[:3, :3].T + placed[:3, 3] for each in (moving or [np.concatenate(points)])]
        return Thin(turned, np.empty((0, 3))) if moving else Thin([], turned[0])

    def _placement(self, entity: Entity) -> Floats | None:
        """Return where an object stands, (4, 4) in metres, also along a curve; ``None`` if nowhere."""
        if entity.ObjectPlacement is None:
            return None
        found: Any = ifcopenshell_wrapper.map_shape(self._settings, entity.ObjectPlacement)
        return None if found is None else np.array(found.components, np.float64)

    def _curve(self, curve: Entity) -> list[Floats]:
        """Return the lines that a curve becomes."""
        item: Any = ifcopenshell_wrapper.map_shape(self._settings, curve)
        if isinstance(item, ifcopenshell_wrapper.function_item):
            evaluator = ifcopenshell_wrapper.function_item_evaluator(self._settings, item)

            def at(along: float) -> Floats:
                return np.array(evaluator.evaluate(along), np.float64)[:3, 3]

            return [followed(at, item.start(), item.start() + item.length())]
        made: Any = ifcopenshell.geom.create_shape(self._settings, curve)
        vertex = np.array(made.verts, np.float64).reshape(-1, 3)
        start, end = np.array(made.edges, np.int64).reshape(-1, 2).T
        breaks = np.flatnonzero(start[1:] != end[:-1]) + 1
        return [
            vertex[[*part, last[-1]]] for part, last in zip(np.split(start, breaks), np.split(end, breaks), strict=True)
        ]

    def _mapped(self, at: Floats, mapped: Mapped) -> Floats:
        """Return points (n, 3) in metres where mapped items, the outermost first, bring them."""
        for each in reversed(mapped):
            turn = get_mappeditem_transformation(each)
            at = at @ turn[:3, :3].T + turn[:3, 3] * self._unit_m
        return at

    def _points(self, item: Entity) -> Floats:
        told = item.CoordList if item.is_a("IfcCartesianPointList") else [item.Coordinates]
        at = np.array(told, np.float64) * self._unit_m
        return np.column_stack((at, np.zeros((len(at), 3 - at.shape[1]))))


def followed(at: Callable[[float], Floats], start: float, end: float) -> Floats:
    """Return points (n, 3) along a curve, from which no quarter of a piece lies farther than :data:`CHORD_M`.

    ``at`` gives the point (3,) at a distance along it. ``ValueError`` of a curve that has no end, is longer than once
    around the Earth or needs more than a million corners.
    """
    if not abs(end - start) <= _LONGEST_M:
        raise ValueError(f"a curve from {start} to {end} m")
    count = int(np.clip(np.ceil((end - start) / _BEGUN_M), 1, _PIECES_MAX)) if end > start else 0
    along = np.linspace(start, end, count + 1)
    corner = [at(each) for each in along]
    made = [corner[0]]
    for number in range(count):
        for each in _halved(at, (along[number], corner[number]), (along[number + 1], corner[number + 1])):
            made.append(each)
            if len(made) > _CORNERS_MAX:
                raise ValueError(f"a curve of more than {_CORNERS_MAX} corners")
    return np.array(made)


def _halved(at: Callable[[float], Floats], start: tuple[float, Floats], end: tuple[float, Floats]) -> Iterator[Floats]:
    """Yield the corners of a curve after ``start`` up to ``end``, each its distance along it and its point."""
    waiting = [(start, end)]
    while waiting:
        (low, first), (high, last) = waiting.pop()
        quarters = [(low + share * (high - low)) for share in (0.25, 0.5, 0.75)]
        between = np.array([at(each) for each in quarters])
        way = last - first
        share = np.clip((between - first) @ way / max(float(way @ way), 1e-30), 0, 1)
        away = np.linalg.norm(between - first - share[:, None] * way, axis=1).max()
        if not np.isfinite(away):
            raise ValueError(f"a curve that is nowhere at {low} m")
        if away <= CHORD_M or high - low < _LEAST_M:
            yield last
        else:
            middle = (quarters[1], between[1])
            waiting += [(middle, (high, last)), ((low, first), middle)]
