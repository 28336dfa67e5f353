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
    ],
)
def test_a_wrong_column_is_named(column: dict[str, object]) -> None:
    with pytest.raises(BadInput) as caught:
        Card.from_mapping({"id": "x", "columns": {"c": column}})
    assert caught.value.where.startswith("columns.c")


def test_a_key_must_be_among_the_columns() -> None:
    with pytest.raises(BadInput, match="key names a column"):
        Card.from_mapping({"id": "x", "key": ["b"], "columns": {"a": {}}})
