"""Webhooks are told what their owner may know: signed, in order, at least once, later if it does not arrive."""

import hashlib
import hmac
import json
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from lifang.catalogue import Card, Catalogue, Deliveries, Webhooks
from lifang.catalogue.webhooks import signature
from lifang.core import BadInput, Conflict, Denied, ManualClock, NotFound, Settings
from lifang.guard import Role, Subject
from lifang.store import Store

ANN = Subject("ann", "Ann", frozenset({Role.DATA_OFFICER}))
ANALYST = Subject("cai", "Cai", frozenset({Role.ANALYST}))


class Receiver:
    """An HTTP server on loopback that keeps what it is told, and answers as it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(each["dataset"], each["kind"]) for _, body in self.received for each in json.loads(body)["changes"]]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def catalogue(store: Store, clock: ManualClock) -> Catalogue:
    return Catalogue(store, clock, Settings("t", "测", "t", "0"))


@pytest.fixture
def webhooks(store: Store, clock: ManualClock, receiver: Receiver) -> Webhooks:
    return Webhooks(store, clock, {"allow": ["127.0.0.1"], "ports": [receiver.port]})


def deliveries(webhooks: Webhooks, catalogue: Catalogue, clock: ManualClock, subject: Subject = ANN) -> Deliveries:
    return Deliveries(
        webhooks, catalogue.changes, clock, knows=lambda _hook, change: catalogue.may_know(change, subject)
    )


def draft(catalogue: Catalogue, *ids: str, classification: str = "open") -> None:
    for dataset in ids:
        catalogue.draft(Card.from_mapping({"id": dataset, "classification": classification}), by=ANN)
        catalogue.lifecycle.move(dataset, "publish", by=ANN)


def test_an_address_that_may_not_be_told_says_where_it_would_be_allowed(webhooks: Webhooks) -> None:
    with pytest.raises(Denied, match=r"\[webhooks\] in city.toml"):
        webhooks.add("https://example.org:1/x", datasets=[], by=ANN, purpose="", after=0)


def test_what_changed_arrives_once_signed_by_the_secret(
    catalogue: Catalogue, webhooks: Webhooks, clock: ManualClock, receiver: Receiver
) -> None:
    hook, secret = webhooks.add(receiver.url, datasets=[], by=ANN, purpose="", after=0)
    draft(catalogue, "wells")
    told = deliveries(webhooks, catalogue, clock)
    assert (told.tend(), told.tend()) == (1, 0)
    assert receiver.told == [("wells", "draft"), ("wells", "publish")]
    ((headers, body),) = receiver.received
    seconds, _, code = headers["x-lifang-signature"].removeprefix("t=").partition(",v1=")
    expected = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    assert (code, int(seconds)) == (expected, int(clock.now().timestamp()))
    assert headers["x-lifang-delivery"] == f"{hook.id}/1-2"
    assert webhooks.get(hook.id).last_status == "204"


def test_each_attempt_is_kept_with_its_outcome_and_one_can_be_tried_out(
    catalogue: Catalogue, webhooks: Webhooks, clock: ManualClock, receiver: Receiver
) -> None:
    hook, secret = webhooks.add(receiver.url, datasets=[], by=ANN, purpose="", after=0)
    draft(catalogue, "wells")
    told = deliveries(webhooks, catalogue, clock)
    receiver.status = 503
    told.tend()
    clock.advance(timedelta(minutes=1))
    receiver.status = 204
    told.tend()
    webhooks.set_state(hook.id, "paused", by=ANN)
    clock.advance(timedelta(minutes=1))
    assert told.try_out(hook.id).arrived
    kept = [(each.attempt.kind, each.attempt.first, each.attempt.last, each.attempt.status, each.attempt.arrived)
            for each in webhooks.sent(hook.id)]  # fmt: skip
    assert kept == [("test", 2, 2, "204", True), ("changes", 1, 2, "204", True), ("changes", 1, 2, "503", False)]
    headers, body = receiver.received[-1]
    assert json.loads(body)["changes"] == []
    seconds = headers["x-lifang-signature"].removeprefix("t=").partition(",")[0]
    assert headers["x-lifang-signature"] == signature(secret, datetime.fromtimestamp(int(seconds), UTC), body)
    assert webhooks.get(hook.id).told == 2, "a trial moves nothing"
    webhooks.remove(hook.id, by=ANN)
    assert webhooks.sent(hook.id) == []


def test_the_signature_is_that_of_the_published_test_case() -> None:
    """RFC 4231 test case 2: key Jefe, with the text cut where the moment's dot would stand."""
    assert hmac.new(b"Jefe", b"what do ya want for nothing?", hashlib.sha256).hexdigest().startswith("5bdcc146bf60754e")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    plain = hmac.new(b"Jefe", b"1767225600.{}", hashlib.sha256).hexdigest()
    assert signature("Jefe", moment, b"{}") == f"t=1767225600,v1={plain}"


