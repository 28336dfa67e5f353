"""Device health: links that are down, districts with silent devices, certificates that end, batteries that run out.

What a link that is down explains is one alert, not one for each device. Thresholds are lifang's defaults:
``SceneContext.rules`` replaces them. Indicators leave simulated devices out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np

from lifang.core import format_instant
from lifang.guard import Classification
from lifang.operations import Alert, AlertChange, AlertRule, IndicatorSpec, Level, Reading, Severity
from lifang.scenes.model import SceneContext, SceneResult, SceneSpec
from lifang.sensing import network

_DAY_US = 86_400_000_000
_BATTERY_LOW = 20.0  # per cent, where a model declares nothing
_MOST = 200  # alerts of one rule opened in one run
_FEW = 10  # a district with fewer devices raises no alert of its own
_SHOWN = 100
_NONE_ZH, _NONE_EN = "没有登记的设备则缺", "missing if no device is registered"

INDICATORS = (
    IndicatorSpec(
        id="network_uptime",
        zh="设备在线率",
        en="Uptime of devices",
        unit="%",
        formula_zh="最近24小时内有数据的小时数÷应有数据的小时数，各设备取算术平均，不含模拟设备",
        formula_en="hours of the last 24 with a value / hours since first heard; mean of devices not simulated",
        missing_zh=_NONE_ZH,
        missing_en=_NONE_EN,
        sources=("network:open",),
    ),
    IndicatorSpec(
        id="network_loss",
        zh="数据缺失率",
        en="Loss of values",
        unit="%",
        formula_zh="1-最近24小时收到的值数÷按周期应收的值数，不含模拟设备",
        formula_en="1 - values received in the last 24 hours / values expected; simulated devices left out",
        missing_zh=_NONE_ZH,
        missing_en=_NONE_EN,
        sources=("network:open",),
    ),
    IndicatorSpec(
        id="network_lag",
        zh="数据平均时延",
        en="Mean lag of values",
        unit="s",
        formula_zh="到达时间减观测时间的滑动平均，各设备取算术平均，不含模拟设备",
        formula_en="running mean of arrival - phenomenon time; mean of devices, simulated ones left out",
        missing_zh=_NONE_ZH,
        missing_en=_NONE_EN,
        sources=("network:open",),
    ),
    IndicatorSpec(
        id="devices_silent",
        zh="失联设备数",
        en="Silent devices",
        unit="{count}",
        formula_zh="超过3个周期无数据的在用设备数，含链路中断所致，不含模拟设备",
        formula_en="devices in service without a value for 3 periods, for whatever reason; simulated ones left out",
        missing_zh=_NONE_ZH,
        missing_en=_NONE_EN,
        sources=("network:open",),
    ),
)

spec = SceneSpec(
    id="device_health",
    zh="设备运行状况",
    en="Device health",
    reads=("network:open",),
    writes=(*(f"indicator:{each.id}" for each in INDICATORS), "alert:link_down", "alert:district_silent",
            "alert:device_silent", "alert:certificate", "alert:battery"),
    units={"uptime": "%", "loss": "%", "lag": "s", "battery": "%"},
    citation="Colours: 突发事件应对法. Thresholds: lifang's defaults.",
    citation_zh="颜色：《突发事件应对法》。阈值：里坊的默认值。",
    period=timedelta(minutes=5),
    of_present=True,
)  # fmt: skip

_DEFAULTS = "lifang's defaults"


def _rule(name: str, zh: str, en: str, unit: str, *levels: Level) -> AlertRule:
    return AlertRule(name, spec.id, zh, en, unit, levels, stale_after=timedelta(days=2), citation=_DEFAULTS)


LINK_DOWN = _rule("link_down", "链路中断", "Link down", "1", Level(Severity.ORANGE, 1, 1))
DISTRICT_SILENT = _rule(
    "district_silent", "区县设备失联", "Silent devices of a district", "%",
    Level(Severity.BLUE, 5, 3), Level(Severity.YELLOW, 10, 7), Level(Severity.ORANGE, 20, 15),
    Level(Severity.RED, 50, 40),
)  # fmt: skip
DEVICE_SILENT = _rule("device_silent", "设备失联", "Silent device", "1", Level(Severity.BLUE, 1, 1))
CERTIFICATE = _rule(  # minus the days that are left
    "certificate", "证书到期", "Certificate ends", "1",
    Level(Severity.BLUE, -30, -31), Level(Severity.YELLOW, -14, -15), Level(Severity.ORANGE, -7, -8),
    Level(Severity.RED, 0, -1),
)  # fmt: skip
BATTERY = _rule(  # percentage points below what its model calls low
    "battery", "电量不足", "Battery low", "%", Level(Severity.YELLOW, 0, -5), Level(Severity.ORANGE, 10, 5)
)


RULES = (LINK_DOWN, DISTRICT_SILENT, DEVICE_SILENT, CERTIFICATE, BATTERY)


@dataclass(frozen=True)
class _Found:
    """What a rule is to see of one resource."""

    resource: str
    value: float
    zh: str
    en: str
    classification: Classification
    simulated: bool = False


def view(context: SceneContext, at: datetime) -> dict[str, Any]:
    """Return how the open part of the network is now, its links that are down, and the alerts that fire."""
    firing = context.alerts.alerts(state="firing", classes=[Classification.OPEN], limit=_SHOWN)
    told = [each.as_json() for each in firing if each.scene == spec.id]
    kept = ("id", "rule", "severity", "text", "resource", "fired", "value")
    shown: dict[str, Any] = {
        "moment": format_instant(at),
        "city": None,
        "districts": [],
        "alerts": [{name: each[name] for name in kept} for each in told],
    }
    return {**shown, **_figures(context.network)} if context.network else shown


def run(context: SceneContext, moment: datetime) -> SceneResult:
    """Return what is shown, its rules evaluated on the present state and its indicators written.

    What lies in the past is left alone: nobody knows how the network was then.
    """
    engine = context.network
    now = (context.now or context.clock.now)()
    if engine is None or now - moment > 2 * spec.period:
        return SceneResult(moment, view(context, moment))
    state = engine.state()
    seen = {
        LINK_DOWN.id: _links(engine, state),
        DISTRICT_SILENT.id: _districts(engine, state),
        DEVICE_SILENT.id: _silent(engine, state),
        CERTIFICATE.id: _certificates(engine, state),
        BATTERY.id: _batteries(engine, state),
    }
    changes: list[AlertChange] = []
    for rule in RULES:
        changes += _evaluated(context, context.rules.get(rule.id, rule), moment, list(seen[rule.id]))
    written = _write(context, engine, state, moment)
    return SceneResult(moment, view(context, moment), written, changes)


def _evaluated(context: SceneContext, rule: AlertRule, moment: datetime, found: Sequence[_Found]) -> list[AlertChange]:
    """Return what changed: each resource found is shown to the rule, each other one that still alerts is well again."""
    changes: list[AlertChange] = []
    running = {each.resource: each for each in context.alerts.running(spec.id) if each.rule == rule.id}
    for each in found:
        changes += context.alerts.evaluate(
            rule,
            each.resource,
            moment,
            each.value,
            text=partial(_worded, each),
            detail={"simulated": each.simulated},
            classification=each.classification,
        )
    well = rule.levels[0].clear - 1
    for resource, alert in running.items():
        if resource not in {each.resource for each in found}:
            changes += context.alerts.evaluate(
                rule, resource, moment, well, text=partial(_as_before, alert),
                classification=alert.classification,
            )  # fmt: skip
    return changes


def _worded(found: _Found, severity: Severity, _value: float | None) -> tuple[str, str]:
    zh, en = ("【模拟】", "[simulated] ") if found.simulated else ("", "")
    return f"{zh}{found.zh}（{severity.zh}）", f"{en}{found.en} ({severity.en})"


def _as_before(alert: Alert, _severity: Severity, _value: float | None) -> tuple[str, str]:
    return alert.zh, alert.en


def _links(engine: network.SensorNetwork, state: network.State) -> Iterator[_Found]:
    links = state.network.links
    below = np.bincount(state.network.link, minlength=len(links.ids))
    for row in np.flatnonzero(state.devices.links_down)[:_MOST]:
        link = engine.link(links.ids[row])
        devices = int(below[row])
        zh, en = f"链路{link.zh}中断，承载设备{devices}台", f"Link {link.en} is down; it carries {devices} devices"
        yield _Found(f"link:{link.id}", 1.0, zh, en, link.classification, link.simulated)


def _districts(engine: network.SensorNetwork, state: network.State) -> Iterator[_Found]:
    rows = engine.find(network.Wanted(), classes=[Classification.OPEN])
    heard = rows[state.devices.streams[rows] > 0]
    size = len(engine.districts) + 1
    figures = network.summed_up(state.devices, state.network.simulated, state.network.district, size, heard)
    for number in np.flatnonzero(figures.devices >= _FEW):
        share = 100.0 * figures.by_health[number, network.Health.SILENT] / figures.devices[number]
        code, zh, en = engine.districts.names(int(number))
        made_up = bool(figures.simulated[number] == figures.devices[number])
        told = (f"{zh}设备失联{share:.0f}%", f"{en}: {share:.0f} % of the devices are silent")
        yield _Found(f"district:{code or 'none'}", float(share), *told, Classification.OPEN, made_up)


def _silent(engine: network.SensorNetwork, state: network.State) -> Iterator[_Found]:
    rows = np.flatnonzero(state.devices.health == network.Health.SILENT)[:_MOST]
    for device in engine.devices(rows.tolist()):
        yield _of(device, 1.0, f"设备{device.id}失联", f"Device {device.id} is silent")


def _certificates(engine: network.SensorNetwork, state: network.State) -> Iterator[_Found]:
    left = (state.network.expires - state.now_us) / _DAY_US
    rows = np.flatnonzero(left <= -CERTIFICATE.levels[0].fire)
    for device in engine.devices(rows[np.argsort(left[rows])][:_MOST].tolist()):
        days = float(left[state.network.numbers[device.id]])
        yield _of(device, -days, *_certificate(device.id, days))


def _certificate(device: str, days: float) -> tuple[str, str]:
    """Return, in zh and en, when a device's certificate ends or ended."""
    if days < 0:
        return f"设备{device}证书已过期{-days:.0f}天", f"The certificate of {device} ended {-days:.0f} days ago"
    return f"设备{device}证书剩余{days:.0f}天", f"The certificate of {device} ends in {days:.0f} days"


