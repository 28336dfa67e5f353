"""Paths into JSON: a small part of JMESPath, and the way back up to the record above."""

from __future__ import annotations

from typing import Any

import pytest

from lifang.core import BadInput
from lifang.sensing.connectors.mapping import dig, items_of, path_reader

DATA = {
    "made": "noon",
    "a b": {"c.d": 5},
    "名称": "站",
    "stations": [
        {"id": 1, "readings": [{"v": 10, "tags": ["x", "y"]}, {"v": 11}]},
        {"id": 2, "readings": []},
        {"id": 3},
        {"id": 4, "readings": [{"v": 40}]},
    ],
    "one": {"v": 7},
    "n": None,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("made", "noon"),
        ("名称", "站"),
        ('"a b"."c.d"', 5),
        ("stations[0].id", 1),
        ("stations[-1].readings[0].v", 40),
        ("stations[0].readings[0].tags[1]", "y"),
        ("stations[9].id", None),
        ("stations.id", None),
        ("made.more", None),
        ("n.more", None),
        ("nothing", None),
        ("@", DATA),
        ("@.made", "noon"),
    ],
)
def test_a_path_finds_what_stands_there_or_none(path: str, found: Any) -> None:
    assert dig(DATA, path) == found


@pytest.mark.parametrize("path", ["", ".a", "a..b", "a.", "a[", "a[x]", "a[0", '"a', "a b", "a[*]", "a|b", "a[?x]"])
def test_what_is_no_path_to_one_value_is_refused(path: str) -> None:
    with pytest.raises(BadInput) as refused:
        path_reader(path)
    assert refused.value.mend


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("stations[*].readings[*]", [10, 11, 40]),
        ("stations[*].readings", [10, 11, 40]),
        ("stations[0].readings", [10, 11]),
        ("stations[0].readings[1]", [11]),
        ("one", [7]),
        ("stations[1].readings", []),
    ],
)
def test_items_are_every_record_that_the_path_names(path: str, values: list[int]) -> None:
    assert [path_reader("v")(each) for each in items_of(DATA, path)] == values


def test_a_record_knows_the_one_above_it() -> None:
    upward = [
        (path_reader("^.id")(each), path_reader("^.^.made")(each)) for each in items_of(DATA, "stations[*].readings[*]")
    ]
    assert upward == [(1, "noon"), (1, "noon"), (4, "noon")]
    assert [path_reader("^.made")(each) for each in items_of(DATA, "stations")] == ["noon"] * 4
    assert [path_reader("^.^.^.made")(each) for each in items_of(DATA, "stations")] == [None] * 4


def test_a_list_at_the_top_needs_no_name() -> None:
    assert [path_reader("v")(each) for each in items_of([{"v": 1}, {"v": 2}], "@")] == [1, 2]
    assert [path_reader("v")(each) for each in items_of({"v": 1}, "@")] == [1]


def test_a_path_to_nowhere_is_told_but_an_empty_list_is_no_fault() -> None:
    with pytest.raises(BadInput, match="Nothing stands"):
        list(items_of(DATA, "nowhere"))
    assert list(items_of({"list": []}, "list")) == []
