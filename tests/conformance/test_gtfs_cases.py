"""GTFS feeds that others published: good ones come in whole, broken ones are told fault by fault and leave nothing."""

from __future__ import annotations

import io
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lifang.core import SystemClock
from lifang.guard import SYSTEM
from lifang.sensing import Sensing
from lifang.sensing.connectors import Connectors, Issue, Status
from lifang.store import Store

CASES = Path(__file__).parent / "cases" / "gtfs"
_CONFIG = 'kind = "gtfs"\n[source]\npath = "feed.zip"\nprefix = "t-"\n{more}\n'


def zipped(folder: Path) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return sink.getvalue()


class City:
    """A city with one GTFS connector."""

    def __init__(self, folder: Path) -> None:
        self.folder, clock = folder, SystemClock()
        self.sensing = Sensing(Store.open(folder, clock=clock, memory_mb=128, threads=1), clock)
        self.sensing.start()
        store = self.sensing.store
        self.room = Connectors(
            store, self.sensing, clock, folder=folder, city_zone="Asia/Shanghai", centre=(104.0, 30.6)
        )

    def bring(self, feed: bytes, more: str = "") -> Status:
        (self.folder / "feed.zip").write_bytes(feed)
        self.room.add("gtfs", _CONFIG.format(more=more), by=SYSTEM, replace=True)
        return self.room.pull("gtfs", by=SYSTEM)

    def issues(self) -> list[Issue]:
        return [each.issue for each in self.room.issues("gtfs", limit=1000)]


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path / "city")
    yield made
    made.room.close()
    made.sensing.close()
    made.sensing.store.close()


def test_the_good_feed_comes_in_whole_with_the_routes_of_each_stop(city: City) -> None:
    status = city.bring((CASES / "good_feed.zip").read_bytes())
    assert status.state == "running", city.issues()
    assert status.counts["things"] == len(city.sensing.things()) == 10
    stop = city.sensing.thing("t-BEATTY_AIRPORT")
    assert (stop.lon, stop.lat, stop.zh) == (-116.784582, 36.868446, "Nye County Airport (Demo)")
    assert [each["id"] for each in stop.properties["routes"]] == ["AAMV", "AB", "STBA"]
    assert stop.properties["parent_station"] == "BEATTY_AIRPORT_STATION"
    assert city.sensing.thing("t-STAGECOACH").properties["routes"][0]["name"] == "Ō"
    assert city.sensing.thing("t-NANAA").properties["agency"] == "Autorité de passage de démonstration"
    again = city.room.pull("gtfs", by=SYSTEM)
    assert again.counts["things"] == status.counts["things"]


@pytest.mark.parametrize(
    "name", ["good_feed", "unused_stop", "repeated_route_name", "duplicate_stop", "filter_unusual_trips"]
)
def test_what_is_only_unusual_is_taken(city: City, name: str) -> None:
    assert city.bring(zipped(CASES / name)).state == "running", city.issues()
    assert city.sensing.things()


@pytest.mark.parametrize(
    ("name", "file", "column", "rule"),
    [
        ("contains_null", "stops.txt", "", "null"),
        ("empty_file", "agency.txt", "", "empty"),
        ("invalid_route_agency", "routes.txt", "agency_id", "reference"),
        ("missing_calendar", "calendar.txt", "", "required file"),
        ("missing_departure_time", "stop_times.txt", "departure_time", "time"),
        ("missing_routes", "routes.txt", "", "required file"),
        ("missing_stop_times", "stop_times.txt", "", "required file"),
        ("missing_trips", "trips.txt", "", "required file"),
        ("negative_stop_sequence", "stop_times.txt", "stop_sequence", "sequence"),
        ("undefined_stop", "stop_times.txt", "stop_id", "reference"),
        ("utf16", "stops.txt", "", "utf-8"),
        ("au-sydney-entrances", "trips.txt", "", "required file"),
    ],
)
def test_a_broken_feed_is_told_by_file_line_column_and_rule_and_nothing_of_it_is_taken(
    city: City, name: str, file: str, column: str, rule: str
) -> None:
    status = city.bring(zipped(CASES / name))
    assert status.state == "failing"
    assert "Nothing of the feed was taken" in status.troubles[0].mend
    faults = city.issues()
    assert (file, column, rule) in {(each.where, each.column, each.rule) for each in faults}
    assert all(each.mend for each in faults)
    assert all(each.row for each in faults if each.column)
    assert city.sensing.things() == []


