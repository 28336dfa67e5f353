"""Master data over HTTP: an officer names sources, consolidates, settles; others read what they may."""

from __future__ import annotations

from pathlib import Path

from lifang.catalogue import Card
from lifang.guard import SYSTEM
from lifang.standards import complete_uscc

from .conftest import House

(CODE,) = complete_uscc(["91000000"], ["00000009"])


def test_an_officer_consolidates_and_settles_and_a_record_tells_its_history(house: House, tmp_path: Path) -> None:
    officer = house.client("data_officer")
    for bureau, name in (("m_market", "甲有限公司"), ("m_tax", "乙有限公司")):
        house.city.identity.add_organisation(bureau, zh="局", en=bureau, by=SYSTEM)
        path = tmp_path / f"{bureau}.csv"
        path.write_text(f"uscc,name\n{CODE},{name}\n")
        card = Card.from_mapping({"id": f"{bureau}_firms", "columns": {"uscc": {}, "name": {}}})
        house.city.catalogue.add(path, card=card, by=SYSTEM)
        url = f"/api/v1/masterdata/legal_entity/sources/{bureau}_firms"
        assert officer("PUT", url, json={"organisation": bureau}).status_code == 204
    assert house.client("analyst").post("/api/v1/masterdata/legal_entity/consolidation").status_code == 403
    done = officer.post("/api/v1/masterdata/legal_entity/consolidation").json()
    assert (done["records"], done["conflicts"]) == (1, 1)
    (listed,) = officer.get("/api/v1/masterdata/legal_entity/conflicts").json()["items"]
    settled = officer.post(
        f"/api/v1/masterdata/conflicts/{listed['id']}", json={"organisation": "m_market", "reason": "执照为准"}
    )
    assert settled.json()["value"] == "甲有限公司"
    officer.post("/api/v1/masterdata/legal_entity/consolidation")
    found = house.client("analyst").get(f"/api/v1/masterdata/legal_entity/record?key={CODE}")
    assert found.status_code == 200
    assert found.json()["record"]["name"] == "甲有限公司"
    assert len(found.json()["history"]) == 2
    assert house.client().get(f"/api/v1/masterdata/legal_entity/record?key={CODE}").status_code in {401, 404}
    officer("PUT", "/api/v1/masterdata/legal_entity/rules/name", json={"precedence": ["m_tax", "newest"]})
    bases = {each["id"]: each for each in officer.get("/api/v1/masterdata").json()["items"]}
    entity = bases["legal_entity"]
    assert (len(bases), entity["key"], entity["sources"]) == (6, ["uscc"], ["m_market", "m_tax"])
    assert entity["rules"] == {"name": ["m_tax", "newest"]}
    assert (entity["there"], bases["e_licence"]["there"]) == (True, False)
    plain = {each["id"]: each for each in house.client().get("/api/v1/masterdata").json()["items"]}["legal_entity"]
    assert (plain["there"], plain["sources"], plain["rules"]) == (False, [], {})
    rule = officer("PUT", "/api/v1/masterdata/legal_entity/rules/name", json={"precedence": ["nobody"]})
    assert rule.status_code == 400
    assert officer.post("/api/v1/masterdata/unicorn/consolidation").status_code == 404