def _batteries(engine: network.SensorNetwork, state: network.State) -> Iterator[_Found]:
    low = np.where(np.isfinite(state.network.battery_low), state.network.battery_low, _BATTERY_LOW)
    lacking = low - state.network.battery
    rows = np.flatnonzero(lacking >= BATTERY.levels[0].fire)
    for device in engine.devices(rows[np.argsort(-lacking[rows])][:_MOST].tolist()):
        charge = device.battery or 0.0
        zh, en = f"设备{device.id}电量{charge:.0f}%", f"The battery of {device.id} is at {charge:.0f} %"
        yield _of(device, float(lacking[state.network.numbers[device.id]]), zh, en)


def _of(device: network.Device, value: float, zh: str, en: str) -> _Found:
    return _Found(f"device:{device.id}", value, zh, en, device.classification, device.simulated)


def _figures(engine: network.SensorNetwork) -> dict[str, Any]:
    rows = engine.find(network.Wanted(), classes=[Classification.OPEN])
    state = engine.state()  # the later one: devices that were registered meanwhile are in it
    size = len(engine.districts) + 1
    simulated = state.network.simulated
    city = network.summed_up(state.devices, simulated, np.zeros(len(simulated), np.int64), 1, rows)
    groups = network.summed_up(state.devices, simulated, state.network.district, size, rows)
    told = []
    for number in np.flatnonzero(groups.devices):
        code, zh, en = engine.districts.names(int(number))
        told.append({"code": code, "name": {"zh": zh, "en": en}, **groups.as_json(int(number))})
    return {"city": city.as_json(0), "districts": told, "links_down": engine.links_down([Classification.OPEN])}


def _write(
    context: SceneContext, engine: network.SensorNetwork, state: network.State, moment: datetime
) -> Sequence[dict[str, Any]]:
    for each in INDICATORS:
        context.indicators.define(replace(each, classification=Classification.OPEN))
    rows = engine.find(network.Wanted(simulated=False), classes=[Classification.OPEN])
    whole = network.summed_up(
        state.devices, state.network.simulated, np.zeros(len(state.network.ids), np.int64), 1, rows
    )
    figures = whole.as_json(0)
    silent = figures["health"]["silent"] + figures["health"]["explained"]
    values = {
        "network_uptime": _percent(figures["uptime"]),
        "network_loss": _percent(figures["loss"]),
        "network_lag": figures["lag_s"],
        "devices_silent": float(silent) if figures["devices"] else None,
    }
    readings = [
        Reading(name, value, "missing" if value is None else "good", ("network:open",))
        for name, value in values.items()
    ]
    return [each.as_json() for each in context.indicators.put_many(moment, readings)]


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100.0 * share, 2)
