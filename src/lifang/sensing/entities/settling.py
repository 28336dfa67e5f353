"""Observations that arrive in bulk, each with the feature it is of: found by datastream, never one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from lifang.sensing.entities.places import settle_features, unsettled
from lifang.sensing.model import Numbers
from lifang.sensing.roster import RICH, Roster
from lifang.store import Observations, Store

_CHUNK = 1000
Made = Callable[[Sequence[int]], None]


def settle(observations: Observations, roster: Roster, store: Store, now: datetime, made: Made) -> Observations:
    """Return the observations with their features settled: a datastream's own needs no word in the row.

    Where a thing has moved since its datastream began, the row names the feature made from where it is now. Of a
    thing without a location there is none.
    """
    find_features(observations.datastream, roster, store, now, made)
    numbers = observations.datastream
    own, current = roster.own[numbers], roster.current[numbers]
    elsewhere = np.flatnonzero((own != current) & (current > 0))
    if not len(elsewhere):
        return observations
    texts: list[str | None] = (
        [None] * len(observations) if observations.extra is None else observations.extra.to_pylist()
    )
    for row in elsewhere.tolist():
        extra = orjson.loads(texts[row] or "{}")
        extra.setdefault("feature", int(current[row]))
        texts[row] = orjson.dumps(extra, option=orjson.OPT_SORT_KEYS).decode()
    link(roster, store, numbers[elsewhere], current[elsewhere])
    return Observations(
        observations.datastream,
        observations.time,
        observations.value,
        observations.quality,
        pa.array(texts, pa.string()),
    )


def find_features(numbers: Numbers, roster: Roster, store: Store, now: datetime, made: Made) -> None:
    """Find the feature that values of each of ``numbers`` are of from now on, where that is not known yet.

    ``made`` is told the numbers of those that were made for it, once they are durable.
    """
    waiting = unsettled(roster, numbers)
    for start in range(0, len(waiting), _CHUNK):
        with roster.lock, store.registry.transaction() as tx:
            fresh = settle_features(tx, roster, waiting[start : start + _CHUNK], now=now)
        made(fresh)


def link(
    roster: Roster, store: Store, numbers: np.ndarray[Any, np.dtype[np.int32]], features: np.ndarray[Any, Any]
) -> None:
    """Remember which features beside their own datastreams have observations of, and that these hold more."""
    pairs = sorted(set(zip(numbers.tolist(), features.tolist(), strict=True)))
    there = {
        (row["datastream"], row["feature"])
        for row in store.registry.find(
            "datastream_feature", where={"datastream": sorted({each for each, _ in pairs})}, order="datastream"
        )
    }
    missing = [pair for pair in pairs if pair not in there]
    plain = sorted({each for each, _ in pairs if not roster.flags[each] & RICH})
    if not missing and not plain:
        return
    with roster.lock, store.registry.transaction() as tx:
        rows = [{"datastream": number, "feature": feature} for number, feature in missing]
        tx.insert_many("datastream_feature", rows)
        for number in plain:
            row = tx.find("datastream", where={"number": number}, order="number")[0]
            tx.update("datastream", row["id"], {"rich": row["rich"] | RICH})
            roster.flags[number] |= RICH
