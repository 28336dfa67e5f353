"""Subscriptions over HTTP: kept, changed, ended, and what is notified of them (CIM 009 clauses 5.8, 6.10, 6.11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.doors.conftest import Client, House
from tests.unit.doors_ngsild.conftest import NOON, PREFIX, build, tell
from tests.unit.doors_ngsild.receiving import Receiver, until

from lifang.doors.ngsild import Notifier, Projection
from lifang.doors.ngsild.subscriptions import line
from lifang.guard import SYSTEM, Role
from lifang.sensing import Datastream, Thing

URL = f"{PREFIX}/subscriptions"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[House]:
    """A city whose notifier runs, and may reach the receiver."""
    house = build(tmp_path_factory.mktemp("told"), more=f'[ngsild]\nallow = ["127.0.0.1"]\nports = [{receiver.port}]\n')
    house.app.state.notifier.start()
    yield house
    house.app.state.notifier.close()
    house.close()


@pytest.fixture
def operator(told: House, receiver: Receiver) -> Iterator[Client]:
    """Return staff who subscribe; what they subscribed to is ended afterwards."""
    client = told.client("operator")
    yield client
    for each in told.client("administrator").get(f"{URL}?limit=1000").json():
        assert told.client("administrator")("DELETE", f"{URL}/{each['id']}").status_code == 204
    receiver.status = 200
    receiver.got.clear()


def body(receiver: Receiver, path: str = "/hook", **more: Any) -> dict[str, Any]:
    notification = {"endpoint": {"uri": receiver.url(path)}, **more.pop("notification", {})}
    return {"type": "Subscription", "entities": [{"type": "OffStreetParking"}], "notification": notification, **more}


def subscribe(client: Client, described: dict[str, Any], **more: Any) -> str:
    answer = client.post(URL, json=described, **more)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix(f"{URL}/")


_LATER = iter(range(1, 10_000))


def later() -> Any:
    """Return a moment later than all before."""
    return NOON + timedelta(minutes=next(_LATER))


def test_a_change_is_notified_with_the_entity(told: House, operator: Client, receiver: Receiver) -> None:
    name = subscribe(operator, body(receiver, watchedAttributes=["availableSpotNumber"]))
    moment = later()
    tell(told.city, "p-1.free", 11, end=moment)
    assert until(lambda: receiver.got)
    path, headers, note = receiver.got[0]
    assert path == "/hook"
    assert headers["content-type"] == "application/json"
    assert "json-ld#context" in headers["link"]
    assert (note["type"], note["subscriptionId"]) == ("Notification", name)
    (entity,) = note["data"]
    assert entity["id"] == "urn:ngsi-ld:OffStreetParking:p-1"
    assert entity["availableSpotNumber"]["value"] == 11.0
    assert entity["spots"]["value"] == 120


def test_every_value_of_one_commit_is_notified_in_order(told: House, operator: Client, receiver: Receiver) -> None:
    subscribe(operator, body(receiver, watchedAttributes=["availableSpotNumber"]))
    values = [float(each) for each in range(50)]
    tell(told.city, "p-1.free", *values, end=later(), step_us=1_000_000)
    assert until(lambda: len(receiver.values("availableSpotNumber")) >= 50)
    assert receiver.values("availableSpotNumber") == values


def test_only_what_is_watched_and_meets_the_query_is_notified(
    told: House, operator: Client, receiver: Receiver
) -> None:
    subscribe(operator, body(receiver, "/query", watchedAttributes=["availableSpotNumber"], q="availableSpotNumber<5"))
    geo = {"georel": "near;maxDistance==500", "geometry": "Point", "coordinates": [104.1, 30.7]}
    subscribe(operator, body(receiver, "/place", geoQ=geo))
    ids = [{"type": "OffStreetParking", "id": "urn:ngsi-ld:OffStreetParking:p-1"}]
    subscribe(operator, body(receiver, "/id", entities=ids, watchedAttributes=["temperature"]))
    subscribe(operator, body(receiver, "/all"))
    for stream, value in (("p-1.free", 20), ("p-1.free", 4), ("p-2.free", 3), ("p-1.temp", 1), ("air-1.pm", 1)):
        tell(told.city, stream, value, end=later())
    assert until(lambda: {20.0, 4.0, 3.0} <= set(receiver.values("availableSpotNumber", "/all")))
    assert until(lambda: receiver.values("availableSpotNumber", "/place") == [3.0])
    assert until(lambda: [each[2]["data"][0]["temperature"][0]["value"] for each in receiver.got if each[0] == "/id"])
    assert until(lambda: {4.0, 3.0} == set(receiver.values("availableSpotNumber", "/query")))
    assert not [each for each in receiver.got if each[0] == "/id" and len(each[2]["data"]) != 1]


def test_the_form_and_the_attributes_are_chosen(told: House, operator: Client, receiver: Receiver) -> None:
    terms = {"free": "https://uri.etsi.org/ngsi-ld/default-context/availableSpotNumber"}
    described = body(receiver, notification={"attributes": ["free"], "format": "keyValues"}) | {"@context": terms}
    described["notification"]["endpoint"] |= {
        "accept": "application/ld+json",
        "receiverInfo": [{"key": "X-Secret", "value": "s3cret"}],
    }
    name = subscribe(operator, described, headers={"Content-Type": "application/ld+json"})
    tell(told.city, "p-2.free", 9, end=later())
    assert until(lambda: receiver.got)
    _, headers, note = receiver.got[0]
    assert note["data"] == [{"id": "urn:ngsi-ld:OffStreetParking:p-2", "type": "OffStreetParking", "free": 9.0}]
    assert note["@context"][0] == terms
    assert headers["x-secret"] == "s3cret"
    mine = operator.get(f"{URL}/{name}").json()["notification"]["endpoint"]["receiverInfo"]
    others = told.client("administrator").get(f"{URL}/{name}").json()["notification"]["endpoint"]["receiverInfo"]
    assert (mine[0]["value"], others[0]["value"]) == ("s3cret", "…")


def test_a_late_value_changes_no_entity_and_is_not_notified(told: House, operator: Client, receiver: Receiver) -> None:
    subscribe(operator, body(receiver, watchedAttributes=["availableSpotNumber"]))
    tell(told.city, "p-1.free", 97, end=later())
    assert until(lambda: receiver.got)
    tell(told.city, "p-1.free", 99, end=NOON - timedelta(days=9))
    tell(told.city, "p-1.free", 98, end=later())
    assert until(lambda: len(receiver.got) > 1)
    assert receiver.values("availableSpotNumber") == [97.0, 98.0]


def test_what_the_owner_may_not_read_is_not_told(told: House, operator: Client, receiver: Receiver) -> None:
    subscribe(operator, body(receiver, entities=[{"type": "*"}], watchedAttributes=["PM2_5", "NO2"]))
    before, _ = told.city.store.ledger.head()
    for stream, value in (("air-3.pm", 1), ("air-1.no2", 2), ("air-1.pm", 3)):
        tell(told.city, stream, value, end=later())
    assert until(lambda: 3.0 in receiver.values("PM2_5"))
    assert receiver.values("NO2")[0] == 2.0
    assert {each["id"] for _, _, note in receiver.got for each in note["data"]} == {
        "urn:ngsi-ld:AirQualityStation:air-1"
    }
    entries = [each.entry for each in told.city.store.ledger.records(after=before)]
    assert {each.action for each in entries} == {"observe", "notify"}


def test_an_owner_who_lost_the_role_is_told_no_more(told: House, operator: Client, receiver: Receiver) -> None:
    person = told.city.identity.add_person("leaving", "a long enough password 里", roles=[Role.ANALYST], by=SYSTEM)
    _, token = told.city.identity.issue_token(person.id, "test", by=SYSTEM)
    headers = {"Authorization": f"Bearer {token}"}
    subscribe(
        operator, body(receiver, "/leaving", watchedAttributes=["NO2"], entities=[{"type": "*"}]), headers=headers
    )
    subscribe(operator, body(receiver, "/staying", watchedAttributes=["NO2"], entities=[{"type": "*"}]))
    tell(told.city, "air-1.no2", 5, end=later())
    assert until(lambda: receiver.values("NO2", "/leaving") == receiver.values("NO2", "/staying") == [5.0])
    told.city.identity.deactivate(person.id, by=SYSTEM)
    tell(told.city, "air-1.no2", 6, end=later())
    assert until(lambda: len(receiver.values("NO2", "/staying")) == 2)
    assert receiver.values("NO2", "/leaving") == [5.0]


def test_throttling_tells_the_newest_state_once_the_time_is_over(
    told: House, operator: Client, receiver: Receiver
) -> None:
    subscribe(operator, body(receiver, watchedAttributes=["availableSpotNumber"], throttling=1.5))
    tell(told.city, "p-1.free", 1, end=later())
    assert until(lambda: receiver.got)
    for value in (2, 3, 4):
        tell(told.city, "p-1.free", value, end=later())
    assert until(lambda: len(receiver.got) >= 2)
    assert receiver.values("availableSpotNumber") == [1.0, 4.0]


def test_nothing_is_lost_while_the_endpoint_fails(
    told: House, operator: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "FIRST_WAIT_S", 0.1)
    monkeypatch.setattr(line, "WAITING_MAX", 20)  # what waits beyond is read from the lake again
    receiver.status = 503
    name = subscribe(operator, body(receiver, watchedAttributes=["availableSpotNumber"]))
    values = [float(each) for each in range(100)]
    for value in values:
        tell(told.city, "p-1.free", value, end=later())
    assert until(lambda: operator.get(f"{URL}/{name}").json()["notification"].get("timesFailed", 0) > 0)
    state = operator.get(f"{URL}/{name}").json()["notification"]
    assert state["status"] == "failed"
    assert state["lastFailure"]
    receiver.status = 200
    assert until(lambda: set(receiver.values("availableSpotNumber")) >= set(values))
    assert until(lambda: operator.get(f"{URL}/{name}").json()["notification"]["status"] == "ok")
    assert operator.get(f"{URL}/{name}").json()["notification"]["timesSent"] > 100


def test_an_endpoint_that_leads_elsewhere_has_not_taken_it(told: House, operator: Client, receiver: Receiver) -> None:
    receiver.status = 302
    name = subscribe(operator, body(receiver, watchedAttributes=["availableSpotNumber"]))
    tell(told.city, "p-1.free", 5, end=later())
    assert until(lambda: operator.get(f"{URL}/{name}").json()["notification"].get("timesFailed", 0) > 0)


def test_a_restart_goes_on_where_it_was(told: House, operator: Client, receiver: Receiver) -> None:
    name = subscribe(operator, body(receiver, watchedAttributes=["availableSpotNumber"]))
    tell(told.city, "p-1.free", 70, end=later())
    assert until(lambda: receiver.got)
    told.app.state.notifier.close()
    tell(told.city, "p-1.free", 71, end=later())
    again = Notifier(Projection(told.city))
    again.start()
    try:
        assert until(lambda: 71.0 in receiver.values("availableSpotNumber"))
        assert again.delivery(name).sent >= 2  # type: ignore[union-attr]
    finally:
        again.close()
        told.app.state.notifier.start()


def test_a_datastream_registered_after_the_subscription_is_watched_too(
    told: House, operator: Client, receiver: Receiver
) -> None:
    subscribe(operator, body(receiver, watchedAttributes=["speed"]))
    thing = Thing("p-9", "九号", "nine", "off-street-parking", 104.2, 30.6)
    told.city.sensing.register([thing], [Datastream("p-9.v", "p-9", "v", "速", "v", "speed", "km/h", 0)], by=SYSTEM)
    tell(told.city, "p-9.v", 30)
    assert until(lambda: receiver.values("speed") == [30.0])


def test_a_paused_subscription_is_not_told_and_begins_anew(told: House, operator: Client, receiver: Receiver) -> None:
    name = subscribe(operator, body(receiver, watchedAttributes=["availableSpotNumber"], isActive=False))
    assert operator.get(f"{URL}/{name}").json()["status"] == "paused"
    tell(told.city, "p-1.free", 1, end=later())
    change = {"type": "Subscription", "isActive": True, "notification": {"format": "concise"}}
    assert operator("PATCH", f"{URL}/{name}", json=change).status_code == 204
    tell(told.city, "p-1.free", 2, end=later())
    assert until(lambda: receiver.got)
    assert receiver.values("availableSpotNumber") == [2.0]
    assert "type" not in receiver.got[0][2]["data"][0]["availableSpotNumber"]


def test_a_deleted_subscription_is_gone(told: House, operator: Client, receiver: Receiver) -> None:
    name = subscribe(operator, body(receiver, id="urn:ngsi-ld:Subscription:mine"))
    assert name == "urn:ngsi-ld:Subscription:mine"
    assert operator.post(URL, json=body(receiver, id=name)).status_code == 409
    assert operator("DELETE", f"{URL}/{name}").status_code == 204
    for method, more in (("GET", {}), ("DELETE", {}), ("PATCH", {"json": {"type": "Subscription"}})):
        assert operator(method, f"{URL}/{name}", **more).status_code == 404


def test_subscriptions_are_their_owners(told: House, operator: Client, receiver: Receiver) -> None:
    name = subscribe(operator, body(receiver, subscriptionName="mine"))
    analyst, administrator = told.client("analyst"), told.client("administrator")
    assert analyst.get(URL).json() == []
    assert analyst.get(f"{URL}/{name}").status_code == 404
    assert analyst("DELETE", f"{URL}/{name}").status_code == 404
    assert [each["subscriptionName"] for each in administrator.get(URL).json()] == ["mine"]
    answer = operator.get(f"{URL}?count=true&limit=1")
    assert answer.headers["NGSILD-Results-Count"] == "1"
    for client, status in ((told.client(), 401), (told.client("citizen"), 403)):
        assert client.post(URL, json=body(receiver)).status_code == status
        assert client.get(URL).status_code == status
        assert client.get(f"{URL}/{name}").status_code == status


def test_creating_changing_and_ending_are_in_the_ledger(told: House, operator: Client, receiver: Receiver) -> None:
    before, _ = told.city.store.ledger.head()
    name = subscribe(operator, body(receiver))
    operator("PATCH", f"{URL}/{name}", json={"type": "Subscription", "description": "x"})
    operator("DELETE", f"{URL}/{name}")
    entries = [each.entry for each in told.city.store.ledger.records(after=before)]
    mine = [each.detail["change"] for each in entries if each.resource == f"subscription:{name}"]
    assert mine == ["create", "change", "delete"]


WRONG: list[tuple[dict[str, Any], int]] = [
    ({"type": "Other"}, 400),
    ({"entities": None}, 400),
    ({"entities": []}, 400),
    ({"entities": [{"id": "urn:x:y"}]}, 400),
    ({"q": "a=="}, 400),
    ({"watchedAttributes": []}, 400),
    ({"notification": None}, 400),
    ({"notification": {}}, 400),
    ({"notification": {"endpoint": {"uri": "no uri"}}}, 400),
    ({"notification": {"endpoint": {"uri": "ftp://example.org/"}}}, 400),
    ({"notification": {"endpoint": {"uri": "http://127.0.0.1:1/"}}}, 403),
    ({"notification": {"endpoint": {"uri": "http://10.0.0.1/"}}}, 403),
    ({"notification": {"endpoint": {"uri": "http://169.254.169.254/latest"}}}, 403),
    ({"notification": {"endpoint": {"uri": "http://[::ffff:10.0.0.1]/"}}}, 403),
    ({"notification": {"endpoint": {"uri": "http://user:pw@example.org/"}}}, 400),
    ({"notification": {"endpoint": {"uri": "mqtt://127.0.0.1/topic"}}}, 422),
    ({"notification": {"format": "xml", "endpoint": {"uri": "http://127.0.0.1/"}}}, 400),
    ({"notification": {"endpoint": {"uri": "http://127.0.0.1/", "accept": "text/html"}}}, 400),
    ({"expiresAt": "2001-01-01T00:00:00Z"}, 400),
    ({"throttling": -1}, 400),
    ({"throttling": "often"}, 400),
    ({"isActive": "yes"}, 400),
    ({"id": "no uri"}, 400),
    ({"whatever": 1}, 400),
    ({"timeInterval": 10}, 422),
    ({"csf": "a==1"}, 422),
    ({"notificationTrigger": ["entityDeleted"]}, 422),
    ({"geoQ": {"georel": "near"}}, 400),
]


@pytest.mark.parametrize(("change", "status"), WRONG)
def test_subscriptions_that_do_not_fit_are_refused(
    operator: Client, receiver: Receiver, change: dict[str, Any], status: int
) -> None:
    described = {**body(receiver), **change}
    described = {name: value for name, value in described.items() if value is not None}
    answer = operator.post(URL, json=described)
    assert answer.status_code == status, answer.text
    assert answer.json()["type"].startswith("https://uri.etsi.org/ngsi-ld/errors/")


def test_headers_that_are_not_the_subscribers_are_refused(operator: Client, receiver: Receiver) -> None:
    for name, value in (("Host", "other"), ("X-Bad", "a\r\nb"), ("Content-Length", "1")):
        described = body(receiver)
        described["notification"]["endpoint"]["receiverInfo"] = [{"key": name, "value": value}]
        assert operator.post(URL, json=described).status_code == 400


def test_an_expired_subscription_says_so(told: House, operator: Client, receiver: Receiver) -> None:
    soon = (told.city.clock.now() + timedelta(seconds=1)).isoformat()
    name = subscribe(operator, body(receiver, expiresAt=soon))
    assert until(lambda: operator.get(f"{URL}/{name}").json()["status"] == "expired")
    tell(told.city, "p-1.free", 1, end=later())
    assert not until(lambda: receiver.got, seconds=0.6)
