"""The synthetic population over HTTP."""

from __future__ import annotations

from pathlib import Path

from lifang.catalogue import Card
from lifang.guard import SYSTEM

from .conftest import House

PACK = Path(__file__).parents[3] / "cities" / "chengdu"


def test_a_data_officer_has_it_made_by_a_job_and_nobody_below(house: House) -> None:
    for name in ("census_2020", "population_by_age", "streets"):
        card = Card.load(PACK / "datasets" / f"{name}.toml")
        house.city.catalogue.add(PACK / card.file, card=card, by=SYSTEM)
    url = "/api/v1/population/synthesis"
    assert house.client("analyst").post(url, json={}).status_code == 403
    officer = house.client("data_officer")
    assert officer.post(url, json={"persons": 1}).status_code == 400
    job = officer.post(url, json={"persons": 2_000, "seed": 1}).json()
    done = house.city.jobs.wait(job["id"], timeout_s=60)
    assert done.state == "done"
    assert done.result is not None
    assert done.result["persons"] == 2_000
    rows = house.client().get("/api/v1/datasets/synthetic_persons/rows?limit=1")
    assert rows.status_code == 200
    assert "合成" in rows.text
