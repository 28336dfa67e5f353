import pyarrow as pa
import pytest

from lifang.catalogue import BASES, THEMES, Admission, Catalogue, Change, dictionary_of
from lifang.core import BadInput, Conflict, Denied, NotFound
from lifang.guard import SYSTEM, Role, Subject
from lifang.standards import shipped_standards, shipped_text
from lifang.store import Store

pytestmark = pytest.mark.slow

CLERK = Subject("o", "officer", frozenset({Role.DATA_OFFICER}))
HEAD = "统一社会信用代码,名称,登记状态,成立日期,住所,行政区划代码"
GOOD = "91350100M000100Y43,某某公司,active,2010-01-02,某路1号,510104"
OWN = (
    shipped_text("legal_entity@1")
    .replace('id = "legal_entity"', 'id = "city_entity"')
    .replace('title_en = "Legal entities: the core record"', 'title_en = "Entities of the city"')
)


def test_the_six_base_databases_and_the_themes_of_the_article_have_a_standard() -> None:
    shipped = shipped_standards().values()
    assert {each.theme for each in shipped if each.kind == "base"} == set(BASES)
    themes = {each.theme for each in shipped if each.kind == "theme"}
    assert themes >= {"health", "social_security", "food_and_drugs", "work_safety", "ecology", "emergency", "education"}
    assert themes <= set(THEMES)


def follow(add, *rows: str, head: str = HEAD, **card: object) -> Admission:
    return add("\n".join([head, *rows]) + "\n", standard="legal_entity@1", **card)


def refusal(add, *rows: str, head: str = HEAD, **card: object) -> str:
    with pytest.raises(BadInput) as caught:
        follow(add, *rows, head=head, **card)
    return str(caught.value.mend)


def test_a_card_that_only_names_its_standard_has_all_its_rules(add, catalogue: Catalogue) -> None:
    bad = (
        "91350100M000100Y44,甲公司,active,2010-01-02,某路,510104",
        "91350100M000100Y43,,active,2010-01-02,某路,510104",
        "91510100000000000,乙公司,dead,1700-01-01,某路,519999",
    )
    admission = follow(add, GOOD, *bad)
    assert (admission.rows, admission.report.admitted) == (4, 1)
    broken = {(hit.column, hit.rule) for hit in admission.report.hits}
    assert broken >= {
        ("uscc", "check_digit"),
        ("uscc", "pattern"),
        ("name", "required"),
        ("state", "code_list"),
        ("established", "range"),
        ("division", "code_list"),
    }
    row = catalogue.dataset("x").rows().select().to_pylist()[0]
    assert list(row) == ["uscc", "name", "state", "established", "address", "division"]
    assert row["uscc"] == "91350100M000100Y43"


def test_the_key_of_the_standard_tells_rows_apart(add) -> None:
    admission = follow(add, GOOD, GOOD.replace("某某公司", "别的公司"))
    assert {hit.rule for hit in admission.report.hits} == {"key"}


def test_the_release_tells_the_standard_and_the_element_of_each_column(add, catalogue: Catalogue) -> None:
    follow(add, GOOD.replace("某路1号", "某路"))
    release = catalogue.dataset("x").release()
    assert release.provenance["standard"] == "legal_entity@1"
    assert [column["element"] for column in release.columns][:2] == ["uscc", "name"]
    assert release.columns[0]["required"]
    assert release.quality.notes[0].startswith("Follows legal_entity@1")


def test_a_column_of_another_name_follows_its_element(add, catalogue: Catalogue) -> None:
    head = HEAD.replace("统一社会信用代码", "代码").replace("名称", "单位")
    columns = {"code": {"source": "代码", "element": "uscc"}, "单位": {"element": "name"}}
    follow(add, GOOD, head=head, columns=columns)
    release = catalogue.dataset("x").release()
    assert {column["name"]: column["element"] for column in release.columns}["code"] == "uscc"
    assert release.quality.admitted == 1
    standard = shipped_standards()["legal_entity@1"]
    told = {each.name: each for each in dictionary_of(catalogue.dataset("x").card, release, standard)}
    defined = standard.element("uscc")
    assert defined
    assert (told["code"].definition_zh, told["code"].clause) == (defined.definition_zh, defined.source)
    assert told["code"].definition_zh


def test_missing_mandatory_elements_and_strange_columns_are_told_as_one_diff(add, catalogue: Catalogue) -> None:
    head = HEAD.replace("统一社会信用代码", "社会信用代码").replace("行政区划代码", "备注")
    told = refusal(add, GOOD, head=head).splitlines()
    assert told[:4] == [
        "- uscc 统一社会信用代码 (text, mandatory): not in the file; did you mean '社会信用代码'?",
        "- division 行政区划代码 (category, mandatory): not in the file.",
        "+ 社会信用代码: not in the standard; did you mean '统一社会信用代码'?",
        "+ 备注: not in the standard.",
    ]
    assert catalogue.datasets() == []


def test_columns_of_ones_own_are_declared_or_left_out(add, catalogue: Catalogue) -> None:
    rows, head = f"{GOOD},abc", f"{HEAD},备注"
    assert "+ 备注" in refusal(add, rows, head=head)
    follow(add, rows, head=head, undeclared="leave_out")
    assert "备注" not in catalogue.dataset("x").rows().select().column_names
    follow(add, rows, head=head, columns={"备注": {"type": "text"}})
    assert catalogue.dataset("x").rows().select(["备注"]).to_pylist() == [{"备注": "abc"}]


