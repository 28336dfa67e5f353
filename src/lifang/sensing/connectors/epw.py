"""A year of hourly weather from an EPW file, the form of EnergyPlus."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from pydantic import Field

from lifang.core import BadInput, TooLarge, to_micros
from lifang.outside import Loaded, WebOrFile, load
from lifang.sensing.connectors.mapping import Issue, Record
from lifang.sensing.connectors.running.model import ConnectorSpec, Context, Portion

_HEADERS = 8
_BYTES_MAX = 50_000_000
_ROWS = 2000
_CELLS = 35  # of a row; the last ones may be left out
_CELLS_MIN = 22


class Options(WebOrFile):
    """Keys of ``[source]``."""

    year: int = Field(0, ge=0, le=9999, description="The year to lay the values in; that of each row if not given.")


# name: zh, en, unit to store, unit of the file, how missing is written (EnergyPlus: Auxiliary Programs, EPW data)
_COLUMNS: Mapping[str, tuple[str, str, str, str, tuple[float, ...]]] = {
    "dry_bulb": ("干球温度", "Dry bulb temperature", "Cel", "Cel", (99.9,)),
    "dew_point": ("露点温度", "Dew point", "Cel", "Cel", (99.9,)),
    "humidity": ("相对湿度", "Relative humidity", "%", "%", (999.0,)),
    "pressure": ("气压", "Atmospheric pressure", "hPa", "Pa", (999_999.0,)),
    "extraterrestrial_horizontal": (
        "水平面天文辐射",
        "Extraterrestrial horizontal radiation",
        "Wh/m2",
        "Wh/m2",
        (9999.0,),
    ),
    "extraterrestrial_normal": (
        "法向天文辐射",
        "Extraterrestrial direct normal radiation",
        "Wh/m2",
        "Wh/m2",
        (9999.0,),
    ),
    "infrared_horizontal": ("水平面红外辐射", "Horizontal infrared radiation", "Wh/m2", "Wh/m2", (9999.0,)),
    "global_horizontal": ("水平面总辐射", "Global horizontal radiation", "Wh/m2", "Wh/m2", (9999.0,)),
    "direct_normal": ("法向直射辐射", "Direct normal radiation", "Wh/m2", "Wh/m2", (9999.0,)),
    "diffuse_horizontal": ("水平面散射辐射", "Diffuse horizontal radiation", "Wh/m2", "Wh/m2", (9999.0,)),
    "global_illuminance": ("水平面总照度", "Global horizontal illuminance", "lx", "lx", (999_999.0,)),
    "direct_illuminance": ("法向直射照度", "Direct normal illuminance", "lx", "lx", (999_999.0,)),
    "diffuse_illuminance": ("水平面散射照度", "Diffuse horizontal illuminance", "lx", "lx", (999_999.0,)),
    "zenith_luminance": ("天顶亮度", "Zenith luminance", "cd/m2", "cd/m2", (9999.0,)),
    "wind_direction": ("风向", "Wind direction", "deg", "deg", (999.0,)),
    "wind_speed": ("风速", "Wind speed", "m/s", "m/s", (999.0,)),
    "total_sky_cover": ("总云量（十分数）", "Total sky cover (tenths)", "1", "1", (99.0,)),
    "opaque_sky_cover": ("不透明云量（十分数）", "Opaque sky cover (tenths)", "1", "1", (99.0,)),
    "visibility": ("能见度", "Visibility", "km", "km", (9999.0,)),
    "ceiling": ("云底高", "Ceiling height", "m", "m", (99_999.0,)),
    "precipitable_water": ("可降水量", "Precipitable water", "mm", "mm", (999.0,)),
    "aerosol_optical_depth": ("气溶胶光学厚度", "Aerosol optical depth", "1", "1", (0.999,)),
    "snow_depth": ("积雪深度", "Snow depth", "cm", "cm", (999.0,)),
    "days_since_snow": ("距上次降雪天数", "Days since last snowfall", "d", "d", (99.0,)),
    "albedo": ("反照率", "Albedo", "1", "1", (999.0,)),
    "rain_depth": ("降水量", "Liquid precipitation depth", "mm", "mm", (999.0,)),
    "rain_hours": ("降水时长", "Liquid precipitation quantity", "h", "h", (99.0,)),
}
_NAMES = ("year", "month", "day", "hour", "minute", "flags", *list(_COLUMNS)[:20], "weather_observation",
          "weather_codes", *list(_COLUMNS)[20:])  # fmt: skip
_MISSING_FROM = {
    "global_illuminance": 999_900.0,
    "direct_illuminance": 999_900.0,
    "diffuse_illuminance": 999_900.0,
    "zenith_luminance": 9999.0,
}  # these and all above are missing, by the same dictionary
_TENTHS = {"total_sky_cover": 0.1, "opaque_sky_cover": 0.1}

spec = ConnectorSpec(
    id="epw",
    zh="EPW 气象年文件",
    en="EPW weather file",
    says=(
        "读入一个 EPW 文件的逐时气象：各列带单位，缺测码记为缺测，时区取自文件头，"
        "典型气象年的说明随数据保存。时刻为该小时结束。",
        "Takes the hourly weather of an EPW file: each column with its unit, missing codes as missing, the time zone "
        "from the header; that it is a typical year, and of which years, is kept. A moment is the end of its hour.",
    ),
    options=Options,
    citation="EnergyPlus Auxiliary Programs: EnergyPlus Weather File (EPW) Data Dictionary",
    reads=("file", "web"),
    fields=dict.fromkeys(("time", "wmo", "city", "lon", "lat", "elevation"), "from the header")
    | {name: f"{each[1]}, {each[3]}" for name, each in _COLUMNS.items()},
    given={
        "every_s": 86_400.0,
        "time": {"field": "time"},
        "thing": {
            "id": "epw-{wmo}",
            "zh": "{city}",
            "en": "{city}",
            "kind": "weather station",
            "lon": "lon",
            "lat": "lat",
            "properties": {"elevation_m": "{elevation}"},
        },
        "values": [
            {
                "field": name,
                "zh": zh,
                "en": en,
                "unit": unit,
                "source_unit": speaks,
                "period_s": 3600,
                "missing": list(missing),
                "scale": _TENTHS.get(name, 1.0),
            }
            for name, (zh, en, unit, speaks, missing) in _COLUMNS.items()
        ],
    },
    example="""\
