"""A city as the client of a broker that someone else wrote: what is taken in, told, refused, kept while it is away.

Usage: python -m bench.sensing.outside_broker mqtt://127.0.0.1:1883 [--user city --password secret] [--messages 2000]

The broker is yours to start, anew for each run: EMQX, Mosquitto, RabbitMQ with its MQTT plugin, …. It must let one user
publish and subscribe to ``v1.1/#`` and ``lifang/v1/#``, and keep more than 1,000 messages for a client that is slow or
away: EMQX ``max_mqueue_len``, Mosquitto ``max_queued_messages``. Each line says what was tried and whether it held; the
command fails where one did not. All waits end.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench._peers.city import furnish, served
from bench.ingest import cpu_s, load_now

PATIENCE_S = 60.0
FIRST, SECOND, FOURTH = (f"v1.1/Datastreams({number})/Observations" for number in (1, 2, 4))


class Broker:
    """The broker under trial, and how one logs in there."""

    def __init__(self, args: argparse.Namespace) -> None:
        address = urlsplit(args.broker)
        self.address = args.broker
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 1883
        self.user, self.password = args.user, args.password

    def client(self, name: str, version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5) -> paho.Client:
        """Return a client that is connected."""
        client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=version)
        client.username_pw_set(self.user, self.password)
        client.max_queued_messages_set(0)
        client.connect(self.host, self.port)
        client.loop_start()
        wait_for(client.is_connected)
        return client

    def settings(self, folder: Path) -> None:
        """Have the city in ``folder`` be a client of it."""
        (folder / "broker-secret").write_text(self.password, "utf-8")
        (folder / "broker-secret").chmod(0o600)
        told = f'broker = "{self.address}"\nuser = "{self.user}"\npassword_file = "broker-secret"\n'
        with (folder / "city.toml").open("a", encoding="utf-8") as settings:
            settings.write(f'\n[mqtt]\n{told}as_person = "gateway"\n')


class City:
    """What the served city knows, asked by its own interface."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token

    def count(self, datastream: int) -> int:
        """Return how many observations of a datastream are stored."""
        asked = f"http://{self._address}/sta/v1.1/Datastreams({datastream})/Observations?$count=true&$top=0"
        with urlopen(Request(asked, headers={"Authorization": f"Bearer {self._token}"}), timeout=30) as answer:
            return int(json.load(answer)["@iot.count"])

    def holds(self, datastream: int, observations: int) -> bool:
        """Return whether just so many observations of a datastream are stored."""
        return self.count(datastream) == observations

    def observe(self, datastream: int, second: int, value: float) -> None:
        """Store one observation by HTTP."""
        body = json.dumps({"phenomenonTime": moment(second), "result": value}).encode()
        asked = f"http://{self._address}/sta/v1.1/Datastreams({datastream})/Observations"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        with urlopen(Request(asked, body, headers), timeout=30):
            pass


def moment(second: int) -> str:
    """Return a moment of 2024 as text."""
    return f"2024-01-{second // 86_400 + 1:02}T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def wait_for(what: Callable[[], Any], within_s: float = PATIENCE_S) -> bool:
    """Return whether it came about in time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def send(client: paho.Client, topic: str, seconds: range) -> None:
    """Publish one observation a second at QoS 1, and wait until the broker has acknowledged all."""
    sent = [
        client.publish(topic, json.dumps({"phenomenonTime": moment(each), "result": each / 10}), qos=1)
        for each in seconds
    ]
    for each in sent:
        each.wait_for_publish(PATIENCE_S)


def taken_in(broker: Broker, city: City, messages: int, server: int) -> bool:
    """Print and return whether what devices publish is stored, and how fast."""
    held = True
    for count, (name, version) in enumerate(
        (("3.1.1", MQTTProtocolVersion.MQTTv311), ("5.0", MQTTProtocolVersion.MQTTv5)), start=1
    ):
        send(broker.client(f"device-{name}", version), FIRST, range(count - 1, count))
        held &= told(f"a device of MQTT {name}: stored", wait_for(partial(city.holds, 1, count)))
    start, used = time.monotonic(), cpu_s(server)
    send(broker.client("device-many"), SECOND, range(messages))
    whole = wait_for(partial(city.holds, 2, messages))
    speed = messages / (time.monotonic() - start)
    note = f"{speed:,.0f}/s with one paho client, {(cpu_s(server) - used) / messages * 1e6:.0f} us of processor each"
    return held & told(f"{city.count(2):,} of {messages:,} messages at QoS 1: stored, {note}", whole)


def given_out(broker: Broker, city: City) -> bool:
    """Print and return whether others hear what the city learns, and what it refuses."""
    heard: list[paho.MQTTMessage] = []
    city.observe(3, 10, 7.5)
    time.sleep(1)
    reader = broker.client("reader")
    reader.on_message = lambda _, __, message: heard.append(message)
    reader.subscribe([("v1.1/Datastreams(3)/Observations", 1), ("lifang/v1/errors", 1)])
    kept = wait_for(lambda: heard, 10) and bool(heard[0].retain) and json.loads(heard[0].payload)["result"] == 7.5
    held = told("the latest value: retained, heard by who comes later", kept)
    city.observe(3, 11, 8.5)
    held &= told("a new value: heard", wait_for(lambda: any(b'"result":8.5' in each.payload for each in heard), 10))
    send(broker.client("device-wrong"), "v1.1/Datastreams(999)/Observations", range(1))
    refused = wait_for(lambda: any(b"no datastream 999" in each.payload for each in heard), 10)
    return held & told("a message that cannot be taken: told on lifang/v1/errors", refused)


def told(what: str, held: bool) -> bool:
    """Print what was tried, and return whether it held."""
    print(f"{what:<110} {'held' if held else 'DID NOT HOLD'}", flush=True)
    return held


def tried(broker: Broker, messages: int) -> bool:
    """Return whether all held."""
    away = 500
    with tempfile.TemporaryDirectory(prefix="bench-broker-") as scratch:
        folder, log = Path(scratch, "city"), Path(scratch, "log")
        token = furnish(folder, 10)
        broker.settings(folder)
        with served(folder, log) as (address, server):
            city = City(address, token)
            time.sleep(2)
            held = taken_in(broker, city, messages, server)
            held &= given_out(broker, city)
        send(broker.client("device-away"), FOURTH, range(away))
        with served(folder, log) as (address, _):
            city = City(address, token)
            whole = wait_for(partial(city.holds, 4, away))
            return held & told(f"{city.count(4)} of {away} messages while the city was away: stored afterwards", whole)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("broker", help="mqtt://host:port")
    parser.add_argument("--user", default="city")
    parser.add_argument("--password", default="secret")
    parser.add_argument("--messages", type=int, default=2000)
    args = parser.parse_args()
    held = tried(Broker(args), args.messages)
    print(f"load {load_now()}")
    sys.exit(not held)


if __name__ == "__main__":
    main()