@pytest.mark.parametrize(
    ("column", "rules"),
    [
        ("established", {"minimum": "1700-01-01"}),
        ("established", {"type": "number"}),
        ("state", {"code_list": "gbt2260"}),
        ("uscc", {"check_digit": "ric"}),
        ("name", {"pattern": ".*"}),
        ("name", {"element": "nam"}),
    ],
)
def test_a_card_may_not_loosen_what_the_standard_asks(add, column: str, rules: dict[str, str]) -> None:
    assert f"~ columns.{column}" in refusal(add, GOOD, columns={column: rules})


def test_a_card_may_ask_for_more_than_the_standard(add) -> None:
    admission = follow(
        add,
        GOOD,
        GOOD.replace("Y43", "Y43").replace("2010", "1990"),
        columns={"established": {"minimum": "2000-01-01"}},
    )
    assert ("established", "range") in {(hit.column, hit.rule) for hit in admission.report.hits}


def test_a_key_of_the_card_may_not_be_weaker(add) -> None:
    assert "~ key: name is not part" in refusal(add, GOOD, key=["uscc", "name"])


def test_data_with_sensitive_elements_are_not_open(add, catalogue: Catalogue) -> None:
    text = "公民身份号码,姓名,性别,出生日期\n110105194912310021,某人,2,1949-12-31\n".replace(
        "110105194912310021", "11010519491231002X"
    )
    with pytest.raises(BadInput) as caught:
        add(text, standard="person@1", classification="open")
    assert "~ classification: id_number" in caught.value.mend
    assert add(text, standard="person@1", classification="restricted").report.admitted == 1


def test_a_mandatory_position_is_asked_for(add) -> None:
    text = "地址编码,标准地址全称,行政区划代码\na1,四川省成都市某路1号,510104\n"
    with pytest.raises(BadInput) as caught:
        add(text, standard="address@1")
    assert "- position" in caught.value.mend
    head, first, second = text.split("\n", maxsplit=1)[0], "a1,某路1号,510104,104.06,30.65", "a2,某路2号,510104,,"
    placed = f"{head},经度,纬度\n{first}\n{second}\n"
    admission = add(placed, standard="address@1")
    assert {(hit.column, hit.rule) for hit in admission.report.hits} == {("geometry", "required")}


def test_a_standard_that_there_is_not_is_refused_by_name(add) -> None:
    with pytest.raises(BadInput, match="no data standard"):
        add(f"{HEAD}\n{GOOD}\n", standard="legal_entity@9")
    with pytest.raises(BadInput, match="names no edition"):
        add(f"{HEAD}\n{GOOD}\n", standard="legal_entity")


def test_a_city_registers_its_own_standard_and_data_follow_it(add, catalogue: Catalogue, store: Store) -> None:
    made = catalogue.standards.add(OWN, by=CLERK)
    assert (made.standard.reference, made.unchanged) == ("city_entity@1", False)
    assert catalogue.standards.text("city_entity@1") == OWN
    assert store.ledger.records(resource="data_standard:city_entity@1")[0].entry.subject == "o"
    assert add(f"{HEAD}\n{GOOD}\n", standard="city_entity@1").report.admitted == 1


def test_an_edition_never_changes(catalogue: Catalogue) -> None:
    catalogue.standards.add(OWN, by=CLERK)
    assert catalogue.standards.add(OWN, by=CLERK).unchanged
    other = OWN.replace(".{2,200}", ".{2,100}")
    with pytest.raises(Conflict, match=r"narrowed|changed name\.pattern") as caught:
        catalogue.standards.add(other, by=CLERK)
    assert caught.value.mend == "Write edition = 2."
    made = catalogue.standards.add(other.replace("edition = 1", "edition = 2"), by=CLERK)
    assert [(each.element, each.field, each.breaking) for each in made.changes] == [("name", "pattern", True)]
    assert catalogue.standards.get("city_entity").standard.edition == 2
    assert catalogue.standards.text("city_entity@1") == OWN


def test_a_shipped_standard_is_not_replaced_and_others_may_not_register(catalogue: Catalogue) -> None:
    with pytest.raises(Conflict, match="ships"):
        catalogue.standards.add(shipped_text("legal_entity@1").replace("edition = 1", "edition = 2"), by=SYSTEM)
    with pytest.raises(Denied):
        catalogue.standards.add(OWN, by=Subject("a", "analyst", frozenset({Role.ANALYST})))
    with pytest.raises(NotFound):
        catalogue.standards.get("city_entity")


def test_rows_that_are_written_keep_the_rules_of_the_standard_too(add, catalogue: Catalogue) -> None:
    follow(add, GOOD)
    row = dict(zip(("uscc", "name", "state", "established", "address", "division"), GOOD.split(","), strict=True))
    wrong = {**row, "uscc": "91350100M000100Y44", "division": "519999"}
    done = catalogue.amend("x", Change(upserts=pa.Table.from_pylist([{**row, "state": "revoked"}, wrong])), by=SYSTEM)
    assert (done.updated, done.inserted, done.refused) == (1, 0, 1)
    assert {(hit.column, hit.rule) for hit in done.report.hits} == {("uscc", "check_digit"), ("division", "code_list")}
    assert done.release.columns == catalogue.dataset("x").release(1).columns
