"""Commands over HTTP: given by operators, fetched and answered by their device alone, waited for without polling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from lifang.guard import SYSTEM
from lifang.sensing import Thing

from .conftest import Client, House, build_house

SWITCH = {
    "type": "DataRecord",
    "field": [{"name": "state", "type": "Category", "constraint": {"type": "AllowedTokens", "value": ["on", "off"]}}],
}


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A city of its own with a lamp that can be switched: commands leave marks that other tests would see."""
    house = build_house(Path(tmp_path_factory.mktemp("works")))
    things = [Thing(name, name, name, "lamp", 104.0, 30.6) for name in ("lamp-1", "lamp-2")]
    house.city.sensing.register(things, [], by=SYSTEM)
    body = {
        "actuators": [{"id": f"switch-{n}", "thing": f"lamp-{n}", "zh": "开关", "en": "switch"} for n in (1, 2)],
        "capabilities": [
            {"id": f"on-{n}", "actuator": f"switch-{n}", "thing": f"lamp-{n}", "zh": "开", "en": "on"}
            | {"parameters": SWITCH}
            for n in (1, 2)
        ],
    }
    made = house.client("operator").post("/api/v1/actuators", json=body)
    assert (made.status_code, made.json()) == (200, {"changed": 4})
    for n in (1, 2):
        token = house.client("administrator").post(f"/api/v1/devices/lamp-{n}/tokens", json={"label": "driver"})
        assert token.status_code == 201, token.text
        house.tokens[f"lamp-{n}"] = token.json()["secret"]
    yield house
    house.close()


def order(client: Client, lamp: int = 1, state: str = "on", **more: Any) -> httpx.Response:
    return client.post("/api/v1/commands", json={"capability": f"on-{lamp}", "parameters": {"state": state}, **more})


def test_a_command_goes_to_its_device_and_its_answer_comes_back(works: House) -> None:
    operator, lamp = works.client("operator"), works.client("lamp-1")
    made = order(operator)
    assert (made.status_code, made.json()["state"]) == (201, "accepted")
    command = made.json()["id"]
    told = lamp.get("/api/v1/devices/lamp-1/commands").json()["items"]
    assert [(each["id"], each["parameters"]) for each in told] == [(command, {"state": "on"})]
    answered = lamp.post(f"/api/v1/devices/lamp-1/commands/{command}", json={"state": "done", "result": {"on": True}})
    assert (answered.status_code, answered.json()["state"]) == (200, "done")
    seen = operator.get(f"/api/v1/commands/{command}").json()
    assert [each["state"] for each in seen["history"]] == ["created", "accepted", "sent", "done"]
    assert operator.get("/api/v1/commands?device=lamp-1").json()["items"][0]["result"] == {"on": True}


def test_a_refused_command_says_why_in_both_languages(works: House) -> None:
    refused = order(works.client("operator"), state="dim").json()
    assert (refused["state"], refused["reason"]["rule"]) == ("refused", "range")
    assert refused["reason"]["text"]["zh"]
    late = order(works.client("operator"), deadline="2020-01-01T00:00:00Z").json()
    assert late["reason"]["rule"] == "deadline"


def test_a_device_token_opens_its_own_commands_and_nothing_else(works: House) -> None:
    command = order(works.client("operator"), lamp=1).json()["id"]
    other = works.client("lamp-2")
    assert other.get("/api/v1/devices/lamp-1/commands").status_code == 403
    assert other.post(f"/api/v1/devices/lamp-1/commands/{command}", json={"state": "done"}).status_code == 403
    assert other.post(f"/api/v1/devices/lamp-2/commands/{command}", json={"state": "done"}).status_code == 404
    assert other.get(f"/api/v1/commands/{command}").status_code == 404
    assert order(other).status_code == 403
    assert other.get("/api/v1/commands").status_code == 403
    assert other.get("/api/v1/jobs").status_code == 403
    works.client("lamp-1").post(f"/api/v1/devices/lamp-1/commands/{command}", json={"state": "failed"})


