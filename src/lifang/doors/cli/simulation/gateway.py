"""The gateway: sends what its devices measure, fetches their commands, does each at most once, answers.

It knows nothing of the city but its public interface. After a failure it waits, longer each time, and goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import httpx
import orjson

from lifang.core import format_instant, from_micros, parse_instant, to_micros, zone
from lifang.doors.cli.simulation.invented import is_faulty, lamp_level, noise_db, room_co2, room_temperature

_LOG = logging.getLogger(__name__)
_POLL_S = 0.5
_WAIT_S = 20.0
_RETRY_S, _RETRY_MAX_S = 1.0, 30.0
_TIMEOUT_S = 40.0
_LISTED_S = 30.0  # how long a list of the devices holds
_SPOKEN_FOR = frozenset({"lamp", "noise-meter", "indoor-climate-sensor"})
_OVERRIDE = timedelta(hours=6)  # how long a commanded level holds before the schedule does again


@dataclass(frozen=True)
class Keys:
    """The gateway's own secrets: a token to send observations with, and its device token for commands."""

    values: str
    device: str


class Gateway:
    """A gateway at ``url``; ``memory`` is the file in which it remembers what it has done, over restarts."""

    def __init__(self, url: str, keys: Keys, *, device: str, period_s: int, memory: Path | None = None) -> None:
        self._url, self._keys, self._device, self._period_us = url, keys, device, period_s * 1_000_000
        self._memory = memory
        self._done = _remembered(memory)
        self._levels: dict[str, tuple[float, datetime]] = {}
        self._stop = Event()
        self._threads: list[Thread] = []
        self.sent = 0
        self.now: datetime | None = None

    def start(self) -> None:
        """Begin to send and to obey, each on a thread of its own."""
        for work in (self._send_due, self._obey):
            self._threads.append(Thread(target=self._keep, args=(work,), name="simulated-gateway", daemon=True))
            self._threads[-1].start()

    def close(self) -> None:
        """Stop; what is being waited for ends within the poll's time."""
        self._stop.set()

    def wait(self) -> None:
        """Wait until it is closed."""
        self._stop.wait()

    def _keep(self, work: Callable[[httpx.Client], None]) -> None:
        pause = _RETRY_S
        with httpx.Client(base_url=self._url, timeout=_TIMEOUT_S) as http:
            while not self._stop.is_set():
                try:
                    work(http)
                    pause = _RETRY_S
                except (httpx.HTTPError, ValueError, KeyError) as error:
                    _LOG.info("the simulated gateway waits: %s", error)
                    self._stop.wait(pause)
                    pause = min(2 * pause, _RETRY_MAX_S)

    def _send_due(self, http: httpx.Client) -> None:
        """Send a value of each device whenever the city's time has passed a period."""
        devices, listed = self._devices(http), monotonic()
        local = zone(_got(http.get("/api/v1/city"))["time_zone"])
        last = -1
        while not self._stop.wait(_POLL_S):
            clock = _got(http.get("/api/v1/replay"))
            self.now = parse_instant(clock["now"])
            due = to_micros(self.now) // self._period_us
            if due == last or clock["paused"]:
                continue
            last = due
            if monotonic() - listed > _LISTED_S:
                devices, listed = self._devices(http), monotonic()
            moment = from_micros(due * self._period_us)
            body = orjson.dumps(self._groups(devices, moment, moment.astimezone(local)))
            headers = {"Authorization": f"Bearer {self._keys.values}", "Content-Type": "application/json"}
            answer = http.post("/sta/v1.1/CreateObservations", content=body, headers=headers)
            self.sent += len(_got(answer))

    def _devices(self, http: httpx.Client) -> list[str]:
        """Return the ids of the simulated lamps, noise meters and sensors of rooms."""
        found: list[str] = []
        after: str | None = None
        while True:
            params: dict[str, str] = {"simulated": "true", "limit": "1000", **({"after": after} if after else {})}
            page = _got(http.get("/api/v1/network/devices", params=params))
            found += [each["id"] for each in page["items"] if each["device_type"]["code"] in _SPOKEN_FOR]
            after = page["next"]
            if after is None:
                return found

    def _groups(self, devices: list[str], moment: datetime, local: datetime) -> list[dict[str, Any]]:
        return [
            {
                "Datastream": {"@iot.id": f"{device}.{code}"},
                "components": ["phenomenonTime", "result"],
                "dataArray": [[format_instant(moment), value]],
            }
            for device in devices
            for code, value in self._measured(device, moment, local).items()
        ]

    def _measured(self, device: str, moment: datetime, local: datetime) -> dict[str, float]:
        """Return what a device measures now, by the code of its datastream."""
        if device.startswith("sim-room"):
            return {"temperature": room_temperature(device, local), "co2": room_co2(device, local)}
        if device.startswith("sim-lamp"):
            return {"level": self._level(device, moment, local)}
        silent = is_faulty(int(device.rpartition("-")[2]), local)
        return {} if silent else {"laeq": noise_db(device, local)}

    def _level(self, lamp: str, moment: datetime, local: datetime) -> float:
        level, since = self._levels.get(lamp, (0.0, moment - 2 * _OVERRIDE))
        return level if moment - since < _OVERRIDE else lamp_level(local)

    def _obey(self, http: httpx.Client) -> None:
        """Do what is to be done, once each; what was done before is only answered again."""
        headers = {"Authorization": f"Bearer {self._keys.device}"}
        url = f"/api/v1/devices/{self._device}/commands"
        for command in _got(http.get(url, params={"wait": _WAIT_S}, headers=headers))["items"]:
            if command["id"] not in self._done:
                _got(http.post(f"{url}/{command['id']}", json={"state": "acknowledged"}, headers=headers))
                self._do(command)
            answer = {"state": "done", "result": dict(command["parameters"]), "note": "simulated"}
            _got(http.post(f"{url}/{command['id']}", json=answer, headers=headers))

    def _do(self, command: dict[str, Any]) -> None:
        """Do a command, remembered on disk before it is answered."""
        if self._memory is not None:
            with self._memory.open("a", encoding="ascii") as file:
                file.write(command["id"] + "\n")
        self._done.add(command["id"])
        since = self.now or parse_instant(command["created"])
        self._levels[command["device"]] = (float(command["parameters"]["level"]), since)


def _remembered(memory: Path | None) -> set[str]:
    if memory is None or not memory.exists():
        return set()
    return set(memory.read_text("ascii").split())


def _got(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()
