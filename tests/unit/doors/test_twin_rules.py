"""Links made by rule over HTTP: by space and by key, through the time of objects and of datasets."""

import time
import tomllib
from typing import Any

import pytest
import shapely
from tests.unit.doors.conftest import Client, House
from tests.unit.doors.test_twin import T0, T1, add, model

from lifang.catalogue import Card
from lifang.core import BadInput
from lifang.guard import SYSTEM
from lifang.twin import LinkRule

CARD = """
id = "parcels"
theme = "space"
classification = "open"
key = ["no"]
[name]
zh = "地块"
en = "Parcels"
[geometry]
wkt = "shape"
"""


@pytest.fixture(scope="module")
def ruled(own_house: House) -> House:
    officer = own_house.client("data_officer")
    assert add(officer, model("a", "b"), valid_from=T0)["state"] == "done"
    assert add(officer, model("a", "c", shift=100.0), valid_from=T1)["state"] == "done"
    return own_house


def parcels(house: House, *rows: tuple[str, str, str]) -> None:
    path = house.city.spool / "parcels.csv"
    path.write_text("no,use,shape\n" + "".join(f'{no},{use},"{shape}"\n' for no, use, shape in rows), "utf-8")
    house.city.catalogue.add(path, name=path.name, card=Card.from_mapping(tomllib.loads(CARD)), by=SYSTEM)
    path.unlink()


def put(client: Client, rule: str, **told: Any) -> dict[str, Any]:
    answer = client("PUT", f"/api/v1/twin/link-rules/{rule}", json={"valid_from": T0, **told})
    assert answer.status_code == 202, answer.text
    return settled(client, answer.json())


def settled(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    until = time.monotonic() + 20
    while job["state"] in {"queued", "running"} and time.monotonic() < until:
        time.sleep(0.02)
        job = client.get(f"/api/v1/jobs/{job['id']}").json()
    assert job["state"] == "done", job
    return dict(job["result"])


def led(house: House, object_id: str, kind: str, at: str) -> list[str]:
    answer = house.client().get(f"/api/v1/twin/objects/{object_id}/links", params={"at": at})
    assert answer.status_code == 200, answer.text
    return [each["end"]["id"] for each in answer.json()["items"] if each["kind"] == kind]


def test_an_object_leads_to_the_parcel_it_stands_on_at_each_moment_and_again_when_parcels_change(ruled: House) -> None:
    box = ruled.client().get("/api/v1/twin/objects/blocks:a", params={"at": T0}).json()["object"]["bbox"]
    then = ruled.client().get("/api/v1/twin/objects/blocks:a", params={"at": T1}).json()["object"]["bbox"]
    middle = (box[2] + then[0]) / 2
    west, east = (shapely.box(*each).wkt for each in ((104, 30, middle, 31), (middle, 30, 105, 31)))
    parcels(ruled, ("W", "home", west), ("E", "shop", east))
    officer = ruled.client("data_officer")
    result = put(officer, "parcel", kind="parcel", way="within", to="parcels", classes=["Building"])
    assert result["parcel"]["links"] >= 3
    assert led(ruled, "blocks:a", "parcel", T0) == ["parcels/W"]
    assert led(ruled, "blocks:a", "parcel", T1) == ["parcels/E"]
    (state,) = officer.get("/api/v1/twin/link-rules").json()["items"]
    assert (state["id"], state["source"]) == ("parcel", "rule:parcel")
    assert state["applied"] is not None
    assert ruled.city.linker.apply(by=ruled.city.asker().subject)["parcel"] == dict.fromkeys(
        ("links", "replaced", "unchanged", "ended"), 0
    )
    now = ruled.city.now.isoformat()
    parcels(ruled, ("W", "home", west), ("N", "park", east))
    ruled.city.linker.apply(by=ruled.city.asker().subject)
    assert led(ruled, "blocks:a", "parcel", now) == ["parcels/E"] or led(ruled, "blocks:a", "parcel", now) == []
    assert led(ruled, "blocks:a", "parcel", ruled.city.now.isoformat()) == ["parcels/N"]


def test_an_object_leads_to_rows_of_the_same_value_and_to_the_nearest_thing(ruled: House) -> None:
    officer = ruled.client("data_officer")
    put(officer, "use", kind="related", way="same", to="parcels", attribute="use", column="use")
    assert led(ruled, "blocks:c", "related", ruled.city.now.isoformat()) == ["parcels/W"]
    put(officer, "air", kind="sensor", way="nearest", to="things", within_m=100_000, role="nearest", thing_kind="air")
    put(officer, "lamps", kind="sensor", way="nearest", to="things", within_m=100_000, thing_kind="lamp")
    assert led(ruled, "blocks:c", "sensor", ruled.city.now.isoformat()) == ["site-2"]
    address = "/api/v1/twin/objects/blocks:c/everything"
    assert ruled.client().get(address).json()["live"] == []  # what the nearest senses is not open
    assert {each["role"] for each in ruled.client("analyst").get(address).json()["live"]} == {"nearest"}
    assert officer("DELETE", "/api/v1/twin/link-rules/air").status_code == 204
    assert led(ruled, "blocks:c", "sensor", ruled.city.now.isoformat()) == []


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"way": "near"}, "no way"),
        ({"way": "nearest"}, "within_m"),
        ({"way": "same", "column": "use"}, "attribute"),
        ({"kind": "cousin"}, "no kind"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(told: dict[str, Any], what: str) -> None:
    with pytest.raises(BadInput, match=what):
        LinkRule.from_mapping("r", {"kind": "parcel", "way": "within", "to": "x", "valid_from": T0, **told})


def test_only_those_who_admit_data_keep_rules(ruled: House) -> None:
    body = {"kind": "parcel", "way": "within", "to": "parcels", "valid_from": T0}
    assert ruled.client()("PUT", "/api/v1/twin/link-rules/x", json=body).status_code == 401
    assert ruled.client("analyst")("PUT", "/api/v1/twin/link-rules/x", json=body).status_code == 403
    assert ruled.client("analyst").get("/api/v1/twin/link-rules").status_code == 403