@pytest.mark.parametrize("role", ["", "citizen", "analyst", "data_officer"])
def test_only_operators_and_administrators_command(works: House, role: str) -> None:
    expected = 403 if role else 401
    assert order(works.client(role)).status_code == expected
    assert works.client(role).get("/api/v1/commands").status_code == expected
    assert works.client(role).get("/api/v1/devices/lamp-1/commands").status_code == expected
    assert works.client(role).get("/api/v1/actuators").json()["items"][0]["id"] == "switch-1"


def test_a_long_poll_answers_as_soon_as_there_is_a_command(works: House) -> None:
    lamp, operator = works.client("lamp-2"), works.client("operator")

    async def both() -> tuple[httpx.Response, float]:
        waiting = asyncio.create_task(lamp.http.get("/api/v1/devices/lamp-2/commands?wait=20"))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        start = time.perf_counter()
        body = {"capability": "on-2", "parameters": {"state": "off"}}
        await operator.http.post("/api/v1/commands", json=body)
        return await waiting, time.perf_counter() - start

    answer, passed = works.runner.run(both())
    items = answer.json()["items"]
    assert [each["parameters"] for each in items] == [{"state": "off"}]
    assert passed < 5
    lamp.post(f"/api/v1/devices/lamp-2/commands/{items[0]['id']}", json={"state": "done"})
    assert lamp.get("/api/v1/devices/lamp-2/commands?wait=0.1").json()["items"] == []


def test_a_stream_tells_each_command_once(works: House) -> None:
    async def listen() -> list[Any]:
        headers = [(b"host", b"127.0.0.1"), (b"accept", b"text/event-stream"),
                   (b"authorization", f"Bearer {works.tokens['lamp-2']}".encode())]  # fmt: skip
        path = "/api/v1/devices/lamp-2/commands"
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
                 "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http",
                 "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "root_path": ""}  # fmt: skip
        sent: asyncio.Queue[Any] = asyncio.Queue()
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        serving = asyncio.create_task(works.app(scope, receive, sent.put))  # type: ignore[arg-type]
        told = []
        try:
            await asyncio.wait_for(sent.get(), 5)
            await asyncio.wait_for(sent.get(), 5)
            for state in ("on", "off"):
                body = {"capability": "on-2", "parameters": {"state": state}}
                await works.client("operator").http.post("/api/v1/commands", json=body)
                message = (await asyncio.wait_for(sent.get(), 5))["body"]
                told.append(orjson.loads(message.split(b"data: ")[1]))
        finally:
            gone.set()
            await asyncio.wait_for(serving, 5)
        return told

    told = works.runner.run(listen())
    assert [each["parameters"]["state"] for each in told] == ["on", "off"]
    for each in told:
        works.client("lamp-2").post(f"/api/v1/devices/lamp-2/commands/{each['id']}", json={"state": "done"})


def test_commands_show_on_the_event_stream_of_those_who_may_see_them(works: House) -> None:
    heard: list[Any] = []

    async def listen() -> None:
        subscription = works.city.bus.subscribe()
        await asyncio.to_thread(lambda: works.city.tasking.submit(
            works_order(), by=SYSTEM))  # fmt: skip
        heard.append(await asyncio.wait_for(anext(aiter(subscription)), 5))
        subscription.close()

    works.runner.run(listen())
    assert (heard[0].kind, heard[0].data["state"]) == ("command", "accepted")


def works_order() -> Any:
    from lifang.sensing import tasking

    return tasking.Order("on-1", {"state": "off"})


