"""A web service that lists what gauges measured."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from connector_worlds import START, STEP, Values, micros
from connector_worlds.server import Asked, Reply, Server


class World:
    timed = True
    there = True
    secrets = {"token": "s3cret/t0ken"}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.readings: list[dict[str, Any]] = []
        self.count = 0
        self.well = True
        self.server = Server(self._answer)

    @property
    def config(self) -> str:
        return f"""
kind = "http_poll"
every_s = 0.1
limit_s = 5
retry_s = 0.1
retry_max_s = 0.4
zone = "Asia/Shanghai"
classification = "open"
[source]
url = "{self.server.url}/levels?key=${{token}}"
headers = {{ Authorization = "Bearer ${{token}}" }}
allow = ["127.0.0.1"]
ports = [{self.server.port}]
items = "stations[*].readings[*]"
[time]
field = "at"
format = "unix_s"
[thing]
id = "gauge-{{^.id}}"
lon = "^.position[0]"
lat = "^.position[1]"
[[values]]
field = "level.cm"
code = "level"
unit = "m"
source_unit = "cm"
"""

    def _answer(self, asked: Asked) -> Reply:
        if not self.well:
            return Reply(b"no", 503, {"Retry-After": "1"})
        if asked.headers.get("Authorization") != "Bearer s3cret/t0ken":
            return Reply(b"who?", 401)
        told = {"stations": [{"id": 7, "position": [104.1, 30.6], "readings": list(self.readings)}]}
        body = json.dumps(told).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if asked.headers.get("If-None-Match") == tag:
            return Reply(b"", 304, {"ETag": tag})
        return Reply(body, 200, {"ETag": tag, "Content-Type": "application/json"})

    def say(self, count: int) -> None:
        numbers = range(self.count, self.count + count)
        self.readings += [{"at": START + number * STEP, "level": {"cm": number * 100}} for number in numbers]
        self.count += count

    def expected(self) -> Values:
        return {("gauge-7.level", micros(number)): float(number) for number in range(self.count)}

    def things(self) -> set[str]:
        return {"gauge-7"} if self.count else set()

    def fail(self) -> None:
        self.well = False

    def mend(self) -> None:
        self.well = True

    def say_nonsense(self) -> tuple[str, str]:
        self.readings = [*self.readings, {"at": START, "level": {"cm": "high"}}]
        return "level.cm", "number"

    def close(self) -> None:
        self.server.close()
