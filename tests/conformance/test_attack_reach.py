"""What the city is asked to fetch it fetches from public addresses only: harvests, the exchange, subscriptions."""

from __future__ import annotations

import http.server
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import asyncssh
import httpcore
import pytest

from lifang.outside import Reach, check_networks

from .conftest import Fort, settled

_HOSTS = (
    "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0.0.0.0", "0", "[::1]", "[::]",  # noqa: S104
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",
    "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "224.0.0.1",
    "255.255.255.255", "[fe80::1]", "someone:secret@127.0.0.1", "127.0.0.1%00.example.com", "127.0.0.1\\@example.com",
)  # fmt: skip
_OTHERS = ("file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "//127.0.0.1/", "http:///x", "javascript:x")


class _Inside(http.server.BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - as the base class names it

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def inside() -> Iterator[tuple[int, list[str]]]:
    """A service of this machine that nobody outside may have the city ask: its port, and what it was asked."""
    asked: list[str] = []
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), type("Inside", (_Inside,), {"asked": asked}))  # noqa: S104
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


def _addresses(port: int) -> list[str]:
    return [*(f"http://{host}:{port}/x.csv" for host in _HOSTS), *_OTHERS]


def test_a_feed_is_not_pulled_from_inside(fort: Fort, inside: tuple[int, list[str]]) -> None:
    port, asked = inside
    admin, url = fort.client("administrator"), "/api/v1/exchange/feeds/reaching"
    feed = {"organisation": "tap_bureau", "dataset": "reached"}
    for address in _addresses(port)[1::2]:
        put = admin("PUT", url, json={"feed": {**feed, "source": {"kind": "http", "url": address, "ports": [port]}}})
        assert put.status_code in {200, 400}, (address, put.text)
        if put.status_code == 200:
            pulled = admin.post(f"{url}/pull")
            assert pulled.json()["trouble"]["what"], (address, pulled.text)
    assert asked == []
    assert not [each for each in fort.house.city.exchange.deliveries() if each.feed == "reaching"]


def test_a_feed_that_reaches_out_is_not_a_clerks_or_an_officers_to_add(fort: Fort) -> None:
    feed = {"organisation": "tap_bureau", "dataset": "reached"}
    for source in ({"kind": "http", "url": "http://example.com/x.csv"}, {"kind": "folder", "path": "/etc"}):
        for who in ("data_officer", "tap_bureau", "analyst", ""):
            answer = fort.client(who)("PUT", "/api/v1/exchange/feeds/mine", json={"feed": {**feed, "source": source}})
            assert answer.status_code in {400, 401, 403, 404}, (who, source, answer.text)


def test_no_portal_is_harvested_from_inside(fort: Fort, inside: tuple[int, list[str]]) -> None:
    port, asked = inside
    admin = fort.client("administrator")
    for address in _addresses(port)[::2]:
        begun = admin.post("/api/v1/harvests", json={"url": address})
        assert begun.status_code in {202, 400, 403}, (address, begun.text)
        if begun.status_code == 202:
            job = settled(admin, begun)
            assert (job["state"], bool(job["error"]["mend"])) == ("failed", True), (address, job)
            assert "nexpected" not in job["error"]["detail"], (address, job)
    assert asked == []


def test_no_subscription_notifies_inside(fort: Fort, inside: tuple[int, list[str]]) -> None:
    port, asked = inside
    admin = fort.client("administrator")
    for address in _addresses(port):
        body = {"type": "Subscription", "entities": [{"type": "Device"}],
                "notification": {"endpoint": {"uri": address, "accept": "application/json"}}}  # fmt: skip
        made = admin.post("/ngsi-ld/v1/subscriptions", json=body)
        assert 400 <= made.status_code < 500, (address, made.status_code, made.text)
    assert asked == []


