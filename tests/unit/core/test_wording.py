"""What the house says in Chinese: every form is one that the house raises, and what a person meets has its Chinese."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal

import pytest
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError
from pydantic_core._pydantic_core import list_all_errors
from tests.punctuation import half_width

import lifang
from lifang.catalogue import RULES
from lifang.core import catalogue_of_words, chinese
from lifang.guard import RULES as GUARD_RULES
from lifang.guard import Action, Classification, Role

HOUSE = Path(lifang.__file__).parent
PACKS = Path(__file__).parents[3] / "cities"
# Rooms of which everything a person meets on the page comes: sign-in, admission, purpose, what is refused.
MET = (
    "app/asking/clashes.py",
    "app/asking/decisions.py",
    "app/asking/twin.py",
    "catalogue/admit.py",
    "catalogue/card",
    "catalogue/checking",
    "catalogue/lifecycle/machine.py",
    "catalogue/reading",
    "catalogue/spool.py",
    "core/disk.py",
    "doors/api/routes/session.py",
    "doors/api/routes/twin.py",
    "doors/api/routes/twin_analyses.py",
    "doors/api/routes/twin_catalogue.py",
    "doors/api/routes/twin_clashes.py",
    "doors/api/routes/twin_imagery.py",
    "doors/api/routes/twin_links.py",
    "doors/api/routes/twin_places.py",
    "doors/api/routes/twin_rules.py",
    "doors/api/routes/twin_scenarios.py",
    "doors/api/routes/twin_topics.py",
    "doors/api/routes/upload.py",
    "doors/http/asking.py",
    "doors/http/bodies.py",
    "doors/http/multipart.py",
    "doors/http/problems.py",
    "doors/http/shell.py",
    "doors/ogcapi/cql.py",
    "doors/ogcapi/cql_text.py",
    "doors/ogcapi/records_filter.py",
    "doors/ogcapi/routes_objects.py",
    "doors/tiles",
    "guard/decide.py",
    "identity/lockout.py",
    "identity/passwords.py",
    "identity/people.py",
    "identity/sessions.py",
    "masterdata",
    "twin",
)
_RAISED = {
    "BadInput",
    "TooLarge",
    "NotFound",
    "Denied",
    "NeedsPurpose",
    "Unauthenticated",
    "Conflict",
    "Unavailable",
    "_refused",
}
_FILLED = "\N{REPLACEMENT CHARACTER}"
_FIT = "7 positions lie 7 m from the city's roads as declared, and 7 m when read as 7 (medians)."
_VALUES = ("7", "dataset", "a PDF", "2 differences", "Correct it.", "Correct it. ", _FIT, "")
_FASTAPI = {"JSON decode error: {reason}."}
_SHAPES = {
    "Duplicate Rings",
    "Hole lies outside shell",
    "Interior is disconnected",
    "Invalid Coordinate",
    "Nested holes",
    "Nested shells",
    "Ring Self-intersection",
    "Self-intersection",
    "Too few points in geometry component",
}  # GEOS, operation/valid/TopologyValidationError.cpp
_COMPOSED = ("Inferred ", "- {element} (")  # put together from several texts
_HAN = re.compile(r"[\u4e00-\u9fff]")


def _forms(tree: ast.AST) -> Iterator[str]:
    """Give every text of a module, with a mark in the place of each value."""
    for node in ast.walk(tree):
        form = _form(node)
        if form:
            yield form


def _form(node: ast.AST | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(each.value if isinstance(each, ast.Constant) else _FILLED for each in node.values)
    return ""


def _told(node: ast.AST) -> Iterator[str]:
    """Give the sentences of a problem that is raised, and of a finding: what and how to mend it."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        if re.fullmatch(r"_?(MEND\w*|mend|what)", node.targets[0].id):
            yield from filter(None, map(_form, node.value.values if isinstance(node.value, ast.Dict) else [node.value]))
        return
    if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
        yield from (form for form in map(_form, node.value.elts) if form.endswith("."))
    if not isinstance(node, ast.Call):
        return
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in _RAISED:
        yield from map(_form, [*node.args[:1], *(each.value for each in node.keywords if each.arg == "mend")])
    elif name == "found" and len(node.args) == 3:
        yield _form(node.args[2])
    elif name in ("Fault", "_Broken"):
        yield from map(_form, node.args[2:4] if name == "Fault" else node.args[:1])