def test_a_revoked_device_token_is_nobodys(works: House) -> None:
    admin = works.client("administrator")
    issued = admin.post("/api/v1/devices/lamp-1/tokens", json={"label": "spare"}).json()
    works.tokens["spare"] = issued["secret"]
    assert works.client("spare").get("/api/v1/devices/lamp-1/commands").status_code == 200
    assert admin("DELETE", f"/api/v1/device-tokens/{issued['id']}").status_code == 200
    assert works.client("spare").get("/api/v1/devices/lamp-1/commands").status_code == 401
    assert works.client("operator").post("/api/v1/devices/lamp-1/tokens", json={"label": "x"}).status_code == 403


def test_what_cannot_be_a_capability_is_refused_whole(works: House) -> None:
    broken = {"id": "odd", "actuator": "switch-1", "thing": "lamp-1", "zh": "x", "en": "x", "parameters": SWITCH}
    for limits in ({"ranges": 5}, {"interlocks": [3]}, {"ranges": {"state": [1]}}, {"speed": 1}, {"steps": {"z": 1}}):
        answer = works.client("operator").post(
            "/api/v1/actuators", json={"capabilities": [{**broken, "limits": limits}]}
        )
        assert answer.status_code == 400, limits
    nowhere = {"actuators": [{"id": "a", "thing": "nowhere", "zh": "x", "en": "x"}]}
    assert works.client("operator").post("/api/v1/actuators", json=nowhere).status_code == 404


def test_sensorthings_tells_actuators_capabilities_and_tasks_from_the_same_rows(works: House) -> None:
    operator = works.client("operator")
    settings = works.client().get("/sta/v1.1").json()["serverSettings"]
    told = settings["http://www.opengis.net/spec/iot_tasking/1.0/req/tasking-capability"]["endpoints"]
    assert {each.rsplit("/", 1)[1] for each in told} == {"Actuators", "TaskingCapabilities", "Tasks"}
    actuators = works.client().get("/sta/v1.1/Actuators?$count=true&$top=1").json()
    assert (actuators["@iot.count"], len(actuators["value"])) == (2, 1)
    following = works.client().get(actuators["@iot.nextLink"]).json()
    assert following["value"][0]["@iot.id"] == 2
    own = works.client().get("/sta/v1.1/Actuators(1)/TaskingCapabilities").json()["value"]
    assert [each["properties"]["id"] for each in own] == ["on-1"]
    assert own[0]["taskingParameters"] == SWITCH
    assert works.client().get(own[0]["Actuator@iot.navigationLink"]).json()["@iot.id"] == 1
    made = operator.post(
        "/sta/v1.1/Tasks", json={"taskingParameters": {"state": "on"}, "TaskingCapability": {"@iot.id": 1}}
    )
    assert (made.status_code, made.json()["properties"]["state"]) == (201, "accepted")
    task = made.headers["location"]
    assert operator.get(task).json()["taskingParameters"] == {"state": "on"}
    assert operator.get(f"{task}/TaskingCapability").json()["@iot.id"] == 1
    assert (
        operator.get("/sta/v1.1/TaskingCapabilities(1)/Tasks?$orderby=id desc&$top=1").json()["value"][0][
            "@iot.selfLink"
        ]
        == task
    )
    assert operator("DELETE", task).status_code == 200
    assert operator.get(task).json()["properties"]["state"] == "cancelled"


def test_sensorthings_tasks_are_hidden_from_those_who_may_not_command(works: House) -> None:
    url = "/sta/v1.1/Tasks"
    body = {"taskingParameters": {"state": "on"}, "TaskingCapability": {"@iot.id": 1}}
    assert works.client().get(url).status_code == 401
    assert works.client("citizen").get(url).status_code == 403
    assert works.client("citizen").get(f"{url}(1)").status_code == 404
    assert works.client("analyst").post(url, json=body).status_code == 403
    operator = works.client("operator")
    assert works.client("citizen").get("/sta/v1.1/TaskingCapabilities?$filter=Tasks/id gt 0").json()["value"] == []
    for role, status in (("", 401), ("citizen", 403)):
        assert works.client(role).get("/sta/v1.1/TaskingCapabilities?$expand=Tasks").status_code == status
    lamp = works.client("lamp-1")
    assert [lamp.get(f"{url}({n})").status_code for n in (1, 2, 10_000)] == [200, 200, 404]
    assert (lamp.get(url).status_code, works.client("lamp-2").get(f"{url}(1)").status_code) == (403, 404)
    assert operator.post(url, json={"taskingParameters": {"state": "on"}}).status_code == 400
    assert operator("PATCH", f"{url}(1)", json=body).status_code == 501
    odd = operator.post("/sta/v1.1/TaskingCapabilities(2)/Tasks", json={"taskingParameters": {"state": 3}})
    assert odd.status_code == 400


