"""Where vehicles are and how late trips run, from a GTFS Realtime feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as gtfs
from pydantic import Field

from lifang.core import BadInput, to_micros
from lifang.outside import WebOrFile, load
from lifang.sensing.connectors.mapping import Issue, Record
from lifang.sensing.connectors.running.model import ConnectorSpec, Context, Portion

_ROWS = 5000
_OLDEST = 946_684_800  # 2000-01-01: a feed with an earlier clock has none


class Options(WebOrFile):
    """Keys of ``[source]``."""

    entities_max: int = Field(500_000, ge=1, description="How many entities a feed may have.")


spec = ConnectorSpec(
    id="gtfs_realtime",
    zh="GTFS 实时",
    en="GTFS Realtime",
    says=(
        "读取车辆位置与行程更新：每辆车的经纬度、速度、方位和每个行程的晚点秒数成为数据流；时刻取自消息，没有时取自文件头。",
        "Takes vehicle positions and trip updates: longitude, latitude, speed and bearing of each vehicle and the "
        "delay of each trip become datastreams. Moments are those of the entity, else of the feed.",
    ),
    options=Options,
    citation="GTFS Realtime Reference 2.0",
    reads=("web", "file"),
    fields={
        "entity": "vehicle or trip",
        "id": "the vehicle's id (else its trip's, else the entity's), or the trip's",
        "name": "the vehicle's label, or the id",
        "time": "seconds since 1970",
        "route": "the route's id",
        "trip": "the trip's id",
        "lon, lat, bearing, speed": "of a vehicle",
        "delay": "of a trip, at the next stop: seconds, negative when early",
    },
    given={
        "every_s": 15.0,
        "time": {"field": "time", "format": "unix_s"},
        "thing": {
            "id": "{entity}-{id}",
            "zh": "{name}",
            "en": "{name}",
            "kind": "transit",
            "lon": "lon",
            "lat": "lat",
        },
        "values": [
            {"field": "lon", "zh": "经度", "en": "Longitude", "unit": "deg"},
            {"field": "lat", "zh": "纬度", "en": "Latitude", "unit": "deg"},
            {"field": "speed", "zh": "速度", "en": "Speed", "unit": "km/h", "source_unit": "m/s"},
            {"field": "bearing", "zh": "方位", "en": "Bearing", "unit": "deg"},
            {"field": "delay", "zh": "晚点", "en": "Delay", "unit": "s"},
        ],
    },
    example="""\
kind = "gtfs_realtime"
zh = "公交实时"
en = "Buses in real time"
every_s = 15
classification = "open"
only = ["lon", "lat", "delay"]

[source]
url = "https://transit.example/realtime.pb"
""",
)


def pull(options: Options, checkpoint: Mapping[str, Any], context: Context) -> Iterator[Portion]:
    """Yield the entities of the feed, unless it is the one that was taken last."""
    loaded = load(options, checkpoint, folder=context.folder, timeout_s=context.left_s, stopping=context.stopping)
    if loaded is None:
        return
    feed = _feed(loaded.body, loaded.name, options.entities_max)
    issues: list[Issue] = []
    received = to_micros(context.clock.now())
    told = _records(feed, loaded.name, issues)
    records = [Record(row, fields, received) for row, fields in enumerate(told, start=1)]
    for start in range(0, max(1, len(records)), _ROWS):
        whole = start + _ROWS >= len(records)
        yield Portion(
            loaded.name,
            records=records[start : start + _ROWS],
            issues=issues if start == 0 else (),
            checkpoint=loaded.checkpoint if whole else None,
        )


def _feed(body: bytes, name: str, entities_max: int) -> Any:
    feed = gtfs.FeedMessage()
    mend = "Look at what the address answers: a FeedMessage is expected."
    try:
        feed.ParseFromString(body)
    except DecodeError as error:
        raise BadInput(f"This is no GTFS Realtime feed: {error}.", where=name, mend=mend) from error
    if not feed.header.gtfs_realtime_version:
        raise BadInput("The feed does not say its version.", where=f"{name}: header", mend=mend)
    if len(feed.entity) > entities_max:
        raise BadInput(f"The feed has {len(feed.entity):,} entities.", where=name, mend="Raise entities_max if meant.")
    return feed


def _records(feed: Any, name: str, issues: list[Issue]) -> Iterator[dict[str, Any]]:
    for row, entity in enumerate(feed.entity, start=1):
        if entity.is_deleted:
            continue
        for kind, read in (("vehicle", _vehicle), ("trip_update", _trip)):
            if entity.HasField(kind):
                fields = read(entity, getattr(entity, kind))
                fields["time"] = getattr(entity, kind).timestamp or feed.header.timestamp
                if fields["time"] >= _OLDEST:
                    yield fields
                else:
                    mend = "Neither the entity nor the feed says when it is from."
                    issues.append(Issue(name, row, "timestamp", str(fields["time"]), "time", mend))


def _vehicle(entity: Any, told: Any) -> dict[str, Any]:
    found = {
        "entity": "vehicle",
        "id": _plain(told.vehicle.id or told.trip.trip_id or entity.id),
        "name": told.vehicle.label or told.vehicle.id or told.trip.trip_id or entity.id,
        "route": told.trip.route_id,
        "trip": told.trip.trip_id,
    }
    if told.HasField("position"):
        place = told.position
        found |= {"lon": _float(place.longitude), "lat": _float(place.latitude)}
        found |= {each: _float(getattr(place, each)) for each in ("bearing", "speed") if place.HasField(each)}
    return found


def _float(value: float) -> float:
    """Return a 32-bit float as the shortest number that it stands for: 30.57, not 30.569999694824219."""
    return float(str(np.float32(value)))


def _trip(entity: Any, told: Any) -> dict[str, Any]:
    trip = told.trip.trip_id or entity.id
    found = {"entity": "trip", "id": _plain(trip), "name": trip, "route": told.trip.route_id, "trip": trip}
    delay = _delay(told)
    return found if delay is None else {**found, "delay": delay}


def _delay(told: Any) -> int | None:
    """Return the delay of the whole trip if it is stated, else that at the first stop still to come."""
    if told.HasField("delay"):
        return int(told.delay)
    for update in told.stop_time_update:
        for event in ("arrival", "departure"):
            if update.HasField(event) and getattr(update, event).HasField("delay"):
                return int(getattr(update, event).delay)
    return None


def _plain(name: str) -> str:
    """Return ``name`` without the signs that no id of ours may have."""
    return "".join("_" if sign in " '\"/\\" or not sign.isprintable() else sign for sign in name)
