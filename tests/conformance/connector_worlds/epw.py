"""A weather file that grows by an hour at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector_worlds import Values

_HEAD = """LOCATION,Testville,SC,CHN,TMYx,562940,30.58,103.95,8.0,495.3
DESIGN CONDITIONS,0
TYPICAL/EXTREME PERIODS,0
GROUND TEMPERATURES,0
HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0
COMMENTS 1,Period of Record=2009-2023
COMMENTS 2,none
DATA PERIODS,1,1,Data,Sunday,1/ 1,12/31
"""
_REST = "99.9,50,95000,0,0,300,0,0,0,0,0,0,0,350,2.00,5,5,20.0,1219,0,919999999,19,0.0850,0,88,0.140,0.0,0.0"
_FIRST = datetime(2016, 1, 1, tzinfo=UTC)
_OFFSET = timedelta(hours=8)


class World:
    timed = True
    there = False
    secrets: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.path = folder / "year.epw"
        self.count = 0
        self.odd = ""

    @property
    def config(self) -> str:
        return """
kind = "epw"
every_s = 0.1
retry_s = 0.1
retry_max_s = 0.4
classification = "open"
only = ["dry_bulb"]
[source]
path = "year.epw"
"""

    def say(self, count: int) -> None:
        self.count += count
        self._write()

    def _write(self) -> None:
        rows = []
        for number in range(self.count):
            hour = _FIRST + timedelta(hours=number)
            rows.append(f"{hour.year},{hour.month},{hour.day},{hour.hour + 1},0,?9,{number}.0,{_REST}\n")
        part = self.path.with_suffix(".part")
        part.write_text(_HEAD + "".join(rows) + self.odd, "utf-8")
        part.rename(self.path)

    def expected(self) -> Values:
        ends = [_FIRST - _OFFSET + timedelta(hours=number + 1) for number in range(self.count)]
        return {("epw-562940.dry_bulb", int(end.timestamp()) * 1_000_000): float(k) for k, end in enumerate(ends)}

    def things(self) -> set[str]:
        return {"epw-562940"} if self.count else set()

    def fail(self) -> None:
        self.path.unlink(missing_ok=True)

    def mend(self) -> None:
        self._write()

    def say_nonsense(self) -> tuple[str, str]:
        self.odd = f"2016,13,1,1,0,?9,1.0,{_REST}\n"
        self._write()
        return "", "row"

    def close(self) -> None:
        """Leave the file."""
