"""Expressions: both compilers say the same of the same rows, and refuse what is no expression."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import orjson
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from lifang.core import BadInput, to_micros
from lifang.store import Among, Call, Expression, Field, Geometry, Literal
from lifang.store.expression import SIGNATURES, Kind
from lifang.store.lake.engine import Engine
from lifang.store.lake.where import value, where
from lifang.store.registry.functions import add_functions
from lifang.store.registry.types import Json, Moment
from lifang.store.registry.where import condition_of, json_part, part_of, value_of

MOMENTS = [datetime(1969, 12, 31, 23, 59, 58, 250_000, UTC), datetime(2019, 1, 12, 9, 30, tzinfo=UTC)]
ROWS: list[tuple[int, datetime, float | None, dict[str, Any] | None]] = [
    (1, MOMENTS[0], -1.5, None),
    (2, MOMENTS[1], 2.5, {"result": "Ärger", "note": "Wärme'\";--", "deep": {"list": [1, {"x": True}]}}),
    (3, MOMENTS[1], None, {"result": "abc", "note": 7, "at": "2019-01-12T10:00:00+01:00", "list": ["x", 3, True, 7]}),
    (4, MOMENTS[1], 0.0, {"result": False}),
]
TABLE = sa.Table(
    "row",
    sa.MetaData(),
    sa.Column("datastream", sa.INTEGER),
    sa.Column("time", Moment),
    sa.Column("value", sa.REAL),
    sa.Column("extra", Json),
    sa.Column("shape", sa.Text),
)


def columns(name: str) -> Any:
    if name.startswith("extra."):
        return json_part(TABLE.c.extra, name.removeprefix("extra.").split("/"))
    if name == "shape":
        return part_of(TABLE.c.shape, kind=Kind.GEOMETRY)
    if name not in TABLE.c:
        raise BadInput(f"no column {name}")
    return part_of(TABLE.c[name])


@dataclass(frozen=True)
class Both:
    lake: duckdb.DuckDBPyConnection
    registry: sa.Connection

    def lake_rows(self, expression: Expression) -> list[int]:
        text, values = where(expression)
        query = f"SELECT datastream FROM rows WHERE {text} ORDER BY 1"
        return [row[0] for row in self.lake.execute(query, values).fetchall()]

    def registry_rows(self, expression: Expression) -> list[int]:
        query = sa.select(TABLE.c.datastream).where(condition_of(expression, columns)).order_by(TABLE.c.datastream)
        return list(self.registry.execute(query).scalars())

    def __call__(self, expression: Expression) -> list[int]:
        found = self.lake_rows(expression)
        assert self.registry_rows(expression) == found
        return found


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    house = Engine(tmp_path_factory.mktemp("lake"), memory_mb=256, threads=1)
    with house.session() as lake:
        yield from _both(lake)
    house.close()


def _both(lake: duckdb.DuckDBPyConnection) -> Iterator[Both]:
    lake.execute("CREATE TABLE rows (datastream INT, time BIGINT, value DOUBLE, quality UTINYINT, extra VARCHAR)")

    for number, moment, level, extra in ROWS:
        told = None if extra is None else orjson.dumps(extra).decode()
        filled = float("nan") if level is None else level
        lake.execute("INSERT INTO rows VALUES (?, ?, ?, 0, ?)", [number, to_micros(moment), filled, told])

    def connect() -> sqlite3.Connection:
        made = sqlite3.connect(":memory:")
        add_functions(made)
        return made

    engine = sa.create_engine("sqlite://", creator=connect)
    with engine.connect() as registry:
        TABLE.metadata.create_all(registry)
        for number, moment, level, extra in ROWS:
            told_row = {"datastream": number, "time": moment, "value": level, "extra": extra}
            registry.execute(sa.insert(TABLE).values(**told_row, shape=f"POINT ({number} 0)"))
        yield Both(lake, registry)
    engine.dispose()


F, V, T = Field("datastream"), Field("value"), Field("time")
NOTE, LIST = Field("extra.note"), Field("extra.list")


def lit(value: Any) -> Literal:
    return Literal(value)


def call(name: str, *args: Any) -> Call:
    return Call(
        name, tuple(each if isinstance(each, Field | Call | Literal | Among) else Literal(each) for each in args)
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (call("gt", V, -2), [1, 2, 4]),
        (call("ne", V, 0), [1, 2, 3]),
        (call("eq", V, None), [3]),
        (call("ne", V, None), [1, 2, 4]),
        (call("lt", V, None), []),
        (call("not", call("gt", V, 0)), [1, 3, 4]),
        (call("or", call("lt", F, 2), call("and", call("gt", F, 2), call("le", F, 3))), [1, 3]),
        (call("in", F, 1, 4, 9), [1, 4]),
        (call("in_list", "x", LIST), [3]),
        (call("in_list", 3, LIST), [3]),
        (call("in_list", 1, LIST), []),
        (call("in_list", "3", LIST), []),
        (call("in_list", True, LIST), [3]),
        (call("in_list", NOTE, LIST), [3]),
        (call("in_list", F, LIST), [3]),
        (call("not", call("in_list", 1, Field("extra.deep/list"))), [1, 3, 4]),
        (call("in_list", 7, NOTE), []),
        (call("eq", call("div", F, 2), 1.5), [3]),
        (call("eq", call("div", F, 0), None), [1, 2, 3, 4]),
        (call("eq", call("mod", F, 2), 1), [1, 3]),
        (call("eq", call("sub", call("mul", F, 2), call("add", F, 1)), 1), [2]),
        (call("lt", call("negate", F), -3), [4]),
        (call("eq", call("round", V), -2), [1]),
        (call("eq", call("floor", V), -2), [1]),
        (call("eq", call("ceiling", V), -1), [1]),
        (call("eq", call("year", T), 1969), [1]),
        (call("eq", call("month", T), 12), [1]),
        (call("eq", call("day", T), 12), [2, 3, 4]),
        (call("eq", call("hour", T), 23), [1]),
        (call("eq", call("minute", T), 30), [2, 3, 4]),
        (call("eq", call("second", T), 58), [1]),
        (call("eq", call("fractionalseconds", T), 0.25), [1]),
        (call("eq", call("date", T), date(1969, 12, 31)), [1]),
        (call("gt", T, date(2019, 1, 12)), [2, 3, 4]),
        (call("eq", call("time", T), time(9, 30)), [2, 3, 4]),
        (call("eq", call("totaloffsetminutes", T), 0), [1, 2, 3, 4]),
        (call("ge", T, MOMENTS[1]), [2, 3, 4]),
        (call("gt", call("add", T, timedelta(seconds=1)), MOMENTS[1]), [2, 3, 4]),
        (call("lt", call("sub", T, MOMENTS[1]), timedelta(0)), [1]),
        (call("eq", NOTE, 7), [3]),
        (call("eq", NOTE, "Wärme'\";--"), [2]),
        (call("gt", NOTE, 1), [3]),
        (call("eq", NOTE, None), [1, 4]),
        (call("substringof", "ärm", NOTE), [2]),
        (call("contains", NOTE, "ärm"), [2]),
        (call("startswith", NOTE, "Wä"), [2]),
        (call("endswith", NOTE, ";--"), [2]),
        (call("endswith", NOTE, ""), [2]),
        (call("eq", call("length", NOTE), 10), [2]),
        (call("eq", call("indexof", NOTE, "ä"), 1), [2]),
        (call("eq", call("substring", NOTE, 1, 2), "är"), [2]),
        (call("eq", call("substring", NOTE, 5), "'\";--"), [2]),
        (call("startswith", call("toupper", NOTE), "WÄ"), [2]),
        (call("startswith", call("tolower", NOTE), "wä"), [2]),
        (call("startswith", call("trim", call("concat", " ", NOTE)), "W"), [2]),
        (call("eq", Field("extra.result"), False), [4]),
        (call("eq", Field("extra.at"), datetime(2019, 1, 12, 9, tzinfo=UTC)), [3]),
    ],
)
def test_both_compilers_find_the_rows_that_odata_means(both: Both, expression: Expression, expected: list[int]) -> None:
    assert both(expression) == expected


@pytest.mark.slow
def test_a_number_is_looked_up_among_many(both: Both) -> None:
    assert both(Among(F, tuple(range(2, 50_000)))) == [2, 3, 4]
    assert both(call("or", Among(F, ()), Among(F, (1,)))) == [1]
    for compile_it in (where, lambda each: condition_of(each, columns)):
        with pytest.raises(BadInput):
            compile_it(Among(T, (1,)))


def test_a_path_into_json_goes_through_maps_and_lists(both: Both) -> None:
    assert both.registry_rows(call("eq", Field("extra.deep/list/1/x"), True)) == [2]
    assert both.lake_rows(call("ne", Field("extra.deep/list"), None)) == [2]


def test_a_result_is_a_number_or_what_stands_beside_it(both: Both) -> None:
    result = Field("result")
    assert both.lake_rows(call("gt", result, -2)) == [1, 2, 4]
    assert both.lake_rows(call("eq", result, "abc")) == [3]
    assert both.lake_rows(call("eq", result, None)) == []
    assert both.lake_rows(call("ne", result, None)) == [1, 2, 3, 4]


def test_values_to_order_by_are_compiled_too(both: Both) -> None:
    text, values = value(call("negate", V))
    order = f"SELECT datastream FROM rows ORDER BY {text}, datastream"
    assert [row[0] for row in both.lake.execute(order, values).fetchall()] == [2, 4, 1, 3]
    part = value_of(call("negate", F), columns)
    assert list(both.registry.execute(sa.select(TABLE.c.datastream).order_by(part.sql)).scalars()) == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("name", "wkt", "expected"),
    [
        ("st_equals", "POINT (2 0)", [2]),
        ("st_disjoint", "POINT (2 0)", [1, 3, 4]),
        ("st_touches", "LINESTRING (1 0, 9 9)", [1]),
        ("st_within", "POLYGON ((0 -1, 2.5 -1, 2.5 1, 0 1, 0 -1))", [1, 2]),
        ("st_intersects", "LINESTRING (2 0, 3 0)", [2, 3]),
        ("geo.intersects", "POLYGON ((1 -1, 2.5 -1, 2.5 1, 1 1, 1 -1))", [1, 2]),
        ("st_overlaps", "POINT (2 0)", []),
        ("st_crosses", "POINT (2 0)", []),
        ("st_contains", "POINT (2 0)", [2]),
        ("st_intersects", "POLYGON EMPTY", []),
    ],
)
def test_the_registry_knows_spatial_relations(both: Both, name: str, wkt: str, expected: list[int]) -> None:
    assert both.registry_rows(call(name, Field("shape"), Geometry(wkt))) == expected


def test_the_registry_measures_and_relates(both: Both) -> None:
    rows = both.registry_rows
    assert rows(call("lt", call("geo.distance", Field("shape"), Geometry("POINT (0 0)")), 2)) == [1]
    assert rows(call("eq", call("geo.length", Geometry("LINESTRING (0 0, 3 4)")), 5)) == [1, 2, 3, 4]
    assert rows(call("st_relate", Field("shape"), Geometry("POINT (1 0)"), "T********")) == [1]
    assert rows(call("st_relate", Field("shape"), Geometry("POINT (1 0)"), "nonsense")) == []
    assert rows(call("eq", Field("shape"), Geometry("POINT (4 0)"))) == [4]


REFUSED: list[Callable[[], Expression]] = [
    lambda: call("sleep", V),
    lambda: call("eq", V),
    lambda: call("length", V, V),
    lambda: call("eq", Field("nothing"), 1),
    lambda: call("eq", Field('extra.a"]; DROP TABLE row; --'), 1),
    lambda: call("gt", V, "text"),
    lambda: call("add", V, "text"),
    lambda: call("year", V),
    lambda: V,
    lambda: lit(3),
    lambda: call("and", call("gt", V, 1), V),
    lambda: Literal(float("nan")),
    lambda: Literal("\ud800"),
    lambda: Literal("a\0b"),
    lambda: Literal("x" * 30_000),
    lambda: call("eq", V, 10**400),
    lambda: call("or", *[call("eq", V, 1)] * 1000),
]


@pytest.mark.parametrize("build", REFUSED)
def test_what_is_no_expression_is_bad_input_in_both(build: Callable[[], Expression]) -> None:
    with pytest.raises(BadInput):
        where(build())
    with pytest.raises(BadInput):
        condition_of(build(), columns)


def test_a_deep_expression_is_refused_not_a_recursion_error() -> None:
    deep: Expression = call("gt", V, 1)
    for _ in range(5000):
        deep = Call("not", (deep,))
    with pytest.raises(BadInput):
        where(deep)


def test_observations_know_no_geometry_and_the_registry_refuses_what_is_none() -> None:
    with pytest.raises(BadInput):
        where(call("st_within", V, Geometry("POINT (0 0)")))
    with pytest.raises(BadInput):
        condition_of(call("st_within", Field("shape"), Geometry("nonsense")), columns)


_LEAVES = st.one_of(
    st.sampled_from([F, V, T, NOTE, Field("extra.result"), Field("extra.deep")]),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=5).filter(lambda text: "\0" not in text and text.isprintable()),
        st.datetimes().map(lambda each: each.replace(tzinfo=UTC)),
        st.dates(),
        st.times(),
        st.timedeltas(min_value=timedelta(-9999), max_value=timedelta(9999)),
    ).map(Literal),
)
_NAMES = st.sampled_from(sorted(SIGNATURES))


def _calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.builds(Call, _NAMES, st.lists(inner, min_size=1, max_size=3).map(tuple))


_CALLS = st.recursive(_LEAVES, _calls, max_leaves=12)


@given(expression=_CALLS)
def test_any_expression_is_answered_or_refused(both: Both, expression: Expression) -> None:
    """Neither compiler nor engine fails on what the other rooms can build."""
    for run, engine_refusal in ((both.lake_rows, duckdb.Error), (both.registry_rows, sa.exc.OperationalError)):
        try:
            assert set(run(expression)) <= {1, 2, 3, 4}
        except BadInput:
            continue
        except engine_refusal as error:
            text = str(error)
            assert "out of range" in text.lower() or "overflow" in text.lower(), text