def test_tasking_capabilities_are_reached_from_things_and_expanded(works: House) -> None:
    operator = works.client("operator")
    sta = "/sta/v1.1"
    mine = operator.get(f"{sta}/Things('lamp-1')/TaskingCapabilities?$count=true").json()
    assert (mine["@iot.count"], [each["properties"]["id"] for each in mine["value"]]) == (1, ["on-1"])
    number = mine["value"][0]["@iot.id"]
    deep = f"Things('lamp-1')/TaskingCapabilities({number})/Actuator/TaskingCapabilities({number})/Actuator"
    assert operator.get(f"{sta}/{deep}").json()["properties"]["id"] == "switch-1"
    assert operator.get(f"{sta}/Things('lamp-2')/TaskingCapabilities({number})").status_code == 404
    assert operator.get(f"{sta}/Things('lamp-1')/Tasks").status_code == 404
    order = {"taskingParameters": {"state": "off"}}
    assert operator.post(f"{sta}/TaskingCapabilities({number})/Tasks", json=order).status_code == 201
    inside = "TaskingCapabilities($count=true;$expand=Tasks($top=1),Actuator)"
    thing = operator.get(f"{sta}/Things('lamp-1')?$select=name&$expand={inside}").json()
    (capability,) = thing["TaskingCapabilities"]
    assert (thing["TaskingCapabilities@iot.count"], capability["Actuator"]["properties"]["id"]) == (1, "switch-1")
    assert (len(capability["Tasks"]), "Tasks@iot.navigationLink" in capability) == (1, False)
    assert "TaskingCapabilities@iot.navigationLink" not in thing
    plain = operator.get(f"{sta}/Things('lamp-1')?$select=name,TaskingCapabilities").json()
    assert operator.get(plain["TaskingCapabilities@iot.navigationLink"]).json()["value"] == mine["value"]
    more = operator.get(capability["Tasks@iot.nextLink"]).json()
    assert more["value"][0]["@iot.id"] != capability["Tasks"][0]["@iot.id"]
    assert (
        "TaskingCapabilities"
        in operator.get(f"{sta}/Datastreams?$top=1&$expand=Thing/TaskingCapabilities").json()["value"][0]["Thing"]
    )
    up = operator.get(f"{sta}/Tasks?$top=1&$expand=TaskingCapability/Actuator").json()["value"][0]
    assert up["TaskingCapability"]["Actuator"]["@iot.selfLink"].endswith(f"{sta}/Actuators(1)")
    assert works.client().get(f"{sta}/Things('lamp-1')?$expand={inside}").status_code == 401
    for odd in ("Things", "Tasks($top=1", "Tasks($filter=name eq 1)"):
        assert operator.get(f"{sta}/TaskingCapabilities?$expand={odd}").status_code == 400, odd


