"""A folder into which files are put."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from connector_worlds import START, STEP, Values, micros


class World:
    timed = True
    there = True
    secrets: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.inbox = folder / "inbox"
        self.inbox.mkdir(parents=True)
        self.count = self.files = 0

    @property
    def config(self) -> str:
        return """
kind = "folder"
every_s = 0.1
retry_s = 0.1
retry_max_s = 0.4
zone = "+08:00"
classification = "open"
[source]
path = "inbox"
settle_s = 0
[time]
field = "time"
format = "%Y-%m-%d %H:%M:%S"
[thing]
id = "rain-{station}"
zh = "雨量站 {station}"
lon = "lon"
lat = "lat"
[[values]]
field = "rain"
unit = "mm"
source_unit = "cm"
"""

    def say(self, count: int) -> None:
        self._write([(self._local(number), f"{number / 10}") for number in range(self.count, self.count + count)])
        self.count += count

    def _local(self, number: int) -> str:
        return f"{datetime.fromtimestamp(START + number * STEP + 8 * 3600, UTC):%Y-%m-%d %H:%M:%S}"

    def _write(self, rows: list[tuple[str, str]]) -> None:
        self.files += 1
        text = "station,lon,lat,time,rain\n" + "".join(f"a,104.1,30.6,{at},{value}\n" for at, value in rows)
        part = self.inbox / f"f{self.files:04}.part"
        part.write_text(text, "utf-8")
        part.rename(part.with_suffix(".csv"))

    def expected(self) -> Values:
        return {("rain-a.rain", micros(number)): float(number) for number in range(self.count)}

    def things(self) -> set[str]:
        return {"rain-a"} if self.count else set()

    def fail(self) -> None:
        self.inbox.rename(self.inbox.with_name("away"))

    def mend(self) -> None:
        self.inbox.with_name("away").rename(self.inbox)

    def say_nonsense(self) -> tuple[str, str]:
        self._write([(self._local(0), "much")])
        return "rain", "number"

    def close(self) -> None:
        """Leave the files."""
