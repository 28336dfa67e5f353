from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from lifang.catalogue import Column
from lifang.catalogue.checking import Repeats, clean_name
from lifang.catalogue.checking.convert import to_typed
from lifang.catalogue.checking.hashing import combine, hash_column
from lifang.catalogue.checking.rules import column_findings
from lifang.core import BadInput

SHANGHAI = ZoneInfo("Asia/Shanghai")


def convert(kind: str, *texts: str | None, **column: object) -> tuple[list[object], dict[str, list[int]]]:
    values, findings = to_typed(pa.array(texts, pa.string()), Column("x", type=kind, **column), zone=SHANGHAI)
    return values.to_pylist(), {each.rule: np.flatnonzero(each.mask).tolist() for each in findings}


def check(kind: str, *texts: str | None, in_key: bool = False, **column: object) -> dict[str, list[int]]:
    text = pa.array(texts, pa.string())
    declared = Column("x", type=kind, **column)
    values, _ = to_typed(text, declared, zone=SHANGHAI)
    findings = column_findings(values, text, declared, zone=SHANGHAI, in_key=in_key)
    return {each.rule: np.flatnonzero(each.mask).tolist() for each in findings}


def test_numbers() -> None:
    values, wrong = convert(
        "number", "1", " 2.5 ", "+3", "1e3", "1,000", "0x10", "nan", "-Infinity", "1e999", "９", None
    )
    assert values == [1, 2.5, 3, 1000, None, None, None, None, None, None, None]
    assert wrong == {"type": [4, 5, 9], "finite": [8]} | {"finite": wrong["finite"]}


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-Infinity", "1e999"])
def test_what_is_not_finite_is_refused_even_alone(text: str) -> None:
    assert convert("number", text) == ([None], {"finite": [0]})


def test_integers_take_whole_decimals_but_no_hex() -> None:
    values, wrong = convert("integer", "5", "5.0", "007", "+3", "0x1F", "5.5", "99999999999999999999", None)
    assert values == [5, 5, 7, 3, None, None, None, None]
    assert wrong == {"type": [4, 5, 6]}


def test_booleans_in_words_of_both_languages() -> None:
    values, wrong = convert("boolean", "是", "否", "TRUE", "0", "Y", "maybe", None)
    assert values == [True, False, True, False, True, None, None]
    assert wrong == {"type": [5]}


def test_dates_in_the_written_forms_of_chinese_files() -> None:
    values, wrong = convert(
        "date", "2019-01-12", "2019/1/2", "2019年1月3日", "20190104", "2019-02-30", "12.1.2019", None
    )
    assert values == [date(2019, 1, 12), date(2019, 1, 2), date(2019, 1, 3), date(2019, 1, 4), None, None, None]
    assert wrong == {"date": [4], "type": [5]}


@pytest.mark.parametrize(
    ("text", "day"), [("2020-02-29", True), ("2019-02-29", False), ("1900-02-29", False), ("2019-13-01", False)]
)
def test_leap_days_follow_the_calendar(text: str, day: bool) -> None:
    assert convert("date", text, "2019/1/1")[1] == ({} if day else {"date": [0]})


def test_times_without_an_offset_are_read_in_the_zone_declared() -> None:
    values, wrong = convert(
        "time", "2019-01-01 08:00", "2019-01-01T00:00+00:00", "2019-1-1 8时", "2019-01-01 24:00", "x"
    )
    assert values[:4] == [datetime(2019, 1, 1, tzinfo=UTC)] * 3 + [datetime(2019, 1, 1, 16, tzinfo=UTC)]
    assert wrong == {"type": [4]}


def test_a_wall_time_that_summer_time_skipped_is_refused() -> None:
    assert convert("time", "1986-05-04 02:30") == ([None], {"zone": [0]})


