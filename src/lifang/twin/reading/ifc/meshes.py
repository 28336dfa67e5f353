"""The shapes of a model's objects, one after the other, as triangles in metres.

``hybrid-cgal-simple-opencascade`` gives the elements that the default kernel gives, in a quarter of the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any, Final

import ifcopenshell
import ifcopenshell.geom
import numpy as np
from ifcopenshell.util.unit import calculate_unit_scale
from numpy.typing import NDArray

from lifang.twin.reading.ifc.elements import said
from lifang.twin.reading.ifc.faceted import Facets, Triangles
from lifang.twin.reading.ifc.facing import looking_out
from lifang.twin.reading.ifc.failing import in_time
from lifang.twin.reading.ifc.openings import cut_plainly
from lifang.twin.reading.ifc.voting import is_cut, is_swept, items_of, made_apart, most_cut, same

_KERNEL: Final = "hybrid-cgal-simple-opencascade"
_FASTER: Final = "cgal-simple"
_CUTTING: Final = "manifold"
_SLOWER: Final = "opencascade"
_FLAT_M2 = 1e-10
_APART_M, _WELDED_M = 1e-6, 1e-4
_OBJECT_MS, _FACE_MS, _OPENING_MS, _PLAIN_MS = 1.0, 0.045, 12.0, 0.4  # measured with the Duplex house
_SHELLS = ("Outer", "FbsmFaces", "SbsmBoundary")
_HEAD = np.dtype([("order", "u1"), ("type", "<u4"), ("count", "<u4")])
_TRIANGLE = np.dtype([*_HEAD.descr, ("points", "<u4"), ("ring", "<f8", (4, 3))])
_POLYGON_Z, _MULTIPOLYGON_Z = 0x80000003, 0x80000006  # extended well-known binary


Entity = ifcopenshell.entity_instance
Style = tuple[str, float]  # a colour such as ``#8080ff``, and an opacity from 0 to 1


@dataclass(frozen=True)
class Solid:
    """The shape of an object: ``vertex`` (n, 3) metres in the model, ``triangle`` (m, 3) numbers of them.

    ``style`` (m,) numbers the colour and the opacity of each in ``styles``, -1 where the model gives none; triangles of
    one style follow each other.
    """

    guid: str
    vertex: NDArray[np.float64]
    triangle: NDArray[np.int64]
    style: NDArray[np.int64]
    styles: Sequence[Style] = field(default=())
    sure: bool = True  # unless kernels cut it differently

    @property
    def colour(self) -> str:
        """The colour of most of it, such as ``#8080ff``; empty if the model gives none."""
        styled = self.style[self.style >= 0]
        return self.styles[int(np.bincount(styled).argmax())][0] if len(styled) else ""

    def faces(self) -> list[tuple[str, int, float]]:
        """Return colour, number and opacity of its triangles that follow each other; none if all are of one, opaque."""
        runs = groupby(map(self._styled, self.style[self._kept].tolist()))
        told = [(*styled, len(list(same))) for styled, same in runs]
        plain = len({colour for colour, _, _ in told}) < 2 and all(opacity == 1 for _, opacity, _ in told)
        return [] if plain else [(colour, count, opacity) for colour, opacity, count in told]

    def _styled(self, number: int) -> Style:
        return self.styles[number] if number >= 0 else ("", 1.0)

    @cached_property
    def _kept(self) -> NDArray[np.int64]:
        """Which triangles have an area."""
        corner = self.vertex[self.triangle]
        area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2
        return np.flatnonzero(area > _FLAT_M2)

    def volume_m3(self) -> float:
        """Return the signed volume: negative if its faces look inwards; of little meaning if it is not closed."""
        corner = (self.vertex - self.vertex[0])[self.triangle]
        return float(np.einsum("ij,ij->i", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])).sum() / 6)

    def is_closed(self) -> bool:
        """Return whether every edge is walked as often one way as the other, points at one place being one."""
        return self._closed

    @cached_property
    def _closed(self) -> bool:
        corner = _one_a_place(np.round(self.vertex, 6))[self.triangle]
        start, end = corner.ravel(), np.roll(corner, -1, axis=1).ravel()
        real = start != end
        low, high = np.minimum(start, end)[real], np.maximum(start, end)[real]
        way = np.where(start < end, 1, -1)[real]
        _, edge = np.unique(low * len(self.vertex) + high, return_inverse=True)
        return not np.bincount(edge.reshape(-1), weights=way).any()

    def welded(self) -> Solid:
        """Return it with points of one cell of 0.1 mm at one place, that of the first of them, and no sliver between.

        The kernel that cuts fastest leaves some where faces lie in one plane.
        """
        _, first, number = np.unique(np.rint(self.vertex / _WELDED_M), axis=0, return_index=True, return_inverse=True)
        triangle = number.reshape(-1)[self.triangle]
        whole = (triangle != np.roll(triangle, 1, axis=1)).all(axis=1)
        return replace(self, vertex=self.vertex[first], triangle=triangle[whole], style=self.style[whole])

    def looking_out(self) -> Solid | None:
        """Return it with its faces looking as their neighbours do, and outwards; ``None`` if that does not close it."""
        triangle = looking_out(self.vertex, self.triangle, _one_a_place(np.round(self.vertex, 6)))
        found = None if triangle is None else replace(self, triangle=triangle)
        return found if found is not None and found.is_closed() else None

    def turned(self) -> Solid:
        """Return it with every face looking the other way."""
        return replace(self, triangle=self.triangle[:, ::-1])

    def wkb(self, position: NDArray[np.float64]) -> bytes:
        """Return its triangles as a multipolygon, its vertices standing at ``position`` (n, 3)."""
        kept = self.triangle[self._kept]
        body = np.zeros(len(kept), _TRIANGLE)
        body["order"], body["type"], body["count"], body["points"] = 1, _POLYGON_Z, 1, 4
        body["ring"] = position[kept[:, [0, 1, 2, 0]]]
        return np.array([(1, _MULTIPOLYGON_Z, len(kept))], _HEAD).tobytes() + body.tobytes()


