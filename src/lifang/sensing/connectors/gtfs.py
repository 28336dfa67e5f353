"""Stops of a public transport timetable (GTFS Schedule), with the routes that serve them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from lifang.core import BadInput
from lifang.guard import Classification
from lifang.outside import WebOrFile, load
from lifang.sensing.connectors.mapping import Issue
from lifang.sensing.connectors.running.model import ConnectorSpec, Context, Portion, Refused
from lifang.sensing.connectors.timetable import Feed, check_feed, read_feed
from lifang.sensing.model import Thing

_SHOWN = 200


class Options(WebOrFile):
    """Keys of ``[source]``."""

    prefix: str = Field("stop-", max_length=64, description="What stands before a stop's id to make it a thing's id.")
    unpacked_max: int = Field(2_000_000_000, ge=1, description="How many bytes the zip may unpack to.")
    classification: str = Field("open", pattern="^(open|shared|restricted)$", description="Of the stops.")


spec = ConnectorSpec(
    id="gtfs",
    zh="GTFS 时刻表",
    en="GTFS timetable",
    says=(
        "读入一个 GTFS 压缩包：整体检查通过后，站点成为设备（Thing），停靠的线路记为其属性；"
        "有任何错误则整包拒收，逐条说明文件、行、列、规则。",
        "Takes a zipped GTFS feed. Once it is checked as a whole, stops become things with the routes that serve them "
        "as a property. A feed with a fault is refused whole, and each fault is told with file, line, column and rule.",
    ),
    options=Options,
    citation="GTFS Schedule Reference",
    reads=("web", "file"),
    writes=("thing",),
    maps=False,
    given={"every_s": 86_400.0},
    example="""\
kind = "gtfs"
zh = "公交时刻表"
en = "Bus timetable"
every_s = 86400

[source]
path = "inbox/feed.zip"
prefix = "bus-"
classification = "open"
""",
)


def pull(options: Options, checkpoint: Mapping[str, Any], context: Context) -> Iterator[Portion]:
    """Yield every stop of the feed at once, unless it is the one that was taken last; ``Refused`` with all faults."""
    loaded = load(options, checkpoint, folder=context.folder, timeout_s=context.left_s, stopping=context.stopping)
    if loaded is None:
        return
    feed = read_feed(loaded.body, name=loaded.name, bytes_max=options.unpacked_max)
    faults = check_feed(feed)
    if faults:
        first = faults[0]
        raise Refused(
            f"The feed has {len(faults)} faults; the first: {first.rule}.",
            issues=faults,
            where=f"{loaded.name}: {first.where} line {first.row} {first.column}".rstrip(),
            mend=f"{first.mend} Nothing of the feed was taken.",
        )
    things, odd = _things(feed, options)
    if odd:
        raise Refused("Some stops cannot be things.", issues=odd, where=loaded.name, mend=odd[0].mend)
    yield Portion(loaded.name, things=things, checkpoint=loaded.checkpoint)


def _things(feed: Feed, options: Options) -> tuple[list[Thing], list[Issue]]:
    served = _routes_by_stop(feed)
    rows = {row["stop_id"]: row for _, row in feed.rows("stops")}
    agency = next((row.get("agency_name", "") for _, row in feed.rows("agency")), "")
    found: dict[str, Thing] = {}
    odd: list[Issue] = []
    for line, row in feed.rows("stops"):
        place = _place(row, rows)
        try:
            if place is None:
                raise BadInput("Neither the stop nor its station has a position.", mend="Give stop_lat and stop_lon.")
            thing = _thing(row, place, served.get(row["stop_id"], []), agency, options)
            if thing.id in found:
                raise BadInput("Two stops would have one id.", mend="Ids may differ in more than quotes and spaces.")
            found[thing.id] = thing
        except BadInput as error:
            odd.append(Issue("stops.txt", line, "stop_id", row["stop_id"][:_SHOWN], error.what, error.mend))
    return list(found.values()), odd


def _thing(
    row: Mapping[str, str], place: tuple[float, float], routes: list[dict[str, str]], agency: str, options: Options
) -> Thing:
    kept = (
        "stop_code",
        "location_type",
        "parent_station",
        "platform_code",
        "wheelchair_boarding",
        "zone_id",
        "stop_desc",
    )
    name = row.get("stop_name") or row["stop_id"]
    return Thing(
        options.prefix + "".join("_" if sign in " '\"/\\" else sign for sign in row["stop_id"]),
        name,
        name,
        "transit stop",
        *place,
        Classification(options.classification),
        {
            "stop_id": row["stop_id"],
            **{key: row[key] for key in kept if row.get(key)},
            "agency": agency,
            "routes": routes,
        },
    )


def _place(row: Mapping[str, str], rows: Mapping[str, Mapping[str, str]]) -> tuple[float, float] | None:
    """Return the longitude and latitude of a stop, or of the station it is part of."""
    seen: set[str] = set()
    here: Mapping[str, str] | None = row
    while here is not None and here["stop_id"] not in seen:
        seen.add(here["stop_id"])
        if here.get("stop_lat") and here.get("stop_lon"):
            return float(here["stop_lon"]), float(here["stop_lat"])
        here = rows.get(here.get("parent_station", ""))
    return None


def _routes_by_stop(feed: Feed) -> dict[str, list[dict[str, str]]]:
    told = {
        row["route_id"]: {
            "id": row["route_id"],
            "name": row.get("route_short_name") or row.get("route_long_name", ""),
            "type": row["route_type"],
        }
        for _, row in feed.rows("routes")
    }
    route_of = {row["trip_id"]: row["route_id"] for _, row in feed.rows("trips")}
    served: dict[str, set[str]] = {}
    for _, row in feed.rows("stop_times"):
        if row.get("stop_id"):
            served.setdefault(row["stop_id"], set()).add(route_of[row["trip_id"]])
    return {stop: [told[route] for route in sorted(routes)] for stop, routes in served.items()}
