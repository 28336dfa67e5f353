from __future__ import annotations

from typing import Any

import pytest

from lifang.operations import Severity


def test_severities_rise_from_blue_to_red() -> None:
    assert sorted([Severity.RED, Severity.BLUE, Severity.ORANGE, Severity.YELLOW]) == list(Severity)
    assert [each.rank for each in Severity] == [1, 2, 3, 4]
    assert max(Severity.YELLOW, Severity.BLUE) is Severity.YELLOW
    assert Severity.ORANGE >= Severity.ORANGE


def test_grade_one_is_red_as_the_emergency_response_law_says() -> None:
    assert {each.code: each.grade_zh for each in Severity} == {
        "blue": "四级",
        "yellow": "三级",
        "orange": "二级",
        "red": "一级",
    }
    assert [each.zh for each in Severity] == ["蓝色", "黄色", "橙色", "红色"]
    assert [each.en for each in Severity] == [each.code for each in Severity]
    assert all(len(each.colour) == 7 for each in Severity)


def test_a_severity_is_found_by_its_code_only() -> None:
    assert Severity.of("red") is Severity.RED
    with pytest.raises(KeyError):
        Severity.of("purple")
    three: Any = 3
    with pytest.raises(TypeError):
        assert three > Severity.RED
