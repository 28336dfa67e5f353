from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lifang.catalogue import Card, Catalogue, Search
from lifang.core import BadInput, Box, ManualClock, NotFound, Settings, SystemClock
from lifang.guard import ANONYMOUS, SYSTEM, Role, Subject
from lifang.store import Store

pytestmark = pytest.mark.slow

OFFICER = Subject("o", "officer", frozenset({Role.DATA_OFFICER}))
CARDS = {
    "air": {
        "name": {"zh": "成都市空气质量小时值", "en": "Hourly air quality"},
        "theme": "ecology",
        "classification": "open",
        "keywords": ["大气", "air"],
        "update_cycle": "hourly",
        "coverage": {"bbox": [104, 30, 105, 31], "start": "2019", "end": "2019"},
        "provider": {"zh": "生态环境局", "en": "ecology bureau"},
    },
    "roads2": {
        "name": {"zh": "道路路段", "en": "Road segments"},
        "theme": "construction",
        "classification": "open",
        "coverage": {"bbox": [103, 30, 103.5, 31], "start": "2020-05", "end": "2026"},
    },
    "staff": {
        "name": {"zh": "编制内部名单", "en": "Staff list"},
        "summary": {"zh": "含空气站值守人员"},
        "theme": "ecology",
    },
    "secret": {
        "name": {"zh": "水源井位", "en": "Wells of the waterworks"},
        "summary": {"zh": "含坐标与守卫排班"},
        "classification": "restricted",
        "theme": "ecology",
        "keywords": ["要害"],
    },
}


def fill(catalogue: Catalogue, folder: Path) -> Catalogue:
    for number, (dataset, card) in enumerate(CARDS.items()):
        path = folder / "x.csv"
        path.write_text(f"a,b\n1,{number}\n")
        catalogue.add(path, name="x.csv", card=Card.from_mapping({**card, "id": dataset}), by=SYSTEM)
    return catalogue


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """For the tests that only ask."""
    folder, clock = tmp_path_factory.mktemp("search"), ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with Store.open(folder / "city", clock=clock, threads=1) as store:
        yield fill(Catalogue(store, clock, Settings("t", "测", "t", "0")), folder)


@pytest.fixture
def changing(catalogue: Catalogue, tmp_path: Path) -> Catalogue:
    """For the tests that change it."""
    return fill(catalogue, tmp_path)


def ids(catalogue: Catalogue, text: str = "", *, subject: Subject = OFFICER, purpose: str = "", **asked: object):
    return [each.id for each in catalogue.datasets(Search(text, **asked), subject=subject, purpose=purpose)]


def test_every_two_character_word_of_a_name_finds_it(filled: Catalogue) -> None:
    name = CARDS["air"]["name"]["zh"]
    for start in range(len(name) - 1):
        assert "air" in ids(filled, name[start : start + 2])


def test_words_are_all_needed_and_names_come_first(filled: Catalogue) -> None:
    assert ids(filled, "空气") == ["air", "staff"]
    assert ids(filled, "空气 质量") == ["air"]
    assert ids(filled, "ＲＯＡＤ segments") == ["roads2"]
    assert ids(filled, "无此词") == []
    assert ids(filled, "!? --") == []


def test_single_characters_beginnings_and_other_forms_of_english_words_find(filled: Catalogue) -> None:
    assert ids(filled, "路") == ["roads2"]
    assert ids(filled, "段") == ["roads2"]
    assert ids(filled, "segm") == ["roads2"]
    assert ids(filled, "listing") == ["staff"]


def test_what_is_chosen_of_a_facet_narrows_and_leaves_its_own_counts(filled: Catalogue) -> None:
    assert ids(filled, chosen={"theme": ["ecology"], "classification": ["open"]}) == ["air"]
    assert ids(filled, chosen={"theme": ["ecology", "construction"], "format": ["csv"]}, subject=ANONYMOUS) == [
        "air",
        "roads2",
    ]
    assert ids(filled, chosen={"provider": ["ecology bureau"]}) == ids(filled, chosen={"provider": ["生态环境局"]})
    counts = filled.facets(Search(chosen={"theme": ["construction"]}), subject=ANONYMOUS)
    assert dict(counts["theme"]) == {"ecology": 1, "construction": 1}
    assert dict(counts["update_cycle"]) == {"irregular": 1}
    assert dict(filled.facets(Search("空气"), subject=OFFICER)["classification"]) == {"open": 1, "shared": 1}


def test_place_and_time_filter(filled: Catalogue) -> None:
    assert ids(filled, box=Box(103.4, 30.5, 104.1, 30.6), subject=ANONYMOUS) == ["air", "roads2"]
    assert ids(filled, box=Box(103.6, 30.5, 103.9, 30.6), subject=ANONYMOUS) == []
    assert ids(filled, start="2019-12-31", end="2020-04") == ["air"]
    assert ids(filled, start="2020-05-31T23:00:00Z") == ["roads2"]
    with pytest.raises(BadInput, match="not a time"):
        ids(filled, start="2020-13")


