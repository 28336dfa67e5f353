from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.catalogue import Catalogue
from lifang.core import NotFound, Settings, SystemClock
from lifang.guard import ANONYMOUS, SYSTEM
from lifang.store import Store

pytestmark = pytest.mark.slow

CARDS = {
    "air": {
        "name": {"zh": "成都市空气质量小时值", "en": "Hourly air quality"},
        "theme": "ecology",
        "classification": "open",
    },
    "roads2": {"name": {"zh": "道路路段", "en": "Road segments"}, "theme": "construction", "classification": "open"},
    "staff": {
        "name": {"zh": "编制内部名单", "en": "Staff list"},
        "summary": {"zh": "含空气站值守人员"},
        "theme": "ecology",
    },
}


@pytest.fixture
def filled(add: Callable[..., object], catalogue: Catalogue) -> Catalogue:
    for number, (dataset, card) in enumerate(CARDS.items()):
        add(f"a,b\n1,{number}\n", **{**card, "id": dataset})
    return catalogue


def ids(catalogue: Catalogue, **asked: object) -> list[str]:
    return [dataset.id for dataset in catalogue.datasets(**asked)]


def test_every_two_character_word_of_a_name_finds_it(filled: Catalogue) -> None:
    name = CARDS["air"]["name"]["zh"]
    for start in range(len(name) - 1):
        assert "air" in ids(filled, text=name[start : start + 2])


def test_words_are_all_needed_and_names_come_first(filled: Catalogue) -> None:
    assert ids(filled, text="空气") == ["air", "staff"]
    assert ids(filled, text="空气 质量") == ["air"]
    assert ids(filled, text="ＲＯＡＤ segments") == ["roads2"]
    assert ids(filled, text="无此词") == []


def test_facets_narrow_and_count(filled: Catalogue) -> None:
    assert ids(filled, theme="ecology", classification="open") == ["air"]
    assert ids(filled, format="csv") == ["air", "roads2", "staff"]
    assert dict(filled.facets()["theme"]) == {"ecology": 2, "construction": 1}
    assert dict(filled.facets(text="空气")["classification"]) == {"open": 1, "shared": 1}


def test_anonymous_visitors_see_open_datasets_only(filled: Catalogue) -> None:
    assert ids(filled, subject=ANONYMOUS) == ["air", "roads2"]
    assert ids(filled, subject=SYSTEM) == ["air", "roads2", "staff"]
    assert "shared" not in dict(filled.facets(subject=ANONYMOUS)["classification"])


def test_an_unknown_dataset_or_release_is_not_found(filled: Catalogue) -> None:
    with pytest.raises(NotFound):
        filled.dataset("absent")
    with pytest.raises(NotFound):
        filled.dataset("air").release(9)


def test_metadata_has_the_elements_of_gbt_21063(filled: Catalogue) -> None:
    air = filled.dataset("air")
    elements = {row["element"]: row["value"] for row in air.metadata(air.release())}
    assert list(elements)[:12] == [
        "信息资源名称",
        "信息资源代码",
        "信息资源提供方",
        "信息资源提供方代码",
        "信息资源摘要",
        "信息资源分类",
        "信息资源格式",
        "信息项信息",
        "共享属性",
        "开放属性",
        "更新周期",
        "发布日期",
    ]
    assert elements["信息资源分类"] == {"zh": "生态环保", "en": "ecology and environment"}
    assert elements["共享属性"]["zh"] == "无条件共享"
    assert elements["发布日期"] == "2026-01-01"
    assert [item["name"] for item in elements["信息项信息"]] == ["a", "b"]


def test_files_with_chinese_names_become_datasets_of_their_own(tmp_path: Path) -> None:
    with Store.open(tmp_path / "city", clock=SystemClock()) as store:
        settings = Settings(id="city", name_zh="城", name_en="City", area_code="")
        catalogue = Catalogue(store, SystemClock(), settings)
        ids = set()
        for name in ("企业名单.csv", "水质.csv", "水质2024.csv", "2024.csv"):
            (tmp_path / name).write_text("a,b\n1,2\n", "utf-8")
            ids.add(catalogue.add(tmp_path / name, name=name, by=SYSTEM).dataset)
        assert len(ids) == 4
