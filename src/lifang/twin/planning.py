"""Studies of outlines: what lies about an object, what covers what, and how two models differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import shapely

from lifang.core import BadInput, Box, NotFound, TooLarge, to_micros
from lifang.store import ObjectQuery
from lifang.twin import analysing
from lifang.twin.bodied import body_of
from lifang.twin.flat import classes_of, outlines_of
from lifang.twin.model import Shape
from lifang.twin.shapes import Frame
from lifang.twin.studying import OBJECTS_MAX, Study

BUFFER_MAX_M = 10_000.0
TOLERANCE_M = 0.01
_PAIRS_MAX = 200_000
_LEAST_M2 = 0.01  # less is the width of a line
_QUARTER = 16  # segments of a quarter of a circle
_ALIKE = 0.5  # share of their union that two outlines have in common if they are one building
_DECIMALS = 8


class PlanStudy(Study):
    """Studies on the plan, beside those in space."""

    def buffer(self, object_id: str, distance_m: float) -> dict[str, Any]:
        """Return what lies within a distance of an object's outline: the zone as GeoJSON, and the objects in it."""
        if not 0 < distance_m <= BUFFER_MAX_M:
            raise BadInput("That is no distance.", where="distance_m", mend=f"Up to {BUFFER_MAX_M:,.0f} m.")
        one = self._one(object_id)
        frame = Frame(*one.object.box.centre)
        zone = shapely.buffer(frame.flat(one.outline), distance_m, quad_segs=_QUARTER)
        rows = self._rows(one.object.box.grown(distance_m))
        outlines = frame.flat(outlines_of(rows))
        within = shapely.intersects(zone, outlines)
        ids = [own for own, inside in zip(rows["id"].to_pylist(), within.tolist(), strict=True) if inside]
        return {
            "id": object_id,
            "distance_m": distance_m,
            "area_m2": float(shapely.area(zone)),
            "geometry": _told(zone, frame),
            "objects": [each for each in ids if each != object_id],
        }

    def overlay(self, parcels: Sequence[tuple[str, Any]], *, with_geometry: bool = False) -> list[dict[str, Any]]:
        """Return what each object covers of each polygon (name, shape in degrees): area, and the shares of both."""
        shapes = np.array([shape for _, shape in parcels], dtype=object)
        if not len(shapes):
            raise NotFound("There is no polygon.", mend="Choose another dataset.")
        box = Box(*map(float, shapely.total_bounds(shapes)))
        frame = Frame(*box.centre)
        rows = self._rows(box)
        ids, outlines, ground = rows["id"].to_pylist(), frame.flat(outlines_of(rows)), frame.flat(shapes)
        at, over = shapely.STRtree(ground).query(outlines, predicate="intersects")
        if len(at) > _PAIRS_MAX:
            raise TooLarge(f"More than {_PAIRS_MAX:,} cover each other.", mend="Choose fewer polygons.")
        common = shapely.intersection(outlines[at], ground[over])
        areas = shapely.area(common)
        told = []
        for one, parcel, shape, area in zip(at.tolist(), over.tolist(), common, areas.tolist(), strict=True):
            if area < _LEAST_M2:
                continue
            row = {
                "polygon": parcels[parcel][0],
                "object": ids[one],
                "area_m2": area,
                "of_object": area / float(shapely.area(outlines[one])),
                "of_polygon": area / float(shapely.area(ground[parcel])),
            }
            told.append({**row, "geometry": _told(shape, frame)} if with_geometry else row)
        return sorted(told, key=lambda row: (row["polygon"], row["object"]))

    def comparison(
        self, one: str, other: str, *, other_at: datetime | None = None, tolerance_m: float = TOLERANCE_M
    ) -> dict[str, Any]:
        """Return how two models differ, or two versions of one: which objects are the same, and which only one has.

        The other is as it stood ``other_at`` another moment. Two objects are one if they have the same id within their
        models, else if their outlines have more than half of their union in common, the best first. ``offset_m`` is
        between the middles of their outlines; ``change``, ``apart_m``, ``moved_m`` and ``volume_m3`` as ``Likeness``
        tells of their finest shapes; ``properties`` are the names of those that only one has or that have other values.
        """
        later = self.query if other_at is None else replace(self.query, valid=to_micros(other_at))
        sides = [self._of(one, self.query), self._of(other, later)]
        bounds = [shapely.total_bounds(outlines_of(rows)) for rows in sides]
        west, south, east, north = np.vstack(bounds).T.tolist()
        frame = Frame((min(west) + max(east)) / 2, (min(south) + max(north)) / 2)
        flat = [frame.flat(outlines_of(rows)) for rows in sides]
        ids = [rows["id"].to_pylist() for rows in sides]
        same = _same_ids(ids)
        pairs = same | _overlapping(flat, taken=same)
        tall = [rows["top_m"].to_numpy() - rows["bottom_m"].to_numpy() for rows in sides]
        middles = [shapely.centroid(each) for each in flat]
        kinds = [rows["class"].to_pylist() for rows in sides]
        shapes = [rows["geometry"].to_pylist() for rows in sides]
        told_of = [[orjson.loads(each) for each in rows["properties"].to_pylist()] for rows in sides]
        told = [
            {
                **_likeness(shapes[0][first], shapes[1][second], frame, tolerance_m),
                "one": ids[0][first],
                "other": ids[1][second],
                "common": _share(flat[0][first], flat[1][second]),
                "offset_m": float(shapely.distance(middles[0][first], middles[1][second])),
                "height_m": float(tall[1][second] - tall[0][first]),
                "class_differs": kinds[0][first] != kinds[1][second],
                "properties": _differing(told_of[0][first], told_of[1][second]),
            }
            for first, second in sorted(pairs.items())
        ]
        matched = (set(pairs), set(pairs.values()))
        alone = [[own for at, own in enumerate(ids[side]) if at not in matched[side]] for side in (0, 1)]
        counts = Counter(each["change"] for each in told)
        counted = {**counts, "only_one": len(alone[0]), "only_other": len(alone[1])}
        return {"counts": counted, "pairs": told, "only_one": alone[0], "only_other": alone[1]}

    def _of(self, model: str, query: ObjectQuery) -> pa.Table:
        rows = self.objects.read(replace(query, models=[model], shaped=True, limit=OBJECTS_MAX + 1))
        if len(rows) > OBJECTS_MAX:
            raise TooLarge(f"{model} has more than {OBJECTS_MAX:,} objects.", mend="Compare smaller models.")
        if not len(rows):
            raise NotFound(f"Nothing of a model {model[:80]!r} stands then.", mend="List them: lifang twin list.")
        self.seen(classes_of(rows))
        return rows


