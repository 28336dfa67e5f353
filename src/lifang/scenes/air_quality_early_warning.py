"""Air quality early warning: the city's air now and in the next 24 hours, a warning by level, and what to do.

The warning looks at the mean of the hourly city AQI over 24 hours, which may span two days. Its thresholds are lifang's
own defaults, not those of a city's emergency plan: ``SceneContext.rules`` replaces them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from lifang.core import format_instant, zone
from lifang.operations import (
    DAY_H,
    POLLUTANTS,
    STATION_SHARE,
    AirReader,
    AlertRule,
    Backtest,
    CityAir,
    Hours,
    IndicatorSpec,
    Level,
    Model,
    Reading,
    Severity,
    backtest,
    daily_index,
    fit,
    predict,
    trailing_mean,
    without_index,
)
from lifang.scenes.model import SceneContext, SceneResult, SceneSpec
from lifang.standards import Aqi, Pollutant, aqi, aqi_class, aqi_classes

HOUR = timedelta(hours=1)
STATION_KIND = "air-quality-station"
_INDEX, _UG = "{index}", "ug/m3"
_SHARE = f"{STATION_SHARE:.0%}"
_PM25 = POLLUTANTS.index(Pollutant.PM2_5)
_GOOD_UP_TO = aqi_classes()[2].above  # 优 and 良
_MODELS_KEPT = 8

INDICATORS = (
    IndicatorSpec(
        id="city_aqi",
        zh="城市空气质量指数",
        en="City air quality index",
        unit=_INDEX,
        formula_zh="各污染物小时浓度取非对照点位的算术平均，按小时报计算分指数，取最大值",
        formula_en="per pollutant the mean of the stations that are not background sites; highest hourly index",
        missing_zh=f"报数点位不足{_SHARE}则缺",
        missing_en=f"missing if fewer than {_SHARE} of those stations report",
        standard="HJ 633-2012",
    ),
    IndicatorSpec(
        id="city_pm25_24h",
        zh="城市细颗粒物24小时平均",
        en="City PM2.5, 24-hour mean",
        unit=_UG,
        formula_zh="小时浓度取非对照点位的算术平均，再取最近24小时的平均",
        formula_en="hourly mean of the stations that are not background sites, then the mean of the last 24 hours",
        missing_zh="有效小时不足20个则缺",
        missing_en="missing with fewer than 20 valid hours",
        standard="GB 3095-2012",
    ),
    IndicatorSpec(
        id="good_air_days",
        zh="优良天数比例",
        en="Share of good-air days",
        unit="%",
        formula_zh="年初至昨日：日报指数不大于100的天数÷有效天数×100",
        formula_en="since New Year, up to yesterday: days with a daily index of 100 or less / valid days x 100",
        missing_zh="任一污染物有效小时不足20个的日子不计；没有有效日则缺",
        missing_en="a day with fewer than 20 valid hours of any pollutant does not count; missing without a valid day",
        standard="HJ 633-2012; HJ 663-2013",
    ),
    IndicatorSpec(
        id="stations_reporting",
        zh="报数点位数",
        en="Stations reporting",
        unit="{count}",
        formula_zh="本小时至少有一项污染物有值的点位数，含对照点",
        formula_en="stations with a value of any pollutant in the hour, background sites included",
        missing_zh="无点位报数则为0",
        missing_en="0 if none reports",
    ),
)

spec = SceneSpec(
    id="air_quality_early_warning",
    zh="空气质量预警",
    en="Air quality early warning",
    reads=tuple(f"datastream:{STATION_KIND}/{each}" for each in POLLUTANTS),
    writes=(*(f"indicator:{each.id}" for each in INDICATORS), "alert:air_quality"),
    units={"AQI": _INDEX, **{each: "mg/m3" if each == Pollutant.CO else _UG for each in POLLUTANTS}},
    citation="AQI, class, primary pollutant: HJ 633-2012. Valid means and days: GB 3095-2012 Table 4, HJ 663-2013. "
    "Colours: 突发事件应对法. Thresholds: lifang's defaults, in the place of the city's own 重污染天气应急预案.",
    citation_zh="AQI、级别、首要污染物：HJ 633-2012。有效均值与日数：GB 3095-2012 表 4、HJ 663-2013。"
    "颜色：《突发事件应对法》。阈值：里坊的默认值，城市有自己的重污染天气应急预案时以其为准。",
    period=HOUR,
)

RULE = AlertRule(
    id="air_quality",
    scene=spec.id,
    zh="空气质量",
    en="Air quality",
    unit=_INDEX,
    levels=(
        Level(Severity.BLUE, fire=101, clear=91),
        Level(Severity.YELLOW, fire=126, clear=116),
        Level(Severity.ORANGE, fire=151, clear=141),
        Level(Severity.RED, fire=201, clear=191),
    ),
    hold=3 * HOUR,
    clear_hold=6 * HOUR,
    stale_after=6 * HOUR,
    citation="lifang's defaults on the 24-hour mean of the hourly city AQI; blue, orange and red begin where the "
    "classes 轻度, 中度 and 重度污染 of HJ 633-2012 begin, yellow halfway between blue and orange.",
)

_RESIDENTS = {"zh": "居民", "en": "Residents"}
_SENSITIVE = {"zh": "敏感人群", "en": "Sensitive groups"}
_SCHOOLS = {"zh": "学校", "en": "Schools"}
_BUREAUS = {"zh": "企业与主管部门", "en": "Businesses and bureaus"}
_BY_PLAN = {"zh": "参照重污染天气应急预案", "en": "after heavy-pollution emergency plans"}
_BY_STANDARD = {"zh": "HJ 633-2012", "en": "HJ 633-2012"}
_ADVICE: dict[Severity, tuple[tuple[dict[str, str], str, str], ...]] = {
    Severity.BLUE: (
        (_RESIDENTS, "少做剧烈户外运动，多乘公共交通。", "Less hard exercise outdoors; take public transport."),
        (_SENSITIVE, "减少户外活动，备好常用药。", "Less time outdoors; keep your medicine at hand."),
        (_SCHOOLS, "减轻户外体育课的强度。", "Ease physical education outdoors."),
        (_BUREAUS, "工地洒水抑尘，加密巡查排放。", "Damp down building sites; inspect emissions more often."),
    ),
    Severity.YELLOW: (
        (_RESIDENTS, "减少户外活动，外出戴口罩，关好门窗。", "Less time outdoors, a mask when out, windows shut."),
        (_SENSITIVE, "留在室内，不适及时就医。", "Stay indoors; see a doctor when unwell."),
        (_SCHOOLS, "体育课和课间操改在室内。", "Move physical education and breaks indoors."),
        (_BUREAUS, "三级响应：停土石方作业，增加道路清扫。", "Grade III response: no earthworks, more street washing."),
    ),
    Severity.ORANGE: (
        (_RESIDENTS, "避免户外运动，外出戴防护口罩。", "No exercise outdoors; a respirator when out."),
        (
            _SENSITIVE,
            "留在净化过空气的室内；社区看望独居老人。",
            "Stay in cleaned air; look in on old people living alone.",
        ),
        (_SCHOOLS, "停止户外活动。", "Stop outdoor activities."),
        (
            _BUREAUS,
            "二级响应：限产，限行货车，增开公交。",
            "Grade II response: less production, fewer lorries, more buses.",
        ),
    ),
    Severity.RED: (
        (_RESIDENTS, "尽量留在室内，不开车。", "Stay indoors as far as possible; leave the car."),
        (_SENSITIVE, "留在净化过空气的室内，有症状就医。", "Stay in cleaned air; see a doctor at first symptoms."),
        (_SCHOOLS, "弹性教学，可以停课。", "Teach flexibly; classes may be suspended."),
        (_BUREAUS, "一级响应：停限产，加强医疗值守。", "Grade I response: halt production, staff the hospitals."),
    ),
}
_MODEL = {
    "zh": "阻尼持续性加日变化，按预报时效岭回归；80%经验区间",
    "en": "Damped persistence with the daily course, ridge regression per hour ahead; empirical 80 % band",
}
_TOO_SHORT = {"zh": "历史不足30天或近期缺测，不作预报。", "en": "No forecast: not enough history, or recent gaps."}
_NO_STATION = {"zh": "没有空气质量监测点位。", "en": "There are no air quality stations."}
_NOT_THE_PLAN = {"zh": "预警阈值为默认值，非应急预案所定。", "en": "Thresholds are lifang's defaults, not the plan's."}
_SERIES = (("forecast", "AQI", _INDEX), ("forecast_pm25", str(Pollutant.PM2_5), _UG))


def view(context: SceneContext, at: datetime) -> dict[str, Any]:
    """Return what the page shows for a moment, changing nothing."""
    reader = _reader(context)
    reader.find()
    air = reader.at(at)
    return _shown(context, air, at) if air else _nothing()


def run(context: SceneContext, moment: datetime) -> SceneResult:
    """Return the result of the hour up to ``moment``, its indicators written and its rule evaluated.

    Values up to three hours old stand for the present; if there are none, the rule sees a missing value.
    """
    reader = _reader(context)
    reader.find()
    air = reader.at(moment)
    if air is None:
        return SceneResult(moment, _nothing())
    changes = context.alerts.evaluate(
        _rule(context),
        _resource(context),
        air.moment,
        air.warning,
        text=lambda severity, value: _wording(context, severity, value),
        detail={"thresholds": _rule(context).citation},
        classification=context.classification,
    )
    written = _write_indicators(context, air, reader.datasets)
    return SceneResult(air.moment, _shown(context, air, moment), written, changes)


def _rule(context: SceneContext) -> AlertRule:
    return context.rules.get(RULE.id, RULE)


def _resource(context: SceneContext) -> str:
    return f"city:{context.settings.id}"


def _reader(context: SceneContext) -> AirReader:
    reader: AirReader | None = context.memory.get("air_reader")
    if reader is None:
        reader = context.memory["air_reader"] = AirReader(context.sensing, STATION_KIND, context.settings.time_zone)
    return reader


def _nothing() -> dict[str, Any]:
    empty = {"aqi": None, "class": None, "primary": None}
    return {"city": empty, "stations": [], "forecast": None, "advice": [], "alert": None, "notes": [_NO_STATION]}


def _shown(context: SceneContext, air: CityAir, at: datetime) -> dict[str, Any]:
    now = np.column_stack([air.city[:, air.last], air.stations[:, :, air.last].T])  # the city, then each station
    parts = aqi(dict(zip(POLLUTANTS, now, strict=True)))
    index = np.where(without_index(now), np.nan, parts.value)
    alert = context.alerts.firing_at(_rule(context), _resource(context), at)
    forecasts = _forecasts(context, air)
    return {
        "city": _air(parts, index, 0, now[:, 0]) | {"aqi_24h": air.warning, "observed": format_instant(air.moment)},
        "stations": [
            {
                "thing": thing.id,
                "name": {"zh": thing.zh, "en": thing.en},
                "lon": thing.lon,
                "lat": thing.lat,
                "background": bool(thing.properties.get("background")),
                **_air(parts, index, row, now[:, row]),
            }
            for row, thing in enumerate(air.things, 1)
        ],
        **forecasts,
        "advice": _advice(alert.severity if alert else None, float(index[0])),
        "alert": alert.id if alert else None,
        "notes": [_NOT_THE_PLAN, *([] if forecasts["forecast"] else [_TOO_SHORT])],
    }


def _air(parts: Aqi, index: Hours, row: int, values: Hours) -> dict[str, Any]:
    number = _number(index[row], 0)
    grade = None if number is None else aqi_class(number)
    return {
        "aqi": number,
        "class": grade and {"level": grade.level, "zh": grade.zh, "en": grade.en, "colour": grade.colour_hex},
        "primary": None if number is None else str(parts.primary[row]) or None,
        "iaqi": {each: _number(parts.iaqi[each][row], 0) for each in POLLUTANTS},
        "values": {each: _number(value, 2) for each, value in zip(POLLUTANTS, values, strict=True)},
    }


def _number(value: float, digits: int) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _advice(severity: Severity | None, index: float) -> list[dict[str, Any]]:
    if severity:
        rows = _ADVICE[severity]
        return [{"audience": who, "zh": zh, "en": en, "citation": _BY_PLAN} for who, zh, en in rows]
    if not math.isfinite(index):
        return []
    grade = aqi_class(index)
    return [{"audience": _RESIDENTS, "zh": grade.advice_zh, "en": grade.advice_en, "citation": _BY_STANDARD}]


def _wording(context: SceneContext, severity: Severity, value: float | None) -> tuple[str, str]:
    zh, en = context.settings.name_zh, context.settings.name_en
    shown = "-" if value is None else f"{value:.0f}"
    return (
        f"{zh}空气质量{severity.zh}预警：近24小时平均指数{shown}",
        f"{en} air quality, {severity.en} warning: 24-hour mean index {shown}",
    )


def _write_indicators(context: SceneContext, air: CityAir, sources: tuple[str, ...]) -> Sequence[dict[str, Any]]:
    for each in INDICATORS:
        context.indicators.define(replace(each, sources=sources, classification=context.classification))
    local = _local(context, air.moment)
    year = (local - local.replace(month=1, day=1)).days
    midnight = air.last // DAY_H
    days = daily_index(air.city[:, : midnight * DAY_H])[max(0, midnight - year) :]
    valid = days[np.isfinite(days)]
    pm25 = trailing_mean(air.city[_PM25, max(0, air.last + 1 - DAY_H) : air.last + 1], DAY_H, at_least=20)[-1]
    values = {
        "city_aqi": _number(air.index[air.last], 0),
        "city_pm25_24h": _number(pm25, 1),
        "good_air_days": _number(100.0 * float((valid <= _GOOD_UP_TO).mean()), 1) if valid.size else None,
        "stations_reporting": float(np.isfinite(air.stations[:, :, air.last]).any(axis=1).sum()),
    }
    readings = [Reading(key, value, "missing" if value is None else "good", sources) for key, value in values.items()]
    return [each.as_json() for each in context.indicators.put_many(air.moment, readings)]


def _local(context: SceneContext, moment: datetime) -> datetime:
    return moment.astimezone(zone(context.settings.time_zone)).replace(tzinfo=None)


def _forecasts(context: SceneContext, air: CityAir) -> dict[str, Any]:
    series = (air.index, air.city[_PM25])
    return {
        key: _forecast(context, air, variable, unit, hours[: air.last + 1])
        for (key, variable, unit), hours in zip(_SERIES, series, strict=True)
    }


def _forecast(context: SceneContext, air: CityAir, variable: str, unit: str, hours: Hours) -> dict[str, Any] | None:
    model, tested = _fitted(context, air, variable, hours[: hours.size // DAY_H * DAY_H])
    found = predict(model, hours) if model and air.known else None
    if found is None or tested is None:
        return None
    total = asdict(tested.total)
    kept = ("mae", "rmse", "bias", "coverage", "persistence_mae", "climatology_mae")
    groups = [{**asdict(group), "skill": group.skill} for group in tested.groups]
    bands = zip(found.value, found.low, found.high, strict=True)
    return {
        "variable": variable,
        "unit": unit,
        "model": _MODEL,
        "backtest": {
            "hours": tested.origins,
            "days": tested.days,
            **{name: round(total[name], 3) for name in kept},
            "skill": round(tested.total.skill, 3),
        },
        "horizons": [{k: round(v, 3) for k, v in group.items()} for group in groups],
        "items": [
            {
                "time": format_instant(air.moment + ahead * HOUR),
                "value": round(float(value), 1),
                "low": round(float(low), 1),
                "high": round(float(high), 1),
            }
            for ahead, (value, low, high) in enumerate(bands, 1)
        ],
    }


def _fitted(context: SceneContext, air: CityAir, variable: str, past: Hours) -> tuple[Model | None, Backtest | None]:
    """Return the day's model and back-test, from the whole days before it; fitted once a day, kept for some days."""
    kept: dict[Any, tuple[Model | None, Backtest | None]] = context.memory.setdefault("air_models", {})
    key = (variable, air.start, past.size, int(np.isfinite(past).sum()))
    if key not in kept:
        while len(kept) >= _MODELS_KEPT * len(_SERIES):
            kept.pop(next(iter(kept)), None)
        kept[key] = (fit(past), backtest(past))
    return kept[key]
