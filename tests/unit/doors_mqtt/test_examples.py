"""The examples of OGC 18-088, clause 14 (MQTT), restated on data of our own: each is named by its number there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifang.doors.mqtt.wire import V5, Ack, Kind, Publish
from lifang.doors.sensorthings import ALL
from lifang.guard import SYSTEM

from .conftest import Served, Talker


def describe(served: Served, description: str) -> None:
    """Change the description of Datastream 1, as another door would."""
    with served.city.sensing.entities.change(SYSTEM, ALL) as change:
        served.city.sensing.entities.update(change, "Datastream", 1, {"description": description})


def heard(talker: Talker) -> tuple[str, Any]:
    """Return topic and body of the next message, which is confirmed."""
    told = talker.read(Publish)
    if told.qos == 1:
        talker.send(Ack(Kind.PUBACK, told.packet_id))
    return told.topic, json.loads(told.payload)


def publish(served: Served, topic: str, body: Any) -> None:
    sender = served.talker("sender", "operator", V5)
    sender.send(Publish(topic, json.dumps(body).encode(), 1, packet_id=1))
    assert sender.read(Ack).code == 0


def test_14_2_1_an_observation_is_created_on_the_topic_of_all(served: Served) -> None:
    listener = served.talker("listener")
    listener.subscribe("v1.1/Datastreams(4)/Observations", retain_handling=2)
    body = {"Datastream": {"@iot.id": 4}, "phenomenonTime": "2024-03-01T08:00:00+08:00", "result": 45}
    publish(served, "v1.1/Observations", body)
    topic, told = heard(listener)
    assert topic == "v1.1/Datastreams(4)/Observations"
    assert (told["result"], told["phenomenonTime"]) == (45, "2024-03-01T00:00:00Z")
    assert {"@iot.id", "@iot.selfLink", "Datastream@iot.navigationLink"} <= told.keys()


@pytest.mark.parametrize("topic", ["v1.1/Datastreams", "v1.1/Datastreams(1)"])
def test_14_2_2_a_changed_datastream_is_told_whole(served: Served, topic: str) -> None:
    listener = served.talker("listener")
    listener.subscribe(topic)
    describe(served, f"told on {topic}")
    found, told = heard(listener)
    assert (found, told["description"]) == (topic, f"told on {topic}")
    assert {"name", "unitOfMeasurement", "observationType", "Thing@iot.navigationLink"} <= told.keys()


def test_example_39_a_changed_property_is_told_by_itself(served: Served) -> None:
    listener = served.talker("listener")
    listener.subscribe("v1.1/Datastreams(1)/description")
    describe(served, "measured at the kerb")
    assert heard(listener) == ("v1.1/Datastreams(1)/description", {"description": "measured at the kerb"})


def test_example_40_the_selected_properties_are_told(served: Served) -> None:
    listener = served.talker("listener")
    listener.subscribe("v1.1/Datastreams(5)/Observations?$select=phenomenonTime,result", retain_handling=2)
    publish(served, "v1.1/Datastreams(5)/Observations", {"phenomenonTime": "2024-03-02T17:00:00Z", "result": 45})
    assert heard(listener)[1] == {"result": 45, "phenomenonTime": "2024-03-02T17:00:00Z"}
