"""The MQTT map against a real Mosquitto: log-in, filters, payloads, what was not stored comes again."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from connector_worlds.mqtt_map import Broker

from lifang.core import BadInput, Denied, SystemClock, Unavailable
from lifang.sensing.connectors.mqtt_map import Options, Topic, pull
from lifang.sensing.connectors.running import Context, Portion


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker")
    yield made
    made.stop()


class Listener:
    """A pull that is read in the test's own time."""

    def __init__(
        self, broker: Broker, *topics: dict[str, Any], name: str = "c", limit_s: float = 20.0, **more: Any
    ) -> None:
        self.stopped = False
        told = {"host": "127.0.0.1", "allow": ["127.0.0.1"], "port": broker.port, "topics": list(topics), **more}
        context = Context(name, Path(), SystemClock(), None, (0, 0), limit_s, stopping=lambda: self.stopped)  # type: ignore[arg-type]
        self.portions = pull(Options.model_validate(told), {}, context)
        next(self.portions)  # subscribed

    def until(self, count: int, *, acknowledge: bool = True) -> list[Portion]:
        """Return portions until they hold ``count`` records and issues."""
        found: list[Portion] = []
        deadline = time.monotonic() + 15
        while sum(len(each.records) + len(each.issues) for each in found) < count:
            assert time.monotonic() < deadline
            found.append(next(self.portions))
            if acknowledge:
                found[-1].acknowledge()
        return found

    def close(self) -> None:
        self.stopped = True
        self.portions.close()  # type: ignore[attr-defined]


@pytest.fixture
def listen(broker: Broker) -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def start(*topics: dict[str, Any], **more: Any) -> Listener:
        made.append(Listener(broker, *topics, **more))
        return made[-1]

    yield start
    for each in made:
        each.close()


def records(portions: list[Portion]) -> list[dict[str, Any]]:
    return [each.data for portion in portions for each in portion.records]


def test_levels_have_names_and_payloads_are_read(broker: Broker, listen: Callable[..., Listener]) -> None:
    listener = listen({"filter": "site/{site}/{metric}"}, {"filter": "other/+/x/#"})
    broker.publish(
        [("site/a/temp", b'{"v": 1}'), ("other/b/x/y/z", b"[2]"), ("site/a/b/c", b"9"), ("site/b/temp", b"{")]
    )
    found = listener.until(3)
    told = records(found)
    assert told[0] == {
        "site": "a", "metric": "temp", "topic": "site/a/temp", "levels": ["site", "a", "temp"], "payload": {"v": 1},
        "retained": False}  # fmt: skip
    assert (told[1]["levels"][3], told[1]["payload"]) == ("y", [2])
    (issue,) = [each for portion in found for each in portion.issues]
    assert (issue.where, issue.column, issue.value) == ("site/b/temp", "payload", "{")


@pytest.mark.parametrize(
    ("payload", "sent", "found"), [("number", b" 21.5 ", 21.5), ("text", "站".encode(), "站"), ("json", b"21.5", 21.5)]
)
def test_a_payload_may_be_a_plain_number_or_text(
    broker: Broker, listen: Callable[..., Listener], payload: str, sent: bytes, found: Any
) -> None:
    listener = listen({"filter": "t"}, payload=payload)
    broker.publish([("t", sent)])
    assert records(listener.until(1))[0]["payload"] == found


def test_a_message_past_the_bound_is_told_not_read(broker: Broker, listen: Callable[..., Listener]) -> None:
    listener = listen({"filter": "t"}, bytes_max=10)
    broker.publish([("t", b"1" * 11), ("t", b"1")])
    found = listener.until(2)
    assert len(records(found)) == 1
    assert "11 bytes" in found[0].issues[0].mend


def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(broker: Broker) -> None:
    first = Listener(broker, {"filter": "t"})
    broker.publish([("t", b"1"), ("t", b"2")])
    first.until(2)
    broker.publish([("t", b"3"), ("t", b"4")])
    first.until(2, acknowledge=False)
    first.close()
    broker.publish([("t", b"5")])
    broker.stop()
    broker.start()
    second = Listener(broker, {"filter": "t"})
    assert [each["payload"] for each in records(second.until(3))] == [3, 4, 5]
    second.close()


def test_thousands_of_messages_arrive_each_once(broker: Broker, listen: Callable[..., Listener]) -> None:
    listener = listen({"filter": "t/{n}"})
    broker.publish([(f"t/{number}", str(number).encode()) for number in range(3000)])
    told = [each["payload"] for each in records(listener.until(3000))]
    assert sorted(told) == list(range(3000))


def test_a_lost_broker_is_told_and_a_stopping_pull_ends_at_once(
    broker: Broker, listen: Callable[..., Listener]
) -> None:
    listener = listen({"filter": "t"})
    broker.stop()
    with pytest.raises(Unavailable):
        listener.until(1)
    with pytest.raises(Unavailable):
        Listener(broker, {"filter": "t"})
    broker.start()
    again = listen({"filter": "t"})
    again.stopped = True
    assert list(again.portions) == []


def test_a_trial_takes_nothing_from_the_session(broker: Broker) -> None:
    Listener(broker, {"filter": "t"}).close()
    broker.publish([("t", b"1")])
    told = {"host": "127.0.0.1", "allow": ["127.0.0.1"], "port": broker.port, "topics": [{"filter": "t"}]}
    context = Context("c", Path(), SystemClock(), None, (0, 0), 0.5, trial=True)  # type: ignore[arg-type]
    assert records(list(pull(Options.model_validate(told), {}, context))) == []
    later = Listener(broker, {"filter": "t"})
    assert len(records(later.until(1))) == 1
    later.close()


def test_a_wrong_password_and_a_forbidden_topic_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    (folder / "passwords").write_text("city:city\n", "utf-8")
    subprocess.run(["mosquitto_passwd", "-U", str(folder / "passwords")], check=True, capture_output=True)
    (folder / "acl").write_text("user city\ntopic read allowed/#\n", "utf-8")
    made = Broker(folder, f"allow_anonymous false\npassword_file {folder}/passwords\nacl_file {folder}/acl")
    try:
        with pytest.raises((Denied, Unavailable)) as refused:
            Listener(made, {"filter": "allowed/x"}, username="city", password="wrong")
        assert "password" in refused.value.mend
        Listener(made, {"filter": "allowed/x"}, username="city", password="city").close()
    finally:
        made.stop()


@pytest.mark.parametrize("text", ["", "a/#/b", "a+/b", "a/b#", "a/{X}/b", "a/x{b}/c", "a/\0"])
def test_what_is_no_topic_filter_is_refused(text: str) -> None:
    with pytest.raises((BadInput, ValueError)):
        Topic(filter=text)


def test_an_inside_broker_needs_leave(broker: Broker) -> None:
    with pytest.raises(Denied, match="this machine itself"):
        Listener(broker, {"filter": "t"}, allow=[])
