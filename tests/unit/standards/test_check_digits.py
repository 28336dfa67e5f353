import string
from calendar import isleap
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from lifang.core import BadInput, UnknownCode
from lifang.standards import check_digit, check_digits

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
A_USCC = "91110000600037341L"  # the example of python-stdnum
A_RIC = "360426199101010071"  # the example of python-stdnum
ANOTHER_RIC = "11010519491231002X"  # the example of GB 11643-1999


def reference(kind: str, text: str) -> bool:
    if len(text) != 18 or not text.isascii() or not text.isalnum():
        return False
    if kind == "uscc":
        return bool(uscc.is_valid(text))
    if not text[:17].isdigit() or ric.calc_check_digit(text) != text[17].upper():
        return False
    try:
        return ric.get_birth_date(text) is not None
    except ValueError:
        return False


near_uscc = st.builds(
    lambda body, tail: body + (tail or uscc.calc_check_digit(body)),
    st.builds(str.__add__, st.text("0123456789", min_size=8, max_size=8), st.text(ALPHABET, min_size=9, max_size=9)),
    st.sampled_from(["", "", *ALPHABET, "I", "x"]),
)
near_ric = st.builds(
    lambda place, year, month, day, order, tail: (
        (body := f"{place:06}{year:04}{month:02}{day:02}{order:03}") + (tail or ric.calc_check_digit(body + "0"))
    ),
    st.integers(0, 999_999),
    st.integers(0, 9999),
    st.integers(0, 13),
    st.integers(0, 32),
    st.integers(0, 999),
    st.sampled_from(["", "", "", *"0123456789Xx"]),
)
anything = st.one_of(
    st.text(max_size=20), st.text(string.ascii_letters + string.digits + " -", min_size=18, max_size=18)
)


@pytest.mark.parametrize(("kind", "near"), [("uscc", near_uscc), ("ric", near_ric)])
def test_a_column_is_judged_as_python_stdnum_judges_each_text(kind: str, near: st.SearchStrategy[str]) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.one_of(near, near.map(str.lower), anything), max_size=30))
    def agree(texts: list[str]) -> None:
        expected = [reference(kind, text) for text in texts]
        assert check_digits(kind, texts).tolist() == expected
        assert [check_digit(kind, text) for text in texts] == expected

    agree()


@pytest.mark.parametrize(
    ("kind", "text"), [("uscc", A_USCC), ("ric", A_RIC), ("ric", ANOTHER_RIC), ("ric", ANOTHER_RIC.lower())]
)
def test_published_examples_are_valid(kind: str, text: str) -> None:
    assert check_digit(kind, text)
    assert check_digits(kind, [text]).all()


@pytest.mark.parametrize(("kind", "text"), [("uscc", A_USCC), ("ric", A_RIC)])
def test_every_single_wrong_character_is_found(kind: str, text: str) -> None:
    alphabet = ALPHABET if kind == "uscc" else "0123456789X"
    wrong = [text[:at] + other + text[at + 1 :] for at in range(18) for other in alphabet if other != text[at]]
    assert not check_digits(kind, wrong).any()


@pytest.mark.parametrize(("kind", "text"), [("uscc", A_USCC), ("ric", A_RIC)])
def test_blanks_separators_and_nulls_are_not_valid(kind: str, text: str) -> None:
    column = [
        text,
        None,
        "",
        f" {text}",
        f"{text} ",
        f"{text[:6]} {text[6:]}",
        text[:17],
        text + "0",
        "\0" * 18,
        "１" * 18,
    ]
    assert check_digits(kind, column).tolist() == [True] + [False] * 9


@pytest.mark.parametrize("year", [1900, 1999, 2000, 2019, 2020])
def test_a_birthday_on_29_february_needs_a_leap_year(year: int) -> None:
    body = f"510104{year}0229001"
    assert check_digit("ric", body + ric.calc_check_digit(body + "0")) is isleap(year)


def test_columns_of_many_kinds_are_judged_across_chunks_and_slices() -> None:
    column = pa.array([None, A_USCC, "x", A_USCC])
    assert check_digits("uscc", column).tolist() == [False, True, False, True]
    assert check_digits("uscc", column[1:]).tolist() == [True, False, True]
    assert check_digits("uscc", column.dictionary_encode()).tolist() == [False, True, False, True]
    assert check_digits("uscc", pa.chunked_array([column, column[3:]])).tolist() == [False, True, False, True, True]
    assert check_digits("uscc", []).tolist() == []


def test_a_long_column_is_judged_to_its_end() -> None:
    column = ["x", *[A_RIC] * 200_000, "x"]
    result = check_digits("ric", column)
    assert int(result.sum()) == 200_000
    assert not result[[0, -1]].any()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownCode, match="uscc, ric"):
        check_digits("isbn", [])


@pytest.mark.parametrize("column", [[1, "a"], ["\ud800"], [{}]])
def test_what_is_not_text_is_refused(column: Any) -> None:
    with pytest.raises(BadInput, match="not texts"):
        check_digits("uscc", column)