def test_orders(changing: Catalogue, clock: ManualClock, add: Callable[..., object]) -> None:
    clock.advance(timedelta(seconds=5))
    add("a,b\n1,9\n", **{**CARDS["air"], "id": "air"})
    assert ids(changing, sort="updated", descending=True)[0] == "air"
    assert ids(changing, sort="title", subject=ANONYMOUS) == ["air", "roads2"]  # chéng before dào
    assert ids(changing, sort="title_en", descending=True, subject=ANONYMOUS) == ["roads2", "air"]
    with pytest.raises(BadInput, match="no order"):
        Search(sort="size")


def test_pages_tell_the_total(filled: Catalogue) -> None:
    hits = filled.found(Search(), subject=OFFICER, offset=1, limit=2)
    assert (hits.ids, hits.total) == (["roads2", "secret"], 4)


def test_anonymous_visitors_see_open_datasets_only(filled: Catalogue) -> None:
    assert ids(filled, subject=ANONYMOUS) == ["air", "roads2"]
    assert ids(filled, "空气", subject=ANONYMOUS) == ["air"]
    counts = filled.facets(subject=ANONYMOUS)
    assert sum(count for _, count in counts["classification"]) == 2
    assert "要害" not in dict(counts["tag"])


def test_without_a_purpose_a_restricted_dataset_is_found_and_counted_by_its_brief_only(filled: Catalogue) -> None:
    assert ids(filled, "水源") == ["secret"]
    assert ids(filled, "守卫") == []
    assert ids(filled, chosen={"tag": ["要害"]}) == []
    assert ids(filled, chosen={"theme": ["ecology"]}) == ["air", "secret", "staff"]
    counts = filled.facets(subject=OFFICER)
    assert (dict(counts["theme"])["ecology"], "要害" in dict(counts["tag"])) == (3, False)
    assert filled.suggestion(Search("守伪排班"), subject=OFFICER) == ""
    assert ids(filled, "守卫", purpose="guard duty") == ["secret"]
    assert dict(filled.facets(subject=OFFICER, purpose="guard duty")["tag"])["要害"] == 1
    assert filled.suggestion(Search("守伪排班"), subject=OFFICER, purpose="guard duty") == "守卫排班"


def test_what_was_probably_meant_is_told(filled: Catalogue) -> None:
    assert filled.suggestion(Search("hourly qualty"), subject=ANONYMOUS) == "hourly quality"
    slips = {
        "空气质两": "空气质量",
        "空七质量": "空气质量",
        "空气质质量": "空气质量",
        "空质气量": "空气质量",
        "空气值守": "空气站值守",
    }
    for wrong, meant in slips.items():
        assert filled.suggestion(Search(wrong), subject=OFFICER) == meant
    assert filled.suggestion(Search("zzzz"), subject=ANONYMOUS) == ""


def test_two_characters_lead_to_what_sounds_alike_and_is_far_commoner_or_to_nothing(filled: Catalogue) -> None:
    meant = {each: filled.suggestion(Search(each), subject=OFFICER) for each in ("空汽", "气空", "空狼", "钢琴")}
    assert meant == {"空汽": "空气", "气空": "空气", "空狼": "", "钢琴": ""}


def test_the_index_is_mended_made_anew_and_followed(
    changing: Catalogue, store: Store, clock: ManualClock, settings: Settings
) -> None:
    assert ids(changing, "空气") == ["air", "staff"]
    folder = next((store.folder / "index" / "catalogue").iterdir())
    damaged = max(folder.glob("*.idx"), key=lambda path: path.stat().st_size)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 3] ^= 0xFF
    damaged.write_bytes(content)
    assert ids(Catalogue(store, clock, settings), "空气") == ["air", "staff"]
    with store.registry.transaction() as transaction:  # behind the catalogue's back
        row = transaction.get("dataset", "air")
        card = {**row["metadata"], "name": {"zh": "噪声", "en": "Noise"}}
        clock.advance(timedelta(seconds=1))
        transaction.update("dataset", "air", {"metadata": card, "updated": clock.now()})
    assert (ids(changing, "空气"), ids(changing, "噪声")) == (["staff"], ["air"])


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
    with Store.open(tmp_path / "city", clock=SystemClock(), threads=1) as store:
        settings = Settings(id="city", name_zh="城", name_en="City", area_code="")
        catalogue = Catalogue(store, SystemClock(), settings)
        ids = set()
        for name in ("企业名单.csv", "水质.csv", "水质2024.csv", "2024.csv"):
            (tmp_path / name).write_text("a,b\n1,2\n", "utf-8")
            ids.add(catalogue.add(tmp_path / name, name=name, by=SYSTEM).dataset)
        assert len(ids) == 4
