"""What the city is asked to fetch it fetches from public addresses only: harvests, the exchange, subscriptions."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

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
