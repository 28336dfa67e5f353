"""What a connector may reach over HTTP: every known trick to reach inside is refused, every bound holds."""

from __future__ import annotations

import gzip
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from connector_worlds.server import Asked, Reply, Server

from lifang.core import BadInput, Denied, Problem, TooLarge, Unavailable
from lifang.outside import Fetcher, Reach, check_networks, permitted_addresses
from lifang.outside.addresses import why_not

HERE = check_networks(["127.0.0.1"])


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Asked], Reply]], Server]]:
    running: list[Server] = []

    def start(answer: Callable[[Asked], Reply]) -> Server:
        running.append(Server(answer))
        return running[-1]

    yield start
    for server in running:
        server.close()


def fetcher(*servers: Server, allow: Any = HERE, **more: Any) -> Fetcher:
    return Fetcher(Reach(allow, tuple(server.port for server in servers), **{"timeout_s": 5.0, **more}))


INSIDE = [
    "127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "0", "0.0.0.0",  # noqa: S104
    "localhost", "localhost.", "LOCALHOST", "①②⑦.⓪.⓪.①", "127。0。0。1", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]",
    "[2001:0:7f00:1::1]", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.0.1", "169.254.169.254", "100.64.0.1",
    "100.127.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "203.0.113.5",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]",
    "[fd00:ec2::254]", "[ff02::1]", "[100::1]", "[2001:db8::1]", "[::ffff:169.254.169.254]", "[::ffff:10.0.0.1]",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_no_writing_of_an_inside_address_is_reached(host: str, serve: Any) -> None:
    server = serve(lambda _: Reply(b"inside"))
    with pytest.raises((Denied, BadInput, Unavailable)) as refused:
        fetcher(server, allow=()).fetch(f"http://{host}:{server.port}/")
    assert refused.value.what
    assert refused.value.mend
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/x",
        "ftp://example.org/x",
        "javascript:alert(1)",
        "http:///path",
        "//example.org/",
        "example.org",
        "http://user@example.org/",
        "http://user:pass@example.org/",
        "http://example.org\\@127.0.0.1/",
        "http://example.org/a b",
        "http://example.org/\r\nX-Evil: 1",
        "http://example.org\t/",
        "http://[::1/",
        "http://example.org:99999/",
        "http://example.org:abc/",
        "http://" + "a" * 70 + ".org/",
        "",
    ],
)
def test_what_is_no_plain_web_address_is_refused_before_anything_is_looked_up(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: pytest.fail("a name was looked up"))
    with pytest.raises(BadInput):
        Fetcher(Reach()).fetch(url)


@pytest.mark.parametrize("port", [21, 22, 25, 3306, 5432, 6379, 8080])
def test_other_ports_than_those_listed_are_refused(port: int) -> None:
    with pytest.raises(Denied, match=f"Port {port}"):
        Fetcher(Reach()).fetch(f"http://example.org:{port}/")


def test_what_an_administrator_allows_is_reached_and_nothing_beside_it(serve: Any) -> None:
    server = serve(lambda _: Reply(b"hello"))
    assert fetcher(server).fetch(server.url).body == b"hello"
    with pytest.raises(Denied):
        fetcher(server, allow=check_networks(["127.0.0.2", "10.0.0.0/8"])).fetch(server.url)


