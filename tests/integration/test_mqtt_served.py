"""A served city says where it is reached by MQTT, takes another port when its own is taken, or says so."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import lifang
from lifang.core import Conflict, owner_of
from lifang.doors.mqtt import listen

from .test_mqtt_killed import furnish

ENDPOINTS = (
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-observations-via-mqtt/observations-creation",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/receive-updates-via-mqtt/receive-updates",
)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Yield the MQTT address that `lifang serve` prints; it is killed afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "lifang.doors.cli.main", "serve", "--dir", str(folder), "--port", port]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(line for line in process.stdout if "mqtt://" in line).split()[1]
        finally:
            process.kill()


def test_the_address_is_told_everywhere(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    furnish(folder)
    with serving(folder) as address:
        owner = owner_of(folder)
        assert owner is not None
        url = owner.url.rstrip("/")
        assert httpx.get(f"{url}/api/v1/city").json()["mqtt"] == address
        settings = httpx.get(f"{url}/sta/v1.1").json()["serverSettings"]
        for each in ENDPOINTS:
            assert each in settings["conformance"]
            assert settings[each] == {"endpoints": [address]}
        told = subprocess.run(
            [sys.executable, "-m", "lifang.doors.cli.main", "doctor", "--dir", str(folder), "--json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert {each["check"]: each["seen"] for each in json.loads(told.stdout)}["mqtt"] == address
    done = subprocess.run(
        [sys.executable, "-m", "lifang.doors.cli.main", "doctor", "--dir", str(folder), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    findings = {each["check"]: each["seen"] for each in json.loads(done.stdout)}
    assert findings["mqtt"] == "off", "a city that is not served is not reached"


def test_a_taken_port_is_told_or_another_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    furnish(folder)
    settings = folder / "city.toml"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        whole = settings.read_text("utf-8")
        settings.write_text(whole.replace("port = 0", f"port = {port}"), "utf-8")
        with lifang.open(folder) as city, pytest.raises(Conflict, match=f"Port {port} .* cannot be used for MQTT"):
            listen(city)
    settings.write_text(whole.replace("port = 0\n", ""), "utf-8")
    with lifang.open(folder) as city:
        first, second = listen(city), listen(city)
        assert first is not None
        assert second is not None
        assert second.is_elsewhere
        assert first.address != second.address
        for each in (first, second):
            each.close()
    settings.write_text(whole.replace("port = 0", "enabled = false"), "utf-8")
    with lifang.open(folder) as city:
        assert listen(city) is None