kind = "epw"
zh = "双流机场典型气象年"
en = "Typical year at Shuangliu airport"
classification = "open"
only = ["dry_bulb", "humidity", "wind_speed", "global_horizontal"]

[source]
path = "inbox/chengdu.epw"
""",
)


@dataclass(frozen=True)
class _Station:
    fields: Mapping[str, Any]
    zone: timezone
    notes: Mapping[str, Any]


def pull(options: Options, checkpoint: Mapping[str, Any], context: Context) -> Iterator[Portion]:
    """Yield the hours of the file, unless it is the one that was taken last; a broken file yields nothing."""
    loaded = load(options, checkpoint, folder=context.folder, timeout_s=context.left_s, stopping=context.stopping)
    if loaded is None:
        return
    try:
        lines = list(csv.reader(io.StringIO(_text(loaded), newline="")))
    except csv.Error as error:
        raise BadInput(f"The text cannot be read: {error}.", where=loaded.name, mend="Fetch the file anew.") from error
    station = _station(lines[:_HEADERS], loaded.name)
    received = to_micros(context.clock.now())
    rows: list[Record] = []
    issues: list[Issue] = []
    for row, cells in enumerate(lines[_HEADERS:], start=_HEADERS + 1):
        if cells:
            try:
                rows.append(Record(row, _fields(cells, options.year, station), received))
            except (ValueError, OverflowError) as error:
                what = f"Read as year, month, day, hour, minute and {_CELLS - 5} cells: {error}."
                issues.append(Issue(loaded.name, row, "", ",".join(cells)[:60], "row", what))
    for start in range(0, max(1, len(rows)), _ROWS):
        whole = start + _ROWS >= len(rows)
        yield Portion(
            loaded.name,
            records=rows[start : start + _ROWS],
            issues=issues if start == 0 else (),
            checkpoint=loaded.checkpoint if whole else None,
            zone=station.zone,
            properties=station.notes,
        )


def _text(loaded: Loaded) -> str:
    body = loaded.body
    if body[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(body)) as stream:
                body = stream.read(_BYTES_MAX + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BadInput(f"The gzip is broken: {error}.", where=loaded.name, mend="Fetch the file anew.") from error
    if len(body) > _BYTES_MAX:
        raise TooLarge(f"A year of weather has no {_BYTES_MAX:,} bytes.", where=loaded.name, mend="Check the file.")
    return body.decode("utf-8-sig", errors="replace").replace("\0", "")


def _station(lines: list[list[str]], name: str) -> _Station:
    """Return what the header says of the place, its clock and its years; ``BadInput`` if it is no EPW header."""
    head = {cells[0].strip().upper(): cells[1:] for cells in lines if cells}
    place = head.get("LOCATION", [])
    try:
        city, region, country, source, wmo, *numbers = (each.strip() for each in place[:9])
        lat, lon, hours, elevation = map(float, numbers)
        if not (-90 <= lat <= 90 and -180 <= lon <= 180 and -14 <= hours <= 14):
            raise ValueError("the numbers are no place on Earth")
    except ValueError as error:
        raise BadInput(
            f"This is no EPW file: {error}.",
            where=f"{name}: LOCATION",
            mend="The first line names city, …, WMO number, latitude, longitude, time zone, elevation.",
        ) from error
    if "DATA PERIODS" not in head:
        raise BadInput("The header has no DATA PERIODS.", where=f"{name}: line {_HEADERS}", mend="Fetch it anew.")
    comments = [" ".join(head.get(f"COMMENTS {number}", [])).strip() for number in (1, 2)]
    fields = {"city": city, "region": region, "country": country, "wmo": wmo or city, "lat": lat, "lon": lon}
    told = [each for each in comments if each]
    notes = {"source": source, "comments": told, "file": name, "utc_offset_h": hours}
    if "TMY" in source.upper() or any("period of record" in each.lower() for each in told):
        notes["typical_year"] = True
    return _Station({**fields, "elevation": elevation}, timezone(timedelta(hours=hours)), notes)


def _fields(cells: list[str], year: int, station: _Station) -> dict[str, Any]:
    if not _CELLS_MIN <= len(cells) <= _CELLS:
        raise ValueError(f"there are {len(cells)} cells")
    named = dict(zip(_NAMES, cells, strict=False))
    taken, month, day, hour = (int(named[name]) for name in ("year", "month", "day", "hour"))
    if not 1 <= hour <= 24:
        raise ValueError(f"hour {hour}")
    for name, bound in _MISSING_FROM.items():
        if float(named.get(name) or 0.0) >= bound:
            named[name] = str(_COLUMNS[name][4][0])
    moment = datetime(year or taken, month, day, tzinfo=station.zone) + timedelta(hours=hour)
    return {**named, **station.fields, "time": moment.astimezone(UTC)}
