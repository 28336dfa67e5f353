"""Data standards over HTTP: listed for all, tried and registered by data officers, compared, written for people."""

from __future__ import annotations

from lifang.standards import shipped_text

from .conftest import House

PATH = "/api/v1/standards/data"
OWN = shipped_text("school@1").replace('id = "school"', 'id = "city_school"')


def test_everybody_sees_the_standards_with_kind_and_grade(house: House) -> None:
    client = house.client()
    items = {each["reference"]: each for each in client.get(f"{PATH}?kind=base").json()["items"]}
    assert set(items) >= {"legal_entity@1", "person@1", "e_licence@1"}
    assert items["person@1"]["personal"] == "sensitive"
    one = client.get(f"{PATH}/legal_entity").json()
    assert one["reference"] == "legal_entity@1"
    assert next(each for each in one["elements"] if each["id"] == "uscc")["check_digit"] == "uscc"
    assert client.get(f"{PATH}/legal_entity@1/text").text == shipped_text("legal_entity@1")
    assert client.get(f"{PATH}/legal_entity@1/docs").text.startswith("# `legal_entity@1`")


def test_a_clerk_reads_what_to_mend_then_registers(house: House) -> None:
    officer = house.client("data_officer")
    broken = OWN.replace('unit = "{person}"', 'unit = "heads"', 1)
    told = officer.post("/api/v1/standard-faults", json={"toml": broken}).json()
    line = next(n for n, text in enumerate(broken.splitlines(), 1) if "heads" in text)
    assert (told["ok"], [(each["line"], each["where"]) for each in told["faults"]]) == (
        False,
        [(line, "elements.pupils.unit")],
    )
    refused = officer.post(PATH, json={"toml": broken})
    assert (refused.status_code, f"line {line}" in refused.json()["where"]) == (400, True)
    assert officer.post("/api/v1/standard-faults", json={"toml": OWN}).json() == {"ok": True, "faults": []}
    assert officer.post(PATH, json={"toml": OWN}).status_code == 201
    assert officer.post(PATH, json={"toml": OWN}).json()["unchanged"]
    assert house.client().get(f"{PATH}/city_school@1").json()["shipped"] is False


def test_an_edition_is_compared_and_cannot_be_changed(house: House) -> None:
    officer = house.client("data_officer")
    text = OWN.replace("city_school", "other_school")
    assert officer.post(PATH, json={"toml": text}).status_code == 201
    newer = text.replace("maximum = 100000", "maximum = 5000")
    assert officer.post(PATH, json={"toml": newer}).status_code == 409
    assert officer.post(PATH, json={"toml": newer.replace("edition = 1", "edition = 2")}).status_code == 201
    diff = house.client().get(f"{PATH}/other_school@1/diff?to=other_school@2").json()
    assert diff["breaking"]
    assert [each["text"] for each in diff["changes"]] == ["narrowed pupils.maximum: 100000 → 5000 (breaking)"]


def test_others_may_not_register_and_what_is_not_there_is_404(house: House) -> None:
    for role in ("", "citizen", "analyst", "operator"):
        assert house.client(role).post(PATH, json={"toml": OWN}).status_code in {401, 403}
    assert house.client().get(f"{PATH}/nothing@1").status_code == 404
    assert house.client().get(f"{PATH}/Not-A-Reference").status_code == 400
