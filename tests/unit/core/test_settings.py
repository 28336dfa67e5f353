from pathlib import Path

import pytest

from lifang.core import BadInput, Box, NotFound, Settings, load_settings

CITY = 'id = "wucheng"\nname_zh = "无城"\nname_en = "Wucheng"\narea_code = "000000"\n'


def city(folder: Path, more: str = "", *, text: str = CITY) -> Path:
    (folder / "city.toml").write_text(text + more, "utf-8")
    return folder


def test_a_city_says_who_it_is_and_the_rest_has_defaults(tmp_path: Path) -> None:
    settings = load_settings(city(tmp_path, "extent = [103, 30.0, 105, 31.5]\n"), {})
    assert (settings.id, settings.name_zh, settings.time_zone) == ("wucheng", "无城", "Asia/Shanghai")
    assert settings.box == Box(103.0, 30.0, 105.0, 31.5)
    assert settings.lake_memory_mb == 256


def test_a_folder_without_a_city_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="lifang init"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("colour = 1\n", "'colour'"),
        ("lake_memory_mb = 'big'\n", "lake_memory_mb"),
        ("lake_memory_mb = true\n", "lake_memory_mb"),
        ("secure_cookies = 1\n", "secure_cookies"),
        ("extent = [1, 2]\n", "extent|positional"),
        ("extent = 'all'\n", "extent"),
        ("extent = [105, 30, 103, 31]\n", "longitude comes first"),
        ("time_zone = 'Mars/Olympus'\n", "Mars/Olympus"),
        ("replay = 3\n", "replay"),
        ("embedded_by = ['https://a.example/path']\n", "origin of a site"),
        ("broken\n", "cannot be read"),
    ],
)
def test_a_bad_line_is_refused_and_named(tmp_path: Path, more: str, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        load_settings(city(tmp_path, more), {})


@pytest.mark.parametrize("text", [CITY.replace('"wucheng"', '"Wu Cheng"'), CITY.replace('"000000"', "0")])
def test_a_bad_name_or_a_code_as_number_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        load_settings(city(tmp_path, text=text), {})


def test_a_city_without_a_name_is_incomplete(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="name_en"):
        load_settings(city(tmp_path, text=CITY.replace('name_en = "Wucheng"\n', "")), {})


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_bytes(CITY.encode("gb18030"))
    with pytest.raises(BadInput, match="cannot be read"):
        load_settings(tmp_path, {})


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {
        "LIFANG_LAKE_MEMORY_MB": "512",
        "LIFANG_QUERY_TIMEOUT_S": "0.5",
        "LIFANG_SECURE_COOKIES": "yes",
        "OTHER": "1",
    }
    settings = load_settings(city(tmp_path, "lake_memory_mb = 128\n"), environ)
    assert (settings.lake_memory_mb, settings.query_timeout_s, settings.secure_cookies) == (512, 0.5, True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("LIFANG_LAKE_MEMORY_MB", "big"),
        ("LIFANG_SECURE_COOKIES", "perhaps"),
        ("LIFANG_EXTENT", "1,2,3,4"),
        ("LIFANG_REPLAY", "{}"),
        ("LIFANG_TIME_ZONE", "Mars/Olympus"),
    ],
)
def test_a_bad_variable_is_refused_and_named(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(BadInput, match=f"{name}|Mars"):
        load_settings(city(tmp_path), {name: text})


def test_settings_are_checked_however_they_are_made() -> None:
    with pytest.raises(BadInput):
        Settings(id="a b", name_zh="", name_en="", area_code="")
