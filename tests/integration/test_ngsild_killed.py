"""A served city killed while it notifies: every acknowledged value reaches the subscriber, by HTTP and by MQTT."""

from __future__ import annotations

import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from tests.unit.doors_ngsild.receiving import Receiver, until
from tests.victims import Doors, Victim, serve_city

import lifang
from lifang.app import lay_out_empty
from lifang.guard import SYSTEM, Role
from lifang.sensing import Datastream, Thing

STREAMS, KILLS, EACH = 10, 5, 60
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def furnish(folder: Path, receiver: Receiver) -> str:
    lay_out_empty(folder, city_id="c", name="c", area_code="510100")
    with (folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[mqtt]\nport = 0\n\n[ngsild]\nallow = ["127.0.0.1"]\nports = [{receiver.port}]\n')
    with lifang.open(folder) as city:
        streams = [Datastream(f"t.{n}", "t", "t", "t", "t", f"level {n}", "1", 60) for n in range(STREAMS)]
        city.sensing.register([Thing("t", "水箱", "tank", "tank", 104.0, 30.6)], streams, by=SYSTEM)
        person = city.identity.add_person("gateway", secrets.token_urlsafe(24), roles=[Role.OPERATOR], by=SYSTEM)
        return city.identity.issue_token(person.id, "test", by=SYSTEM)[1]


def subscription(uri: str, name: str) -> dict[str, Any]:
    """Return a subscription to every value of the tank, in concise form."""
    notification = {"format": "concise", "endpoint": {"uri": uri}}
    return {
        "type": "Subscription",
        "id": f"urn:ngsi-ld:Subscription:{name}",
        "entities": [{"type": "Tank"}],
        "notification": notification,
    }


def send(client: httpx.Client, number: int) -> bool:
    """Return whether a numbered value was acknowledged."""
    moment = (FIRST + timedelta(seconds=number)).isoformat()
    group = {
        "Datastream": {"@iot.id": number % STREAMS + 1},
        "components": ["phenomenonTime", "result"],
        "dataArray": [[moment, number]],
    }
    try:
        return client.post("/sta/v1.1/CreateObservations", json=[group]).status_code == 201
    except httpx.HTTPError:
        return False


def values(body: Any) -> set[int]:
    """Return the numbered values that a notification tells."""
    told = (each for entity in body["data"] for name, each in entity.items() if name.startswith("level_"))
    return {int(each["value"]) for each in told}


def all_told(receiver: Receiver, acknowledged: set[int]) -> bool:
    """Return whether the receiver was told of every acknowledged value."""
    return acknowledged <= {each for _, _, told in receiver.got for each in values(told)}


def test_no_acknowledged_value_goes_untold_over_kills(tmp_path: Path) -> None:
    chance, receiver = random.Random(7), Receiver()
    folder = tmp_path / "city"
    token = furnish(folder, receiver)
    headers = {"Authorization": f"Bearer {token}"}
    acknowledged: set[int] = set()
    number = 0
    try:
        for turn in range(KILLS + 1):
            with (
                Victim(serve_city, folder) as server,
                httpx.Client(base_url=server.hear().url, headers=headers) as client,
            ):
                if not turn:
                    body = subscription(receiver.url(), "http")
                    assert client.post("/ngsi-ld/v1/subscriptions", json=body).status_code == 201
                for _ in range(EACH):
                    number += 1
                    acknowledged |= {number} if send(client, number) else set()
                if turn < KILLS:
                    time.sleep(chance.random() * 0.05)
                    server.kill()
                    continue
                assert until(partial(all_told, receiver, acknowledged), 60)
                state = client.get("/ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:http").json()["notification"]
                assert state["status"] == "ok"
        assert len(acknowledged) >= KILLS * EACH
    finally:
        receiver.close()


def test_notifications_go_through_the_citys_broker(tmp_path: Path) -> None:
    receiver = Receiver()
    folder = tmp_path / "city"
    token = furnish(folder, receiver)
    got: list[Any] = []
    try:
        with Victim(serve_city, folder) as server, httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
            doors: Doors = server.hear()
            client.base_url, port = httpx.URL(doors.url), doors.mqtt
            listener = paho.Client(CallbackAPIVersion.VERSION2)
            listener.username_pw_set("gateway", token)
            listener.on_message = lambda *told: got.append(orjson.loads(told[2].payload))
            listener.connect("127.0.0.1", port)
            ready: list[int] = []
            listener.on_subscribe = lambda *told: ready.append(1)
            listener.subscribe("news/#", qos=1)
            listener.loop_start()
            assert until(lambda: ready)
            url = "/ngsi-ld/v1/subscriptions"
            body = subscription(f"mqtt://127.0.0.1:{port}/news/tank", "mqtt")
            assert client.post(url, json=body).status_code == 201
            for number in range(1, 21):
                assert send(client, number)
            assert until(lambda: {each for told in got for each in values(told["body"])} >= set(range(1, 21)))
            assert got[0]["metadata"]["Content-Type"] == "application/json"
            for topic in ("v1.1/Observations", "lifang/v1/observations", "$SYS/x", "a/%23"):
                wrong = subscription(f"mqtt://127.0.0.1:{port}/{topic}", "wrong")
                assert client.post(url, json=wrong).status_code == 400
            assert client.post(url, json=subscription("mqtt://broker.example/x", "wrong")).status_code == 400
            listener.disconnect()
            listener.loop_stop()
    finally:
        receiver.close()
