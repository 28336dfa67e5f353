"""The city as a client of a real Mosquitto: same topics, nothing acknowledged is lost when either stops."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from lifang.app import open_city
from lifang.core import BadInput, Denied
from lifang.doors.mqtt import listen
from lifang.guard import SYSTEM

from .conftest import FIRST, PASSWORD, PATIENCE_S, Serving, Template, message

pytestmark = pytest.mark.slow
MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
TOPIC = "v1.1/Datastreams(4)/Observations"


class Mosquitto:
    """A broker on loopback whose sessions outlive it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        subprocess.run(["mosquitto_passwd", "-b", "-c", str(folder / "people"), "city", PASSWORD], check=True)
        (folder / "people").chmod(0o644)
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {folder}/people\n"
            f"persistence true\npersistence_location {folder}/\nautosave_interval 1\nmax_queued_messages 10000\n"
            + ("user root\n" if folder.owner() == "root" else ""),
            "utf-8",
        )
        self.start()

    def start(self) -> None:
        command = [MOSQUITTO, "-c", str(self._settings)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def client(self, name: str, version: int = paho.MQTTv5) -> paho.Client:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, name, protocol=version)
        client.username_pw_set("city", PASSWORD)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        wait_for(client.is_connected)
        return client


def wait_for(what: Callable[[], Any], within_s: float = 3 * PATIENCE_S) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    yield broker
    broker.stop()


def linked(template: Template, folder: Path, broker: Mosquitto | Elder) -> Serving:
    """Return a city that is connected to the broker."""
    if not folder.exists():
        shutil.copytree(template.folder, folder)
        text = (folder / "city.toml").read_text("utf-8")
        where = f'broker = "mqtt://127.0.0.1:{broker.port}"\nuser = "city"\npassword_file = "secret"\n'
        text = text.replace("port = 0\n", f'{where}as_person = "operator"\n')
        (folder / "city.toml").write_text(text, "utf-8")
        (folder / "secret").write_text(PASSWORD, "utf-8")
        (folder / "secret").chmod(0o600)
    serving = Serving(folder, template.tokens)
    wait_for(lambda: serving.listener.connections)
    return serving


def send(client: paho.Client, second: int, value: float, number: int = 4) -> None:
    told = message(second, value, number)
    client.publish(told.topic, told.payload, qos=1).wait_for_publish(PATIENCE_S)


def test_what_devices_publish_there_is_stored_here(template: Template, tmp_path: Path, mosquitto: Mosquitto) -> None:
    serving = linked(template, tmp_path / "city", mosquitto)
    assert serving.city.addresses["mqtt"] == f"mqtt://127.0.0.1:{mosquitto.port}"
    for version in (paho.MQTTv311, paho.MQTTv5):
        client = mosquitto.client(f"device-{version}", version)
        send(client, 10 * version, 1.5)
        wait_for(lambda v=version: serving.served.stored(4).get(10 * v) == 1.5)
        client.loop_stop()
    subjects = {each.entry.subject for each in serving.city.store.ledger.records(limit=10**6)}
    assert serving.city.identity.person("operator").id in subjects
    serving.close()


