"""What datastreams cover, by MQTT: told when observations change it, to those who may see it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lifang.doors.mqtt.meaning import covers_of
from lifang.doors.mqtt.wire import Publish
from lifang.doors.sensorthings import ALL
from lifang.guard import SYSTEM
from lifang.sensing import Change, make_observations

from .conftest import FIRST, Served, Serving, Talker, Template

EVERY = {"observedArea", "phenomenonTime", "resultTime"}
POINT = [104.0, 30.6]


@pytest.fixture(scope="module")
def covered_city(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = template.serve(tmp_path_factory.mktemp("covers") / "city")
    yield serving
    serving.close()


@pytest.fixture
def served(covered_city: Serving) -> Iterator[Served]:
    yield covered_city.served
    for talker in covered_city.served.talkers:
        talker.leave()  # once the server closes, nobody listens any more, and what was before is not told to the next
    covered_city.served.talkers.clear()


def told(talker: Talker) -> tuple[str, Any]:
    packet = talker.read(Publish)
    return packet.topic, json.loads(packet.payload)


def create(served: Served, body: dict[str, Any]) -> None:
    def work(open_change: Change) -> None:
        served.city.sensing.entities.create(open_change, "Observation", body)

    with served.city.sensing.entities.change(SYSTEM, ALL) as open_change:
        work(open_change)


def test_the_time_that_observations_cover_is_told_once_they_are_stored(served: Served) -> None:
    talker = served.talker()
    talker.subscribe("v1.1/Datastreams(1)/phenomenonTime", qos=0)
    served.observe(1, 10, 1.0)
    topic = "v1.1/Datastreams(1)/phenomenonTime"
    assert told(talker) == (topic, {"phenomenonTime": "2024-01-01T00:00:10Z/2024-01-01T00:00:10Z"})
    served.observe(1, 70, 1.0)
    assert told(talker) == (topic, {"phenomenonTime": "2024-01-01T00:00:10Z/2024-01-01T00:01:10Z"})
    served.observe(1, 40, 1.0)  # within what was told
    assert talker.silent(0.8)
    with served.city.sensing.entities.change(SYSTEM, ALL) as open_change:
        served.city.sensing.entities.delete(open_change, "Observation", f"1-{FIRST + 70_000_000}")
    assert told(talker) == (topic, {"phenomenonTime": "2024-01-01T00:00:10Z/2024-01-01T00:00:40Z"})


def test_the_result_times_and_the_area_are_told_too(served: Served) -> None:
    talker = served.talker()
    for name in ("resultTime", "observedArea"):
        talker.subscribe(f"v1.1/Datastreams(4)/{name}", qos=0)
    body = {"Datastream": {"@iot.id": 4}, "phenomenonTime": "2024-01-01T00:00:00Z", "result": 1.0}
    create(served, {**body, "resultTime": "2024-01-01T00:05:00Z"})
    news = dict(told(talker) for _ in range(2))
    span = "2024-01-01T00:05:00Z/2024-01-01T00:05:00Z"
    assert news["v1.1/Datastreams(4)/resultTime"] == {"resultTime": span}
    area = {"type": "Polygon", "coordinates": [[POINT] * 5]}
    assert news["v1.1/Datastreams(4)/observedArea"] == {"observedArea": area}
    place = {"type": "Point", "coordinates": [104.5, 30.5]}
    feature = {"name": "f", "description": "f", "encodingType": "application/geo+json", "feature": place}
    create(served, {**body, "phenomenonTime": "2024-01-01T00:01:00Z", "FeatureOfInterest": feature})
    topic, body = told(talker)
    assert (topic, body["observedArea"]["coordinates"][0][2]) == ("v1.1/Datastreams(4)/observedArea", [104.5, 30.6])
    assert talker.silent()


def test_many_values_are_few_messages(served: Served) -> None:
    talker = served.talker()
    talker.subscribe("v1.1/Datastreams(5)/phenomenonTime", qos=0)
    begin, before = time.monotonic(), served.rows_told
    for second in range(100):
        served.city.sensing.ingest(make_observations([5], [FIRST + second * 1_000_000], [1.0]), by=SYSTEM).result(30)
    last, count = "", 0
    while not last.endswith("/2024-01-01T00:01:39Z"):
        last, count = told(talker)[1]["phenomenonTime"], count + 1
    assert count <= (time.monotonic() - begin) / 0.3 + 1
    served.wait_for(before + 100)  # the last is told of what is stored, maybe before its commit is told


def test_a_wide_filter_hears_of_every_datastream_it_may_see(served: Served) -> None:
    anyone, analyst = served.talker("a"), served.talker("b", "analyst")
    for talker in (anyone, analyst):
        talker.subscribe("v1.1/+/phenomenonTime", qos=0)
    for number in (2, 3, 4):
        served.observe(number, 500, 1.0)
    assert told(anyone)[0] == "v1.1/Datastreams(4)/phenomenonTime"
    assert {told(analyst)[0] for _ in range(2)} == {f"v1.1/Datastreams({n})/phenomenonTime" for n in (2, 4)}
    assert anyone.silent()
    assert analyst.silent()


@pytest.mark.parametrize(
    ("path", "number", "names"),
    [
        ("v1.1/Datastreams(7)/phenomenonTime", 7, {"phenomenonTime"}),
        ("v1.1/MultiDatastreams(7)/+", 7, EVERY),
        ("v1.1/Datastreams(7)/#", 7, EVERY),
        ("v1.1/+/observedArea", None, {"observedArea"}),
        ("#", None, EVERY),
        ("v1.1/#", None, EVERY),
        ("v1.1/+/resultTime/#", None, {"resultTime"}),
        ("v1.1/Datastreams(7)/name", 7, set()),
        ("v1.1/Things(7)/+", None, set()),
        ("v1.1/Datastreams(7)", None, set()),
        ("lifang/#", None, set()),
        ("v1.1/Datastreams(7)/Observations/a/#", None, set()),
    ],
)
def test_which_filters_reach_what_datastreams_cover(path: str, number: int | None, names: set[str]) -> None:
    found, reached = covers_of(path)
    assert reached == names
    assert not names or found == number
