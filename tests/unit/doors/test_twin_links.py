"""Everything about an object over HTTP: what it is linked to, its live values and rows, as each may see them."""

from typing import Any

import pyarrow as pa
import pytest
from tests.unit.doors.conftest import Client, House
from tests.unit.doors.test_twin import add, model

T0, T1, T2 = "2022-01-01T00:00:00Z", "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"
LINKS = [
    ("linked:a", "sensor", "datastream:site-1.pm2.5", "outdoor air"),
    ("linked:a", "sensor", "datastream:site-2.o3", "ozone"),
    ("linked:a", "address", "row:wells/1", ""),
    ("linked:a", "owner", "row:vaults/2", ""),
    ("linked:a", "contains", "object:linked:b", ""),
    ("linked:a", "related", "object:cellar:vault", ""),
    ("linked:a", "project", "outside:2026-17", ""),
]


def put(client: Client, links: list[tuple[str, str, str, str]], **more: Any) -> Any:
    named = [dict(zip(("object", "kind", "target", "role"), each, strict=True)) for each in links]
    body = {"links": named, "source": "survey", "classification": "open", "valid_from": T0, **more}
    return client.post("/api/v1/twin/links", json=body)


@pytest.fixture(scope="module")
def linked(own_house: House) -> House:
    officer = own_house.client("data_officer")
    assert add(officer, model("a", "b"), valid_from=T0, model="linked")["state"] == "done"
    hidden = add(officer, model("vault"), valid_from=T0, model="cellar", classification="restricted")
    assert hidden["state"] == "done"
    answer = put(officer, LINKS)
    assert answer.status_code == 200, answer.text
    assert answer.json()["links"] == len(LINKS)
    return own_house