def test_what_the_city_learns_is_published_there_and_the_latest_stays(
    template: Template, tmp_path: Path, mosquitto: Mosquitto
) -> None:
    serving = linked(template, tmp_path / "city", mosquitto)
    serving.served.observe(4, 5, 2.5)
    serving.served.observe(2, 5, 9.5)
    heard: list[paho.MQTTMessage] = []
    client = mosquitto.client("reader")
    client.on_message = lambda _, __, told: heard.append(told)
    time.sleep(0.3)
    client.subscribe("v1.1/#")
    wait_for(lambda: heard)
    assert (heard[0].topic, heard[0].retain) == (TOPIC, True)
    body = json.loads(heard[0].payload)
    assert (body["@iot.id"], body["result"]) == ((4 << 42) + FIRST // 1000 + 5_000, 2.5)
    serving.served.observe(4, 6, 3.5)
    wait_for(lambda: len(heard) == 2)
    assert json.loads(heard[1].payload)["result"] == 3.5
    assert {each.topic for each in heard} == {TOPIC}, "what is not open stays in the city"
    assert len(serving.served.stored(4)) == 2, "the city does not hear itself"
    client.loop_stop()
    serving.close()


def test_a_refused_message_is_told_and_not_sent_again(template: Template, tmp_path: Path, mosquitto: Mosquitto) -> None:
    serving = linked(template, tmp_path / "city", mosquitto)
    heard: list[dict[str, Any]] = []
    client = mosquitto.client("device")
    client.on_message = lambda _, __, told: heard.append(json.loads(told.payload))
    client.subscribe("lifang/v1/errors")
    send(client, 0, 1.0, number=99)
    send(client, 1, 1.0)
    wait_for(lambda: heard and 1 in serving.served.stored(4))
    assert heard[0]["topic"] == "v1.1/Datastreams(99)/Observations"
    assert "no datastream 99" in heard[0]["what"]
    client.loop_stop()
    serving.close()


def test_the_broker_may_restart(template: Template, tmp_path: Path, mosquitto: Mosquitto) -> None:
    serving = linked(template, tmp_path / "city", mosquitto)
    client = mosquitto.client("device")
    send(client, 1, 1.0)
    wait_for(lambda: 1 in serving.served.stored(4))
    mosquitto.stop()
    mosquitto.start()
    wait_for(client.is_connected)
    send(client, 2, 2.0)
    wait_for(lambda: serving.served.stored(4) == {1: 1.0, 2: 2.0})
    client.loop_stop()
    serving.close()


def test_what_comes_while_the_city_is_away_waits_for_it(
    template: Template, tmp_path: Path, mosquitto: Mosquitto
) -> None:
    linked(template, tmp_path / "city", mosquitto).close()
    client = mosquitto.client("device")
    for second in range(20):
        send(client, second, float(second))
    serving = linked(template, tmp_path / "city", mosquitto)
    wait_for(lambda: serving.served.stored(4) == {second: float(second) for second in range(20)})
    client.loop_stop()
    serving.close()


class Elder:
    """A door before Mosquitto that knows MQTT 3.1.1 only, as RabbitMQ before 3.13 and others do."""

    def __init__(self, broker: Mosquitto) -> None:
        self._broker, self.port, self.refused = broker, 0, 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        opened = asyncio.start_server(self._serve, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(opened, self._loop).result(PATIENCE_S)
        self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(4096)
        if b"MQTT\x05" in first:
            self.refused += 1
            writer.write(b"\x20\x02\x00\x01")
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._broker.port)
        back.write(first)
        await asyncio.gather(self._pipe(reader, back), self._pipe(there, writer))

    @staticmethod
    async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
        sink.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)


def test_a_broker_that_knows_no_5_0_is_spoken_to_in_3_1_1(
    template: Template, tmp_path: Path, mosquitto: Mosquitto
) -> None:
    elder = Elder(mosquitto)
    serving = linked(template, tmp_path / "city", elder)
    heard: list[paho.MQTTMessage] = []
    client = mosquitto.client("device", paho.MQTTv311)
    client.on_message = lambda _, __, told: heard.append(told)
    client.subscribe("v1.1/#", qos=1)
    serving.served.observe(4, 5, 2.5)
    wait_for(lambda: heard)
    send(client, 6, 3.5)
    wait_for(lambda: [json.loads(each.payload)["result"] for each in heard] == [2.5, 3.5, 3.5])
    time.sleep(0.3)
    assert (elder.refused, serving.served.stored(4)) == (1, {5: 2.5, 6: 3.5})
    assert len(heard) == 3, "the city does not take what it published for news"
    versions = serving.city.store.lake.history(4, FIRST + 5_000_000)
    assert len(versions) == 1
    client.loop_stop()
    serving.close()
    elder.stop()


def test_a_city_with_no_right_to_take_messages_in_does_not_start(template: Template, tmp_path: Path) -> None:
    folder = tmp_path / "city"
    shutil.copytree(template.folder, folder)
    whole = (folder / "city.toml").read_text("utf-8")
    secret = folder / "secret"
    secret.write_text(PASSWORD, "utf-8")
    secret.chmod(0o644)
    for more, error in (
        ("", BadInput),
        ('as_person = "analyst"\n', Denied),
        ('as_person = "operator"\npassword_file = "secret"\n', BadInput),
    ):
        text = whole.replace("port = 0\n", f'broker = "mqtt://127.0.0.1:1"\n{more}')
        (folder / "city.toml").write_text(text, "utf-8")
        with open_city(folder) as city, pytest.raises(error):
            listen(city)
    with open_city(folder) as city:
        assert city.identity.person("operator").active
        city.identity.deactivate(city.identity.person("operator").id, by=SYSTEM)
        with pytest.raises(Denied):
            listen(city)