def _one_a_place(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return a number for each point, shape (n,): the same for those at one place."""
    order = np.lexsort(points.T)
    new = (np.diff(points[order], axis=0) != 0).any(axis=1)
    found = np.empty(len(points), np.int64)
    found[order] = np.concatenate(([0], np.cumsum(new)))
    return found


def portions(objects: Iterable[Entity], count: int, *, besides_ms: float = 0.0) -> list[list[Entity]]:
    """Return those of ``objects`` that have shapes in ``count`` portions of about as much work.

    Whoever takes the first has other work ``besides_ms``. Who share a shape are together. They are always the same: the
    kernel cuts a few faces otherwise after others.
    """
    alike: dict[int, list[Entity]] = defaultdict(list)
    effort: dict[int, float] = defaultdict(float)
    for each in objects:
        shape = said(each, "Representation")
        if shape is None:
            continue
        items = [item for listed in shape.Representations for item in listed.Items]
        mapped = [item.MappingSource for item in items if item.is_a("IfcMappedItem")]
        key = mapped[0].id() if mapped else -each.id()
        if key not in alike:
            items += [item for source in mapped for item in source.MappedRepresentation.Items]
            effort[key] += sum(map(_effort_ms, items))
        alike[key].append(each)
        opening_ms = _PLAIN_MS if cut_plainly(each) else _OPENING_MS
        effort[key] += _OBJECT_MS + opening_ms * len(said(each, "HasOpenings") or ())
    found: list[list[Entity]] = [[] for _ in range(count)]
    taken = np.zeros(count)
    taken[0] = besides_ms
    for key in sorted(alike, key=lambda each: (-effort[each], each)):
        least = int(taken.argmin())
        found[least] += alike[key]
        taken[least] += effort[key]
    return found


def _effort_ms(item: Entity) -> float:
    """Return about how long the kernel takes with an item."""
    shells = [shell for name in _SHELLS for shell in _listed(said(item, name))]
    faces = sum(len(shell.CfsFaces) for shell in shells)
    many = len(said(item, "Faces") or said(item, "CoordIndex") or ())
    cut = _OPENING_MS if item.is_a("IfcBooleanResult") else 0.0
    return _FACE_MS * (faces + many) + cut


def _listed(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def solids(model: ifcopenshell.file, products: Sequence[Entity]) -> Iterator[Solid]:
    """Yield the shape of each of some objects, in no certain order; one is in memory at a time.

    A shape that many objects share is made once. The kernel then leaves out some that it makes if it makes each by
    itself, and cuts no opening into a surface: those are asked for again.
    """
    done: set[str] = set()
    for make in (_of_facets, _cut_plainly, _of_several, _cut):
        for solid in make(model, [each for each in products if each.GlobalId not in done]):
            done.add(solid.guid)
            yield solid
    yield from _others(model, [each for each in products if each.GlobalId not in done])


def _of_facets(model: ifcopenshell.file, products: Sequence[Entity]) -> Iterator[Solid]:
    facets = Facets(calculate_unit_scale(model))
    own = {each.GlobalId: found for each in products if (found := facets.of(each)) is not None}
    some = [each for each in products if each.GlobalId in own]
    for shape in _shapes(model, some, kernel=_FASTER) if own else ():  # for where it stands, and its colour
        yield _solid(shape, own.pop(shape.guid))


def _cut_plainly(model: ifcopenshell.file, products: Sequence[Entity]) -> Iterator[Solid]:
    plain = [each for each in products if cut_plainly(each)]
    for solid in map(_solid, _shapes(model, plain, kernel=_CUTTING) if plain else ()):
        welded = solid.welded()
        if len(welded.triangle) and welded.is_closed():
            yield welded


def _others(model: ifcopenshell.file, products: Sequence[Entity]) -> Iterator[Solid]:
    """Yield the shapes of objects that are made in no special way; again what came out as nothing, or open."""
    asked = {each.GlobalId: each for each in products}
    empty: dict[str, Entity] = {}
    opened: dict[str, Solid] = {}
    for solid in map(_solid, _shapes(model, products) if products else ()):
        if not len(solid.triangle):
            empty[solid.guid] = asked[solid.guid]
        elif is_swept(asked[solid.guid]) and not solid.is_closed():
            opened[solid.guid] = solid
        else:
            yield solid
    slow = made_apart(lambda some: _slowly(model, some), [asked[guid] for guid in opened]) if opened else ()
    yield from (opened | {each.guid: each for each in slow if each.is_closed()}).values()
    for solid in untouched(model, [each for each in empty.values() if said(each, "HasOpenings")]):
        del empty[solid.guid]
        yield solid
    again = _shapes(model, list(empty.values()), by_itself=True) if empty else ()
    yield from (solid for solid in map(_solid, again) if len(solid.triangle))


def _of_several(model: ifcopenshell.file, products: Sequence[Entity]) -> Iterator[Solid]:
    """Yield the shapes of those objects that are made of several items; of no item twice, as the hybrid would."""
    count = {each.GlobalId: number for each in products if (number := items_of(each)) > 1}
    several = {each.GlobalId: each for each in products if each.GlobalId in count and not said(each, "HasOpenings")}
    for kernel in (_FASTER, _SLOWER):
        for shape in _shapes(model, list(several.values()), kernel=kernel) if several else ():
            if len(set(shape.geometry.item_ids)) >= count[shape.guid] or (kernel == _SLOWER and shape.geometry.faces):
                del several[shape.guid]
                yield _solid(shape)


def _cut(model: ifcopenshell.file, products: Sequence[Entity]) -> Iterator[Solid]:
    """Yield the shapes of those objects that others are cut from, as two kernels make them; see ``voting``."""
    cut = [each for each in products if is_cut(each)]
    if not cut:
        return
    fast = {each.guid: each for each in map(_solid, _shapes(model, cut, kernel=_CUTTING)) if len(each.triangle)}
    fast = {guid: whole for guid, each in fast.items() if (whole := each.welded()).is_closed()}
    doubted: dict[str, Solid] = {}
    for solid in map(_solid, _shapes(model, cut)):
        if not len(solid.triangle):
            continue
        if solid.is_closed() and same(solid, fast.get(solid.guid)):
            yield solid
        else:
            doubted[solid.guid] = solid
    asked = [each for each in cut if each.GlobalId in doubted]
    slow = {each.guid: each for each in made_apart(lambda some: _slowly(model, some), asked)} if asked else {}
    for guid, solid in doubted.items():
        best, sure = most_cut(solid, slow.get(guid), fast.get(guid))
        yield replace(best, sure=sure)


def _slowly(model: ifcopenshell.file, products: Sequence[Entity]) -> Iterator[Solid]:
    yield from (each for each in map(_solid, _shapes(model, products, kernel=_SLOWER)) if len(each.triangle))


def untouched(model: ifcopenshell.file, products: Sequence[Entity]) -> Iterator[Solid]:
    """Yield the shapes of those of some objects that no opening of theirs comes near: there is nothing to cut."""
    openings = {each.GlobalId: [cut.RelatedOpeningElement for cut in each.HasOpenings] for each in products}
    every = list({each.id(): each for own in openings.values() for each in own}.values())
    box = {solid.guid: _box(solid) for solid in map(_solid, _shapes(model, every) if every else ())}
    for solid in map(_solid, _shapes(model, products, cut=False) if every else ()):
        near = [box.get(each.GlobalId) for each in openings[solid.guid]]
        if len(solid.triangle) and all(each is not None and _apart(_box(solid), each) for each in near):
            yield solid


def _box(solid: Solid) -> NDArray[np.float64]:
    """Return the least and the greatest position of a shape, shape (2, 3); of none a box that is near everything."""
    if not len(solid.triangle):
        return np.array([[-np.inf] * 3, [np.inf] * 3])
    return np.array([solid.vertex.min(axis=0), solid.vertex.max(axis=0)])


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(((one[0] > other[1] + _APART_M) | (other[0] > one[1] + _APART_M)).any())


def _shapes(
    model: ifcopenshell.file,
    products: Sequence[Entity],
    *,
    by_itself: bool = False,
    cut: bool = True,
    kernel: Any = _KERNEL,
) -> Iterator[Any]:
    settings: Any = ifcopenshell.geom.settings()
    settings.set("no-normals", True)
    settings.set("use-world-coords", by_itself)
    settings.set("disable-opening-subtractions", not cut)
    settings.set("apply-default-materials", False)
    shapes: Any = ifcopenshell.geom.iterator(settings, model, 1, include=list(products), geometry_library=kernel)
    going = in_time(shapes.initialize)
    while going:
        yield shapes.get()
        going = in_time(shapes.next)


def _solid(shape: Any, instead: Triangles | None = None) -> Solid:
    placed = np.frombuffer(shape.transformation_buffer, np.float64).reshape(4, 4)  # its columns as rows
    vertex, triangle = instead or _made(shape.geometry)
    styles = [_style(each) for each in shape.geometry.materials]
    number = np.frombuffer(shape.geometry.material_ids_buffer, np.int32).astype(np.int64)
    number = number if len(triangle) else number[:0]  # curves have materials too
    if instead is not None:  # cut otherwise than by the kernel: all of it has the style of most of it
        number = np.full(len(triangle), np.bincount(number[number >= 0]).argmax() if (number >= 0).any() else -1)
    order = np.argsort(number, kind="stable")
    position = vertex @ placed[:3, :3] + placed[3, :3]
    return Solid(shape.guid, position, triangle[order], number[order], styles)


def _made(geometry: Any) -> Triangles:
    vertex = np.frombuffer(geometry.verts_buffer, np.float64).reshape(-1, 3)
    return vertex, np.frombuffer(geometry.faces_buffer, np.int32).reshape(-1, 3).astype(np.int64)


def _style(told: Any) -> Style:
    """Return a material's colour, empty if it has none, and its opacity."""
    parts = [told.diffuse.r(), told.diffuse.g(), told.diffuse.b()]
    colour = "#" + bytes(round(255 * each) for each in parts).hex() if all(0 <= each <= 1 for each in parts) else ""
    clear = told.transparency if told.has_transparency() and 0 <= told.transparency <= 1 else 0.0
    return colour, round(1.0 - clear, 3)
