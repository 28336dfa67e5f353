"""Whatever is sent, the catalogue answers with an admission that adds up or with BadInput."""

import contextlib
import csv
import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifang.catalogue import Card, Catalogue, Column, write_rows
from lifang.catalogue.checking.convert import to_typed
from lifang.catalogue.reading.geojson import feature_problem
from lifang.core import BadInput, ManualClock, Settings, parse_instant
from lifang.guard import SYSTEM
from lifang.store import Store

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
many = settings(max_examples=150, deadline=None)
words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Catalogue]:
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder), clock=ManualClock(NOW), threads=1) as store:
        yield Catalogue(store, ManualClock(NOW), Settings("t", "测", "t", "0"))


def add(catalogue: Catalogue, content: bytes, name: str, **card: object):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "received"
        path.write_bytes(content)
        return catalogue.add(path, name=name, card=Card.from_mapping({"id": "x", **card}), by=SYSTEM)


@few
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.json", "a.parquet", "a.xlsx", "a.zip", "a.gz", "a"]))
def test_any_bytes_are_admitted_or_refused_but_never_crash(catalogue: Catalogue, content: bytes, name: str) -> None:
    with contextlib.suppress(BadInput):
        admission = add(catalogue, content, name)
        assert admission.rows == admission.report.admitted + admission.refused


@few
@given(st.lists(st.tuples(words, words), min_size=1, max_size=20))
def test_text_goes_in_and_out_unchanged(catalogue: Catalogue, rows: list[tuple[str, str]]) -> None:
    sink = io.StringIO(newline="")
    csv.writer(sink, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    card = {"columns": {"a": {}, "b": {}}, "duplicates": "keep", "encoding": "utf-8", "delimiter": ","}
    add(catalogue, sink.getvalue().encode(), "a.csv", **card)
    relation = catalogue.dataset("x").rows()
    assert [(row["a"], row["b"]) for row in relation.select().to_pylist()] == rows
    exported = b"".join(write_rows(relation.batches(), "csv")).decode()
    cells = [cell for row in list(csv.reader(io.StringIO(exported, newline="")))[1:] for cell in row]
    assert all(cell[:1] not in "=+-@\t\r\n" for cell in cells)


@few
@given(st.lists(st.sampled_from(["1", "2", "3", "x", ""]), min_size=1, max_size=40))
def test_with_a_key_the_admitted_rows_are_the_first_good_of_each_key(catalogue: Catalogue, keys: list[str]) -> None:
    text = "k,v\n" + "".join(f"{key},{number}\n" for number, key in enumerate(keys))
    good = {key: number for number, key in reversed(list(enumerate(keys))) if key not in ("x", "")}
    card = {"key": ["k"], "columns": {"k": {"type": "integer"}, "v": {"type": "integer"}}}
    if not good:
        with pytest.raises(BadInput):
            add(catalogue, text.encode(), "a.csv", **card)
        return
    admission = add(catalogue, text.encode(), "a.csv", **card)
    rows = catalogue.dataset("x").rows().select().to_pylist()
    assert {str(row["k"]): row["v"] for row in rows} == good
    assert admission.refused == len(keys) - len(good)


@many
@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0)))  # noqa: DTZ001
def test_times_agree_with_pythons_own_reading_in_every_form(moment: datetime) -> None:
    exact = parse_instant(moment.isoformat(), default_zone=SHANGHAI)
    if exact.astimezone(SHANGHAI).replace(tzinfo=None) != moment:
        return  # a wall time that summer time skipped
    forms = [
        moment.isoformat(),
        f"{moment:%Y/%m/%d %H:%M:%S}",
        f"{moment:%Y}年{moment.month}月{moment.day}日 {moment:%H:%M:%S}",
    ]
    for form in forms:
        values, findings = to_typed(pa.array([form, "x"]), Column("t", type="time"), zone=SHANGHAI)
        assert values[0].as_py() == exact
        assert [each.rule for each in findings] == ["type"]


@many
@given(st.integers(1, 9999), st.integers(0, 14), st.integers(0, 33))
def test_a_date_is_taken_exactly_when_the_calendar_has_it(year: int, month: int, day: int) -> None:
    try:
        known: date | None = date(year, month, day)
    except ValueError:
        known = None
    values, findings = to_typed(pa.array([f"{year:04}/{month}/{day}"]), Column("d", type="date"), zone=SHANGHAI)
    assert values[0].as_py() == known
    assert bool(findings) == (known is None)


@many
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_numbers_are_read_to_the_last_bit(number: float) -> None:
    values, findings = to_typed(pa.array([repr(number), " x"]), Column("n", type="number"), zone=SHANGHAI)
    assert values[0].as_py() == number
    assert np.flatnonzero(findings[0].mask).tolist() == [1]


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "geometry", "properties", "coordinates", "geometries", "id"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@many
@given(anything)
def test_no_json_crashes_the_feature_check(value: object) -> None:
    assert isinstance(feature_problem(value), str)
    problem = feature_problem({"type": "Feature", "properties": None, "geometry": value})
    assert value is None or isinstance(value, dict) or problem
