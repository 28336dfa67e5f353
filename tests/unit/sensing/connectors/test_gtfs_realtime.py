"""GTFS Realtime: places, speeds and delays, from a file as from the web."""

from __future__ import annotations

from typing import Any

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs

from .conftest import Room

AT = 1_768_000_000
_CONFIG = 'kind = "gtfs_realtime"\nclassification = "open"\n[source]\npath = "feed.pb"\n'


def feed(**header: Any) -> Any:
    made = gtfs.FeedMessage()
    made.header.gtfs_realtime_version = "2.0"
    made.header.timestamp = AT
    for name, value in header.items():
        setattr(made.header, name, value)
    return made


def bring(room: Room, made: Any, more: str = "") -> Any:
    (room.folder / "feed.pb").write_bytes(made if isinstance(made, bytes) else made.SerializePartialToString())
    room.add(_CONFIG + more)
    return room.pull()


def vehicle(made: Any, name: str, **more: Any) -> Any:
    entity = made.entity.add()
    entity.id = f"e{len(made.entity)}"
    entity.vehicle.vehicle.id = name
    entity.vehicle.position.longitude, entity.vehicle.position.latitude = 104.065437, 30.657431
    for key, value in more.items():
        setattr(entity.vehicle.position, key, value)
    return entity


def test_a_vehicles_place_speed_and_bearing_are_datastreams(room: Room) -> None:
    made = feed()
    vehicle(made, "bus 1", speed=10.0, bearing=90.0).vehicle.timestamp = AT + 5
    vehicle(made, "bus/2")
    assert bring(room, made).counts["values"] == 6
    told = {
        each.id: next(iter(room.series(each.id).items())) for each in room.sensing.datastreams(thing="vehicle-bus_1")
    }
    assert told["vehicle-bus_1.speed"] == (AT + 5, (36.0, 0))
    assert told["vehicle-bus_1.bearing"] == (AT + 5, (90.0, 0))
    assert told["vehicle-bus_1.lon"][1][0] == pytest.approx(104.065437, abs=1e-5)
    assert list(room.series("vehicle-bus_2.lat")) == [AT]
    assert room.sensing.thing("vehicle-bus_1").lat == pytest.approx(30.657431, abs=1e-5)
    assert room.sensing.datastream("vehicle-bus_1.speed").unit == "km/h"


def test_the_delay_of_a_trip_is_its_own_or_that_at_the_next_stop(room: Room) -> None:
    made = feed()
    for name, delay in (("whole", 120), ("stop", None), ("departure", None), ("silent", None)):
        entity = made.entity.add()
        entity.id = name
        entity.trip_update.trip.trip_id = name
        if delay is not None:
            entity.trip_update.delay = delay
        entity.trip_update.stop_time_update.add().stop_id = "s"  # says nothing of the time
        update = entity.trip_update.stop_time_update.add()
        if name == "stop":
            update.arrival.delay = -30
        if name == "departure":
            update.departure.delay = 0
    assert bring(room, made).counts["values"] == 3
    values = {each.id: next(iter(room.series(each.id).values()))[0] for each in room.sensing.datastreams()}
    assert values == {"trip-whole.delay": 120.0, "trip-stop.delay": -30.0, "trip-departure.delay": 0.0}
    assert "unknown" in room.sensing.thing("trip-whole").properties["place"]


def test_what_is_deleted_is_left_out_and_what_has_no_moment_is_told(room: Room) -> None:
    made = feed(timestamp=0)
    vehicle(made, "gone").is_deleted = True
    vehicle(made, "timeless")
    vehicle(made, "timed").vehicle.timestamp = AT
    assert bring(room, made).counts["values"] == 2
    (issue,) = room.issues()
    assert (issue.row, issue.column, issue.rule) == (2, "timestamp", "time")


def test_the_same_feed_is_taken_once(room: Room) -> None:
    made = feed()
    vehicle(made, "a")
    assert bring(room, made).counts["values"] == 2
    assert room.pull().counts["values"] == 2


@pytest.mark.parametrize("body", [b"", b"\xff\xff\xff", b"<html></html>", feed(gtfs_realtime_version="")])
def test_what_is_no_feed_is_told(room: Room, body: Any) -> None:
    status = bring(room, body)
    assert status.state == "failing"
    assert status.troubles[0].mend
    assert room.sensing.things() == []


def test_a_feed_past_the_bound_is_refused(room: Room) -> None:
    made = feed()
    for number in range(3):
        vehicle(made, str(number))
    status = bring(room, made, "entities_max = 2\n")
    assert "3 entities" in status.troubles[0].what
