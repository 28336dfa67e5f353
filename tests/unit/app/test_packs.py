from __future__ import annotations

from pathlib import Path

import pytest

from lifang.app import find_pack, lay_out, lay_out_empty, packs
from lifang.app.pack_models import pack_models
from lifang.app.packs import pack_datasets
from lifang.core import BadInput, Conflict, NotFound, Problem, load_settings


def test_chengdu_comes_with_lifang() -> None:
    assert "chengdu" in packs()
    assert len(pack_datasets(find_pack("chengdu"))) >= 8


def test_an_unknown_pack_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="chengdu"):
        find_pack("atlantis")


def test_an_empty_city_has_settings_and_is_not_laid_out_twice(tmp_path: Path) -> None:
    lay_out_empty(tmp_path, city_id="xinjin", name="新津", area_code="")
    assert load_settings(tmp_path, {}).name_zh == "新津"
    with pytest.raises(Conflict):
        lay_out_empty(tmp_path, city_id="xinjin", name="新津", area_code="")


@pytest.mark.parametrize(("city_id", "area_code"), [("Bad Id", ""), ('a"b', ""), ("c", "999999")])
def test_what_cannot_be_a_city_is_refused_and_leaves_nothing(tmp_path: Path, city_id: str, area_code: str) -> None:
    with pytest.raises(Problem):
        lay_out_empty(tmp_path / "new", city_id=city_id, name="新津", area_code=area_code)
    assert not (tmp_path / "new" / "city.toml").exists()
    lay_out_empty(tmp_path / "new", city_id="c", name="新津", area_code="510100")


def test_a_pack_with_a_fault_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "city.toml").write_text('id = "c"\nwrong = 1\n', "utf-8")
    with pytest.raises(BadInput) as refused:
        lay_out(tmp_path / "city", tmp_path / "pack")
    assert str(tmp_path / "pack") in refused.value.where
    assert not (tmp_path / "city").exists()


def test_a_folder_with_another_city_is_left_alone(tmp_path: Path) -> None:
    lay_out_empty(tmp_path, city_id="xinjin", name="新津", area_code="")
    with pytest.raises(Conflict, match="another --dir"):
        lay_out(tmp_path, find_pack("chengdu"))


def test_a_card_that_points_outside_its_pack_is_refused(tmp_path: Path) -> None:
    lay_out_empty(tmp_path, city_id="xinjin", name="新津", area_code="")
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "a.toml").write_text('file = "../../etc/passwd"', "utf-8")
    with pytest.raises(BadInput, match="outside"):
        pack_datasets(tmp_path)


def test_pipes_of_a_pack_lie_under_its_ground_and_one_that_does_not_say_how_deep_is_refused(tmp_path: Path) -> None:
    ground, water = pack_models(find_pack("ky4"))
    assert (water.crs, water.card.licence) == ("EPSG:3547", "BSD-3-Clause")
    assert water.bed is not None
    assert (water.bed.ground, water.bed.cover_m) == (ground.source, 1.0)
    (tmp_path / "models").mkdir()
    for name in ("net.inp", "ground.tif"):
        (tmp_path / name).touch()
    card = 'file = "net.inp"\nground = "ground.tif"\nvalid_from = 2013-01-01T00:00:00Z\n'
    (tmp_path / "models" / "water.toml").write_text(card, "utf-8")
    with pytest.raises(BadInput, match="how deep"):
        pack_models(tmp_path)