def _likeness(one: list[dict[str, Any]], other: list[dict[str, Any]], frame: Frame, tolerance_m: float) -> Any:
    if one == other:
        return {"change": "same", "apart_m": 0.0, "moved_m": [0.0, 0.0, 0.0], "volume_m3": None}
    bodies = [body_of([Shape(**{**each, "detail": {}}) for each in shapes], frame) for shapes in (one, other)]
    found = analysing.likeness(*bodies, tolerance_m=tolerance_m)
    return {
        "change": found.change,
        "apart_m": found.apart_m,
        "moved_m": list(found.offset_m),
        "volume_m3": list(found.volume_m3),
    }


def _differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _same_ids(ids: Sequence[Sequence[str]]) -> dict[int, int]:
    own = [{each.partition(":")[2]: at for at, each in enumerate(side)} for side in ids]
    return {at: own[1][name] for name, at in own[0].items() if name in own[1]}


def _overlapping(flat: Sequence[Any], *, taken: dict[int, int]) -> dict[int, int]:
    first, second = shapely.STRtree(flat[1]).query(flat[0], predicate="intersects")
    met = list(zip(first.tolist(), second.tolist(), strict=True))
    ranked = sorted(((_share(flat[0][one], flat[1][two]), one, two) for one, two in met), reverse=True)
    found: dict[int, int] = {}
    used = set(taken.values())
    for share, one, two in ranked:
        if share > _ALIKE and one not in taken and one not in found and two not in used:
            found[one] = two
            used.add(two)
    return found


def _share(one: Any, other: Any) -> float:
    common = float(shapely.area(shapely.intersection(one, other)))
    return common / (float(shapely.area(one)) + float(shapely.area(other)) - common) if common else 0.0


def _told(shape: Any, frame: Frame) -> Any:
    def degrees(at: Any) -> Any:
        return np.round(frame.degrees(np.column_stack((at, np.zeros(len(at)))))[:, :2], _DECIMALS)

    return orjson.Fragment(shapely.to_geojson(shapely.transform(shape, degrees)))
