"""A bus that reports how late it is, and where it is."""

from __future__ import annotations

from pathlib import Path

from google.transit import gtfs_realtime_pb2 as gtfs

from connector_worlds import START, STEP, Values, micros
from connector_worlds.server import Asked, Reply, Server


class World:
    timed = True
    there = True
    secrets: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.count = 0
        self.well, self.odd = True, False
        self.server = Server(self._answer)

    @property
    def config(self) -> str:
        return f"""
kind = "gtfs_realtime"
every_s = 0.1
limit_s = 5
retry_s = 0.1
retry_max_s = 0.4
classification = "open"
only = ["delay"]
[source]
url = "{self.server.url}/feed.pb"
allow = ["127.0.0.1"]
ports = [{self.server.port}]
"""

    def _answer(self, asked: Asked) -> Reply:
        return Reply(self._feed()) if self.well else Reply(b"\xff not a feed")

    def _feed(self) -> bytes:
        feed = gtfs.FeedMessage()
        feed.header.gtfs_realtime_version = "2.0"
        feed.header.timestamp = START + max(0, self.count - 1) * STEP
        for number in range(self.count):
            entity = feed.entity.add()
            entity.id = f"e{number}"
            entity.trip_update.trip.trip_id = "t1"
            entity.trip_update.timestamp = START + number * STEP
            update = entity.trip_update.stop_time_update.add()
            update.stop_sequence = 1
            update.arrival.delay = number
        if self.odd:
            entity = feed.entity.add()
            entity.id = "odd"
            entity.vehicle.vehicle.id = "flying bus"
            entity.vehicle.position.latitude = 95.0
            entity.vehicle.position.longitude = 104.0
        return bytes(feed.SerializeToString())

    def say(self, count: int) -> None:
        self.count += count

    def expected(self) -> Values:
        return {("trip-t1.delay", micros(number)): float(number) for number in range(self.count)}

    def things(self) -> set[str]:
        return {"trip-t1"} if self.count else set()

    def fail(self) -> None:
        self.well = False

    def mend(self) -> None:
        self.well = True

    def say_nonsense(self) -> tuple[str, str]:
        self.odd = True
        return "thing", "thing"

    def close(self) -> None:
        self.server.close()
