"""Whatever is asked with q is answered or refused, and what is answered is what plain reasoning finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import BadInput
from lifang.doors.ngsild.column import column_of
from lifang.doors.ngsild.query import Either, Every, Query, Range, Term, read_query

names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=8)
numbers = st.floats(-1e9, 1e9).map(lambda each: round(each, 3)) | st.integers(-1000, 1000).map(float)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(value: Any) -> str:
    if isinstance(value, Range):
        return f"{written(value.low)}..{written(value.high)}"
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else repr(value)


def shown(query: Query) -> str:
    """Return a query as it is written."""
    if isinstance(query, Every | Either):
        sign = ";" if isinstance(query, Every) else "|"
        return sign.join(f"({shown(part)})" if not isinstance(part, Term) else shown(part) for part in query.parts)
    inside = f"[{'.'.join(query.inside)}]" if query.inside else ""
    return ".".join(query.path) + inside + query.operator + ",".join(map(written, query.values))


values = numbers | texts | st.booleans()
ordered = st.sampled_from([">", ">=", "<", "<="])
equal = st.sampled_from(["==", "!="])
ranges = st.tuples(numbers, numbers).map(lambda each: Range(*each)) | st.tuples(texts, texts).map(
    lambda each: Range(*each)
)
alternatives = st.lists(values, min_size=1, max_size=3).map(tuple) | ranges.map(lambda each: (each,))
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
insides = st.lists(names, max_size=2).map(tuple)
terms = (
    st.builds(Term, paths, insides)
    | st.builds(Term, paths, insides, ordered, (numbers | texts).map(lambda each: (each,)))
    | st.builds(Term, paths, insides, equal, alternatives)
)  # fmt: skip
queries = st.recursive(
    terms,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(Every)
        | st.lists(inner, min_size=2, max_size=3).map(tuple).map(Either)
    ),
    max_leaves=8,
)


@given(queries)
@settings(deadline=None, max_examples=300)
def test_a_query_that_is_written_is_read_as_it_was_meant(query: Query) -> None:
    assert read_query(shown(query)) == query


@given(st.text(st.sampled_from('abz_.[]()"\\;|,<>=!~0129-+eETZ: '), max_size=30) | st.text(max_size=30))
@settings(deadline=None, max_examples=500)
def test_whatever_text_comes_is_read_or_refused(text: str) -> None:
    try:
        found: Query | str = read_query(text)
    except BadInput as refused:
        found = refused.where
    assert found == "q" or isinstance(found, Term | Every | Either)


ITEMS = st.none() | st.booleans() | numbers | texts | st.lists(numbers | texts, max_size=3)
_PLAIN: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda one, other: one == other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
}


def kind(value: Any) -> type:
    return bool if isinstance(value, bool) else float if isinstance(value, int | float) else type(value)


def meets(item: Any, sign: str, value: Any) -> bool:
    """Return whether an item meets a comparison, worked out one by one."""
    if isinstance(value, Range):
        return meets(item, ">=", value.low) and meets(item, "<=", value.high)
    if isinstance(item, list):
        return any(meets(each, sign, value) for each in item)
    return kind(item) is kind(value) and _PLAIN[sign](item, value)


@given(st.lists(ITEMS, min_size=1, max_size=12), st.sampled_from(list(_PLAIN)), values)
@settings(deadline=None, max_examples=300)
def test_columns_compare_as_items_do_one_by_one(items: list[Any], sign: str, value: Any) -> None:
    if isinstance(value, bool) and sign != "==":
        return
    column = column_of(items)
    expected = [item is not None and meets(item, sign, value) for item in items]
    assert column.holds(sign, (value,)).tolist() == expected
    if sign == "==":
        there = [item is not None for item in items]
        denied = [is_there and not hit for is_there, hit in zip(there, expected, strict=True)]
        assert column.holds("!=", (value,)).tolist() == denied


@given(st.lists(st.none() | texts, min_size=1, max_size=10), st.sampled_from(["^a", "b$", "[0-9]+", "a|b", "."]))
@settings(deadline=None)
def test_patterns_match_as_they_do_elsewhere(items: list[str | None], pattern: str) -> None:
    expected = [item is not None and bool(re.search(pattern, item)) for item in items]
    assert column_of(items).holds("~=", (pattern,)).tolist() == expected


@pytest.mark.parametrize("rows", [np.zeros(0, np.int64), np.array([2, 0])])
def test_rows_of_a_column_are_taken_in_their_order(rows: np.ndarray[Any, np.dtype[np.int64]]) -> None:
    column = column_of([1.0, "x", {"a": 1}]).take(rows)
    assert column.size == len(rows)
    assert column.present().tolist() == [True] * len(rows)
