"""The doctor: what is ill is said with what to do about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import lifang
from lifang.app import Finding, open_city
from lifang.catalogue import Card
from lifang.core import ManualClock
from lifang.guard import SYSTEM


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


def test_datasets_that_are_late_are_named_the_latest_first(tmp_path: Path) -> None:
    _area(tmp_path, "510100")
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with open_city(tmp_path / "city", clock=clock) as city:

        def found() -> Finding:
            return next(each for each in city.examine() if each.check == "datasets")

        (tmp_path / "a.csv").write_text("no\n1\n", "utf-8")
        for name, cycle in (("daily", "daily"), ("weekly", "weekly"), ("never", "")):
            told = {"id": name, "theme": "space", "classification": "open", "key": ["no"], "update_cycle": cycle}
            card = Card.from_mapping({**told, "name": {"zh": "数", "en": "Numbers"}})
            city.catalogue.add(tmp_path / "a.csv", name="a.csv", card=card, by=SYSTEM)
        assert (found().well, found().seen, found().mend) == (True, "none late", "")
        clock.advance(timedelta(days=40))
        assert not found().well
        assert re.fullmatch(r"2 late: daily \(\d+ days\), weekly \(\d+ days\)", found().seen)
        assert "update_cycle" in found().mend


def test_a_code_that_never_was_is_ill_and_none_is_not(tmp_path: Path) -> None:
    assert not _area(tmp_path, "519999").well
    (tmp_path / "other").mkdir()
    assert _area(tmp_path / "other", "").well
