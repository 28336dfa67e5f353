"""Clash detection between two models (碰撞检测): found once, kept as a report, told until it is found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import IO, Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import orjson
import pyarrow as pa

from lifang.core import Clock, NotFound, TooLarge, format_instant, parse_instant
from lifang.store import ObjectQuery, Store, change_setting, read_setting, write_setting
from lifang.twin import analysing
from lifang.twin.shapes import Frame, tube, tube_triangles
from lifang.twin.shapes.frame import Floats
from lifang.twin.tiles import parts_of
from lifang.twin.tiling import Surfaces
from lifang.twin.topics import Topic, Viewpoint, write_bcf

OBJECTS_MAX = 20_000
_KEPT = 2_000
_INDEX, _REPORT = "twin:clashes", "twin:clash:"
_SIDES = 24  # of a pipe, about its circle: at most 0.9 % wider
_BACK_DEG, _UP_M = 0.00003, 3.0  # a clash is looked at from some 3 m to the south, 3 m above


@dataclass(frozen=True)
class ClashFound:
    """Two objects, and ``gap_m`` between them: negative for how deep they share space; ``at`` degrees and metres."""

    one: str
    other: str
    gap_m: float
    at: Sequence[float]


@dataclass(frozen=True)
class ClashReport:
    """Which objects of two models clash: ``hard`` share space, ``near`` are nearer than ``clearance_m``."""

    one: str
    other: str
    at: datetime
    checked: datetime
    tolerance_m: float
    clearance_m: float
    compared: tuple[int, int]
    hard: int
    near: int
    items: Sequence[ClashFound] = ()

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> ClashReport:
        """Return what ``as_json`` gave."""
        moments = {name: parse_instant(told[name]) for name in ("at", "checked")}
        items = [ClashFound(**each) for each in told["items"]]
        return cls(**{**told, **moments, "compared": tuple(told["compared"]), "items": items})

    def write_bcf(self, target: IO[bytes], names: Mapping[str, str], *, author: str) -> None:
        """Write it as BCF 2.1, one topic a clash, the deepest first; ``names`` of the objects by their ids."""
        write_bcf(target, (_topic(each, names, self.checked, author) for each in self.items), lambda _: None)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        moments = {name: format_instant(getattr(self, name)) for name in ("at", "checked")}
        return {**asdict(self), **moments, "compared": list(self.compared)}


def _topic(found: ClashFound, names: Mapping[str, str], checked: datetime, author: str) -> Topic:
    """Return a clash as a topic with a view of it; of the same two objects it keeps its GUID."""
    millimetres = round(abs(found.gap_m) * 1000)
    lon, lat, height = found.at
    one, other = (names.get(each) or each for each in (found.one, found.other))
    how = f"share space {millimetres} mm deep" if found.gap_m < 0 else f"are {millimetres} mm apart"
    place = f"At {lon:.7f} E, {lat:.7f} N on WGS 84, {height:.3f} m."
    return Topic(
        str(uuid5(NAMESPACE_URL, f"lifang:{found.one}:{found.other}")),
        f"{one} × {other}",
        f"{found.one} and {found.other} {how}. {place}",
        author,
        checked,
        kind="Clash",
        view=Viewpoint((lon, lat - _BACK_DEG, height + _UP_M), (lon, lat, height), selection=(found.one, found.other)),
    )


class Clashes:
    """The reports on clashes between the models of one city."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._objects = store.lake.objects

    def detect(
        self, one: ObjectQuery, other: ObjectQuery, *, at: datetime, tolerance_m: float, clearance_m: float
    ) -> ClashReport:
        """Return the report on the objects of two queries, each of one model; it takes the place of the one before.

        ``NotFound`` if one is empty, ``TooLarge`` if one holds too much.
        """
        here, there = self._read(one), self._read(other)
        frame = Frame(float(np.mean(here["west"])), float(np.mean(here["south"])))
        (mine, my_ids), (theirs, their_ids) = _bodies(here, frame), _bodies(there, frame)
        found = analysing.clashes(mine, theirs, tolerance_m=tolerance_m, clearance_m=clearance_m)
        names = [next(iter(query.models or ("",))) for query in (one, other)]
        hard = sum(each.gap_m < 0 for each in found)
        items = [
            ClashFound(my_ids[each.one], their_ids[each.other], round(each.gap_m, 4), _place(each.point, frame))
            for each in found[:_KEPT]
        ]
        counts = (len(mine), len(theirs))
        now = self._clock.now()
        report = ClashReport(
            names[0], names[1], at, now, tolerance_m, clearance_m, counts, hard, len(found) - hard, items
        )
        key = f"{names[0]}/{names[1]}"
        write_setting(self._store, f"{_REPORT}{key}", report.as_json())
        short = replace(report, items=()).as_json()
        change_setting(self._store, _INDEX, lambda known: {**(known or {}), key: short})
        return report

    def reports(self) -> list[ClashReport]:
        """Return the reports there are, without their items."""
        known = read_setting(self._store, _INDEX) or {}
        return [ClashReport.from_json(known[key]) for key in sorted(known)]

    def report(self, one: str, other: str) -> ClashReport:
        """Return the report on two models, or ``NotFound``."""
        told = read_setting(self._store, f"{_REPORT}{one}/{other}")
        if told is None:
            raise NotFound(
                f"{one[:64]!r} and {other[:64]!r} were not compared.",
                mend="Find their clashes: lifang twin clashes, or POST /api/v1/twin/clashes.",
            )
        return ClashReport.from_json(told)

    def _read(self, query: ObjectQuery) -> pa.Table:
        rows = self._objects.read(replace(query, shaped=True, limit=OBJECTS_MAX + 1))
        if not len(rows):
            raise NotFound("A model has no objects with a shape then.", mend="Choose another model or moment.")
        if len(rows) > OBJECTS_MAX:
            raise TooLarge(f"A model has more than {OBJECTS_MAX:,} objects.", mend="Leave out some classes.")
        return rows