def good(change: Callable[[str, bytes], bytes | None]) -> bytes:
    """Return the good feed with each file as ``change`` makes it, left out where that is ``None``."""
    sink = io.BytesIO()
    with zipfile.ZipFile(CASES / "good_feed.zip") as source, zipfile.ZipFile(sink, "w") as target:
        for info in source.infolist():
            content = change(info.filename, source.read(info))
            if content is not None:
                target.writestr(info.filename, content)
    return sink.getvalue()


def encrypted(feed: bytes) -> bytes:
    """Return the zip with every file marked as encrypted."""
    body = bytearray(feed)
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = body.find(sign)
        while place >= 0:
            (flags,) = struct.unpack_from("<H", body, place + offset)
            struct.pack_into("<H", body, place + offset, flags | 1)
            place = body.find(sign, place + 4)
    return bytes(body)


def test_line_ends_that_are_none_are_told(city: City) -> None:
    assert city.bring((CASES / "bad_eol.zip").read_bytes()).state == "failing"
    assert {(each.where, each.rule) for each in city.issues()} == {("routes.txt", "line ends")}


def test_what_is_no_zip_of_a_feed_is_told(city: City) -> None:
    whole = (CASES / "good_feed.zip").read_bytes()
    nested = zipped(CASES / "googletransit")
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    for body in (
        (CASES / "unknown_format.zip").read_bytes(),
        b"",
        whole[:-50],
        encrypted(whole),
        nested,
        empty.getvalue(),
    ):
        status = city.bring(body)
        assert status.state == "failing"
        assert status.troubles[0].mend
    assert city.sensing.things() == []


def test_a_zip_that_unpacks_past_the_bound_is_refused(city: City) -> None:
    bomb = good(lambda name, body: b"\n" * 30_000_000 if name == "stop_times.txt" else body)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target, zipfile.ZipFile(io.BytesIO(bomb)) as source:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))
    status = city.bring(packed.getvalue(), "unpacked_max = 1_000_000")
    assert "unpacks" in status.troubles[0].what


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("stops.txt", b"36.425288", b"96.425288", "position"),
        ("stops.txt", b"BULLFROG,", b"FUR_CREEK_RES,", "unique"),
        ("stops.txt", b"36.425288", b"north", "position"),
        ("agency.txt", b"America/Los_Angeles", b"Mars/Olympus", "time zone"),
        ("stop_times.txt", b"STBA,6:00:00", b"STBA,6:70:00", "time"),
        ("trips.txt", b"AB,FULLW,AB1", b"AB,NEVER,AB1", "reference"),
        ("stops.txt", b"stop_id,", b"stop_name,", "header"),
        ("routes.txt", b"route_type", b"route_kind", "required column"),
        ("stops.txt", b"\n", b"\r", "line ends"),
        ("stops.txt", b"Furnace", b"\xff\xfe", "utf-8"),
        ("stops.txt", b"(Demo),,", b"(Demo),,,,,,,,", "columns"),
    ],
)
def test_one_wrong_cell_refuses_the_whole_feed(city: City, file: str, old: bytes, new: bytes, rule: str) -> None:
    status = city.bring(
        good(lambda name, body: body.replace(old, new, 1 if old != b"\n" else -1) if name == file else body)
    )
    assert status.state == "failing"
    assert rule in {each.rule for each in city.issues()}
    assert city.sensing.things() == []


def test_a_broken_feed_after_a_good_one_leaves_what_was_there(city: City) -> None:
    city.bring((CASES / "good_feed.zip").read_bytes())
    before = city.sensing.things()
    assert city.bring(zipped(CASES / "undefined_stop")).state == "failing"
    assert city.sensing.things() == before
    moved = good(lambda name, body: body.replace(b"36.425288", b"36.5") if name == "stops.txt" else body)
    assert city.bring(moved).state == "running"
    assert city.sensing.thing("t-FUR_CREEK_RES").lat == 36.5


def test_a_stop_inside_a_station_stands_where_the_station_is(city: City) -> None:
    inner = b"BEATTY_NODE,Node,,,,,,1236,3,BEATTY_AIRPORT_STATION\n"
    status = city.bring(good(lambda name, body: body.rstrip(b"\n") + b"\n" + inner if name == "stops.txt" else body))
    assert status.state == "running", city.issues()
    assert city.sensing.thing("t-BEATTY_NODE").lat == 36.868446
