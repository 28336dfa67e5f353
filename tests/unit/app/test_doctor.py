"""The doctor: what is ill is said with what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

import lifang
from lifang.app import Finding


def _area(folder: Path, code: str) -> Finding:
    home = folder / "city"
    home.mkdir()
    lines = ('id = "x"', 'name_zh = "城"', 'name_en = "X"', f'area_code = "{code}"', "extent = [103, 30, 105, 32]")
    (home / "city.toml").write_text("\n".join(lines), "utf-8")
    with lifang.open(home) as city:
        findings = city.examine()
    assert {each.mend for each in findings if each.well} == {""}, "what is well is told how to mend"
    (found,) = (each for each in findings if each.check == "area code")
    return found


def test_a_city_under_its_present_code_is_well(tmp_path: Path) -> None:
    found = _area(tmp_path, "510100")
    assert found.well
    assert "成都" in found.seen


@pytest.mark.parametrize(("old", "new"), [("510122", "510116"), ("510124", "510117"), ("510132", "510118")])
def test_a_county_under_an_old_code_is_told_what_it_became(tmp_path: Path, old: str, new: str) -> None:
    found = _area(tmp_path, old)
    assert not found.well
    assert f"{old} became {new}" in found.seen
    assert found.mend == f'Write area_code = "{new}" in city.toml.'


def test_a_code_that_never_was_is_ill_and_none_is_not(tmp_path: Path) -> None:
    assert not _area(tmp_path, "519999").well
    (tmp_path / "other").mkdir()
    assert _area(tmp_path / "other", "").well
