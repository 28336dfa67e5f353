import re
from pathlib import Path

import pytest

from lifang.catalogue.card.lists import BASES, THEMES
from lifang.core import BadInput
from lifang.guard.rules import RULES
from lifang.standards import (
    DataStandard,
    as_markdown,
    code_list,
    code_lists,
    compare,
    lint,
    read_standard,
    shipped_standards,
    shipped_text,
    split_reference,
)

SHIPPED = shipped_standards()
TEXT = """id = "wells"
edition = 1
title_zh = "水井"
title_en = "Wells"
kind = "department"
theme = "ecology"
source = "our own"

[elements.code]
zh = "编号"
en = "code"
definition_zh = "编号。"
definition_en = "The code."
key = true
source = "our own"

[elements.depth]
zh = "深度"
en = "depth"
definition_zh = "深度。"
definition_en = "How deep."
type = "number"
unit = "m"
minimum = 0
maximum = 500
source = "our own"
"""


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new)


@pytest.mark.parametrize("standard", SHIPPED.values(), ids=SHIPPED)
def test_every_shipped_standard_is_without_fault_or_warning(standard: DataStandard) -> None:
    assert lint(shipped_text(standard.reference)) == []


def test_every_code_list_of_a_shipped_standard_is_shipped() -> None:
    named = {element.code_list for each in SHIPPED.values() for element in each.elements} - {""}
    assert named <= {each.id for each in code_lists()}


def test_every_base_and_every_theme_that_is_named_nationally_has_a_standard() -> None:
    themes = {each.theme for each in SHIPPED.values()}
    assert {each.theme for each in SHIPPED.values() if each.kind == "base"} == set(BASES)
    assert {*list(THEMES)[:12], "education"} <= themes
    assert themes <= {*BASES, *THEMES}


_NUMBER = re.compile(r"(?:GB(?:/T)?|HJ) \d+(?:\.\d)?|\w+法(?= Art)|\w+条例(?= Art)|\w+〔\d+〕\d+号")


def test_every_law_and_standard_that_is_cited_is_listed_with_its_edition() -> None:
    known = {each.code: each.properties["edition"] for each in code_list("cited_laws")}
    assert all(known.values())
    sources = [each.source for each in SHIPPED.values()]
    sources += [element.source for each in SHIPPED.values() for element in each.elements]
    cited = {name for text in [*sources, *(rule.law for rule in RULES)] for name in _NUMBER.findall(text)}
    assert len(cited) > 15
    assert {name for name in cited if name not in known and name.partition(".")[0] not in known} == set()


def test_the_nationalities_are_the_56_of_the_standard_with_distinct_letters() -> None:
    codes = list(code_list("gbt3304"))
    assert [each.code for each in codes] == [f"{number:02d}" for number in range(1, 57)]
    assert len({each.properties["letters"] for each in codes}) == 56
    assert code_list("gbt3304").get("28").zh == "景颇族"


def test_a_standard_is_as_grave_as_its_gravest_element() -> None:
    assert SHIPPED["person@1"].grade == "important"
    assert SHIPPED["person@1"].personal == "sensitive"
    assert (SHIPPED["school@1"].grade, SHIPPED["school@1"].personal) == ("general", "")


@pytest.mark.parametrize(
    ("old", "new", "line", "where"),
    [
        ("edition = 1\n", "edition = 0\n", 2, "edition"),
        ('kind = "department"', 'kind = "bureau"', 5, "kind"),
        ('theme = "ecology"\n', "", 1, "theme"),
        ('source = "our own"\n\n', "", 1, "source"),
        ('[elements.depth]\nzh = "深度"\n', "[elements.depth]\n", 17, "elements.depth"),
        ('type = "number"', 'type = "float"', 22, "elements.depth.type"),
        ('unit = "m"', 'unit = "metres"', 23, "elements.depth.unit"),
        ("minimum = 0", "minimum = 900", 24, "elements.depth.minimum"),
        ("maximum = 500", 'maximum = "deep"', 25, "elements.depth.maximum"),
        ("maximum = 500", "maxinum = 500", 25, "elements.depth.maxinum"),
        ("key = true", 'key = "yes"', 14, "elements.code.key"),
        ("key = true", 'pattern = "("', 14, "elements.code.pattern"),
        ("key = true", 'code_list = "gbt9999"', 14, "elements.code.code_list"),
        ("key = true", 'check_digit = "luhn"', 14, "elements.code.check_digit"),
        ("key = true", 'grade = "secret"', 14, "elements.code.grade"),
        ("[elements.code]", "[elements.Code]", 9, "elements.Code"),
    ],
)
def test_a_fault_is_named_with_its_line_and_how_to_mend_it(old: str, new: str, line: int, where: str) -> None:
    faults = [each for each in lint(changed(old, new)) if not each.warning]
    assert [(each.line, each.where) for each in faults] == [(line, where)]
    assert faults[0].what
    assert faults[0].mend


