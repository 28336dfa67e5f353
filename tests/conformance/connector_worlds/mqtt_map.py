"""A Mosquitto broker to which a gateway publishes."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from connector_worlds import START, STEP, Values, micros
from connector_worlds.modbus import free_port

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or "mosquitto"


class Broker:
    """Mosquitto on a free port of 127.0.0.1, keeping sessions across restarts; ``extra`` lines go into its file."""

    def __init__(self, folder: Path, extra: str = "allow_anonymous true") -> None:
        self.port = free_port()
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "mosquitto.conf"
        self._file.write_text(
            f"listener {self.port} 127.0.0.1\npersistence true\npersistence_location {folder}/\n"
            f"max_queued_messages 100000\nuser root\n{extra}\n",
            "utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=0.2).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("mosquitto did not start")

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def publish(self, messages: list[tuple[str, bytes]], *, retain: bool = False, user: str = "") -> None:
        """Publish with QoS 1 and wait until the broker has taken every message."""
        client = paho.Client(CallbackAPIVersion.VERSION2)
        if user:
            client.username_pw_set(user, user)
        client.max_queued_messages_set(0)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        told = [client.publish(topic, payload, qos=1, retain=retain) for topic, payload in messages]
        for each in told:
            each.wait_for_publish(10)
        client.disconnect()
        client.loop_stop()


class World:
    timed = True
    there = True
    secrets = {"password": "mosquitoes"}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.count = 0
        self.broker = Broker(folder / "broker")

    @property
    def config(self) -> str:
        return f"""
kind = "mqtt_map"
retry_s = 0.1
retry_max_s = 0.4
classification = "open"
[source]
host = "127.0.0.1"
allow = ["127.0.0.1"]
port = {self.broker.port}
username = "city"
password = "${{password}}"
[[source.topics]]
filter = "site/{{site}}/temp"
[time]
field = "payload.at"
format = "unix_s"
[thing]
id = "site-{{site}}"
lon = 104.0
lat = 30.6
[[values]]
field = "payload.v[0]"
code = "temp"
unit = "Cel"
source_unit = "K"
offset = 273.15
"""

    def say(self, count: int, *, retain: bool = False) -> None:
        numbers = range(self.count, self.count + count)
        told = [("site/a/temp", json.dumps({"at": START + n * STEP, "v": [n]}).encode()) for n in numbers]
        self.broker.publish(told, retain=retain)
        self.count += count

    def expected(self) -> Values:
        return {("site-a.temp", micros(number)): float(number) for number in range(self.count)}

    def things(self) -> set[str]:
        return {"site-a"} if self.count else set()

    def fail(self) -> None:
        self.broker.stop()

    def mend(self) -> None:
        self.broker.start()

    def say_nonsense(self) -> tuple[str, str]:
        self.broker.publish([("site/a/temp", b"{not json")])
        return "payload", "payload"

    def close(self) -> None:
        self.broker.stop()
