"""Conditions written in an address."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from lifang.catalogue import chosen, conditions, ordering
from lifang.core import BadInput
from lifang.store import ColumnInfo, Condition

_COLUMNS = [
    ColumnInfo("n", "BIGINT"),
    ColumnInfo("x", "DOUBLE"),
    ColumnInfo("t", "VARCHAR"),
    ColumnInfo("t:u", "VARCHAR"),
    ColumnInfo("d", "DATE"),
    ColumnInfo("at", "TIMESTAMP WITH TIME ZONE"),
    ColumnInfo("b", "BOOLEAN"),
    ColumnInfo("geometry", "BLOB"),
    ColumnInfo("_xmin", "DOUBLE"),
]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n:eq:5", 5),
        ("x:ge:-1.5e3", -1500.0),
        ("t:eq:a:b", "a:b"),
        ("t:u:eq:c", "c"),
        ("d:lt:2019-01-12", date(2019, 1, 12)),
        ("at:gt:2019-01-12T09:00:00+08:00", datetime(2019, 1, 12, 1, tzinfo=UTC)),
        ("b:eq:true", True),
        ("n:in:1,2", [1, 2]),
        ("geometry:notnull:", None),
        ("n:prefix:1", "1"),
    ],
)
def test_a_value_is_read_as_its_columns_type(text: str, value: Any) -> None:
    assert conditions([text], _COLUMNS)[0].value == value


@pytest.mark.parametrize(
    "text",
    ["", "n", "n:eq", "n:eq:", "n:eq:1.5", "x:eq:inf", "x:eq:nan", "d:eq:2019-02-30", "at:eq:2019-01-12T09:00:00",
     "b:eq:yes", "geometry:eq:x", "_xmin:eq:1", "n:or:1", "m:eq:1", "n:eq:1 OR 1=1"],
)  # fmt: skip
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        conditions([text], _COLUMNS)


def test_the_number_of_conditions_is_bounded() -> None:
    with pytest.raises(BadInput, match="more than"):
        conditions(["n:eq:1"] * 21, _COLUMNS)


def test_signs_and_words_say_the_same() -> None:
    assert conditions(["n:gt:1", "n:>:1"], _COLUMNS) == [Condition("n", ">", 1)] * 2


def test_an_order_goes_one_way() -> None:
    assert ordering("n,t", _COLUMNS) == (["n", "t"], False)
    assert ordering("-n,-t", _COLUMNS) == (["n", "t"], True)
    assert ordering(None, _COLUMNS) == ([], False)
    for wrong in ("n,-t", "absent", "n,n", ",", "_xmin"):
        with pytest.raises(BadInput):
            ordering(wrong, _COLUMNS)


def test_chosen_columns_exist_once() -> None:
    assert chosen(["t", "n"], _COLUMNS, where="columns") == ["t", "n"]