def test_actuators_capabilities_and_tasks_take_the_query_options_of_every_collection(works: House) -> None:
    operator, sta = works.client("operator"), "/sta/v1.1"
    numbers = {
        n: operator.post(f"{sta}/TaskingCapabilities({n})/Tasks", json={"taskingParameters": {"state": state}}).json()
        for n, state in ((1, "off"), (2, "on"))
    }
    off, on = (numbers[n]["@iot.id"] for n in (1, 2))
    since = f"id ge {off}"

    def ids(path: str, role: str = "operator") -> list[int]:
        answer = works.client(role).get(f"{sta}/{path}")
        assert answer.status_code == 200, answer.text
        return [each["@iot.id"] for each in answer.json()["value"]]

    for path, found in {
        "Actuators?$filter=properties/id eq 'switch-2'": [2],
        "Actuators?$filter=description eq 'switch' and startswith(name,'开')&$orderby=id desc": [2, 1],
        "Actuators?$filter=TaskingCapabilities/properties/en eq 'on' and TaskingCapabilities/Thing/id eq 'lamp-1'": [1],
        "TaskingCapabilities?$filter=Actuator/properties/id eq 'switch-1'": [1],
        "TaskingCapabilities?$filter=Thing/name eq 'lamp-2'&$select=id": [2],
        "TaskingCapabilities?$filter=taskingParameters/type eq 'DataRecord'&$orderby=Thing/name desc": [2, 1],
        f"TaskingCapabilities?$filter=Tasks/any(t:t/id eq {on})": [2],
        "Things('lamp-1')/TaskingCapabilities?$filter=id gt 1": [],
        f"Tasks?$filter={since} and taskingParameters/state eq 'on'": [on],
        f"Tasks?$filter={since} and properties/state eq 'accepted'&$orderby=taskingParameters/state": [off, on],
        f"Tasks?$filter={since} and properties/device eq 'lamp-2' and properties/deadline gt now()": [on],
        f"Tasks?$filter={since} and properties/history/0/state eq 'created'&$orderby=creationTime desc": [on, off],
        f"Tasks?$filter={since} and TaskingCapability/Thing/id eq 'lamp-1'&$orderby=id desc": [off],
        f"TaskingCapabilities(1)/Tasks?$filter={since}": [off],
        "Tasks?$filter=properties/reason/rule eq 'range'": [2],
    }.items():
        assert ids(path) == found, path
    assert (
        works.client().get(f"{sta}/Things?$filter=TaskingCapabilities/id eq 2").json()["value"][0]["name"] == "lamp-2"
    )
    first = operator.get(f"{sta}/Tasks?$filter={since}&$top=1&$count=true&$select=properties/state").json()
    assert (first["@iot.count"], first["value"]) == (2, [{"properties": {"state": "accepted"}}])
    assert [each["properties"] for each in operator.get(first["@iot.nextLink"]).json()["value"]] == [
        {"state": "accepted"}
    ]
    assert operator.get(f"{sta}/Tasks/$count").text == str(
        operator.get(f"{sta}/Tasks?$count=true").json()["@iot.count"]
    )
    assert operator.get(f"{sta}/Tasks({on})/properties/state/$value").text == "accepted"
    table = operator.get(f"{sta}/Tasks?$filter={since}&$resultFormat=CSV&$select=id,taskingParameters")
    assert table.text.splitlines() == ["id,taskingParameters/state", f"{off},off", f"{on},on"]
    for odd in ("name eq 'x'", "properties eq 1", "properties/state/deep eq 'x'", "properties/deadline eq 'soon'"):
        assert operator.get(f"{sta}/Tasks?$filter={odd}").status_code == 400, odd
    assert operator.get(f"{sta}/Tasks?$search=x").status_code == 501
    for hidden in ("Tasks", "Things?$expand=TaskingCapabilities", "Things?$filter=TaskingCapabilities/id eq 1"):
        assert works.client().get(f"/sta/v2.0/{hidden}").status_code == 404, hidden
    thing = {"name": "n", "description": "d", "TaskingCapabilities": [{"@iot.id": 1}]}
    assert operator.post(f"{sta}/Things", json=thing).status_code == 400


