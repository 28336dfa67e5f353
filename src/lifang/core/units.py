"""Units of measure: UCUM codes with names in Chinese and English, and conversion within a quantity."""

from __future__ import annotations

from dataclasses import dataclass

from lifang.core.errors import BadInput, UnknownCode


@dataclass(frozen=True)
class Unit:
    """One unit: ``code`` by UCUM, the ``symbol`` people read, ``factor`` and ``offset`` to the quantity's base unit."""

    code: str
    symbol: str
    zh: str
    en: str
    quantity: str
    factor: float = 1.0
    offset: float = 0.0


_UNITS = {
    unit.code: unit
    for unit in (
        Unit("1", "", "无量纲", "dimensionless", "ratio"),
        Unit("%", "%", "百分比", "per cent", "ratio", 0.01),
        Unit("{index}", "", "指数", "index", "index"),
        Unit("{count}", "", "个", "count", "count"),
        Unit("{person}", "人", "人", "persons", "persons"),
        Unit("k{person}", "千人", "千人", "thousand persons", "persons", 1000.0),
        Unit("g/m3", "g/m³", "克每立方米", "grams per cubic metre", "mass concentration"),
        Unit("mg/m3", "mg/m³", "毫克每立方米", "milligrams per cubic metre", "mass concentration", 1e-3),
        Unit("ug/m3", "µg/m³", "微克每立方米", "micrograms per cubic metre", "mass concentration", 1e-6),
        Unit("m", "m", "米", "metres", "length"),
        Unit("km", "km", "千米", "kilometres", "length", 1000.0),
        Unit("mm", "mm", "毫米", "millimetres", "length", 1e-3),
        Unit("m2", "m²", "平方米", "square metres", "area"),
        Unit("km2", "km²", "平方千米", "square kilometres", "area", 1e6),
        Unit("s", "s", "秒", "seconds", "time"),
        Unit("h", "h", "小时", "hours", "time", 3600.0),
        Unit("a", "a", "年", "years", "time", 31_557_600.0),
        Unit("m/s", "m/s", "米每秒", "metres per second", "speed"),
        Unit("km/h", "km/h", "千米每小时", "kilometres per hour", "speed", 1 / 3.6),
        Unit("K", "K", "开尔文", "kelvin", "temperature"),
        Unit("Cel", "°C", "摄氏度", "degrees Celsius", "temperature", 1.0, 273.15),
        Unit("Pa", "Pa", "帕", "pascals", "pressure"),
        Unit("hPa", "hPa", "百帕", "hectopascals", "pressure", 100.0),
        Unit("deg", "°", "度", "degrees", "angle"),
        Unit("W/m2", "W/m²", "瓦每平方米", "watts per square metre", "irradiance"),
        Unit("Wh/m2", "Wh/m²", "瓦时每平方米", "watt-hours per square metre", "irradiation"),
        Unit("{births}/{woman}", "", "每名妇女生育数", "births per woman", "fertility"),
        Unit("/a", "/a", "每年", "per year", "rate"),
    )
}


def unit(code: str) -> Unit:
    """Return the unit with this UCUM code, or ``UnknownCode``."""
    try:
        return _UNITS[code]
    except KeyError:
        raise UnknownCode(f"{code!r} is not a known unit.", mend=f"Known: {', '.join(sorted(_UNITS))}.") from None


def units() -> list[Unit]:
    """Return every known unit, by quantity."""
    return sorted(_UNITS.values(), key=lambda each: (each.quantity, each.code))


def convert(value: float, source: str, target: str) -> float:
    """Return ``value`` given in unit ``source`` in unit ``target``; ``BadInput`` if they measure different things."""
    here, there = unit(source), unit(target)
    if here.quantity != there.quantity:
        raise BadInput(f"{source} measures {here.quantity}, {target} measures {there.quantity}.")
    return (value * here.factor + here.offset - there.offset) / there.factor
