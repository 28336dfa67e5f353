"""Nothing outside an agreement's rows and columns is ever given away: not by rows, exports, features or SQL.

Every cell of the dataset is a text of its own, so that one that may not be seen is found wherever it turns up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lifang.app import City, open_city
from lifang.catalogue import Agreement, Card, FeatureQuestion, SharingRequest, conditions, write_rows
from lifang.core import BadInput, ManualClock, Problem
from lifang.guard import SYSTEM, Role, Subject

pytestmark = pytest.mark.slow
NAMES = ("a", "b", "c", "d")
COUNT = 12
OFFICER = Subject("officer", "officer", frozenset({Role.DATA_OFFICER}))
STUDENT = Subject("student", "student", frozenset({Role.CITIZEN}))
CELL = re.compile(rb"cell-(\d+)-([a-d])")

names = st.sampled_from(NAMES)
cells = st.builds(lambda row, name: f"cell-{row:02d}-{name}", st.integers(0, COUNT), names)
simple = st.one_of(
    st.builds(lambda op, value: ("g", op, str(value)), st.sampled_from(["eq", "ne", "ge", "lt"]), st.integers(0, 3)),
    st.builds(lambda name, op, cell: (name, op, cell), names, st.sampled_from(["eq", "lt", "ge", "contains"]), cells),
)
wheres = st.lists(simple.map(":".join), max_size=2)
QUERIES = (
    "SELECT * FROM secrets",
    "SELECT {0} FROM secrets ORDER BY {1}",
    "SELECT CAST({0} AS INTEGER) FROM secrets",
    "SELECT count(*) FROM secrets WHERE CAST({0} AS DATE) > DATE '2020-01-01'",
    "SELECT max({0}), min({1}) FROM secrets",
    "SELECT error({0}) FROM secrets",
    "SELECT string_agg({0}, ',') FROM secrets s, secrets t WHERE s.g = t.g",
    "SUMMARIZE secrets",
    "DESCRIBE secrets",
)


@dataclass
class Place:
    city: City
    clock: ManualClock
    held: list[Agreement]

    def agree(self, fields: tuple[str, ...], rows: list[str]) -> Agreement:
        sharing = self.city.catalogue.sharing
        for each in self.held:
            sharing.end(each.id, reasons="the next example", by=OFFICER)
        dataset = self.city.catalogue.dataset("secrets")
        request = SharingRequest("secrets", "a test", fields, self.clock.now() + timedelta(days=1), tuple(rows))
        asked = sharing.ask(request, dataset.card, dataset.rows(), by=STUDENT)
        self.held = [sharing.approve(asked.id, reasons="a test", by=OFFICER, rows=dataset.rows())]
        return self.held[0]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("secrets")
    (home / "city.toml").write_text('id = "c"\nname_zh = "城"\nname_en = "c"\narea_code = "510100"\n', "utf-8")
    file = home / "secrets.csv"
    lines = [",".join([*(f"cell-{row:02d}-{name}" for name in NAMES), str(row % 4)]) for row in range(COUNT)]
    file.write_text("\n".join([",".join([*NAMES, "g"]), *lines]) + "\n", "utf-8")
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with open_city(home, clock=clock) as city:
        columns = {**{name: {} for name in NAMES}, "g": {"type": "integer"}}
        card = {"id": "secrets", "classification": "restricted", "sharing": "conditional", "columns": columns}
        city.catalogue.add(file, name=file.name, card=Card.from_mapping(card), by=SYSTEM)
        yield Place(city, clock, [])


def allowed_rows(place: Place, where: list[str]) -> set[int]:
    rows = place.city.catalogue.dataset("secrets").rows()
    table = rows.select(["a"], where=conditions(where, rows.columns))
    return {int(text[5:7]) for text in table["a"].to_pylist()}


def leaked(content: bytes, rows: set[int], fields: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    """Return the cells in ``content`` that are not agreed on; those that the asker wrote are not counted."""
    return [each for each in CELL.findall(content) if int(each[0]) not in rows or each[1].decode() not in fields]


@given(
    fields=st.lists(st.sampled_from((*NAMES, "g")), min_size=1, max_size=4, unique=True).map(tuple),
    agreed=wheres,
    asked=wheres,
    columns=st.lists(st.sampled_from((*NAMES, "g")), min_size=1, max_size=5, unique=True),
    order=names,
    form=st.sampled_from(["csv", "json", "parquet", "arrow"]),
    query=st.sampled_from(QUERIES),
    pair=st.tuples(names, names),
)
@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nothing_outside_an_agreement_is_ever_given(
    place: Place,
    fields: tuple[str, ...],
    agreed: list[str],
    asked: list[str],
    columns: list[str],
    order: str,
    form: str,
    query: str,
    pair: tuple[str, str],
) -> None:
    place.agree(fields, agreed)
    rows = allowed_rows(place, agreed)
    asker = place.city.asker(STUDENT)
    dataset = asker.dataset("secrets")
    release = dataset.release(export=True)
    relation = dataset.rows_of(release)
    assert [column.name for column in relation.columns] == list(fields)
    assert relation.count() == release.rows == len(rows)
    whole = b"".join(write_rows(relation.batches(), "json"))
    assert leaked(whole, rows, fields) == []
    found = b""
    try:
        part = relation.batches(columns, where=conditions(asked, relation.columns), order=[order])
        found = b"".join(write_rows(part, form)) if form in {"csv", "json"} else _text(part)
    except BadInput as error:
        said = str(error).encode()
        assert [each for each in leaked(said, rows, fields) if b"-".join(each) not in " ".join(asked).encode()] == []
    assert leaked(found, rows, fields) == []
    assert leaked(b"".join(dataset.features().page(FeatureQuestion(limit=100)).features), rows, fields) == []
    try:
        told = asker.query(query.format(*pair)).json
    except Problem as error:
        told = str(error).encode()
    assert leaked(told, rows, fields) == []


def _text(reader: pa.RecordBatchReader) -> bytes:
    return str(reader.read_all().to_pydict()).encode()


def test_once_it_has_ended_nothing_is_given(place: Place) -> None:
    place.agree(("a",), [])
    place.clock.advance(timedelta(days=1))
    with pytest.raises(Problem):
        place.city.asker(STUDENT).dataset("secrets")
    with pytest.raises(Problem):
        place.city.asker(STUDENT).query("SELECT a FROM secrets")
