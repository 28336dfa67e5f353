"""A real city that listens for MQTT on a free port, and a client that speaks packet by packet."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pytest
import uvloop

from lifang.app import City, lay_out_empty, open_city
from lifang.doors.http import Metrics
from lifang.doors.mqtt import listen
from lifang.doors.mqtt.wire import (
    V311,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Publish,
    Splitter,
    Suback,
    Subscribe,
    Wanted,
    decode,
    encode,
)
from lifang.guard import SYSTEM, Classification, Role
from lifang.sensing import Datastream, Observations, Thing, make_observations

PASSWORD = "里坊 correct horse battery"
PATIENCE_S = 10.0
FIRST = 1_704_067_200_000_000  # 2024-01-01T00:00Z
Kind = TypeVar("Kind")


class Talker:
    """A client that sends and reads single packets."""

    def __init__(self, port: int, version: int = V311) -> None:
        self.version = version
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._splitter = Splitter(10_000_000)
        self._frames: list[tuple[int, bytes]] = []

    def send(self, *packets: Packet) -> None:
        """Send packets in one piece."""
        self.send_bytes(b"".join(encode(packet, self.version) for packet in packets))

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def read(self, kind: type[Kind], *, within_s: float = PATIENCE_S) -> Kind:
        """Return the next packet, which is of this kind; ``EOFError`` when the server closed."""
        self._socket.settimeout(within_s)
        while not self._frames:
            data = self._socket.recv(65_536)
            if not data:
                raise EOFError
            self._frames += self._splitter.feed(data)
        packet = decode(*self._frames.pop(0), self.version)
        assert isinstance(packet, kind), packet
        return packet

    def silent(self, for_s: float = 0.3) -> bool:
        """Return whether nothing comes for a while."""
        try:
            self.read(object, within_s=for_s)
        except TimeoutError:
            return True
        return False

    def closed(self, within_s: float = PATIENCE_S) -> bool:
        """Return whether the server closes, whatever it says before."""
        end = time.monotonic() + within_s
        try:
            while time.monotonic() < end:
                self.read(object, within_s=max(0.01, end - time.monotonic()))
        except (EOFError, ConnectionError):
            return True
        except TimeoutError:
            return False
        return False

    def connect(self, client_id: str, token: str = "", **more: Any) -> Connack:
        """Connect, by token if one is given, and return the answer."""
        told = {"user": "gateway", "password": token.encode()} if token else {}
        self.send(Connect(client_id, self.version, **{**told, **more}))
        return self.read(Connack)

    def subscribe(self, wanted: str, qos: int = 1, **options: Any) -> Suback:
        """Subscribe to one filter and return the answer."""
        properties = options.pop("properties", {})
        self.send(Subscribe(1, (Wanted(wanted, qos, **options),), properties))
        return self.read(Suback)

    def leave(self) -> None:
        """Say farewell."""
        self.send(Disconnect())
        assert self.closed()
        self._socket.close()

    def break_off(self) -> None:
        """Go without a word."""
        self._socket.close()


@dataclass
class Served:
    """A city being served by MQTT."""

    city: City
    tokens: dict[str, str]
    port: int
    talkers: list[Talker] = field(default_factory=list)
    told: threading.Condition = field(default_factory=threading.Condition)
    rows_told: int = 0

    def observe(self, number: int, second: int, value: float) -> None:
        """Commit a value as another door would, and wait until the broker was told of it."""
        wanted = self.rows_told + 1
        rows = make_observations([number], [FIRST + second * 1_000_000], [value])
        self.city.sensing.ingest(rows, by=SYSTEM).result(30)
        self.wait_for(wanted)

    def wait_for(self, rows: int) -> None:
        """Wait until the broker was told of so many rows."""
        with self.told:
            assert self.told.wait_for(lambda: self.rows_told >= rows, PATIENCE_S)

    def hear(self, observations: Observations) -> None:
        """Count what watchers were told of; the broker was told before."""
        with self.told:
            self.rows_told += len(observations)
            self.told.notify_all()

    def talker(self, client_id: str = "", role: str = "", version: int = V311, **more: Any) -> Talker:
        """Return a connected client with the token of a role, or nobody's."""
        talker = self.stranger(version)
        answer = talker.connect(client_id, self.tokens.get(role, ""), **more)
        assert answer.code == 0, answer
        return talker

    def stranger(self, version: int = V311) -> Talker:
        """Return a client that has not said anything."""
        self.talkers.append(Talker(self.port, version))
        return self.talkers[-1]

    def stored(self, number: int) -> dict[int, float]:
        """Return the values in the lake of one datastream, by seconds since 2024."""
        table = self.city.sensing.series(number, datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
        times = table["time"].cast(pa.int64()).to_pylist()
        return dict(zip([(each - FIRST) // 1_000_000 for each in times], table["value"].to_pylist(), strict=True))


def message(second: int, value: Any, number: int = 1, qos: int = 1, packet_id: int = 1) -> Publish:
    """Return an observation of datastream ``number``, so many seconds into 2024."""
    moment = datetime.fromtimestamp(FIRST / 1e6 + second, UTC)
    body = json.dumps({"phenomenonTime": moment.isoformat(), "result": value}).encode()
    topic = f"v1.1/Datastreams({number})/Observations"
    return Publish(topic, body, qos, packet_id=packet_id if qos else 0)


def furnish(folder: Path) -> dict[str, str]:
    """Return tokens by role of a new city: datastreams 1 (open), 2 (shared), 3 (restricted), 4 and 5 (open)."""
    lay_out_empty(folder, city_id="smallville", name="小城", area_code="510100")
    with (folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[mqtt]\nport = 0\n")
    grades = [*Classification, Classification.OPEN, Classification.OPEN]
    things = [Thing(f"site-{n}", f"站{n}", f"site {n}", "air", 104.0, 30.6) for n in range(5)]
    streams = [
        Datastream(f"site-{n}.o3", f"site-{n}", "O3", "臭氧", "ozone", "O3", "ug/m3", 60, grade)
        for n, grade in enumerate(grades)
    ]
    tokens = {}
    with open_city(folder) as city:
        for stream in streams:
            city.sensing.register(things, [stream], by=SYSTEM)
        for role in Role:
            person = city.identity.add_person(role.value, PASSWORD, roles=[role], by=SYSTEM)
            tokens[role.value] = city.identity.issue_token(person.id, "test", by=SYSTEM)[1]
    return tokens


class Serving:
    """A city with its broker on an event loop of its own thread."""

    def __init__(self, folder: Path, tokens: dict[str, str]) -> None:
        self.city = open_city(folder)
        self.city.start(time_passes=False)
        self.metrics = Metrics()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=uvloop.run, args=(self._run(),), daemon=True)  # as it is served
        self._thread.start()
        assert self._ready.wait(30)
        port = int(self.listener.address.rpartition(":")[2])
        self.served = Served(self.city, tokens, port)
        self.city.sensing.on_commit(self.served.hear)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        found = listen(self.city)
        assert found is not None
        self.listener = found
        async with found.serving(self.metrics):
            self._ready.set()
            await self._stop.wait()

    def call(self, work: Callable[[], Any]) -> None:
        """Run something on the broker's loop."""
        self._loop.call_soon_threadsafe(work)

    def close(self) -> None:
        """Stop as Ctrl-C does."""
        for talker in self.served.talkers:
            talker.break_off()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        self.city.close()


@dataclass(frozen=True)
class Template:
    """A furnished city to copy: hashing its people's passwords takes a while."""

    folder: Path
    tokens: dict[str, str]

    def serve(self, folder: Path, more: str = "") -> Serving:
        """Return a copy in ``folder`` (or the city there), served with ``more`` in its ``[mqtt]`` table."""
        if not folder.exists():
            shutil.copytree(self.folder, folder)
            with (folder / "city.toml").open("a", encoding="utf-8") as settings:
                settings.write(f"{more}\n")
        return Serving(folder, self.tokens)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template") / "city"
    return Template(folder, furnish(folder))


@pytest.fixture(scope="module")
def shared_city(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = template.serve(tmp_path_factory.mktemp("mqtt") / "city")
    yield serving
    serving.close()


@pytest.fixture
def served(shared_city: Serving) -> Iterator[Served]:
    """Return a served city that the tests of a module share; its clients are gone after each."""
    yield shared_city.served
    for talker in shared_city.served.talkers:
        talker.break_off()
    shared_city.served.talkers.clear()