def test_what_hangs_on_a_hidden_actuator_is_found_by_nobody_who_may_not_see_it(works: House) -> None:
    hidden = {"id": "siren", "thing": "lamp-2", "zh": "警报", "en": "siren", "classification": "restricted"}
    able = {"id": "sound", "actuator": "siren", "thing": "lamp-2", "zh": "响", "en": "sound", "parameters": SWITCH}
    body = {"actuators": [hidden], "capabilities": [able]}
    assert works.client("administrator").post("/api/v1/actuators", json=body).status_code == 200
    boss = works.client("administrator")
    boss.http.headers["X-Lifang-Purpose"] = "fire drill"
    order = {"taskingParameters": {"state": "on"}, "TaskingCapability": {"@iot.id": 3}}
    task = boss.post("/sta/v1.1/Tasks", json=order).json()["@iot.id"]
    for client, seen in ((boss, True), (works.client("operator"), False)):
        for path in (
            "Actuators?$filter=id eq 3",
            "TaskingCapabilities?$filter=id eq 3",
            f"Tasks?$filter=id eq {task}",
            f"Tasks?$filter=id eq {task} and TaskingCapability/Actuator/name eq '警报'",
            "Things?$filter=TaskingCapabilities/name eq '响'",
            "Things?$filter=TaskingCapabilities/Actuator/name eq '警报'",
        ):
            assert bool(client.get(f"/sta/v1.1/{path}").json()["value"]) is seen, path
        inside = "TaskingCapabilities($count=true;$expand=Tasks($count=true))"
        lamp = client.get(f"/sta/v1.1/Things('lamp-2')?$expand={inside}").json()
        assert lamp["TaskingCapabilities@iot.count"] == 1 + seen
        assert [client.get(f"/sta/v1.1/{path}").status_code == 200 for path in
                ("Actuators(3)", "TaskingCapabilities(3)", f"Tasks({task})")] == [seen] * 3  # fmt: skip
    told = boss.get("/sta/v1.1/Actuators(3)").json()["properties"]
    assert told == {"id": "siren", "en": "siren", "classification": "restricted"}
    records = works.city.store.ledger.records(resource="actuator:siren", limit=1000)
    assert ("read", "allowed") in {(each.entry.action, each.entry.outcome) for each in records}


def test_tasks_are_made_read_and_cancelled_in_a_batch_but_in_none_of_its_groups(works: House) -> None:
    task = {"taskingParameters": {"state": "on"}, "TaskingCapability": {"@iot.id": 1}}
    requests: list[dict[str, Any]] = [
        {"id": "made", "method": "post", "url": "Tasks", "body": task},
        {"id": "seen", "method": "get", "url": "$made/TaskingCapability", "dependsOn": ["made"]},
        {"id": "gone", "method": "delete", "url": "$made"},
        {"id": "odd", "method": "post", "url": "Tasks", "body": {"taskingParameters": {"state": 3}}},
        {"id": "grouped", "method": "post", "url": "Tasks", "body": task, "atomicityGroup": "g"},
        {"id": "beside", "method": "post", "url": "Things", "body": {"name": "n", "description": "d"}}
        | {"atomicityGroup": "g"},
    ]

    def done(role: str) -> dict[str, Any]:
        answer = works.client(role).post("/sta/v1.1/$batch", json={"requests": requests})
        return {each["id"]: each for each in answer.json()["responses"]}

    before = works.client("operator").get("/sta/v1.1/Things?$count=true&$top=0").json()
    told = done("operator")
    statuses = {"made": 201, "seen": 200, "gone": 200, "odd": 400, "grouped": 400, "beside": 424}
    assert {name: each["status"] for name, each in told.items()} == statuses
    assert told["seen"]["body"]["@iot.id"] == 1
    assert (
        works.client("operator").get(told["made"]["headers"]["location"]).json()["properties"]["state"] == "cancelled"
    )
    assert works.client("operator").get("/sta/v1.1/Things?$count=true&$top=0").json() == before
    assert done("analyst")["made"]["status"] == 403
