import numpy as np
import pytest

from lifang.core import BadInput, UnknownCode
from lifang.standards import aqi_class, aqi_classes, aqi_levels, limit

# HJ 633-2012, Table 2 and Annex A
TABLE_2 = [
    (1, "优", (0, 228, 0), 0, 50),
    (2, "良", (255, 255, 0), 51, 100),
    (3, "轻度污染", (255, 126, 0), 101, 150),
    (4, "中度污染", (255, 0, 0), 151, 200),
    (5, "重度污染", (153, 0, 76), 201, 300),
    (6, "严重污染", (126, 0, 35), 301, 500),
]


@pytest.mark.parametrize(("level", "zh", "rgb", "first", "last"), TABLE_2)
def test_each_class_has_its_published_bounds_name_and_colour(
    level: int, zh: str, rgb: tuple[int, int, int], first: int, last: int
) -> None:
    for value in (first, last):
        found = aqi_class(value)
        assert (found.level, found.zh, found.colour_rgb) == (level, zh, rgb)


def test_there_are_six_classes_with_words_in_both_languages() -> None:
    assert [each.level for each in aqi_classes()] == [1, 2, 3, 4, 5, 6]
    for each in aqi_classes():
        assert all((each.en, each.health_zh, each.health_en, each.advice_zh, each.advice_en, each.colour_zh))


def test_a_fraction_above_a_bound_belongs_to_the_next_class() -> None:
    assert aqi_class(50.2).level == 2
    assert aqi_class(1000).level == 6


@pytest.mark.parametrize("value", [float("nan"), -1.0])
def test_what_is_no_index_has_no_class(value: float) -> None:
    with pytest.raises(BadInput, match="not an air quality index"):
        aqi_class(value)


def test_levels_of_an_array_are_zero_where_missing() -> None:
    values = np.array([[0, 50, 51], [300, 301, np.nan]])
    assert aqi_levels(values).tolist() == [[1, 1, 2], [5, 6, 0]]


@pytest.mark.parametrize(
    ("pollutant", "averaging", "grade", "expected"),
    [  # GB 3095-2012, Tables 1 and 2
        ("PM2.5", "1a", 1, 15),
        ("PM2.5", "1a", 2, 35),
        ("PM2.5", "24h", 1, 35),
        ("PM2.5", "24h", 2, 75),
        ("PM10", "1a", 2, 70),
        ("PM10", "24h", 2, 150),
        ("SO2", "1a", 1, 20),
        ("SO2", "1h", 2, 500),
        ("NO2", "24h", 2, 80),
        ("NO2", "1h", 1, 200),
        ("CO", "24h", 2, 4),
        ("O3", "8h", 1, 100),
        ("O3", "8h", 2, 160),
        ("O3", "1h", 2, 200),
        ("BaP", "24h", 2, 0.0025),
    ],
)
def test_a_limit_is_the_published_one(pollutant: str, averaging: str, grade: int, expected: float) -> None:
    assert limit(pollutant, averaging, grade=grade) == expected


def test_an_index_of_100_is_the_24_hour_limit_of_grade_2() -> None:
    assert limit("PM2.5", "24h") == 75


@pytest.mark.parametrize(
    ("pollutant", "averaging", "grade"), [("PM2.5", "1h", 2), ("H2S", "1h", 2), ("PM2.5", "24h", 3)]
)
def test_a_limit_that_does_not_exist_is_refused(pollutant: str, averaging: str, grade: int) -> None:
    with pytest.raises(UnknownCode):
        limit(pollutant, averaging, grade=grade)