def _bodies(rows: pa.Table, frame: Frame) -> tuple[list[analysing.Body], list[str]]:
    """Return the objects of a table as bodies in ``frame``, and their ids."""
    bodies, ids = [], []
    told = dict(zip(rows["id"].to_pylist(), rows["properties"].to_pylist(), strict=True))
    for kind in parts_of(rows, frozenset()):
        if not len(kind.table):
            continue
        mesh = kind.mesh(slice(None), frame)
        owner = mesh.owner[mesh.triangle[:, 0]]
        order = np.argsort(owner, kind="stable")
        triangles = mesh.position[mesh.triangle[order]]
        starts = np.searchsorted(owner[order], np.arange(len(kind.table) + 1))
        axes = kind.axes if isinstance(kind, Surfaces) else ()
        for number, name in enumerate(kind.table["id"].to_pylist()):
            if starts[number] < starts[number + 1]:
                pipe = _pipe(axes[number], told[name], frame) if axes else None
                drawn = triangles[starts[number] : starts[number + 1]]
                bodies.append(analysing.Body(drawn if pipe is None else pipe))
                ids.append(name)
    return bodies, ids


def _pipe(axis: Floats | None, told: str, frame: Frame) -> Floats | None:
    """Return triangles about a pipe: it is drawn with six sides within its circle, and is too thin so."""
    wide = None if axis is None else orjson.loads(told).get("diameter_mm")
    if axis is None or not wide:
        return None
    return tube_triangles(tube(frame.local(*axis.T), wide / 2000 / np.cos(np.pi / _SIDES), sides=_SIDES))


def _place(point: tuple[float, float, float], frame: Frame) -> list[float]:
    lon, lat, height = frame.degrees(np.array([point]))[0].tolist()
    return [round(lon, 8), round(lat, 8), round(height, 3)]