def _bare(form: str) -> str:
    """Return a sentence without its parts, and without words that become plural."""
    return re.sub(r"'|\w*\{[^}]*\}", "", form)


def _pieces(form: str) -> tuple[str, ...]:
    return tuple(fixed for fixed, *_ in Formatter().parse(form))


def _met() -> list[tuple[str, str]]:
    sources = [HOUSE / each for each in MET]
    files = [file for each in sources for file in (sorted(each.rglob("*.py")) if each.is_dir() else [each])]
    told = [
        (str(file.relative_to(HOUSE)), sentence)
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for sentence in _told(node)
    ]
    return [(where, sentence) for where, sentence in told if re.search("[a-z]{3}", sentence)]


@pytest.fixture(scope="module")
def written() -> set[str]:
    """Every text of the house, the values in it left out."""
    files = [path for path in HOUSE.rglob("*.py") if "migrations" not in path.parts]
    return {form.replace(_FILLED, "") for path in files for form in _forms(ast.parse(path.read_text("utf-8")))}


def test_every_problem_that_a_person_meets_on_the_page_has_its_chinese() -> None:
    forms = _met()
    silent = [(where, form) for where, form in forms if not any(chinese(form.replace(_FILLED, one)) for one in _VALUES)]
    assert silent == []
    assert len(forms) > 200


def test_every_rule_of_the_checks_is_named_in_sentences_as_in_tables() -> None:
    for rule, name in RULES.items():
        assert name.zh in chinese(f"None of the 3 rows can be admitted; the first breaks the rule {rule!r}.")


def test_every_reason_of_the_guard_and_every_word_in_it_has_its_chinese() -> None:
    assert [rule.sentence for rule in GUARD_RULES if not chinese(rule.sentence)] == []
    words = [*Action, *Classification, *Role]
    assert [word for word in words if not chinese(word)] == []


def test_no_form_of_the_table_is_one_that_nobody_raises(written: set[str]) -> None:
    whole = " ".join(written)
    table = [english for english, _ in catalogue_of_words() if not english.startswith(_COMPOSED)]
    left = {each for each in table if not all(piece.strip("'. ") in whole for piece in _pieces(each))}
    theirs = {_bare(each["message_template_python"]) + "." for each in list_all_errors()}
    assert {each for each in left if _bare(each) not in theirs} == _FASTAPI | _SHAPES


def test_the_table_says_each_form_once_in_chinese_and_with_all_its_parts() -> None:
    table = list(catalogue_of_words())
    assert len({english for english, _ in table}) == len(table)
    for english, said in table:
        parts, told = (sorted(name for _, name, *_ in Formatter().parse(each) if name) for each in (english, said))
        assert parts == told, english
        assert _HAN.search(said) or english == ".", english