def test_all_faults_are_named_at_once_by_line() -> None:
    text = changed('unit = "m"', 'unit = "metres"').replace("edition = 1", "edition = 0").replace('en = "code"\n', "")
    assert [each.line for each in lint(text) if not each.warning] == [2, 9, 22]


@pytest.mark.parametrize("text", ["id = ", "[elements", "\x00", "a = 1\na = 2", "[" * 5000])
def test_what_is_not_toml_is_one_fault_with_its_line(text: str) -> None:
    (fault,) = lint(text)
    assert fault.where == "file"
    assert fault.line >= 1
    with pytest.raises(BadInput):
        read_standard(text)


def test_what_is_merely_missing_is_a_warning_and_bars_nothing() -> None:
    text = changed('definition_en = "How deep."\n', "")
    assert [(each.where, each.warning) for each in lint(text)] == [("elements.depth", True)]
    assert read_standard(text).element("depth") is not None


@pytest.mark.parametrize(
    ("old", "new", "kind", "breaking"),
    [
        ("maximum = 500", "maximum = 600", "widened", False),
        ("maximum = 500", "maximum = 400", "narrowed", True),
        ("maximum = 500\n", "", "widened", False),
        ("minimum = 0", "minimum = 1", "narrowed", True),
        ("minimum = 0", "minimum = -1", "widened", False),
        ("maximum = 500", "maximum = 500\nrequired = true", "narrowed", True),
        ("key = true\n", "", "widened", False),
        ('type = "number"', 'type = "integer"', "narrowed", True),
        ('unit = "m"', 'unit = "km"', "changed", True),
        ("key = true", 'key = true\npattern = "[A-Z]+"', "narrowed", True),
        ('en = "depth"', 'en = "deepness"', "reworded", False),
        ("maximum = 500", 'maximum = 500\ngrade = "important"', "regraded", False),
    ],
)
def test_a_change_of_a_rule_is_told_by_what_it_does(old: str, new: str, kind: str, breaking: bool) -> None:
    (change,) = compare(read_standard(TEXT), read_standard(changed(old, new)))
    assert (change.kind, change.breaking) == (kind, breaking)


def test_elements_added_and_removed_are_told_and_a_mandatory_one_breaks() -> None:
    head, depth = TEXT.split("[elements.depth]")
    optional = f"{head}[elements.width]{depth}"
    mandatory = optional.replace("maximum = 500", "maximum = 500\nrequired = true")
    told = [(each.kind, each.element, each.breaking) for each in compare(read_standard(TEXT), read_standard(optional))]
    assert told == [("added", "width", False), ("removed", "depth", True)]
    assert compare(read_standard(TEXT), read_standard(mandatory))[0].breaking
    assert compare(read_standard(TEXT), read_standard(TEXT)) == []


def test_a_standard_is_written_for_people_with_every_element() -> None:
    text = as_markdown(SHIPPED["legal_entity@1"])
    assert all(f"| `{each.id}` |" in text for each in SHIPPED["legal_entity@1"].elements)
    assert "check digit `uscc`" in text
    assert "GB 32100-2015" in text


def test_a_reference_names_id_and_edition() -> None:
    assert split_reference("legal_entity@12") == ("legal_entity", 12)
    assert split_reference("legal_entity") == ("legal_entity", None)
    for text in ("", "Legal@1", "a@0", "a@b", "a@1@2", "../a@1"):
        with pytest.raises(BadInput):
            split_reference(text)


def test_every_shipped_standard_lies_in_the_file_of_its_id() -> None:
    folder = Path(__file__).parents[3] / "src/lifang/standards/data/data_standards"
    assert {path.stem for path in folder.glob("*.toml")} == {each.id for each in SHIPPED.values()}