def test_no_webhook_tells_inside(fort: Fort, inside: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    port, asked = inside
    admin = fort.client("administrator")
    monkeypatch.setattr(fort.house.city.webhooks, "reach", Reach(ports=(port,)))
    for address in _addresses(port)[::3]:
        made = admin.post("/api/v1/webhooks", json={"url": address})
        assert made.status_code in {201, 400, 403}, (address, made.text)
        if made.status_code == 201:
            url = f"/api/v1/webhooks/{made.json()['id']}"
            sent = admin.post(f"{url}/test").json()
            assert (sent["arrived"], bool(sent["status"])) == (False, True), (address, sent)
            assert admin("DELETE", url).status_code == 204
    assert asked == []


def test_a_webhook_is_not_led_inside_by_a_redirect(
    fort: Fort, inside: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, asked = inside
    admin, targets = fort.client("administrator"), iter((f"http://127.0.0.2:{port}/", "http://169.254.169.254/"))

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", next(targets))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        reach = Reach(check_networks(["127.0.0.1"]), (80, port, door.server_port))
        monkeypatch.setattr(fort.house.city.webhooks, "reach", reach)
        url = f"http://127.0.0.1:{door.server_port}/"
        made = admin.post("/api/v1/webhooks", json={"url": url}).json()
        for _ in range(2):
            sent = admin.post(f"/api/v1/webhooks/{made['id']}/test").json()
            assert (sent["arrived"], "127.0.0.2" in sent["status"] or "169.254" in sent["status"]) == (False, True), (
                sent
            )
        door.shutdown()
    assert asked == []
    admin("DELETE", f"/api/v1/webhooks/{made['id']}")


class _Names(socketserver.BaseRequestHandler):
    """A name server: the first answer about a name is a public address, every later one is this machine."""

    told: dict[bytes, int]

    def handle(self) -> None:
        asked, sock = self.request
        name = asked[12 : asked.index(b"\0", 12) + 1]
        self.told[name] = self.told.get(name, 0) + 1
        address = "93.184.216.34" if self.told[name] == 1 else "127.0.0.1"
        head = asked[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0)
        answer = struct.pack(">HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(address)
        sock.sendto(head + name + struct.pack(">HH", 1, 1) + answer, self.client_address)


@pytest.fixture
def turning(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], dict[bytes, int]]]:
    """Names below .example that turn inward after their first lookup: the addresses spoken to, and the lookups."""
    spoken: list[str] = []
    told: dict[bytes, int] = {}
    server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), type("Names", (_Names,), {"told": told}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plain = socket.getaddrinfo

    def looked_up(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if not str(host).endswith(".example"):
            return plain(host, port, *more, **named)
        name = b"".join(bytes([len(part)]) + part.encode() for part in host.split(".")) + b"\0"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            asking.sendto(struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + name + b"\0\1\0\1", server.server_address)
            address = socket.inet_ntoa(asking.recv(512)[-4:])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def nobody(_: object, host: str, *__: object, **___: object) -> httpcore.NetworkStream:
        spoken.append(host)
        raise httpcore.ConnectError("nobody answers there")

    def no_ssh(host: str, *_: object, **__: object) -> Any:
        spoken.append(host)
        raise OSError("nobody answers there")

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", nobody)
    monkeypatch.setattr(asyncssh, "connect", no_ssh)
    yield spoken, told
    server.shutdown()
    server.server_close()


def _harvested(fort: Fort, host: str) -> str:
    admin = fort.client("administrator")
    return str(settled(admin, admin.post("/api/v1/harvests", json={"url": f"http://{host}/"}))["error"]["detail"])


def _pulled(fort: Fort, source: dict[str, Any]) -> str:
    admin, url = fort.client("administrator"), "/api/v1/exchange/feeds/turning"
    feed = {"organisation": "tap_bureau", "dataset": "turned", "source": source}
    assert admin("PUT", url, json={"feed": feed, "secrets": {"password": "secret"}}).status_code == 200
    return str(admin.post(f"{url}/pull").json()["trouble"]["what"])


def _webhook(fort: Fort, host: str) -> str:
    admin = fort.client("administrator")
    made = admin.post("/api/v1/webhooks", json={"url": f"http://{host}/"}).json()
    sent = str(admin.post(f"/api/v1/webhooks/{made['id']}/test").json()["status"])
    admin("DELETE", f"/api/v1/webhooks/{made['id']}")
    return sent


_KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
_DOORS: dict[str, Callable[[Fort, str], str]] = {
    "harvest": _harvested,
    "http feed": lambda fort, host: _pulled(fort, {"kind": "http", "url": f"http://{host}/x.csv"}),
    "sftp feed": lambda fort, host: _pulled(
        fort, {"kind": "sftp", "host": host, "user": "u", "host_key": _KEY, "path": "/out"}
    ),
    "webhook": _webhook,
}


@pytest.mark.parametrize("door", _DOORS)
def test_a_name_that_turns_inward_after_it_was_looked_up_leads_nowhere(
    fort: Fort, turning: tuple[list[str], dict[bytes, int]], door: str
) -> None:
    spoken, told = turning
    host = f"{door.replace(' ', '-')}.example"
    _DOORS[door](fort, host)
    assert set(spoken) <= {"93.184.216.34"}
    before = sum(told.values())
    assert len(spoken) >= 1
    assert "127.0.0.1" in _DOORS[door](fort, host)
    assert set(spoken) == {"93.184.216.34"}
    assert sum(told.values()) > before
