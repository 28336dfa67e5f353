"""What a connection may send before it is closed, against a server on a loopback port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from lifang.doors.api.limits import BoundedHttp

_HEAD = b"POST /%s HTTP/1.1\r\nHost: a\r\n"


class Impatient(BoundedHttp):
    stall_s = 0.6


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the size of the body; /large with more than the line holds."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = bytes(50_000_000) if scope["path"] == "/large" else str(size).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = uvicorn.Config(app, http=Impatient, log_level="critical", lifespan="off", ws="none", timeout_keep_alive=30)
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def line(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        yield line


def status(line: socket.socket) -> bytes:
    return line.recv(4096).split(b"\r\n")[0]


def is_closed(line: socket.socket) -> bool:
    try:
        while line.recv(65536):
            pass
    except ConnectionError:
        return True
    return True


def flood(line: socket.socket, piece: bytes, most: int) -> int:
    """Return how many bytes could be sent before the line was closed."""
    sent = 0
    try:
        while sent < most:
            line.sendall(piece)
            sent += len(piece)
    except OSError:
        return sent
    return sent


def test_honest_requests_pass_one_after_the_other_and_pipelined(line: socket.socket) -> None:
    headers = b"".join(b"X-%d: %b\r\n" % (n, b"v" * 200) for n in range(150))
    request = _HEAD % b"" + headers + b"Content-Length: 3\r\n\r\nabc"
    line.sendall(request)
    assert status(line) == b"HTTP/1.1 200 OK"
    line.sendall(request[:100])
    time.sleep(0.1)
    line.sendall(request[100:] + request)
    told = b""
    while told.count(b"200 OK") < 2:
        told += line.recv(4096)


def test_a_body_may_be_long_and_chunked(line: socket.socket) -> None:
    line.sendall(_HEAD % b"" + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(20):
        line.sendall(b"10000\r\n" + bytes(65_536) + b"\r\n")
    line.sendall(b"0\r\n\r\n")
    told = b""
    while not told.endswith(b"\r\n\r\n1310720"):
        part = line.recv(4096)
        assert part, told
        told += part


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: " + b"v" * 70_000 + b"\r\n",
        b"".join(b"X-%d: v\r\n" % n for n in range(250)),
        b"".join(b"X-%d: %b\r\n" % (n, b"v" * 1000) for n in range(100)),
    ],
)
def test_too_large_a_head_is_answered_with_431(line: socket.socket, head: bytes) -> None:
    line.sendall(_HEAD % b"" + head + b"\r\n")
    assert status(line).startswith(b"HTTP/1.1 431 ")
    assert is_closed(line)


@pytest.mark.parametrize(
    "begun",
    [
        _HEAD % b"" + b"X-Endless: ",
        b"POST /",
        _HEAD % b"" + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: ",
    ],
    ids=["header", "address", "trailer"],
)
def test_what_never_ends_is_cut_off_early(line: socket.socket, begun: bytes) -> None:
    line.sendall(begun)
    assert flood(line, b"v" * 65_536, 20_000_000) < 20_000_000


@pytest.mark.parametrize(
    "begun",
    [b"", _HEAD % b"", _HEAD % b"" + b"Content-Length: 10\r\n\r\nabc", b"\r\n"],
    ids=["", "head", "body", "blank"],
)
def test_a_request_that_stops_arriving_is_given_up(line: socket.socket, begun: bytes) -> None:
    began = time.monotonic()
    line.sendall(begun)
    assert is_closed(line)
    assert time.monotonic() - began < 3


def test_a_head_that_drips_is_given_up(line: socket.socket) -> None:
    began = time.monotonic()
    line.sendall(_HEAD % b"")
    try:
        while time.monotonic() - began < 5:
            line.sendall(b"a")
            time.sleep(0.1)
    except OSError:
        pass
    assert time.monotonic() - began < 3


def test_a_body_that_keeps_coming_slowly_is_waited_for(line: socket.socket) -> None:
    line.sendall(_HEAD % b"" + b"Content-Length: 10\r\n\r\n")
    for _ in range(10):
        time.sleep(0.15)
        line.sendall(b"a")
    assert status(line) == b"HTTP/1.1 200 OK"


def test_an_answer_that_is_not_taken_in_is_given_up(line: socket.socket) -> None:
    line.sendall(_HEAD % b"large" + b"Content-Length: 0\r\n\r\n")
    time.sleep(2)
    taken = 0
    try:
        while part := line.recv(1 << 20):
            taken += len(part)
    except ConnectionError:
        pass
    assert taken < 50_000_000
