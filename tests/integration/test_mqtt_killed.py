"""A city killed while it takes observations by MQTT: what it acknowledged is there, and who was away hears of it."""

from __future__ import annotations

import random
import secrets
import shutil
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from tests.victims import Doors, Victim, serve_city

import lifang
from lifang.app import lay_out_empty
from lifang.doors.mqtt.wire import (
    V311,
    Ack,
    Connack,
    Connect,
    Kind,
    Packet,
    Publish,
    Splitter,
    Suback,
    Subscribe,
    Wanted,
    decode,
    encode,
)
from lifang.guard import SYSTEM, Role
from lifang.sensing import Datastream, Thing

STREAMS, KILLS, WINDOW = 10, 5, 200
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def furnish(folder: Path) -> str:
    lay_out_empty(folder, city_id="c", name="c", area_code="510100")
    with (folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[mqtt]\nport = 0\n")
    with lifang.open(folder) as city:
        streams = [Datastream(f"t.{n}", "t", "t", "t", "t", "t", "1", 60) for n in range(STREAMS)]
        city.sensing.register([Thing("t", "t", "t", "t", 104.0, 30.6)], streams, by=SYSTEM)
        gateway = city.identity.add_person("gateway", secrets.token_urlsafe(24), roles=[Role.OPERATOR], by=SYSTEM)
        return city.identity.issue_token(gateway.id, "test", by=SYSTEM)[1]


def port_of(server: Victim) -> int:
    doors: Doors = server.hear()
    return doors.mqtt


class Client:
    """A client that reads whatever came."""

    def __init__(self, port: int, name: str, token: str, *, clean: bool) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._splitter = Splitter(1_000_000)
        self._held: list[Packet] = []
        self.send(Connect(name, V311, clean, 60, "gateway", token.encode()))
        answer, *self._held = self.read()
        assert isinstance(answer, Connack)
        assert answer.code == 0

    def send(self, *packets: Packet) -> None:
        self._socket.sendall(b"".join(encode(packet, V311) for packet in packets))

    def close(self) -> None:
        self._socket.close()

    def read(self) -> list[Packet]:
        """Return what came; nothing when the server is gone."""
        if self._held:
            held, self._held = self._held, []
            return held
        while True:
            try:
                data = self._socket.recv(65_536)
            except OSError:
                return []
            if not data:
                return []
            if frames := self._splitter.feed(data):
                return [decode(first, body, V311) for first, body in frames]


class Sensor:
    """Sends numbered values, keeps which were acknowledged, and after a break sends the others again."""

    def __init__(self) -> None:
        self.acknowledged: set[int] = set()
        self._flying: dict[int, int] = {}
        self._sent = 0

    def message(self, number: int) -> Publish:
        moment = datetime.fromtimestamp(FIRST.timestamp() + number, UTC).isoformat()
        body = b'{"phenomenonTime": "%s", "result": %d}' % (moment.encode(), number)
        topic = f"v1.1/Datastreams({number % STREAMS + 1})/Observations"
        return Publish(topic, body, 1, packet_id=number % 60_000 + 1)

    def begin(self, client: Client) -> None:
        client.send(*(self.message(number) for number in self._flying.values()))
        self.fill(client)

    def fill(self, client: Client) -> None:
        fresh = []
        while len(self._flying) < WINDOW:
            self._flying[self._sent % 60_000 + 1] = self._sent
            fresh.append(self.message(self._sent))
            self._sent += 1
        client.send(*fresh)

    def work(self, client: Client, until: float) -> None:
        """Go on until the server is gone, or ``until``."""
        while time.monotonic() < until and (packets := client.read()):
            for packet in packets:
                assert isinstance(packet, Ack)
                self.acknowledged.add(self._flying.pop(packet.packet_id))
            try:
                self.fill(client)
            except OSError:
                return


def test_a_kill_between_message_and_answer_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    token = furnish(folder)
    sensor, dice, heard = Sensor(), random.Random(7), set[int]()
    with Victim(serve_city, folder) as server:
        listener = Client(port_of(server), "listener", token, clean=False)
        listener.send(Subscribe(1, (Wanted("v1.1/Observations", 1),)))
        assert any(isinstance(packet, Suback) for packet in listener.read())
        listener.close()
    for _ in range(KILLS):
        with Victim(serve_city, folder) as server:
            client = Client(port_of(server), "sensor", token, clean=True)
            sensor.begin(client)
            sensor.work(client, time.monotonic() + dice.uniform(0.2, 1.0))
            server.kill()
            sensor.work(client, time.monotonic() + 5)  # answers that were on their way
            client.close()
    assert len(sensor.acknowledged) > 10 * WINDOW
    with Victim(serve_city, folder) as server:
        heard |= everything(Client(port_of(server), "listener", token, clean=False))
        server.stop()
    with lifang.open(folder) as city:
        span = FIRST, datetime(2030, 1, 1, tzinfo=UTC)
        table = city.sensing.many_series(range(1, STREAMS + 1), *span)
        stored = table["value"].to_pylist()
        first = int(FIRST.timestamp() * 1e6)
        seconds = [(each - first) // 1_000_000 for each in table["time"].cast(pa.int64()).to_pylist()]
        assert [int(value) for value in stored] == seconds
        assert len(seconds) == len(set(seconds)), "none twice"
        assert sensor.acknowledged <= set(seconds)
        assert city.store.ledger.verify().ok
    assert sensor.acknowledged <= heard, "who was away hears of every value that was acknowledged"
    shutil.rmtree(folder)


def everything(client: Client) -> set[int]:
    """Return the values that wait for a client, until none has come for a while."""
    client._socket.settimeout(5)
    heard: set[int] = set()
    while packets := client.read():
        for packet in packets:
            assert isinstance(packet, Publish)
            heard.add(int(float(packet.payload.partition(b'"result":')[2].partition(b",")[0])))
            client.send(Ack(Kind.PUBACK, packet.packet_id))
    client.close()
    return heard