def test_values_stand_where_they_stood_and_marked_parts_are_said_too() -> None:
    assert chinese("The value must be at most 500 m.") == "数值不得大于 500 m。"
    assert chinese("row 3, column 'time', value 'a, value b'") == "第 3 行，'time' 列，值 'a, value b'"
    said = "没有规则允许分析员或市民对分级为“共享”的数据集进行“运行”。"
    assert chinese("No rule allows analyst or citizen to run a dataset classified shared.") == said
    assert chinese("The password is shorter than 12 characters and made from the name.").endswith(
        "少于 12 个字符和由用户名变化而成。"
    )


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (int, "x", "应为整数，此文本不是整数。"),
        (int, 1.5, "应为整数，此数带小数。"),
        (int, [], "应为整数。"),
        (float, "x", "应为数，此文本不是数。"),
        (float, [], "应为数。"),
        (bool, "x", "应为 true 或 false，此值无法理解。"),
        (str, 1, "应为文本。"),
        (list[int], 1, "应为列表。"),
        (dict[str, int], 1, "应为对象。"),
        (date, "x", "应为日期或时刻：input is too short。"),
        (datetime, "x", "应为时刻或日期：input is too short。"),
        (AwareDatetime, datetime(2020, 1, 1), "时刻应带时区。"),  # noqa: DTZ001
        (Literal["a", "b"], "c", "应为 'a'或'b'。"),
        (Annotated[int, Field(gt=1)], 1, "应大于 1。"),
        (Annotated[int, Field(ge=1)], 0, "应不小于 1。"),
        (Annotated[int, Field(lt=1)], 1, "应小于 1。"),
        (Annotated[int, Field(le=1)], 2, "应不大于 1。"),
        (Annotated[float, Field(allow_inf_nan=False)], float("nan"), "应为有限的数。"),
        (Annotated[str, Field(min_length=1)], "", "文本至少 1 个字符。"),
        (Annotated[str, Field(max_length=2)], "abc", "文本至多 2 个字符。"),
        (Annotated[str, Field(pattern="^a")], "b", "文本应符合 '^a'。"),
        (Annotated[list[int], Field(min_length=1)], [], "列表至少 1 项，现有 0。"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "列表至多 1 项，现有 2。"),
    ],
)
def test_what_pydantic_says_of_a_request_has_its_chinese(kind: object, given: object, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(given)
    assert chinese(f"{caught.value.errors()[0]['msg']}.") == said


def test_sentences_and_lines_are_said_one_by_one_and_unknown_ones_not_at_all() -> None:
    kept = "Data classified shared is there for staff to read. No purpose was stated. 数据安全法 Art. 21; GB/T 21063"
    assert chinese(kept) == "分级为共享的数据供工作人员读取。没有说明用途。数据安全法 Art. 21; GB/T 21063"
    lines = "+ colour: not in the standard; did you mean 'color'?\n… and 3 more."
    assert chinese(lines) == "+ colour：标准中没有；您是想写 'color' 吗？\n……另有 3 处。"
    assert chinese("Correct it. Nobody has ever said this.") == ""
    assert chinese("This is no nonsense.") == ""
    assert chinese("") == ""


def test_a_text_made_to_be_slow_is_read_in_time() -> None:
    assert chinese("row " + ", column ".join("7" * 20 for _ in range(130)) + ", value") is not None
    assert chinese("The file does not follow " + ", ".join(["a"] * 900)) == ""


def test_chinese_has_its_own_marks_in_what_scenes_watches_and_packs_say() -> None:
    rooms = ("app", "operations", "scenes", "sensing/network")
    files = [path for room in rooms for path in sorted((HOUSE / room).rglob("*.py"))]
    forms = [(path, form) for path in files for form in _whole_forms(ast.parse(path.read_text("utf-8")))]
    said = [(path, re.sub(rf"{_FILLED}|{{[^}}]*}}", "中", form)) for path, form in forms if _HAN.search(form)]
    packs = [path for path in sorted(PACKS.glob("*/**/*.toml")) if "data" not in path.parts]
    said += [(path, text) for path in packs for text in _texts(tomllib.loads(path.read_text("utf-8")))]
    assert [(path.name, text) for path, text in said if half_width(text)] == []
    assert sum(bool(_HAN.search(text)) for _, text in said) > 150


def test_half_width_marks_are_found_between_words_alone() -> None:
    assert half_width("臭氧橙色预警:81.2dB,超过阈值(12:30)") == [":", ",", "(", ")"]
    assert half_width("臭氧橙色预警：81.2dB，超过阈值（12:30），共1,200台") == []
    assert half_width("Colours: 突发事件应对法. Thresholds: lifang's.") == []


def _whole_forms(tree: ast.AST) -> Iterator[str]:
    """Give every text of a module as it is put together, none of its pieces."""
    pieces = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    yield from (form for node in ast.walk(tree) if id(node) not in pieces and (form := _form(node)))


def _texts(table: object) -> Iterator[str]:
    """Give every text of a table of TOML."""
    if isinstance(table, str):
        yield table
    elif isinstance(table, dict | list):
        for each in table.values() if isinstance(table, dict) else table:
            yield from _texts(each)