def test_only_what_the_owner_may_know_and_asked_for_is_told(
    catalogue: Catalogue, webhooks: Webhooks, clock: ManualClock, receiver: Receiver
) -> None:
    webhooks.add(receiver.url, datasets=["wells", "vault"], by=ANALYST, purpose="", after=0)
    draft(catalogue, "wells", "pumps")
    draft(catalogue, "vault", classification="restricted")
    deliveries(webhooks, catalogue, clock, ANALYST).tend()
    assert receiver.told == [("wells", "publish")]


def test_what_does_not_arrive_is_tried_again_later_each_time_and_after_a_restart(
    catalogue: Catalogue, webhooks: Webhooks, clock: ManualClock, receiver: Receiver, store: Store
) -> None:
    hook, _ = webhooks.add(receiver.url, datasets=[], by=ANN, purpose="", after=0)
    draft(catalogue, "wells")
    receiver.status = 500
    told, waits = deliveries(webhooks, catalogue, clock), []
    for _ in range(4):
        told.tend()
        told.tend()
        waits.append(webhooks.get(hook.id).due - clock.now())
        clock.advance(waits[-1])
    assert waits == [timedelta(seconds=each) for each in (1, 2, 4, 8)]
    assert len(receiver.received) == 4
    receiver.status, receiver.received = 200, []
    draft(catalogue, "pumps")
    again = Webhooks(store, clock, {"allow": ["127.0.0.1"], "ports": [receiver.port]})
    deliveries(again, catalogue, clock).tend()
    assert receiver.told == [("wells", "draft"), ("wells", "publish"), ("pumps", "draft"), ("pumps", "publish")]
    assert (again.get(hook.id).failures, again.get(hook.id).told) == (0, 4)


def test_one_that_is_gone_is_ended_and_a_paused_one_waits(
    catalogue: Catalogue, webhooks: Webhooks, clock: ManualClock, receiver: Receiver
) -> None:
    gone, _ = webhooks.add(receiver.url, datasets=[], by=ANN, purpose="", after=0)
    paused, _ = webhooks.add(receiver.url, datasets=[], by=ANN, purpose="", after=0)
    webhooks.set_state(paused.id, "paused", by=ANN)
    draft(catalogue, "wells")
    receiver.status = 410
    told = deliveries(webhooks, catalogue, clock)
    told.tend()
    clock.advance(timedelta(days=1))
    told.tend()
    assert (webhooks.get(gone.id).state, len(receiver.received)) == ("ended", 1)
    receiver.status = 200
    webhooks.set_state(paused.id, "active", by=ANN)
    assert told.tend() == 1


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://localhost/x", "http://[::1]/x", "http://10.0.0.1/"]
)
def test_inside_addresses_are_never_reached(catalogue: Catalogue, store: Store, clock: ManualClock, url: str) -> None:
    hooks = Webhooks(store, clock, {})
    hook, _ = hooks.add(url, datasets=[], by=ANN, purpose="", after=0)
    draft(catalogue, "wells")
    assert deliveries(hooks, catalogue, clock).tend() == 0
    assert (hooks.get(hook.id).failures, hooks.get(hook.id).told) == (1, 0)


def test_addresses_that_are_none_and_too_many_are_refused(store: Store, clock: ManualClock) -> None:
    hooks = Webhooks(store, clock, {})
    for url in ("ftp://x/y", "https://u:p@example.org/", "nothing", "https://example.org/\n"):
        with pytest.raises(BadInput):
            hooks.add(url, datasets=[], by=ANN, purpose="", after=0)
    with pytest.raises(Denied):
        hooks.add("https://example.org:8443/", datasets=[], by=ANN, purpose="", after=0)
    for _ in range(20):
        hooks.add("https://example.org/", datasets=[], by=ANN, purpose="", after=0)
    with pytest.raises(Conflict):
        hooks.add("https://example.org/", datasets=[], by=ANN, purpose="", after=0)
    with pytest.raises(BadInput):
        Webhooks(store, clock, {"allow": "127.0.0.1"})


def test_a_secret_lies_in_a_file_of_its_owner_and_in_no_other_place(store: Store, clock: ManualClock) -> None:
    hooks = Webhooks(store, clock, {})
    hook, secret = hooks.add("https://example.org/", datasets=[], by=ANN, purpose="", after=0)
    store.checkpoint()
    holding = [path for path in store.folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in holding] == [0o600]
    renewed = hooks.renew_secret(hook.id, by=ANN)
    assert (renewed != secret, hooks.secret(hook.id)) == (True, renewed)
    hooks.remove(hook.id, by=ANN)
    with pytest.raises(NotFound):
        hooks.secret(hook.id)
