"""What a GTFS feed must hold together: keys are unique, references lead somewhere, places and times are possible."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lifang.core import BadInput, zone
from lifang.sensing.connectors.timetable.feed import Fault, Feed

# GTFS Schedule Reference: files and fields that are required (those of which one is enough are checked below).
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "agency": ("agency_name", "agency_timezone"),
    "stops": ("stop_id",),
    "routes": ("route_id", "route_type"),
    "trips": ("route_id", "service_id", "trip_id"),
    "stop_times": ("trip_id", "stop_sequence"),
}
_KEYS = {"stops": ("stop_id",), "routes": ("route_id",), "trips": ("trip_id",), "calendar": ("service_id",),
         "agency": ("agency_id",), "stop_times": ("trip_id", "stop_sequence")}  # fmt: skip
_REFERENCES = (
    ("trips", "route_id", "routes", "route_id"),
    ("stop_times", "trip_id", "trips", "trip_id"),
    ("stop_times", "stop_id", "stops", "stop_id"),
    ("stops", "parent_station", "stops", "stop_id"),
    ("routes", "agency_id", "agency", "agency_id"),
)
_TIME = re.compile(r"\d{1,3}:[0-5]\d:[0-5]\d")
_PLACED = frozenset({"", "0", "1", "2"})  # kinds of stop that need a position: stop, station, entrance


def check_feed(feed: Feed) -> list[Fault]:
    """Return every fault of the feed, those of reading it first."""
    found = [*feed.faults, *_missing(feed)]
    if found:
        return found  # what is missing would make all that refers to it wrong, too
    checks = (_keys, _references, _stops, _stop_times, _services, _zones)
    return [fault for check in checks for fault in check(feed)]


def _missing(feed: Feed) -> Iterator[Fault]:
    unread = {fault.where for fault in feed.faults}
    for name, columns in _REQUIRED.items():
        table = feed.tables.get(name)
        if table is None:
            if f"{name}.txt" not in unread:
                yield Fault(f"{name}.txt", 0, "", "", "required file", "The feed must hold this file.")
            continue
        for column in columns:
            if column not in table.columns:
                yield Fault(table.file, 1, column, "", "required column", "The file must have this column.")
    if not {"calendar", "calendar_dates"} & feed.tables.keys() and not {"calendar.txt", "calendar_dates.txt"} & unread:
        yield Fault("calendar.txt", 0, "", "", "required file", "Give calendar.txt or calendar_dates.txt.")


def _keys(feed: Feed) -> Iterator[Fault]:
    for name, columns in _KEYS.items():
        seen: dict[tuple[str, ...], int] = {}
        for line, row in feed.rows(name):
            key = tuple(row.get(column, "") for column in columns)
            if not any(key):
                if name != "agency":  # one agency needs no id
                    yield Fault(f"{name}.txt", line, columns[0], "", "key", "Every row needs its id.")
                continue
            if key in seen:
                mend = f"The same id stands on line {seen[key]}."
                yield Fault(f"{name}.txt", line, ", ".join(columns), " ".join(key), "unique", mend)
            seen.setdefault(key, line)


def _references(feed: Feed) -> Iterator[Fault]:
    for source, column, target, key in _REFERENCES:
        known = {row.get(key, "") for _, row in feed.rows(target)}
        for line, row in feed.rows(source):
            value = row.get(column, "")
            if value and value not in known:
                yield Fault(f"{source}.txt", line, column, value, "reference", f"{target}.txt has no such {key}.")


def _stops(feed: Feed) -> Iterator[Fault]:
    for line, row in feed.rows("stops"):
        if row.get("location_type", "") in _PLACED:
            for column, bound in (("stop_lat", 90.0), ("stop_lon", 180.0)):
                value = row.get(column, "")
                if not _within(value, bound):
                    yield Fault("stops.txt", line, column, value, "position", f"Give degrees, -{bound:g} to {bound:g}.")


def _within(value: str, bound: float) -> bool:
    try:
        return -bound <= float(value) <= bound
    except ValueError:
        return False


def _stop_times(feed: Feed) -> Iterator[Fault]:
    ends: dict[str, list[tuple[int, int, dict[str, str]]]] = {}
    for line, row in feed.rows("stop_times"):
        sequence = row.get("stop_sequence", "")
        if not sequence.isdigit():
            yield Fault(
                "stop_times.txt", line, "stop_sequence", sequence, "sequence", "Give a whole number, 0 or more."
            )
            continue
        for column in ("arrival_time", "departure_time"):
            value = row.get(column, "")
            if value and not _TIME.fullmatch(value):
                yield Fault("stop_times.txt", line, column, value, "time", "Write HH:MM:SS.")
        if bool(row.get("arrival_time")) != bool(row.get("departure_time")):
            column = "departure_time" if row.get("arrival_time") else "arrival_time"
            yield Fault("stop_times.txt", line, column, "", "time", "Give both arrival and departure, or neither.")
        ends.setdefault(row.get("trip_id", ""), []).append((int(sequence), line, row))
    for visits in ends.values():
        for _, line, row in (min(visits, key=_order), max(visits, key=_order)):
            if not (row.get("arrival_time") or row.get("departure_time")):
                yield Fault(
                    "stop_times.txt", line, "arrival_time", "", "time", "A trip's first and last stop need times."
                )


def _order(visit: tuple[int, int, dict[str, str]]) -> int:
    return visit[0]


def _services(feed: Feed) -> Iterator[Fault]:
    known = {row.get("service_id", "") for name in ("calendar", "calendar_dates") for _, row in feed.rows(name)}
    for line, row in feed.rows("trips"):
        if row.get("service_id", "") not in known:
            mend = "Neither calendar.txt nor calendar_dates.txt has this service."
            yield Fault("trips.txt", line, "service_id", row.get("service_id", ""), "reference", mend)


def _zones(feed: Feed) -> Iterator[Fault]:
    for line, row in feed.rows("agency"):
        value = row.get("agency_timezone", "")
        try:
            zone(value)
        except BadInput as error:
            yield Fault("agency.txt", line, "agency_timezone", value, "time zone", error.mend)
