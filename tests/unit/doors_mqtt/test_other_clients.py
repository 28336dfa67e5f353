"""Clients that others wrote: Paho in both versions, Mosquitto's own, over TLS too."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from .conftest import PATIENCE_S, Served, Template, message

pytestmark = pytest.mark.slow
TOPIC = "v1.1/Datastreams(4)/Observations"


class Paho:
    """A Paho client with what it heard."""

    def __init__(self, port: int, name: str, token: str, version: int, tls: ssl.SSLContext | None = None) -> None:
        self.heard: list[paho.MQTTMessage] = []
        self._change = threading.Condition()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=version)
        if token:
            self.client.username_pw_set("gateway", token)
        if tls:
            self.client.tls_set_context(tls)
        self.client.on_message = self._hear
        self.client.on_subscribe = self._subscribed
        self._granted: list[Any] | None = None
        self.client.connect("127.0.0.1", port, keepalive=10)
        self.client.loop_start()

    def _hear(self, _: Any, __: Any, told: paho.MQTTMessage) -> None:
        with self._change:
            self.heard.append(told)
            self._change.notify_all()

    def _subscribed(self, _: Any, __: Any, ___: int, codes: list[Any], ____: Any) -> None:
        with self._change:
            self._granted = codes
            self._change.notify_all()

    def subscribe(self, *args: Any, **more: Any) -> list[Any]:
        self.client.subscribe(*args, **more)
        with self._change:
            assert self._change.wait_for(lambda: self._granted is not None, PATIENCE_S)
        assert self._granted is not None
        return self._granted

    def expect(self, count: int) -> list[dict[str, Any]]:
        with self._change:
            assert self._change.wait_for(lambda: len(self.heard) >= count, PATIENCE_S), self.heard
        return [json.loads(told.payload) for told in self.heard]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("version", [paho.MQTTv311, paho.MQTTv5])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_paho_sends_and_hears(served: Served, version: int, qos: int) -> None:
    served.observe(4, 0, 0.5)
    reader = Paho(served.port, "reader", "", version)
    reader.subscribe(TOPIC, qos)
    assert reader.expect(1)[0]["result"] is not None
    assert reader.heard[0].retain
    sender = Paho(served.port, "sender", served.tokens["operator"], version)
    start = 1000 * (version + 1) + 100 * qos
    for second in range(start, start + 20):
        told = message(second, float(second), 4)
        sender.client.publish(told.topic, told.payload, qos).wait_for_publish(PATIENCE_S)
    found = reader.expect(21)[1:]
    assert [each["result"] for each in found] == [float(second) for second in range(start, start + 20)]
    assert {told.qos for told in reader.heard} == {qos}
    assert set(range(start, start + 20)) <= served.stored(4).keys()
    reader.close()
    sender.close()


def test_paho_5_0_hears_why_a_message_was_refused(served: Served) -> None:
    sender = Paho(served.port, "sender", served.tokens["operator"], paho.MQTTv5)
    told: list[Any] = []
    done = threading.Event()

    def on_publish(_: Any, __: Any, ___: int, code: Any, properties: Properties) -> None:
        told.append((code.value, properties.ReasonString))
        done.set()

    sender.client.on_publish = on_publish
    sender.client.publish("v1.1/Datastreams(99)/Observations", b'{"result": 1}', 1)
    assert done.wait(PATIENCE_S)
    assert told[0][0] == 0x90
    assert "There is no datastream 99" in told[0][1]
    sender.close()


def test_paho_5_0_uses_aliases_shares_and_options(served: Served) -> None:
    readers = [Paho(served.port, f"crew-{n}", served.tokens["analyst"], paho.MQTTv5) for n in range(2)]
    for reader in readers:
        reader.subscribe("$share/crew/lamps/#", options=SubscribeOptions(qos=1))
    sender = Paho(served.port, "sender", served.tokens["operator"], paho.MQTTv5)
    alias = Properties(PacketTypes.PUBLISH)
    alias.TopicAlias = 1
    sender.client.publish("lamps/1", b'"on"', 1, properties=alias).wait_for_publish(PATIENCE_S)
    for _ in range(9):
        sender.client.publish("", b'"on"', 1, properties=alias).wait_for_publish(PATIENCE_S)
    for reader in readers:
        reader.expect(5)
        assert {told.topic for told in reader.heard} == {"lamps/1"}
    for each in (*readers, sender):
        each.close()


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_mosquittos_clients_send_and_hear(served: Served, version: str) -> None:
    where = ["-h", "127.0.0.1", "-p", str(served.port), "-V", version]
    second = 50_000 + len(version)
    listen = ["mosquitto_sub", *where, "-t", "v1.1/Datastreams(5)/Observations?$select=result", "-q", "1", "-C", "2"]
    served.observe(5, second - 10, 0.5)
    with subprocess.Popen([*listen, "-F", "%r %t %p"], stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline().startswith("1 v1.1/Datastreams(5)/Observations?$select=result ")
        told = message(second, 7.25, 5)
        token = served.tokens["operator"]
        send = ["mosquitto_pub", *where, "-u", "gateway", "-P", token, "-q", "2", "-t", told.topic, "-s"]
        subprocess.run(send, input=told.payload, check=True, timeout=PATIENCE_S)
        line = reader.stdout.readline()
        assert line == '0 v1.1/Datastreams(5)/Observations?$select=result {"result":7.25}\n'
        assert reader.wait(PATIENCE_S) == 0
    assert served.stored(5)[second] == 7.25


def test_mosquitto_is_told_that_it_may_not(served: Served) -> None:
    where = ["-h", "127.0.0.1", "-p", str(served.port), "-V", "mqttv5"]
    send = ["mosquitto_pub", *where, "-q", "1", "-t", TOPIC, "-m", '{"result":1}']
    done = subprocess.run(send, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert "Not authorized" in done.stderr
    wrong = [*send, "-u", "operator", "-P", "wrong"]
    done = subprocess.run(wrong, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode != 0
    assert "not authori" in done.stderr.lower() or "bad user" in done.stderr.lower()


def test_over_tls(template: Template, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    assert openssl, "openssl makes the certificate"
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *make, *more], check=True, capture_output=True)
    serving = template.serve(tmp_path / "city", f'certificate = "{certificate}"\nkey = "{key}"')
    assert serving.listener.address.startswith("mqtts://")
    trusting = ssl.create_default_context(cafile=str(certificate))
    sender = Paho(serving.served.port, "sender", template.tokens["operator"], paho.MQTTv5, trusting)
    told = message(1, 1.5, 4)
    sender.client.publish(told.topic, told.payload, 1).wait_for_publish(PATIENCE_S)
    assert serving.served.stored(4) == {1: 1.5}
    sender.close()
    plain = serving.served.stranger()
    plain.send_bytes(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a")
    assert plain.closed()
    serving.close()
