from pathlib import Path

import pytest

from lifang.catalogue import Card, Column
from lifang.core import BadInput

TEXT = """
id = "stations"
classification = "open"
published = 2026-01-31
missing = ["NA"]
key = ["code"]

[name]
zh = "站点"
en = "Stations"

[columns.code]
zh = "代码"
type = "text"
pattern = "\\\\d{4}A"
required = true

[columns.pm25]
type = "number"
unit = "ug/m3"
minimum = 0

[geometry]
lon = "x"
lat = "y"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "stations.toml"
    path.write_text(TEXT, "utf-8")
    return path


def test_a_card_says_what_its_file_says(path: Path) -> None:
    card = Card.load(path)
    assert (card.id, card.name.zh, card.published, card.key) == ("stations", "站点", "2026-01-31", ("code",))
    assert card.columns[1] == Column("pm25", type="number", unit="ug/m3", minimum=0)
    assert card.geometry.lon == "x"


def test_a_card_survives_mapping_and_toml(path: Path, tmp_path: Path) -> None:
    card = Card.load(path)
    assert Card.from_mapping(card.to_mapping()) == card
    again = tmp_path / "again.toml"
    again.write_text(card.to_toml(), "utf-8")
    assert Card.load(again) == card
    assert Card.load(again).digest() == card.digest()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('colour = "red"', "unknown field 'colour'"),
        ('crs = "EPSG:0"', "coordinate system"),
        ('time_zone = "Mars/Base"', "time zone"),
        ('classification = "secret"', "classification"),
        ('duplicates = "maybe"', "duplicates"),
        ("skip_lines = 'x'", "skip_lines"),
        ('id = "Bad Id"', "dataset id"),
        ("= 1", "cannot be read"),
        ("header = [1]", "header must be a list of texts"),
        ("key = 'k'", "key must be a list of texts"),
        ("missing = [['a']]", "missing must be a list of texts"),
        ("delimiter = 'ab'", "delimiter"),
        ("delimiter = '中'", "delimiter"),
        ("skip_lines = 99999999999999999999", "skip_lines"),
        ("skip_lines = -1", "skip_lines"),
        ("skip_lines = true", "skip_lines"),
        ("published = 'x'", "published"),
        ("published = 2026", "published"),
        ("name = 1", "name must be a table"),
        ("name.zh = ['a']", "name.zh"),
        ("geometry.required = 'yes'", "geometry.required"),
        ("columns.a = 1", "columns.a must be a table"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(line if line.startswith("id") else f'id = "x"\n{line}\n', "utf-8")
    with pytest.raises(BadInput, match=words):
        Card.load(path)


@pytest.mark.parametrize(
    "column",
    [
        {"type": "colour"},
        {"unit": "furlong"},
        {"check_digit": "luhn"},
        {"type": "text", "minimum": 1},
        {"required": "yes"},
        {"name": "d"},
        {"missing": "NA"},
        {"missing": [1]},
        {"type": "number", "minimum": float("nan")},
        {"type": "number", "maximum": float("inf")},
        {"type": "number", "minimum": True},
        {"type": "number", "minimum": [1]},
        {"type": "number", "minimum": "x"},
        {"type": "number", "minimum": 10**400},
        {"type": "integer", "minimum": 0.5},
        {"type": "integer", "maximum": 2**63},
        {"type": "date", "minimum": 1},
    ],
)
def test_a_wrong_column_is_named(column: dict[str, object]) -> None:
    with pytest.raises(BadInput) as caught:
        Card.from_mapping({"id": "x", "columns": {"c": column}})
    assert caught.value.where.startswith("columns.c")
    assert caught.value.mend


@pytest.mark.parametrize("name", ["_xmin", "_YMAX", "_row", "", " "])
def test_a_column_cannot_take_a_name_that_a_release_needs(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be called") as caught:
        Card.from_mapping({"id": "x", "columns": {name: {}}})
    assert caught.value.mend


@pytest.mark.parametrize("published", ["", "2026", "2026-01", "2026-01-31"])
def test_a_card_is_published_on_a_day_in_a_month_or_in_a_year(published: str) -> None:
    assert Card.from_mapping({"id": "x", "published": published}).published == published


@pytest.mark.parametrize("delimiter", [";", "\t", "tab", "\\t", "|"])
def test_a_delimiter_is_one_character_or_tab(delimiter: str) -> None:
    assert Card.from_mapping({"id": "x", "delimiter": delimiter}).delimiter == delimiter


def test_a_key_must_be_among_the_columns() -> None:
    with pytest.raises(BadInput, match="key names a column"):
        Card.from_mapping({"id": "x", "key": ["b"], "columns": {"a": {}}})
