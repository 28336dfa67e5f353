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
        Unit("[ppm]", "ppm", "百万分比", "parts per million", "ratio", 1e-6),
        Unit("{index}", "", "指数", "index", "index"),
        Unit("{count}", "", "个", "count", "count"),
        Unit("{count}/{10k persons}", "个/万人", "个每万人", "per 10,000 persons", "count by persons"),
        Unit("{person}", "人", "人", "persons", "persons"),
        Unit("k{person}", "千人", "千人", "thousand persons", "persons", 1000.0),
        Unit("g/m3", "g/m³", "克每立方米", "grams per cubic metre", "mass concentration"),
        Unit("mg/m3", "mg/m³", "毫克每立方米", "milligrams per cubic metre", "mass concentration", 1e-3),
        Unit("ug/m3", "µg/m³", "微克每立方米", "micrograms per cubic metre", "mass concentration", 1e-6),
        Unit("m", "m", "米", "metres", "length"),
        Unit("km", "km", "千米", "kilometres", "length", 1000.0),
        Unit("cm", "cm", "厘米", "centimetres", "length", 1e-2),
        Unit("mm", "mm", "毫米", "millimetres", "length", 1e-3),
        Unit("m2", "m²", "平方米", "square metres", "area"),
        Unit("km2", "km²", "平方千米", "square kilometres", "area", 1e6),
        Unit("s", "s", "秒", "seconds", "time"),
        Unit("min", "min", "分钟", "minutes", "time", 60.0),
        Unit("h", "h", "小时", "hours", "time", 3600.0),
        Unit("d", "d", "天", "days", "time", 86_400.0),
        Unit("a", "a", "年", "years", "time", 31_557_600.0),
        Unit("m/s", "m/s", "米每秒", "metres per second", "speed"),
        Unit("km/h", "km/h", "千米每小时", "kilometres per hour", "speed", 1 / 3.6),
        Unit("K", "K", "开尔文", "kelvin", "temperature"),
        Unit("Cel", "°C", "摄氏度", "degrees Celsius", "temperature", 1.0, 273.15),
        Unit("Pa", "Pa", "帕", "pascals", "pressure"),
        Unit("hPa", "hPa", "百帕", "hectopascals", "pressure", 100.0),
        Unit("kPa", "kPa", "千帕", "kilopascals", "pressure", 1000.0),
        Unit("bar", "bar", "巴", "bars", "pressure", 1e5),
        Unit("deg", "°", "度", "degrees", "angle"),
        Unit("m3/s", "m³/s", "立方米每秒", "cubic metres per second", "volume flow"),
        Unit("m3/h", "m³/h", "立方米每小时", "cubic metres per hour", "volume flow", 1 / 3600.0),
        Unit("L/s", "L/s", "升每秒", "litres per second", "volume flow", 1e-3),
        Unit("V", "V", "伏", "volts", "electric potential"),
        Unit("A", "A", "安", "amperes", "electric current"),
        Unit("Hz", "Hz", "赫兹", "hertz", "frequency"),
        Unit("W", "W", "瓦", "watts", "power"),
        Unit("kW", "kW", "千瓦", "kilowatts", "power", 1000.0),
        Unit("MW", "MW", "兆瓦", "megawatts", "power", 1e6),
        Unit("kW.h", "kWh", "千瓦时", "kilowatt-hours", "energy", 3.6e6),
        Unit("J", "J", "焦", "joules", "energy"),
        Unit("dB", "dB", "分贝", "decibels", "level"),
        Unit("lx", "lx", "勒克斯", "lux", "illuminance"),
        Unit("cd/m2", "cd/m²", "坎德拉每平方米", "candelas per square metre", "luminance"),
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
