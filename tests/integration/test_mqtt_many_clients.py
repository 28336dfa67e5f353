"""Ten thousand clients, or as many as the machine lets two processes hold: all are served, and few bytes each."""

from __future__ import annotations

import resource
import selectors
import socket
import time
from pathlib import Path

import pytest
from tests.victims import Victim, serve_city

from lifang.doors.mqtt.wire import (
    V311,
    Connack,
    Connect,
    Packet,
    Ping,
    Pong,
    Publish,
    Splitter,
    Suback,
    Subscribe,
    Wanted,
    decode,
    encode,
)

from .test_mqtt_killed import Client, Sensor, furnish, port_of

WANTED, SPARE, AT_ONCE = 10_000, 200, 500
PATIENCE_S = 60.0
BYTES_EACH = 60_000


class Crowd:
    """Many clients of one server, nobody known."""

    def __init__(self, port: int, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._port = port
        self.members: list[socket.socket] = []
        for start in range(0, count, AT_ONCE):
            self._join(range(start, min(start + AT_ONCE, count)))

    def _join(self, numbers: range) -> None:
        fresh = []
        for number in numbers:
            member = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE_S)
            member.sendall(encode(Connect(f"crowd-{number}", V311, keep_alive_s=120), V311))
            fresh.append(member)
        self.members += fresh
        self.expect(Connack, fresh)

    def send(self, packet: Packet) -> None:
        data = encode(packet, V311)
        for member in self.members:
            member.sendall(data)

    def expect(self, kind: type[Packet], members: list[socket.socket] | None = None) -> None:
        """Wait until each of them got a packet of this kind."""
        waiting = {member.fileno(): Splitter(100_000) for member in members or self.members}
        for member in members or self.members:
            self._selector.register(member, selectors.EVENT_READ)
        end = time.monotonic() + PATIENCE_S
        while waiting:
            assert time.monotonic() < end, f"{len(waiting)} clients wait for {kind.__name__}"
            for key, _ in self._selector.select(1.0):
                data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                assert data, "a client was cut off"
                for first, body in waiting[key.fd].feed(data):
                    if isinstance(decode(first, body, V311), kind) and waiting.pop(key.fd, None):
                        self._selector.unregister(key.fileobj)
                        break

    def close(self) -> None:
        for member in self.members:
            member.close()


def memory(process_id: int) -> int:
    """Return the bytes of memory that a process holds."""
    for line in Path(f"/proc/{process_id}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise LookupError(process_id)


@pytest.mark.timeout(400)
def test_ten_thousand_clients_are_connected_subscribed_and_told(tmp_path: Path) -> None:
    token = furnish(tmp_path / "city")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(WANTED, hard - SPARE)
    with Victim(serve_city, tmp_path / "city") as server:
        port = port_of(server)
        before = memory(server.pid)
        crowd = Crowd(port, count)
        each = (memory(server.pid) - before) / count
        crowd.send(Subscribe(1, (Wanted("v1.1/Datastreams(1)/Observations", 0),)))
        crowd.expect(Suback)
        sensor = Client(port, "sensor", token, clean=True)
        sensor.send(Sensor().message(0))
        assert sensor.read()
        crowd.expect(Publish)
        crowd.send(Ping())
        crowd.expect(Pong)
        crowd.close()
        late = Client(port, "late", token, clean=True)
        late.send(Ping())
        assert isinstance(late.read()[0], Pong)
        for client in (sensor, late):
            client.close()
        server.stop()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert each < BYTES_EACH, f"{each:,.0f} bytes a client"
