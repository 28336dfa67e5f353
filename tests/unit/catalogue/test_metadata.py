"""Metadata by GB/T 21063: resource codes, classification, sharing, what place and time a dataset covers."""

from collections.abc import Callable

import pytest

from lifang.catalogue import THEMES, Admission, Card, Catalogue
from lifang.catalogue.card import eu_themes_of, parse_code, themes_of
from lifang.core import BadInput, Conflict, ManualClock, Settings
from lifang.store import Store

Add = Callable[..., Admission]
ROWS = (
    "day,when,lon,lat\n"
    "2019-03-01,2019-03-01T08:00:00+08:00,104.0,30.6\n"
    "2021-05-02,2021-05-02T08:00:00+08:00,104.2,30.8\n"
)


def told(catalogue: Catalogue, dataset_id: str) -> dict[str, object]:
    dataset = catalogue.dataset(dataset_id)
    return {row["en"]: row["value"] for row in dataset.metadata(dataset.release())}


def test_a_code_is_class_item_category_and_a_serial_that_counts_within_them(add: Add, catalogue: Catalogue) -> None:
    for number, card in enumerate(({"theme": "ecology"}, {"theme": "ecology"}, {"base": "housing"}, {})):
        add(f"a\n{number}\n", id=f"d{number}", **card)
    codes = [catalogue.dataset(f"d{number}").code for number in range(4)]
    assert codes == ["211000/000001", "211000/000002", "106000/000001", "300000/000001"]


def test_a_code_stays_when_the_theme_changes_and_follows_a_card_that_writes_it(add: Add, catalogue: Catalogue) -> None:
    add("a\n1\n", theme="ecology")
    add("a\n2\n", theme="health")
    assert catalogue.dataset("x").code == "211000/000001"
    add("a\n3\n", code="20200100017/000042")
    assert catalogue.dataset("x").code == "20200100017/000042"
    add("a\n4\n", id="y", code="20200100017")
    assert catalogue.dataset("y").code == "20200100017/000043"


def test_no_two_datasets_have_one_code(add: Add, catalogue: Catalogue) -> None:
    add("a\n1\n", code="211000/000007")
    with pytest.raises(Conflict, match=r"211000/000007 is that of the dataset 'x'"):
        add("a\n1\n", id="y", code="211000/000007")
    assert [dataset.id for dataset in catalogue.datasets()] == ["x"]


@pytest.mark.parametrize("code", ["", "411000/1", "21100/1", "211000/", "211000/0", "211000-1", "２11000/1"])
def test_what_is_no_resource_code_is_refused(code: str) -> None:
    with pytest.raises(BadInput, match="resource code"):
        parse_code(code)


def test_a_city_from_before_there_were_codes_gets_them(add: Add, store: Store, clock: ManualClock) -> None:
    add("a\n1\n", theme="ecology")
    with store.registry.transaction() as transaction:
        transaction.delete("resource_code", "x")
    again = Catalogue(store, clock, Settings("t", "测", "t", "0"))
    assert again.dataset("x").code == "211000/000001"


def test_place_and_time_are_those_of_the_rows_unless_the_card_says_others(add: Add, catalogue: Catalogue) -> None:
    add(ROWS, geometry={"lon": "lon", "lat": "lat"}, crs="EPSG:4326")
    elements = told(catalogue, "x")
    assert elements["bounding box"] == [104.0, 30.6, 104.2, 30.8]
    assert elements["period"] == ["2019-03-01T00:00:00Z", "2021-05-02T00:00:00Z"]
    add(ROWS, coverage={"zh": "成都", "bbox": [103, 30, 105, 31], "start": "2019", "end": "2021-06"})
    elements = told(catalogue, "x")
    assert elements["place"] == {"zh": "成都", "en": ""}
    assert (elements["bounding box"], elements["period"]) == ([103.0, 30.0, 105.0, 31.0], ["2019", "2021-06"])


def test_sharing_and_opening_follow_the_classification_unless_declared(add: Add, catalogue: Catalogue) -> None:
    add("a\n1\n", classification="shared")
    assert told(catalogue, "x")["sharing"] == {"zh": "有条件共享", "en": "shared with conditions"}
    condition = {"zh": "依授权", "en": "on request"}
    add("a\n1\n", classification="shared", sharing="unconditional", opening="conditional", opening_condition=condition)
    elements = told(catalogue, "x")
    assert elements["sharing"] == {"zh": "无条件共享", "en": "shared without conditions"}
    assert (elements["opening"], elements["opening condition"]) == (
        {"zh": "有条件开放", "en": "open with conditions"},
        condition,
    )


@pytest.mark.parametrize(
    ("card", "where"),
    [
        ({"classification": "open", "sharing": "none"}, "sharing"),
        ({"classification": "restricted", "opening": "unconditional"}, "opening"),
        ({"sharing": "有条件"}, "sharing"),
        ({"base": "people"}, "base"),
        ({"keywords": ["", "a"]}, "keywords"),
        ({"coverage": {"bbox": [1, 2, 3]}}, "coverage.bbox"),
        ({"coverage": {"start": "2021", "end": "2020"}}, "coverage.end"),
        ({"coverage": {"start": "March"}}, "coverage.start"),
        ({"contact": {"url": "javascript:alert(1)"}}, "contact.url"),
        ({"contact": {"email": "nobody"}}, "contact.email"),
        ({"code": "x"}, "code"),
    ],
)
def test_what_a_card_gets_wrong_is_told_where_it_stands(card: dict[str, object], where: str) -> None:
    with pytest.raises(BadInput) as refused:
        Card.from_mapping({"id": "x", **card})
    assert refused.value.where == where


def test_a_card_with_everything_survives_toml(tmp_path: object) -> None:
    card = Card.from_mapping(
        {
            "id": "x",
            "base": "space",
            "keywords": ["水", "water"],
            "related": ["211000/000001"],
            "contact": {"zh": "水务局", "email": "water@city.example", "url": "https://city.example/water"},
            "coverage": {"bbox": [103, 30, 105, 31], "start": "2019"},
        }
    )
    path = tmp_path / "x.toml"
    path.write_text(card.to_toml(), "utf-8")
    assert Card.load(path) == card


def test_themes_are_the_citys_own_where_it_names_them() -> None:
    assert themes_of({}) is THEMES
    assert len([key for key in THEMES if key != "other"]) >= 17
    own = themes_of({"sea": {"zh": "海洋", "en": "sea"}})
    assert (list(own), own["sea"].zh) == (["sea", "other"], "海洋")
    with pytest.raises(BadInput, match="at most 99"):
        themes_of({f"t{number}": "x" for number in range(100)})


def test_a_city_says_which_eu_themes_its_themes_belong_to() -> None:
    own = eu_themes_of(
        {"sea": {"zh": "海洋", "eu": ["ENVI", "AGRI"]}, "health": "健康", "fun": {"zh": "乐", "eu": "EDUC"}}
    )
    assert own == {"sea": ("ENVI", "AGRI"), "health": ("HEAL",), "fun": ("EDUC",), "other": ("OP_DATPRO",)}
    assert set(eu_themes_of({})) == set(THEMES)
    assert themes_of({"sea": {"zh": "海洋", "eu": "ENVI"}})["sea"].zh == "海洋"
    with pytest.raises(BadInput, match="SEAS"):
        eu_themes_of({"sea": {"zh": "海洋", "eu": "SEAS"}})
