"""Master data over HTTP: an officer names sources, consolidates, settles; others read what they may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lifang.catalogue import Card
from lifang.guard import SYSTEM
from lifang.standards import complete_uscc

from .conftest import Client, House

(CODE,) = complete_uscc(["91000000"], ["00000009"])


def _consolidated(house: House, officer: Client) -> list[dict[str, Any]]:
    """Return what a consolidation of all that have a source came to, once its job is over."""
    begun = officer.post("/api/v1/masterdata/consolidation")
    assert begun.status_code == 202, begun.text
    job = house.city.jobs.wait(begun.json()["id"])
    assert job.state == "done", job
    return list(officer.get(f"/api/v1/jobs/{job.id}").json()["result"]["items"])


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
    (done,) = _consolidated(house, officer)
    assert (done["records"], done["conflicts"], done["duplicates"]) == (1, 1, 0)
    (listed,) = officer.get("/api/v1/masterdata/legal_entity/conflicts").json()["items"]
    settled = officer.post(
        f"/api/v1/masterdata/conflicts/{listed['id']}", json={"organisation": "m_market", "reason": "执照为准"}
    )
    assert settled.json()["value"] == "甲有限公司"
    house.city.jobs.wait(settled.json()["job"], timeout_s=30)
    moves = officer.get(f"/api/v1/masterdata/conflicts/{listed['id']}").json()["steps"]
    assert [(each["move"], each["detail"].get("reason")) for each in moves] == [
        ("opened", None),
        ("settled", "执照为准"),
    ]
    _consolidated(house, officer)
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
    assert officer.get("/api/v1/masterdata/legal_entity/record?key=a&key=b").status_code == 400
    sources = officer.get("/api/v1/masterdata/legal_entity/sources").json()["items"]
    assert [(each["dataset"], each["organisation"], each["in_use"]) for each in sources] == [
        ("m_market_firms", "m_market", True),
        ("m_tax_firms", "m_tax", True),
    ]
    assert officer.get("/api/v1/masterdata/legal_entity/unresolved").json()["items"] == []
    assert house.client("analyst").get("/api/v1/masterdata/legal_entity/unresolved").status_code == 403
    assert officer("DELETE", "/api/v1/masterdata/legal_entity/sources/m_tax_firms").status_code == 204
    assert officer("DELETE", "/api/v1/masterdata/legal_entity/sources/m_tax_firms").status_code == 404
    _consolidated(house, officer)
    alone = house.client("analyst").get(f"/api/v1/masterdata/legal_entity/record?key={CODE}").json()["record"]
    assert (alone["name"], alone["sources"]) == ("甲有限公司", "m_market")
    feeds = {each["part"]: each["source"] for each in officer.get("/api/v1/masterdata/gazetteer").json()["items"]}
    assert (feeds["divisions"], feeds["roads"]) == ("code list gbt2260", "")
    assert house.client().get("/api/v1/masterdata/address-of?text=蜀汉路1号").status_code == 404
