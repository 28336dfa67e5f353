"""Shapes that one kernel alone does not get right: those made of several items, and those that others are cut from.

Measured with ifcopenshell 0.8 on 306 models of other people: where ``cgal-simple`` cannot make one of several items,
the hybrid kernel gives those that it could twice; of chains of IfcBooleanResult every kernel leaves out cuts now and
then, and says nothing. A cut that is left out leaves more: of two closed shapes the smaller one is taken.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

import ifcopenshell

from lifang.twin.reading.ifc.elements import said

Entity = ifcopenshell.entity_instance
_BODY = (None, "", "Body", "Facetation")
_SAME = 1e-3  # of a volume: arcs have other corners in other kernels
_ALIKE = 5e-3
_CPU_S = 15.0  # of processor time, which is the same on a busy machine, for all that are made apart


class Body(Protocol):
    """A shape as triangles."""

    @property
    def guid(self) -> str:
        """The id of its object."""

    def volume_m3(self) -> float:
        """Return the signed volume."""

    def is_closed(self) -> bool:
        """Return whether it has no edge that belongs to one face only."""


Some = TypeVar("Some", bound=Body)


def items_of(product: Entity) -> int:
    """Return of how many different items the body of an object is made."""
    return len({item.id() for each in _body(product) for item in _inside(each)})


def is_cut(product: Entity) -> bool:
    """Return whether the body of an object is one from which others are taken away."""
    items = [item for each in _body(product) for item in _inside(each)]
    return len(items) == 1 and items[0].is_a("IfcBooleanResult") and items[0].Operator == "DIFFERENCE"


def is_swept(product: Entity) -> bool:
    """Return whether the body of an object is swept, so that it is to be closed."""
    items = [item for each in _body(product) for item in _inside(each)]
    return bool(items) and all(each.is_a("IfcSweptAreaSolid") or each.is_a("IfcSweptDiskSolid") for each in items)


def _body(product: Entity) -> list[Entity]:
    shape = said(product, "Representation")
    shown = () if shape is None else shape.Representations
    return [item for each in shown if each.RepresentationIdentifier in _BODY for item in each.Items]


def _inside(item: Entity) -> Sequence[Entity]:
    if not item.is_a("IfcMappedItem"):
        return (item,)
    found: Sequence[Entity] = item.MappingSource.MappedRepresentation.Items if item.MappingSource else ()
    return found


def same(one: Body, other: Body | None, share: float = _SAME) -> bool:
    """Return whether two shapes have the same volume, but for a share of it."""
    if other is None:
        return False
    volume = abs(one.volume_m3())
    return abs(volume - abs(other.volume_m3())) <= share * volume


def most_cut(first: Some, second: Some | None, third: Some | None) -> tuple[Some, bool]:
    """Return that of the shapes of an object from which most is cut, and whether another one agrees with it.

    They are those of the hybrid kernel, of OpenCASCADE, and of Manifold, which is asked only if another agrees with it:
    it takes a half space for a bounded body.
    """
    closed = [each for each in (first, second) if each is not None and each.is_closed()]
    agreeing = [each for each in (first, second) if each is not None and same(each, third, _ALIKE)]
    if third is not None and agreeing and not any(each is one for each in agreeing for one in closed):
        closed.append(third)
    best = min(closed, key=lambda each: abs(each.volume_m3()), default=first)
    others = [each for each in (first, second, third) if each is not None and each is not best]
    return best, any(same(best, each, _ALIKE) for each in others)


def made_apart(make: Callable[[Sequence[Entity]], Iterable[Some]], products: Sequence[Entity]) -> Iterator[Some]:
    """Yield what ``make`` gives, made in a copy of this process: a kernel that hangs or crashes gives no more of it."""
    reading, writing = os.pipe()
    copy = os.fork()
    if not copy:
        with suppress(BaseException), os.fdopen(writing, "wb") as sink:
            signal.setitimer(signal.ITIMER_PROF, _CPU_S)
            for each in make(products):
                pickle.dump(each, sink)
                sink.flush()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as source, suppress(EOFError, pickle.UnpicklingError):
        while True:
            yield pickle.load(source)  # noqa: S301 - written by the copy of this process
    os.waitpid(copy, 0)
