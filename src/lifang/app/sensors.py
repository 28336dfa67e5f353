"""Sensors from datasets: a table of devices and a table of values become things, datastreams and a replay.

The ``[replay]`` table of ``city.toml`` says how: ``series`` and ``things`` name the datasets; ``thing``, ``property``,
``time``, ``value`` name the columns of the series; ``key``, ``zh``, ``en`` those of the devices, which are points;
``kind``, ``prefix``, ``period_s`` describe them; ``start`` and ``speed`` the replay. What is measured is named (zh, en,
unit) by ``code_list``, a standard list, or by ``[replay.properties.<code>]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue import Catalogue, Dataset
from lifang.core import BadInput, parse_instant
from lifang.guard import SYSTEM, Classification
from lifang.sensing import Datastream, Sensing, Thing
from lifang.standards import code_list
from lifang.store import Condition


@dataclass(frozen=True)
class ReplayPlan:
    """What ``[replay]`` in ``city.toml`` says; ``BadInput`` names a missing key."""

    series: str
    things: str
    kind: str
    prefix: str
    start: datetime
    code_list: str = ""
    properties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
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
    measured = [_measured(plan, code) for code, _ in series.rows().distinct(plan.property, limit=1000)]
    classification = series.card.classification
    things, datastreams = [], []
    columns = [plan.key, plan.zh, plan.en, "_xmin", "_ymin", *([plan.background] if plan.background else [])]
    for device in catalogue.dataset(plan.things).rows().select(columns).to_pylist():
        thing = _thing(plan, device, classification)
        things.append(thing)
        datastreams += [_datastream(plan, thing, each) for each in measured]
    sensing.register(things, datastreams, by=SYSTEM)
    for stream in datastreams:
        catalogue.record_lineage(f"dataset:{plan.series}", f"datastream:{stream.id}", "replay", {})


@dataclass(frozen=True)
class _Measured:
    code: str
    zh: str
    en: str
    unit: str


def _measured(plan: ReplayPlan, code: str) -> _Measured:
    told = plan.properties.get(code)
    if told:
        return _Measured(code, told["zh"], told["en"], told["unit"])
    if not plan.code_list:
        raise BadInput(f"Nothing says what {code!r} is.", where="city.toml", mend=f"Add [replay.properties.{code}].")
    found = code_list(plan.code_list).get(code)
    return _Measured(code, found.zh, found.en, found.properties["unit"])


def _thing(plan: ReplayPlan, device: Mapping[str, Any], classification: Classification) -> Thing:
    properties = {"code": device[plan.key], "dataset": plan.things}
    if plan.background:
        properties["background"] = bool(device[plan.background])
    return Thing(
        id=f"{plan.prefix}{device[plan.key]}".lower(),
        zh=device[plan.zh],
        en=device[plan.en],
        kind=plan.kind,
        lon=device["_xmin"],
        lat=device["_ymin"],
        classification=classification,
        properties=properties,
    )


def _datastream(plan: ReplayPlan, thing: Thing, measured: _Measured) -> Datastream:
    return Datastream(
        id=f"{thing.id}.{measured.code.lower()}",
        thing=thing.id,
        code=measured.code,
        zh=measured.zh,
        en=measured.en,
        observed_property=measured.code,
        unit=measured.unit,
        period_s=plan.period_s,
        classification=thing.classification,
        properties={"dataset": plan.series},
    )


def recorded_series(plan: ReplayPlan, dataset: Dataset, sensing: Sensing, *, after: datetime | None = None) -> pa.Table:
    """Return the recorded values as (datastream int32, time timestamp[us, UTC], value float64), by time.

    With ``after`` only those later than that moment, maybe none; without it ``BadInput`` if there is no value at all.
    """
    later = [] if after is None else [Condition(plan.time, ">", after)]
    table = dataset.rows().select([plan.thing, plan.property, plan.time, plan.value], where=later)
    if after is None and not len(table):
        raise BadInput(f"{plan.series} holds no value.", where="city.toml", mend="Replay a dataset with values.")
    names = pc.utf8_lower(
        pc.binary_join_element_wise(
            pc.binary_join_element_wise(plan.prefix, table[plan.thing], ""), table[plan.property], "."
        )
    )
    encoded = pc.dictionary_encode(names).combine_chunks()
    numbers = np.array([sensing.datastream(name).number for name in encoded.dictionary.to_pylist()], dtype=np.int32)
    streams = pa.array(numbers[encoded.indices.to_numpy(zero_copy_only=False)])
    times = table[plan.time].cast(pa.timestamp("us", "UTC"))
    found = pa.table({"datastream": streams, "time": times, "value": table[plan.value].cast(pa.float64())})
    return found.sort_by([("time", "ascending"), ("datastream", "ascending")])
