"""Sensors from datasets: a table of devices and a table of values become things, datastreams and a replay.

The ``[replay]`` table of ``city.toml`` says how: ``series`` and ``things`` name the datasets; ``thing``, ``property``,
``time``, ``value`` name the columns of the series; ``key``, ``zh``, ``en``, ``lon``, ``lat`` those of the devices;
``kind``, ``prefix``, ``code_list``, ``period_s`` describe them; ``start`` and ``speed`` the replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue import Catalogue, Dataset
from lifang.core import BadInput, parse_instant
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, Sensing, Thing
from lifang.standards import code_list


@dataclass(frozen=True)
class ReplayPlan:
    """What ``[replay]`` in ``city.toml`` says; ``BadInput`` names a missing key."""

    series: str
    things: str
    kind: str
    prefix: str
    code_list: str
    start: datetime
    key: str = "code"
    zh: str = "name"
    en: str = "name_en"
    background: str = ""
    thing: str = "station"
    property: str = "property"
    time: str = "time"
    value: str = "value"
    period_s: int = 3600
    speed: float = 600.0

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> ReplayPlan:
        """Return the plan written in the table."""
        try:
            return cls(**{**table, "start": parse_instant(str(table["start"]))})
        except (KeyError, TypeError) as error:
            raise BadInput(f"[replay] does not fit: {error}.", where="city.toml", mend="Correct that key.") from error


def register_sensors(plan: ReplayPlan, catalogue: Catalogue, sensing: Sensing) -> None:
    """Make the plan's devices things and each measured property of theirs a datastream; again changes nothing."""
    series = catalogue.dataset(plan.series)
    measured = {code for code, _ in series.rows().distinct(plan.property, limit=1000)}
    devices = catalogue.dataset(plan.things).rows().select().to_pylist()
    names = code_list(plan.code_list)
    classification = series.card.classification
    things, datastreams = [], []
    for device in devices:
        thing_id = f"{plan.prefix}{device[plan.key]}".lower()
        properties = {"code": device[plan.key], "dataset": plan.things}
        if plan.background:
            properties["background"] = bool(device[plan.background])
        point = {"lon": device["lon"], "lat": device["lat"]}
        things.append(
            Thing(
                id=thing_id,
                zh=device[plan.zh],
                en=device[plan.en],
                kind=plan.kind,
                **point,
                classification=classification,
                properties=properties,
            )
        )
        for code in sorted(measured):
            entry = names.get(code)
            datastreams.append(
                Datastream(
                    id=f"{thing_id}.{code.lower()}",
                    thing=thing_id,
                    code=code,
                    zh=entry.zh,
                    en=entry.en,
                    observed_property=code,
                    unit=entry.properties["unit"],
                    period_s=plan.period_s,
                    classification=classification,
                    properties={"dataset": plan.series},
                )
            )
    sensing.register(things, datastreams, by=SYSTEM)
    for stream in datastreams:
        catalogue.record_lineage(f"dataset:{plan.series}", f"datastream:{stream.id}", "replay", {})


def recorded_series(plan: ReplayPlan, dataset: Dataset, sensing: Sensing) -> pa.Table:
    """Return the recorded values as (datastream int32, time timestamp[us, UTC], value float64), by time."""
    table = dataset.rows().select([plan.thing, plan.property, plan.time, plan.value])
    names = pc.utf8_lower(
        pc.binary_join_element_wise(pc.binary_join_element_wise(plan.prefix, table[plan.thing], ""), table[plan.property], ".")
    )
    encoded = pc.dictionary_encode(names).combine_chunks()
    numbers = np.array([sensing.datastream(name).number for name in encoded.dictionary.to_pylist()], dtype=np.int32)
    streams = pa.array(numbers[encoded.indices.to_numpy(zero_copy_only=False)])
    times = table[plan.time].cast(pa.timestamp("us", "UTC"))
    found = pa.table({"datastream": streams, "time": times, "value": table[plan.value].cast(pa.float64())})
    return found.sort_by([("time", "ascending"), ("datastream", "ascending")])
