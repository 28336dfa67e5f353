"""EPW: every column with its unit, missing codes, the clock of the header, the note that the year is a typical one."""

from __future__ import annotations

import gzip
import math
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifang.sensing import Quality

from .conftest import Room

CHENGDU = Path(__file__).parents[4] / "cities" / "chengdu" / "data" / "weather"
_CONFIG = 'kind = "epw"\n{more}\n[source]\npath = "year.epw"\n'
_HEAD = (
    "LOCATION,Test,SC,CHN,SRC,{wmo},30.5,103.9,{zone},495\n"
    "DESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\n"
    "COMMENTS 1,one\nCOMMENTS 2,two\nDATA PERIODS,1,1,Data,Sunday,1/1,12/31\n"
)
_GOOD = (
    "2016,1,1,1,30,?9,8.0,7.0,93,95438,1,2,338,3,4,5,100,200,300,400,350,2.0,5,6,20.0,1219,0,919999999,19,0.085,1,88,"
    "0.14,0.5,1.0"
)
_MISSING = (
    "2016,1,1,2,30,?9,99.9,99.9,999,999999,9999,9999,9999,9999,9999,9999,999950,999999,999900,9999,999,999,99,99,9999,"
    "99999,9,999999999,999,.999,999,99,999,999,99"
)


def put(room: Room, rows: str, *, wmo: str = "1", zone: str = "8.0") -> None:
    (room.folder / "year.epw").write_text(_HEAD.format(wmo=wmo, zone=zone) + rows, "latin-1")


def second(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[misc]


def test_the_typical_year_of_chengdu_comes_in_whole(room: Room) -> None:
    (source,) = CHENGDU.glob("*.epw.gz")
    shutil.copyfile(source, room.folder / "year.epw")
    room.add(_CONFIG.format(more='only = ["dry_bulb", "pressure"]'))
    status = room.pull()
    assert status.state == "running", status
    assert status.counts["values"] == 2 * 8760
    assert status.counts["refused"] == 0
    thing = room.sensing.thing("epw-562940")
    assert (thing.lon, thing.lat) == (103.947, 30.579)
    assert thing.properties["typical_year"] is True
    assert "2009-2023" in thing.properties["comments"][0]
    assert thing.properties["elevation_m"] == "495.3"
    assert room.sensing.datastream("epw-562940.dry_bulb").properties["typical_year"] is True
    lines = gzip.decompress(source.read_bytes()).decode().splitlines()[8:]
    first = lines[0].split(",")
    at = second(int(first[0]), 1, 1, 1) - 8 * 3600  # the first hour ends at one o'clock in Chengdu
    assert room.series("epw-562940.dry_bulb")[at][0] == float(first[6])
    assert room.series("epw-562940.pressure")[at][0] == pytest.approx(float(first[9]) / 100)
    assert room.pull().counts["values"] == 2 * 8760


def test_each_column_has_its_unit_and_missing_codes_are_missing(room: Room) -> None:
    put(room, f"{_GOOD}\n{_MISSING}\n")
    room.add(_CONFIG.format(more=""))
    assert room.pull().counts["values"] == 2 * 27
    good, missing = second(2015, 12, 31, 17), second(2015, 12, 31, 18)
    for stream in room.sensing.datastreams():
        series = room.series(stream.id)
        assert not math.isnan(series[good][0]), stream.id
        assert series[missing][1] == Quality.MISSING, stream.id
    told = {
        name: room.series(f"epw-1.{name}")[good][0]
        for name in ("pressure", "total_sky_cover", "snow_depth", "rain_hours")
    }
    assert told == {"pressure": pytest.approx(954.38), "total_sky_cover": 0.5, "snow_depth": 1.0, "rain_hours": 1.0}
    units = {stream.code: stream.unit for stream in room.sensing.datastreams()}
    assert (units["dry_bulb"], units["global_illuminance"], units["zenith_luminance"]) == ("Cel", "lx", "cd/m2")


def test_hours_are_the_headers_and_the_last_of_a_day_is_midnight(room: Room) -> None:
    put(room, _GOOD.replace("2016,1,1,1,", "2016,2,29,24,") + "\n", zone="-5.5")
    room.add(_CONFIG.format(more='only = ["dry_bulb"]'))
    room.pull()
    assert list(room.series("epw-1.dry_bulb")) == [second(2016, 3, 1, 5, 30)]


def test_a_typical_year_may_be_laid_in_one_year(room: Room) -> None:
    put(room, _GOOD + "\n" + _GOOD.replace("2016,1,1,1,", "2010,2,29,1,") + "\n")
    room.add(_CONFIG.format(more='only = ["dry_bulb"]') + "year = 2025\n")
    room.pull()
    assert list(room.series("epw-1.dry_bulb")) == [second(2024, 12, 31, 17)]
    assert room.issues()[0].row == 10  # 2025 has no 29 February


@pytest.mark.parametrize(
    "content",
    [
        "",
        "hello",
        "LOCATION,Test\n",
        "LOCATION,Test,SC,CHN,SRC,1,north,103.9,8.0,495\nDATA PERIODS,1\n",
        "LOCATION,Test,SC,CHN,SRC,1,95,103.9,8.0,495\nDATA PERIODS,1\n",
        "LOCATION,Test,SC,CHN,SRC,1,30,103.9,80,495\nDATA PERIODS,1\n",
        "LOCATION,Test,SC,CHN,SRC,1,30,103.9,8,495\n",
        "\x1f\u008b broken gzip",
        "x" * 200_000,
    ],
)
def test_what_is_no_epw_file_is_told_and_leaves_nothing(room: Room, content: str) -> None:
    (room.folder / "year.epw").write_bytes(content.encode("latin-1"))
    room.add(_CONFIG.format(more=""))
    status = room.pull()
    assert status.state == "failing"
    assert status.troubles[0].mend
    assert room.sensing.things() == []


@pytest.mark.parametrize("row", ["2016,1,1,25,0" + ",1" * 30, "2016,1,1,0,0" + ",1" * 30, "2016,1,1", "a,b"])
def test_a_row_that_is_no_hour_is_told_by_its_line(room: Room, row: str) -> None:
    put(room, f"{_GOOD}\n{row}\n{_MISSING}\n")
    room.add(_CONFIG.format(more='only = ["dry_bulb"]'))
    status = room.pull()
    assert status.counts["values"] == 2
    assert [each.row for each in room.issues()] == [10]
