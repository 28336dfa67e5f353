"""A timetable with more stops each time."""

from __future__ import annotations

import zipfile
from pathlib import Path

from connector_worlds import Values

_FILES = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\na,Buses,http://b.example,Asia/Shanghai\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\nr,a,1,,3\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "w,1,1,1,1,1,1,1,20260101,20261231\n",
    "trips.txt": "route_id,service_id,trip_id\nr,w,t\n",
}


class World:
    timed = True
    there = False
    secrets: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.path = folder / "feed.zip"
        self.count = 0
        self.odd = ""

    @property
    def config(self) -> str:
        return """
kind = "gtfs"
every_s = 0.1
retry_s = 0.1
retry_max_s = 0.4
[source]
path = "feed.zip"
prefix = "bus-"
"""

    def say(self, count: int) -> None:
        self.count += count
        self._write()

    def _write(self) -> None:
        stops = "".join(f"s{number},Stop {number},30.6,104.{number:04}\n" for number in range(self.count))
        times = "".join(f"t,8:{n % 60:02}:00,8:{n % 60:02}:00,s{n},{n}\n" for n in range(self.count))
        head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        files = {
            **_FILES,
            "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n" + stops,
            "stop_times.txt": head + times + self.odd,
        }
        part = self.path.with_suffix(".part")
        with zipfile.ZipFile(part, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        part.rename(self.path)

    def expected(self) -> Values:
        return {}

    def things(self) -> set[str]:
        return {f"bus-s{number}" for number in range(self.count)}

    def fail(self) -> None:
        self.path.write_bytes(b"PK\x03\x04 half a zip")

    def mend(self) -> None:
        self._write()

    def say_nonsense(self) -> tuple[str, str]:
        self.odd = "t,9:00:00,9:00:00,nowhere,900\n"
        self._write()
        return "stop_id", "reference"

    def close(self) -> None:
        """Leave the file."""