def test_a_clouds_credentials_need_to_be_named_one_by_one() -> None:
    assert why_not("169.254.169.254", check_networks(["0.0.0.0/0", "169.254.0.0/16"]))
    assert why_not("::ffff:169.254.169.254", check_networks(["::/0", "::ffff:0:0/96"]))
    assert why_not("168.63.129.16", check_networks(["168.63.0.0/16"]))
    assert not why_not("169.254.169.254", check_networks(["169.254.169.254"]))


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2001:4860:4860::8888"])
def test_public_addresses_need_no_leave(address: str) -> None:
    assert why_not(address, ()) == ""


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "", "*", "10.0.0.*"])
def test_a_list_of_networks_holds_addresses_and_networks_only(text: str) -> None:
    with pytest.raises(BadInput):
        check_networks([text])


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to each of ``answers`` in turn; return the list of names asked for."""
    asked: list[str] = []

    def told(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        literal = host.replace(".", "").isdigit()
        found = [host] if literal else answers[min(len(asked), len(answers) - 1)]
        asked.extend([] if literal else [host])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", told)
    return asked


def test_a_name_that_means_something_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["10.1.2.3"])
    with pytest.raises(Denied, match=r"10\.1\.2\.3"):
        Fetcher(Reach()).fetch("http://innocent.example/")


def test_one_inside_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(Denied):
        permitted_addresses("innocent.example", 80, ())


def test_a_name_that_changes_after_it_was_looked_at_changes_nothing(serve: Any, monkeypatch: Any) -> None:
    server = serve(lambda _: Reply(b"the one that was looked at"))
    asked = resolving(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    answer = fetcher(server).fetch(f"http://rebinding.example:{server.port}/")
    assert answer.body == b"the one that was looked at"
    assert asked == ["rebinding.example"]
    assert server.asked[0].headers["Host"] == f"rebinding.example:{server.port}"


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "//192.168.0.1/",
        "file:///etc/passwd",
        "http://127.0.0.1:22/",
        "http://user:pw@127.0.0.1/",
    ],
)
def test_each_redirect_is_looked_at_like_the_first_address(serve: Any, target: str) -> None:
    server = serve(lambda _: Reply(b"", 302, {"Location": target}))
    reach = Reach(HERE, (server.port, 80))
    with pytest.raises((Denied, BadInput)):
        Fetcher(reach).fetch(server.url)
    assert len(server.asked) == 1


def test_a_redirect_on_the_same_host_keeps_the_headers_and_one_elsewhere_loses_them(serve: Any) -> None:
    other = serve(lambda _: Reply(b"other"))

    def answer(asked: Asked) -> Reply:
        if asked.path == "/start":
            return Reply(b"", 302, {"Location": "/next"})
        return Reply(b"", 307, {"Location": f"{other.url}/away"})

    server = serve(answer)
    found = fetcher(server, other).fetch(f"{server.url}/start", headers={"Authorization": "Bearer x"})
    assert found.body == b"other"
    assert found.url == f"{other.url}/away"
    assert [each.headers.get("Authorization") for each in server.asked] == ["Bearer x", "Bearer x"]
    assert "Authorization" not in other.asked[0].headers


def test_redirects_come_to_an_end(serve: Any) -> None:
    server = serve(lambda _: Reply(b"", 301, {"Location": "/again"}))
    with pytest.raises(Unavailable, match="redirects"):
        fetcher(server).fetch(server.url)
    assert len(server.asked) == 6


def test_a_post_that_is_led_on_becomes_a_get_where_http_says_so(serve: Any) -> None:
    server = serve(lambda asked: Reply(b"done") if asked.path == "/b" else Reply(b"", 303, {"Location": "/b"}))
    assert fetcher(server).fetch(f"{server.url}/a", method="POST", body=b"{}").body == b"done"
    assert [(each.method, each.body) for each in server.asked] == [("POST", b"{}"), ("GET", b"")]


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Transfer-Encoding", "Bad Name", "X\r\nY", "é"])
def test_headers_that_would_change_the_request_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        Fetcher(Reach()).fetch("http://example.org/", headers={name: "x"})


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "\0", "名"])
def test_header_values_that_would_break_the_request_are_refused(value: str) -> None:
    with pytest.raises(BadInput):
        Fetcher(Reach()).fetch("http://example.org/", headers={"X-A": value})


def test_an_answer_past_the_bound_is_refused_even_if_it_hides_its_size(serve: Any) -> None:
    server = serve(lambda _: Reply(b"x" * 10_001))
    with pytest.raises(TooLarge):
        fetcher(server, bytes_max=10_000).fetch(server.url)
    packed = gzip.compress(b"0" * 50_000_000)
    bomb = serve(lambda _: Reply(packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(TooLarge):
        fetcher(bomb, bytes_max=1_000_000).fetch(bomb.url)


def test_gzip_is_read_and_a_broken_one_is_told(serve: Any) -> None:
    whole = gzip.compress(b"hello")
    good = serve(lambda _: Reply(whole, headers={"Content-Encoding": "gzip"}))
    assert fetcher(good).fetch(good.url).body == b"hello"
    for body in (whole[:-9], b"not gzip", b""):
        bad = serve(lambda _, body=body: Reply(body, headers={"Content-Encoding": "gzip"}))
        with pytest.raises(Unavailable):
            fetcher(bad).fetch(bad.url)
    odd = serve(lambda _: Reply(b"x", headers={"Content-Encoding": "br"}))
    with pytest.raises(Unavailable, match="br"):
        fetcher(odd).fetch(odd.url)


class Raw:
    """A server that sends bytes as ``talk`` says, whatever was asked."""

    def __init__(self, talk: Callable[[socket.socket, threading.Event], None]) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(talk,), daemon=True)
        self._thread.start()

    def _run(self, talk: Callable[[socket.socket, threading.Event], None]) -> None:
        try:
            peer, _ = self._socket.accept()
            with peer:
                peer.recv(65_536)
                talk(peer, self.over)
        except OSError:
            self.over.set()

    def close(self) -> None:
        self.over.set()
        self._socket.close()
        self._thread.join(timeout=5)


def drip(start: bytes, more: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def talk(peer: socket.socket, over: threading.Event) -> None:
        peer.sendall(start)
        while not over.wait(0.02):
            peer.sendall(more)

    return talk


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"b"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["silence", "headers", "header", "body", "chunks"],
)
def test_however_slowly_the_other_side_drips_it_ends_in_time(start: bytes, more: bytes) -> None:
    server = Raw(drip(start, more))
    began = time.monotonic()
    with pytest.raises(Unavailable):
        Fetcher(Reach(HERE, (server.port,), timeout_s=1.0)).fetch(server.url)
    assert time.monotonic() - began < 4
    server.close()


def test_a_stopping_connector_does_not_wait_for_a_silent_server() -> None:
    server = Raw(drip(b"", b""))
    began = time.monotonic()
    with pytest.raises(Unavailable):
        Fetcher(Reach(HERE, (server.port,), timeout_s=60.0), stopping=lambda: True).fetch(server.url)
    assert time.monotonic() - began < 4
    server.close()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_told_as_such(said: bytes) -> None:
    server = Raw(lambda peer, _: peer.sendall(said))
    with pytest.raises(Problem) as told:
        Fetcher(Reach(HERE, (server.port,), timeout_s=3.0)).fetch(server.url)
    assert isinstance(told.value, Unavailable)
    assert told.value.mend
    server.close()