def everything(client: Client, object_id: str = "linked:a", **asked: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1/twin/objects/{object_id}/everything", **asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ends(found: dict[str, Any]) -> set[str]:
    return {f"{each['end']['kind']}:{each['end']['id']}" for each in found["links"]}


def test_one_answer_tells_links_live_values_and_rows(linked: House) -> None:
    found = everything(linked.client())
    assert ends(found) == {"datastream:site-1.pm2.5", "row:wells/1", "object:linked:b", "outside:2026-17"}
    assert [(each["role"], each["value"], each["unit"]) for each in found["live"]] == [("outdoor air", 80.0, "ug/m3")]
    assert [(each["unit_symbol"], each["simulated"]) for each in found["live"]] == [("µg/m³", False)]
    assert [(each["dataset"], each["row"]["name"]) for each in found["rows"]] == [("wells", "东井")]
    assert [each["valid_from"] for each in found["versions"]] == [T0]


def test_what_one_may_not_know_is_absent_and_what_staff_see_is_on_record(linked: House) -> None:
    assert ends(everything(linked.client("analyst"))) - ends(everything(linked.client())) == {"datastream:site-2.o3"}
    officer = everything(linked.client("data_officer"), headers={"X-Lifang-Purpose": "fire drill"})
    assert {"row:vaults/2", "object:cellar:vault"} <= ends(officer)
    assert {each["dataset"] for each in officer["rows"]} == {"wells", "vaults"}
    text = linked.client().get("/api/v1/twin/objects/linked:a/everything").text
    assert "vault" not in text
    last = linked.city.store.ledger.last("object")
    assert last is not None
    assert last.entry.subject == linked.city.identity.person("p.data_officer").id or last.entry.purpose == "fire drill"


def test_a_link_is_read_from_its_other_end(linked: House) -> None:
    (back,) = everything(linked.client(), "linked:b")["links"]
    assert (back["out"], back["end"]["id"], back["kind_name"]["en"]) == (False, "linked:a", "lies within")


def test_states_are_those_of_the_moment_with_unit_quality_and_age(linked: House) -> None:
    def asked(**more: str) -> list[dict[str, Any]]:
        return list(linked.client().get("/api/v1/twin/states", params={"model": "linked", **more}).json()["items"])

    (now,) = asked()
    (then,) = asked(at=now["time"], property="PM2.5")
    assert (then["value"], then["quality"], then["age_s"]) == (80.0, "good", 0.0)
    first = linked.client().get("/api/v1/twin/states", params={"object": "linked:a", "at": "2022-06-01T00:00:00Z"})
    assert first.json()["items"][0]["value"] is None
    assert asked(property="noise") == []
    assert (
        linked.client()
        .get("/api/v1/twin/states", params={"model": "linked", "at": "2018-01-01T00:00:00Z"})
        .json()["items"]
        == []
    )  # the object did not stand yet


def test_links_come_in_bulk_and_end_with_their_source(linked: House) -> None:
    officer = linked.client("data_officer")
    asked = {"source": "register", "valid_from": T1, "classification": "open", "whole": "true"}

    def send(content: bytes, **more: str) -> dict[str, Any]:
        answer = officer.post("/api/v1/twin/link-imports", params={**asked, **more}, content=content)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    csv = "object,kind,target,name\nlinked:b,licence,outside:L1,营业执照\nlinked:b,licence,outside:L2,\n"
    assert send(csv.encode())["links"] == 2
    table = pa.table({"object": ["linked:b"], "kind": ["licence"], "target": ["outside:L1"], "name": ["营业执照"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    again = send(sink.getvalue().to_pybytes(), valid_from=T2)
    assert (again["links"], again["unchanged"], again["ended"]) == (0, 1, 1)
    at = {"params": {"at": T1}}
    assert {"outside:L1", "outside:L2"} <= ends(everything(linked.client(), "linked:b", **at))
    assert "outside:L2" not in ends(everything(linked.client(), "linked:b"))


def test_a_link_ends_and_its_past_stays(linked: House) -> None:
    officer, link = linked.client("data_officer"), ("linked:b", "occupant", "outside:shop", "")
    assert put(officer, [link]).json()["links"] == 1
    body = {**dict(zip(("object", "kind", "target"), link, strict=False)), "at": T1}
    assert officer.post("/api/v1/twin/links/end", json=body).json()["ended"] == 1
    assert officer.post("/api/v1/twin/links/end", json=body).json()["ended"] == 0
    wrongs = (({"kind": "occupnt"}, 400), ({"target": "outside:shp"}, 404), ({"object": "linked:none"}, 404))
    for wrong, status in wrongs:
        refused = officer.post("/api/v1/twin/links/end", json=body | wrong)
        assert refused.status_code == status, wrong
        assert "no" in refused.json()["detail"]
    assert "outside:shop" not in ends(everything(linked.client(), "linked:b"))
    assert "outside:shop" in ends(everything(linked.client(), "linked:b", params={"at": "2022-06-01T00:00:00Z"}))


@pytest.mark.parametrize(
    ("link", "what"),
    [
        (("linked:nobody", "sensor", "datastream:x", ""), "no object"),
        (("linked:a", "marries", "datastream:x", ""), "no kind of link"),
        (("linked:a", "sensor", "nonsense", ""), "no target"),
        (("linked:a", "contains", "object:nobody", ""), "no object"),
    ],
)
def test_a_link_that_cannot_be_is_refused_whole(linked: House, link: tuple[str, str, str, str], what: str) -> None:
    officer = linked.client("data_officer")
    answer = put(officer, [("linked:a", "related", "outside:never", ""), link])
    assert answer.status_code == 400
    assert what in answer.json()["detail"]
    assert "outside:never" not in ends(everything(linked.client()))


def test_objects_are_found_by_what_they_are_linked_to_and_by_a_name_nearly_right(linked: House) -> None:
    def found(client: Client, **asked: Any) -> list[str]:
        answer = client.get("/api/v1/twin/objects", params={"model": "linked", **asked})
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    anyone = linked.client()
    assert found(anyone, linked="row:wells/1") == ["linked:a"]
    assert found(anyone, linked="object:linked:b") == ["linked:a"]
    assert found(anyone, linked="datastream:site-2.o3") == []
    assert found(linked.client("analyst"), linked="datastream:site-2.o3") == ["linked:a"]
    assert found(anyone, level=2) == ["linked:a", "linked:b"]
    assert found(anyone, stage="planned") == []
    assert found(anyone, fuzzy="nothing like it") == []


def test_objects_are_counted_by_class_with_their_heights(linked: House) -> None:
    told = linked.client().get("/api/v1/twin/statistics", params={"by": "class", "model": "linked"}).json()["items"]
    assert told == [{"group": "Building", "count": 2, "least_m": 9.0, "mean_m": 9.0, "greatest_m": 9.0}]
    assert linked.client().get("/api/v1/twin/statistics", params={"model": "cellar"}).json()["items"] == []
    by_use = linked.client().get("/api/v1/twin/statistics", params={"property": "use", "model": "linked"})
    assert [(each["group"], each["count"]) for each in by_use.json()["items"]] == [("home", 2)]
    none_has = linked.client().get("/api/v1/twin/statistics", params={"property": "colour", "model": "linked"})
    assert [(each["group"], each["count"]) for each in none_has.json()["items"]] == [("", 2)]
    assert linked.client().get("/api/v1/twin/statistics", params={"property": 'a"b'}).status_code == 400


def test_only_those_who_admit_data_write_links(linked: House) -> None:
    for role, status in (("", 401), ("analyst", 403)):
        assert put(linked.client(role), LINKS[:1]).status_code == status
    assert linked.client().get("/api/v1/twin/objects/cellar:vault/everything").status_code == 404
    assert linked.client().get("/api/v1/twin/objects/cellar:vault/links").status_code == 404
