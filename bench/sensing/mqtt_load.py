"""A lean MQTT 3.1.1 publisher: prepared bytes, raw sockets, a window of unanswered QoS 1 messages per connection."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lifang.doors.mqtt.wire import V311, Connect, Publish, encode

PUBACK_BYTES = 4
SPOT = b"2024-01-01T00"  # the hour in every time of a template; each burst writes its own
Burst = Callable[[int], list[tuple[str, bytes]]]  # a connection's messages: topic and payload with SPOT in it


@dataclass(frozen=True)
class Load:
    """What is sent: ``messages`` a burst on each of ``connections``, two bursts ahead, ``per_s`` messages in all."""

    connections: int
    burst: int
    seconds: float
    per_s: float | None = None


@dataclass(frozen=True)
class Answered:
    """What came of it: messages answered a second, and milliseconds from a burst's sending to its last answer."""

    messages: int
    per_s: float
    p50_ms: float
    p99_ms: float


@dataclass
class _Connection:
    socket: socket.socket
    template: bytes
    hour: int
    answered: int = 0
    sent: deque[float] = field(default_factory=deque)


def hour_text(number: int) -> bytes:
    """Return the ``number``-th hour since 2000 as it stands in a time."""
    day, of_day = divmod(number, 24)
    month, of_month = divmod(day, 28)
    year, of_year = divmod(month, 12)
    return f"{2000 + year % 150:04}-{of_year + 1:02}-{of_month + 1:02}T{of_day:02}".encode()


def _connect(port: int, name: str, token: str) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port), timeout=30)
    user = ("bench", token.encode()) if token else (None, None)
    found.sendall(encode(Connect(name, V311, True, 600, *user), V311))
    answer = found.recv(4)
    if answer[3:] != b"\0":
        raise ConnectionRefusedError(answer)
    return found


def drive(port: int, token: str, load: Load, make: Burst) -> Answered:
    """Return how a server answered the load; it is sent by a process of its own."""
    context = multiprocessing.get_context("fork")
    result = context.SimpleQueue()
    worker = context.Process(target=lambda: result.put(_drive(port, token, load, make)), daemon=True)
    worker.start()
    found: Answered = result.get()
    worker.join()
    return found


def _drive(port: int, token: str, load: Load, make: Burst) -> Answered:
    selector = selectors.DefaultSelector()
    for number in range(load.connections):
        template = b"".join(
            encode(Publish(topic, payload, 1, packet_id=place + 1), V311)
            for place, (topic, payload) in enumerate(make(number))
        )
        connection = _Connection(_connect(port, f"load-{number}", token), template, number * 40_000)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    connections: list[_Connection] = [key.data for key in selector.get_map().values()]
    took: list[float] = []
    begin = time.perf_counter()
    if load.per_s is None:
        for connection in connections * 2:
            _send(connection, time.perf_counter())
    messages = _pace(selector, connections, load, took, begin)
    passed = time.perf_counter() - begin
    p50, p99 = np.percentile(np.array(took) * 1000, [50, 99])
    return Answered(messages, messages / passed, float(p50), float(p99))


def _pace(
    selector: selectors.BaseSelector, connections: list[_Connection], load: Load, took: list[float], begin: float
) -> int:
    """Return how many messages were answered in time; bursts are sent as they are due, or as soon as may be."""
    step = load.burst / load.per_s if load.per_s else 0.0
    due, turn, messages = begin, 0, 0
    while (now := time.perf_counter()) < begin + load.seconds:
        while step and due <= now:
            connection = connections[turn % len(connections)]
            _send(connection, due)
            due, turn = due + step, turn + 1
        for key, _ in selector.select(max(0.0, min(due - now, 0.1)) if step else 0.1):
            done = _read(key.data, load.burst, took)
            messages += done * load.burst
            for _ in range(0 if step else done):
                _send(key.data, time.perf_counter())
    return messages


def _send(connection: _Connection, due: float) -> None:
    connection.hour += 1
    connection.socket.sendall(connection.template.replace(SPOT, hour_text(connection.hour)))
    connection.sent.append(due)


def _read(connection: _Connection, burst: int, took: list[float]) -> int:
    """Return how many bursts were answered by what has come."""
    data = connection.socket.recv(262_144)
    if not data:
        raise ConnectionResetError("the server closed the connection")
    connection.answered += len(data)
    done = 0
    while connection.answered >= burst * PUBACK_BYTES:
        connection.answered -= burst * PUBACK_BYTES
        took.append(time.perf_counter() - connection.sent.popleft())
        done += 1
    return done
