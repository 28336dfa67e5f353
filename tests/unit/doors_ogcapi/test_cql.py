"""CQL2 text is read as the OGC's own library reads it, and nothing that is sent takes long or breaks the program."""

from __future__ import annotations

from typing import Any

import cql2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifang.core import BadInput
from lifang.doors.ogcapi.cql import read_filter
from lifang.doors.ogcapi.cql_text import read_text

_EXAMPLES = (
    "name = 'a' AND S_INTERSECTS(geometry, POINT(1 2)) AND k in (1,2) and z is null",
    "T_AFTER(updated, TIMESTAMP('2020-01-01T00:00:00Z'))",
    "casei(nm)=casei('x') and a+1>b*2 and d > DATE('2020-01-01')",
    "not a=1 or b<>2 and c is not null",
    "a not like 'x' and b not in ('a','b') and c not between 1 and 2",
    "T_DURING(updated, INTERVAL('2020-01-01','..'))",
    "S_WITHIN(g, BBOX(1,2,3,4))",
    "S_INTERSECTS(g, POLYGON((0 0, 1 0, 1 1, 0 0)))",
    "(a=1 or b=2) and (c=3 or d=4)",
    "a = -1",
    "a + b * c - d / 2 = 3",
    "\"we ird\" = 'it''s'",
    "S_INTERSECTS(g, MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0))))",
    "a*(b+1)>2",
    "名称 = '东井'",
)
_HOSTILE = (
    "a=" + "-" * 9000 + "1",
    "a=" + "(" * 24,
    "a=" + "(" * 8000 + "1" + ")" * 8000,
    "NOT (" * 3000 + "a",
    "NOT " * 4000 + "a=1",
    "a=1" + "+1" * 7000,
    "a" + " between 1 and 2" * 900,
    "f(" * 5000 + "1" + ")" * 5000,
    "S_INTERSECTS(g," + "GEOMETRYCOLLECTION(" * 700 + "POINT(1 2)" + ")" * 700 + ")",
    "'" * 15_999,
    '"' * 15_999,
    "a=" + "9" * 15_000,
    "a = 1 " * 5000,
)


def _alike(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _alike(each) for name, each in node.items()}
    if isinstance(node, list | tuple):
        return [_alike(each) for each in node]
    return float(node) if isinstance(node, int) and not isinstance(node, bool) else node


@pytest.mark.parametrize("text", _EXAMPLES)
def test_text_becomes_the_json_that_the_reference_library_makes(text: str) -> None:
    assert _alike(read_text(text)) == _alike(cql2.parse_text(text).to_json())


@pytest.mark.parametrize("text", _HOSTILE, ids=range(len(_HOSTILE)))
def test_hostile_text_is_refused_at_once(text: str) -> None:
    with pytest.raises(BadInput):
        read_filter(text, "cql2-text", lambda shape: shape)


@pytest.mark.parametrize("box", ["105,30,104,31", "104,31,105,30", "104,31,0,105,30,9"])
def test_a_box_upside_down_is_no_box(box: str) -> None:
    with pytest.raises(BadInput, match="upper corner"):
        read_filter(f"S_INTERSECTS(geometry, BBOX({box}))", "cql2-text", lambda shape: shape)


@pytest.mark.parametrize("depth", [100, 2000])
def test_deep_json_is_refused(depth: int) -> None:
    text = '{"op":"not","args":[' * depth + "true" + "]}" * depth
    with pytest.raises(BadInput):
        read_filter(text, "cql2-json", lambda shape: shape)


_SCRAPS = "a = 'x' ( ) AND NOT LIKE 1 - , IN BETWEEN IS NULL DATE('2020-01-01') S_INTERSECTS( BBOX( INTERVAL( T_AFTER("
_TEXTS = st.lists(st.sampled_from([*_SCRAPS.split(), "POINT(1 2)", '"', "°", "."])).map(" ".join)


@given(text=st.text(max_size=60) | _TEXTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_filter(text, "cql2-text", lambda shape: shape)
    except BadInput:
        return


_KEYS = ("op", "args", "property", "type", "coordinates", "bbox", "date", "timestamp", "interval")
_WORDS = ("and", "=", "in", "Point", "t_after", "between", "casei", "s_within")


@given(node=st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(_KEYS), inner | st.sampled_from(_WORDS), max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_json_is_read_or_refused(node: Any) -> None:
    try:
        read_filter(orjson.dumps(node).decode(), "cql2-json", lambda shape: shape)
    except BadInput:
        return
