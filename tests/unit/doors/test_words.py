"""What the doors say of the house's own things stands there in Chinese and in English."""

from __future__ import annotations

import json
import re

import pytest
from tests.unit.doors.conftest import House

from lifang.catalogue import ACTIVITIES, RULES, Bilingual, known_licences
from lifang.doors.api.dataset_view import refused_row
from lifang.doors.http.problems import problem_response

_HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("table", [RULES, ACTIVITIES, {each.id: each.name for each in known_licences()}])
def test_every_rule_activity_and_licence_has_a_name_in_both_languages(table: dict[str, Bilingual]) -> None:
    assert [key for key, name in table.items() if not _HAN.search(name.zh) or _HAN.search(name.en) or not name.en] == []


def test_every_licence_says_where_it_is_published() -> None:
    assert [each.id for each in known_licences() if not each.url.startswith("https://")] == []


def test_every_scene_says_what_it_rests_on_in_both_languages(house: House) -> None:
    for scene in house.client().get("/api/v1/scenes").json()["items"]:
        basis = scene["citation"]
        assert _HAN.search(basis["zh"]), scene["id"]
        assert re.search("[a-z]{4}", basis["en"]), scene["id"]


def test_a_problem_is_told_in_chinese_beside_the_english(house: House) -> None:
    nothing = house.client().get("/api/v1/datasets/nothing").json()
    assert nothing["detail"] == "There is no dataset 'nothing'."
    assert nothing["zh"]["title"] == "没有找到"
    assert nothing["zh"]["detail"] == "没有数据集 'nothing'。"
    assert "lifang data list" in nothing["zh"]["mend"]
    refused = house.client().post("/api/v1/backups").json()
    assert refused["zh"]["detail"].startswith("没有规则允许未登录的访客")
    assert refused["zh"]["mend"].startswith("请登录")


def test_a_field_that_does_not_fit_and_a_filter_that_cannot_be_read_are_told_in_chinese(house: House) -> None:
    operator = house.client("operator")
    told = operator.post("/api/v1/alerts/x/acknowledge", json={"note": 5}).json()
    assert (told["status"], told["zh"]["title"], told["zh"]["detail"]) == (400, "输入有误", "应为文本。")
    told = operator.get("/ogc/collections/catalogue.records/items", params={"filter": "title LIKE"}).json()
    assert told["zh"]["detail"] == "过滤条件在应有值或属性之处是结尾。"
    assert told["zh"]["where"] == "过滤条件第 11 个字符"
    assert told["zh"]["mend"].startswith("请写 CQL2 文本")


def test_a_problem_without_chinese_words_says_so_by_empty_texts_under_a_chinese_title() -> None:
    told = json.loads(problem_response(400, "Nobody has ever said this.").body)
    assert told["zh"]["title"] == "输入有误"
    assert told["zh"]["detail"] == ""


def test_an_upload_that_is_refused_says_why_in_chinese_at_the_door_and_in_its_job(house: House) -> None:
    officer = house.client("data_officer")
    asked = {"params": {"filename": "picture.csv"}, "content": b"\x89PNG\r\n\x1a\n" + b"0" * 60}
    told = officer.post("/api/v1/datasets", **asked).json()
    assert told["zh"]["detail"] == "这是图片。"
    job = next(each for each in officer.get("/api/v1/jobs?limit=1").json()["items"])
    assert job["error"]["detail"] == "This is a picture."
    assert job["error"]["zh"] == {name: told["zh"][name] for name in ("detail", "where", "mend")}


def test_refused_rows_and_the_report_name_rule_and_mend_in_both_languages(house: House) -> None:
    rows = house.client().get("/api/v1/datasets/wells/refused").json()["items"]
    assert {row["column"]: row["rule_name"]["zh"] for row in rows} == {"depth": "类型不符", "dug": "日期不存在"}
    assert {row["column"]: row["mend_zh"][:6] for row in rows} == {"depth": "请写普通数字", "dug": "没有这个日期"}
    quality = house.client().get("/api/v1/datasets/wells").json()["quality"]
    assert all(_HAN.search(rule["rule_name"]["zh"] + rule["example"]["mend_zh"]) for rule in quality["rules"])


def test_the_notes_of_an_admission_stand_in_both_languages(house: House) -> None:
    officer = house.client("data_officer")
    asked = {"params": {"filename": "noted.csv"}, "content": b"a,b,lon,lat\n1,2,104.05,30.65\n"}
    assert officer.post("/api/v1/datasets", **asked).status_code == 202
    house.city.jobs.wait(house.city.jobs.recent(limit=1)[0].id, timeout_s=30)
    notes = officer.get("/api/v1/datasets/noted", headers={"X-Lifang-Purpose": "audit"}).json()["quality"]["notes"]
    assert notes
    assert all(_HAN.search(note["zh"]) and not _HAN.search(note["en"]) for note in notes)


def test_a_rule_that_is_no_longer_known_still_shows() -> None:
    kept = {"row": 3, "column": "x", "value": "y", "rule": "colour", "mend": "Paint it blue."}
    told = refused_row(kept)
    assert (told.rule_name.zh, told.mend, told.mend_zh) == ("colour", "Paint it blue.", "")


def test_lineage_says_how_one_thing_came_of_another(house: House) -> None:
    edges = house.client().get("/api/v1/datasets/wells/lineage").json()["edges"]
    assert {edge["activity"]: edge["activity_name"]["zh"] for edge in edges}["admit"] == "收录"
