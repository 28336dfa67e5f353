"""Gigabit city: the figures by which the state judges a city's dual-gigabit network, as far as they can be measured.

Worked out from the links and base stations that are registered, and from the population; simulated ones are left out.
What an input lacks is said, never guessed.
Source: 《“双千兆”网络协同发展行动计划（2021-2023年）》(工信部通信〔2021〕34号).
The figures are named in 千兆城市关键指标情况汇总表, annex 1 of the ministry's circular of 2022-12-18.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from lifang.core import NotFound, distance_m, format_instant
from lifang.guard import Classification
from lifang.operations import IndicatorSpec, Reading
from lifang.scenes.model import SceneContext, SceneResult, SceneSpec
from lifang.sensing import network
from lifang.standards import code_list
from lifang.store import Condition

_PLAN = "工信部通信〔2021〕34号"
_PER = 10_000.0
_REACH_M = 500.0
_MISSING_ZH, _MISSING_EN = "任一输入未登记则缺", "missing if any input is not registered"
_SOURCES = ("network:open",)

INDICATORS = (
    IndicatorSpec(
        id="gigabit_base_stations",
        zh="每万人拥有5G基站数",
        en="5G base stations per 10,000 people",
        unit="{count}/{10k persons}",
        formula_zh="登记在用的5G基站数÷常住人口×10000",
        formula_en="registered 5G base stations in service / resident population x 10,000",
        missing_zh=_MISSING_ZH,
        missing_en=_MISSING_EN,
        sources=_SOURCES,
        standard=_PLAN,
    ),
    IndicatorSpec(
        id="gigabit_pon_ports",
        zh="10G-PON端口占比",
        en="Share of 10G-PON ports",
        unit="%",
        formula_zh="10G-PON及以上端口数÷全部PON端口数×100",
        formula_en="ports of 10G-PON and above / all PON ports x 100",
        missing_zh=_MISSING_ZH,
        missing_en=_MISSING_EN,
        sources=_SOURCES,
        standard=_PLAN,
    ),
    IndicatorSpec(
        id="gigabit_users_500m",
        zh="500Mbps及以上用户占比",
        en="Share of users with 500 Mbit/s or more",
        unit="%",
        formula_zh="500Mbps及以上固定宽带用户数÷固定宽带用户数×100",
        formula_en="fixed broadband users with 500 Mbit/s or more / fixed broadband users x 100",
        missing_zh=_MISSING_ZH,
        missing_en=_MISSING_EN,
        sources=_SOURCES,
        standard=_PLAN,
    ),
    IndicatorSpec(
        id="gigabit_users_5g",
        zh="5G用户占比",
        en="Share of 5G users",
        unit="%",
        formula_zh="5G用户数÷移动电话用户数×100",
        formula_en="5G users / mobile users x 100",
        missing_zh=_MISSING_ZH,
        missing_en=_MISSING_EN,
        sources=_SOURCES,
        standard=_PLAN,
    ),
    IndicatorSpec(
        id="gigabit_homes",
        zh="城市家庭千兆光纤网络覆盖率",
        en="Coverage of households with gigabit fibre",
        unit="%",
        formula_zh="10G-PON链路覆盖的家庭户数÷家庭户数×100，可超过100",
        formula_en="households passed by 10G-PON links / households x 100; it may pass 100",
        missing_zh=_MISSING_ZH,
        missing_en=_MISSING_EN,
        sources=_SOURCES,
        standard=_PLAN,
    ),
    IndicatorSpec(
        id="gigabit_key_places",
        zh="重点场所5G网络通达率",
        en="Key places reached by 5G",
        unit="%",
        formula_zh="500米内有登记在用5G基站的重点场所数÷重点场所数×100；以距离代替实测信号",
        formula_en="key places with a registered 5G base station within 500 m / key places x 100; distance, not signal",
        missing_zh=_MISSING_ZH,
        missing_en=_MISSING_EN,
        sources=_SOURCES,
        standard=_PLAN,
    ),
)

spec = SceneSpec(
    id="gigabit_city",
    zh="双千兆网络",
    en="Gigabit city",
    reads=("network:open",),
    writes=tuple(f"indicator:{each.id}" for each in INDICATORS),
    units={each.id: each.unit for each in INDICATORS},
    citation=f"《“双千兆”网络协同发展行动计划（2021-2023年）》, {_PLAN}; 工信部千兆城市通报, 2022-12-18, annex 1.",
    citation_zh=f"《“双千兆”网络协同发展行动计划（2021-2023年）》，{_PLAN}；工信部千兆城市通报，2022-12-18，附件 1。",
    period=timedelta(days=1),
)
_NOT_MEASURED = {
    "zh": "“双千兆”应用创新等由审核评估认定的指标不在此列。",
    "en": "What an audit finds, such as the number of applications, is not among these figures.",
}


@dataclass(frozen=True)
class Inputs:
    """What the figures are made from; ``None`` is not registered. Counts are of things that are not simulated."""

    population: float | None = None
    households: float | None = None
    base_stations: float | None = None
    pon_ports: float | None = None
    pon_ports_10g: float | None = None
    fixed_users: float | None = None
    fixed_users_500m: float | None = None
    mobile_users: float | None = None
    mobile_users_5g: float | None = None
    homes_10g: float | None = None
    key_places: float | None = None
    key_places_reached: float | None = None


INPUT_NAMES: Mapping[str, tuple[str, str]] = {
    "population": ("常住人口", "resident population"),
    "households": ("家庭户数", "households"),
    "base_stations": ("5G基站", "5G base stations"),
    "pon_ports": ("PON端口数", "PON ports"),
    "pon_ports_10g": ("10G-PON端口数", "10G-PON ports"),
    "fixed_users": ("固定宽带用户数", "fixed broadband users"),
    "fixed_users_500m": ("500Mbps及以上用户数", "users with 500 Mbit/s or more"),
    "mobile_users": ("移动电话用户数", "mobile users"),
    "mobile_users_5g": ("5G用户数", "5G users"),
    "homes_10g": ("10G-PON覆盖家庭户数", "households passed by 10G-PON"),
    "key_places": ("重点场所", "key places"),
    "key_places_reached": ("5G可达的重点场所", "key places within reach of 5G"),
}
_RATIOS: Mapping[str, tuple[str, str, float]] = {
    "gigabit_base_stations": ("base_stations", "population", _PER),
    "gigabit_pon_ports": ("pon_ports_10g", "pon_ports", 100.0),
    "gigabit_users_500m": ("fixed_users_500m", "fixed_users", 100.0),
    "gigabit_users_5g": ("mobile_users_5g", "mobile_users", 100.0),
    "gigabit_homes": ("homes_10g", "households", 100.0),
    "gigabit_key_places": ("key_places_reached", "key_places", 100.0),
}


def figures(inputs: Inputs) -> dict[str, tuple[float | None, tuple[str, ...]]]:
    """Return, per indicator, its value and the names of the inputs that it lacks."""
    found: dict[str, tuple[float | None, tuple[str, ...]]] = {}
    for name, (over, under, times) in _RATIOS.items():
        lacking = tuple(each for each in (over, under) if not _given(getattr(inputs, each), positive=each == under))
        value = None if lacking else round(times * getattr(inputs, over) / getattr(inputs, under), 4)
        found[name] = value, lacking
    return found


def _given(value: float | None, *, positive: bool) -> bool:
    return value is not None and (value > 0 or not positive)


def view(context: SceneContext, at: datetime) -> dict[str, Any]:
    """Return every figure with its formula, its inputs, and what is missing for it."""
    inputs = _inputs(context)
    told = figures(inputs)
    return {
        "moment": format_instant(at),
        "items": [
            {
                **each.as_json(),
                "value": told[each.id][0],
                "lacking": [_named(name) for name in told[each.id][1]],
            }
            for each in INDICATORS
        ],
        "inputs": [{**_named(name), "value": getattr(inputs, name)} for name in INPUT_NAMES],
        "note": _NOT_MEASURED,
    }


def run(context: SceneContext, moment: datetime) -> SceneResult:
    """Return what is shown, with the indicators written; a figure that lacks an input is written as missing."""
    for each in INDICATORS:
        context.indicators.define(replace(each, classification=Classification.OPEN))
    told = figures(_inputs(context))
    readings = [
        Reading(name, value, "missing" if lacking else "good", _SOURCES) for name, (value, lacking) in told.items()
    ]
    written = [each.as_json() for each in context.indicators.put_many(moment, readings)]
    return SceneResult(moment, view(context, moment), written)


def _named(name: str) -> dict[str, Any]:
    zh, en = INPUT_NAMES[name]
    return {"id": name, "name": {"zh": zh, "en": en}}


def _inputs(context: SceneContext) -> Inputs:
    told = context.settings.network
    known = {name: _fact(context, told.get(name)) for name in ("population", "households")}
    if context.network is None:
        return Inputs(**known)
    links = [
        each for each in context.network.links() if not each.simulated and each.classification is Classification.OPEN
    ]
    kinds = {each.code: each.properties for each in code_list("link_kinds")}
    pon = [each for each in links if each.kind.endswith("pon")]
    ten = [each for each in pon if kinds[each.kind]["pon10g"]]
    fixed = [each for each in links if kinds[each.kind]["medium"] == "wired"]
    mobile = [each for each in links if kinds[each.kind]["medium"] == "cellular"]
    stations = _base_stations(context.network)
    places, reached = _reached(context, told.get("key_places", ()), stations)
    return Inputs(
        **known,
        base_stations=float(len(stations)) if len(stations) else None,
        pon_ports=_total(pon, "ports"),
        pon_ports_10g=_total(ten, "ports"),
        fixed_users=_total(fixed, "users"),
        fixed_users_500m=_total(fixed, "users_500m"),
        mobile_users=_total(mobile, "users"),
        mobile_users_5g=_total([each for each in mobile if each.kind == "5g"], "users"),
        homes_10g=_total(ten, "homes_passed"),
        key_places=places,
        key_places_reached=reached,
    )


def _total(links: Iterable[network.Link], name: str) -> float | None:
    """Return the sum of a declared count, or ``None`` if no link declares it."""
    told = [each.properties[name] for each in links if isinstance(each.properties.get(name), int | float)]
    return float(sum(told)) if told else None


def _base_stations(engine: network.SensorNetwork) -> Any:
    """Return the (lon, lat) of each 5G base station that is registered and not simulated."""
    wanted = network.Wanted(device_type="base-station-5g", simulated=False)
    rows = engine.find(wanted, classes=[Classification.OPEN])
    columns = engine.state().network
    return np.column_stack([columns.lon[rows], columns.lat[rows]])


def _fact(context: SceneContext, told: Any) -> float | None:
    """Return the one number that ``[network]`` points to: ``{dataset, value, where = {column = text}}``."""
    if not isinstance(told, Mapping):
        return None
    try:
        dataset = context.catalogue.dataset(str(told["dataset"]))
        rows = dataset.rows()
    except NotFound:
        return None
    if dataset.card.classification is not Classification.OPEN:
        return None
    where = [Condition(column, "=", value) for column, value in told.get("where", {}).items()]
    values = rows.select([str(told["value"])], where=where, limit=1)[0].to_pylist()
    return float(values[0]) if values and values[0] is not None else None


def _reached(
    context: SceneContext, datasets: Sequence[str], stations: Any, *, far_m: Callable[..., Any] = distance_m
) -> tuple[float | None, float | None]:
    """Return how many key places there are in ``datasets`` and how many have a station within reach."""
    count, near = 0, 0
    for name in datasets:
        try:
            dataset = context.catalogue.dataset(str(name))
            rows = dataset.rows()
        except NotFound:
            continue
        if dataset.card.classification is not Classification.OPEN:
            continue
        table = rows.select(["_xmin", "_ymin"])
        for lon, lat in zip(table["_xmin"].to_pylist(), table["_ymin"].to_pylist(), strict=True):
            if lon is None or lat is None:
                continue
            count += 1
            near += bool(len(stations) and (far_m(lon, lat, stations[:, 0], stations[:, 1]) <= _REACH_M).any())
    return (float(count) if count else None), (float(near) if count and len(stations) else None)
