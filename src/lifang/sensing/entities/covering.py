"""What a datastream covers in time and space: from the tally and from bounds, never by a scan of its values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from lifang.sensing.entities.kinds import COMPUTED, GRAPH
from lifang.sensing.entities.observation import iso
from lifang.sensing.entities.observing import Observing
from lifang.sensing.entities.question import Sight
from lifang.sensing.entities.telling import area_of
from lifang.sensing.model import Numbers
from lifang.sensing.roster import RICH, Roster
from lifang.store import NEVER, Among, EntityQuery, Field, Store

Sides = tuple[float, float, float, float]
_BOUNDS = ("number", "west", "south", "east", "north")


def covered(
    store: Store,
    roster: Roster,
    observing: Observing,
    streams: Numbers,
    sight: Sight,
    names: Collection[str] = COMPUTED,
) -> dict[int, dict[str, Any]]:
    """Return those of ``phenomenonTime``, ``resultTime``, ``observedArea`` named that each of ``streams`` has."""
    if not len(streams):
        return {}
    tally = store.lake.tally(streams)
    results = observing.result_times(streams) if "resultTime" in names else {}
    areas = areas_of(store, roster, streams, sight) if "observedArea" in names else {}
    found: dict[int, dict[str, Any]] = {}
    for number, first, end in zip(streams.tolist(), tally.first.tolist(), tally.end.tolist(), strict=True):
        told = found[number] = {}
        if first == NEVER:
            continue
        if "phenomenonTime" in names:
            told["phenomenonTime"] = f"{iso(first)}/{iso(end)}"
        if number in results:
            told["resultTime"] = "/".join(map(iso, results[number]))
        if number in areas:
            told["observedArea"] = area_of(*areas[number])
    return found


def areas_of(
    store: Store, roster: Roster, streams: Numbers, sight: Sight
) -> dict[int, tuple[float, float, float, float]]:
    """Return west, south, east, north of the features of each datastream."""
    pairs = [(number, feature) for number, feature in zip(streams.tolist(), roster.own[streams].tolist(), strict=True)]
    rich = streams[(roster.flags[streams] & RICH) > 0].tolist()
    for start in range(0, len(rich), 1000):
        where = {"datastream": rich[start : start + 1000]}
        rows = store.registry.find("datastream_feature", where=where, order="datastream")
        pairs += [(row["datastream"], row["feature"]) for row in rows]
    wanted = tuple(sorted({feature for _, feature in pairs if feature}))
    query = EntityQuery("FeatureOfInterest", sight, Among(Field("@id"), wanted), columns=_BOUNDS)
    bounds = {row["number"]: [row[name] for name in _BOUNDS[1:]] for row in store.registry.entities(GRAPH, query)}
    found: dict[int, list[Sequence[float]]] = {}
    for number, feature in pairs:
        sides = bounds.get(feature)
        if sides is not None and sides[0] is not None:
            found.setdefault(number, []).append(sides)
    return {number: _union(sides) for number, sides in found.items()}


def _union(sides: Sequence[Sequence[float]]) -> Sides:
    if len(sides) == 1:
        west, south, east, north = sides[0]
        return west, south, east, north
    array = np.array(sides)
    (west, south), (east, north) = array[:, :2].min(axis=0).tolist(), array[:, 2:].max(axis=0).tolist()
    return west, south, east, north