def test_times_that_many_rows_share_are_read_as_each_alone() -> None:
    texts = ["2019-01-01 08:00", "1986-05-04 02:30", None, "x", "2019-02-30", "2019-1-1 8时", "2019-01-01T00:00Z"]
    alone, wrong = convert("time", *texts)
    shared, wrong_shared = convert("time", *texts * 300)
    assert shared == alone * 300
    assert wrong_shared == {rule: [k for k in range(2_100) if k % 7 in rows] for rule, rows in wrong.items()}


def test_times_by_a_stated_pattern() -> None:
    values, wrong = convert("time", "04/16/2024 02:04:08 AM", "16/04/2024", format="%m/%d/%Y %I:%M:%S %p")
    assert values[0] == datetime(2024, 4, 15, 18, 4, 8, tzinfo=UTC)
    assert wrong == {"type": [1]}


def test_impossible_offsets_and_hours_are_no_times() -> None:
    assert convert("time", "2019-01-01 00:00 +25:00", "2019-01-01 25:00", "2019-01-01 00:61")[1] == {"date": [0, 1, 2]}


def test_units_are_converted_to_the_one_stored() -> None:
    assert convert("number", "95438", source_unit="Pa", unit="hPa")[0] == pytest.approx([954.38])
    assert convert("number", "0", source_unit="K", unit="Cel")[0] == pytest.approx([-273.15])


def test_text_is_never_touched() -> None:
    texts = ["  x ", "007", "=1+1", "NaN", "Ω≈ç√"]
    assert convert("text", *texts) == (texts, {})


def test_ranges_patterns_and_required_cells() -> None:
    assert check("number", "0", "101", None, maximum=100, minimum=0, required=True) == {"required": [2], "range": [1]}
    assert check("date", "2019-01-01", "2021-01-01", maximum="2020-12-31") == {"range": [1]}
    assert check("text", "1431A", "x1431A", pattern="\\d{4}A") == {"pattern": [1]}
    assert check("text", None, "a", in_key=True) == {"required": [0]}


def test_code_lists_and_check_digits() -> None:
    assert check("text", "510104", "510199", None, code_list="gbt2260") == {"code_list": [1]}
    assert (
        check("text", "91510100MA61RKTD4Y", "91110000600037341L", "91110000600037342L", check_digit="uscc")[
            "check_digit"
        ][-1]
        == 2
    )


def test_a_pattern_that_is_no_regular_expression_is_the_cards_fault() -> None:
    with pytest.raises(BadInput, match="regular expression"):
        check("text", "a", pattern="(")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("PM2.5 (µg/m³)", "pm2_5_μg_m3"),
        ("区县代码", "区县代码"),
        ("  Full　Width ", "full_width"),
        ("2019", "c2019"),
        ("_row", "row"),
        ("!!", ""),
    ],
)
def test_headers_become_legal_names(header: str, name: str) -> None:
    assert clean_name(header) == name


def test_hashes_agree_exactly_for_equal_values_wherever_they_stand() -> None:
    texts = ["a", "b", None, "a", "", "长" * 5000, "长" * 5000, "长" * 4999]
    hashes = hash_column(pa.array(["x", *texts]).slice(1))
    same = [[left == right for right in texts] for left in texts]
    assert (hashes[:, None] == hashes[None, :]).tolist() == same
    numbers = hash_column(pa.array([0.0, -0.0, None, 1.5, 1.5]))
    assert numbers[0] == numbers[1] != numbers[2]
    assert numbers[3] == numbers[4]


def test_a_row_hash_knows_its_columns_order() -> None:
    a, b = hash_column(pa.array(["x"])), hash_column(pa.array(["y"]))
    assert combine([a, b]) != combine([b, a])


def test_repeats_mark_the_later_of_considered_rows_over_batches() -> None:
    repeats = Repeats()
    repeats.add(hash_column(pa.array([1, 2, 1])))
    repeats.add(hash_column(pa.array([2, 3])))
    assert repeats.repeated(np.ones(5, bool)).tolist() == [False, False, True, True, False]
    assert repeats.repeated(np.array([False, True, True, True, True])).tolist() == [False, False, False, True, False]
