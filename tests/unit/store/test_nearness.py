"""Names that hold a text nearly: what the sieve lets through, what the slips cost, in what order they are told."""

import string
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.store.test_objects import row, table

from lifang.core import BadInput
from lifang.store import ObjectQuery, Store, likest
from lifang.store.lake import nearness
from lifang.store.lake.relation import Relation

WORDS = st.text("abc1天府附", max_size=12)


def price(text: str, name: str) -> int:
    """Sellers's table, filled cell by cell."""
    of = nearness._priced
    rows = [[0] * (len(name) + 1) for _ in range(len(text) + 1)]
    for i, one in enumerate(text, 1):
        rows[i][0] = rows[i - 1][0] + of(one, 8)
        for j, other in enumerate(name, 1):
            ways = [rows[i - 1][j] + of(one, 8), rows[i][j - 1] + of(other, 6)]
            ways.append(rows[i - 1][j - 1] + nearness._replaced(one, other))
            if i > 1 and j > 1 and one == name[j - 2] and text[i - 2] == other:
                ways.append(rows[i - 2][j - 2] + max(of(one, 6), of(other, 6)))
            rows[i][j] = min(ways)
    return min(rows[-1])


@given(st.text("abc1天府附", min_size=1, max_size=9), st.lists(WORDS, min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_names_are_priced_all_at_once_as_one_by_one_and_none_within_the_price_falls_through_the_sieve(
    text: str, names: list[str]
) -> None:
    prices = [price(text, each) for each in names]
    assert [min(each, 1000) for each in nearness._prices(text, names)] == [min(each, 1000) for each in prices]
    slips = nearness._allowed(text)
    pieces = nearness._pieces(text, slips)
    for name, cost in zip(names, prices, strict=True):
        if cost <= 8 * slips:
            assert any(each in name for each in pieces), (text, name, pieces)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("living room", ["Living Room", "Living Room Two", "A102 Living Room", "Nonliving Roomette"]),
        ("Livng Rom", ["Living Room", "Living Room Two", "A102 Living Room", "Nonliving Roomette"]),
        ("livin room", ["Living Room", "Living Room Two", "A102 Living Room", "Nonliving Roomette"]),
        ("ＬＩＶＩＮＧ", ["Living Room", "Living Room Two", "A102 Living Room", "Nonliving Roomette"]),
        ("kitcehn", ["Kitchen"]),
        ("天附广场", ["天府广场站", "天安广场"]),  # 附 sounds like 府
        ("锦将", ["锦江区"]),
        ("锦区", ["锦江区"]),
        ("12号", ["12号楼"]),  # 13号楼 is another house
        ("19号", []),
        ("xyzzy", []),
        ("rum", []),  # of three letters none may be wrong
        ("", []),
    ],
)
def test_what_is_called_so_comes_before_what_begins_so_holds_it_or_is_near(text: str, found: list[str]) -> None:
    names = ["Nonliving Roomette", "A102 Living Room", "Living Room Two", "Living Room", "Kitchen", "Bedroom"]
    names += ["天安广场", "天府广场站", "锦江区", "青羊区", "12号楼", "13号楼"]
    told = likest(names, text, 10)
    assert [each.name for each in told] == found
    assert [each.score for each in told] == sorted((each.score for each in told), reverse=True)


def test_long_texts_and_names_are_compared_in_bounds() -> None:
    long = string.ascii_lowercase * 10
    assert [each.name for each in likest([long, "short"], long[:50] + "x" + long[51:], 5)] == [long]


def test_objects_are_named_by_what_they_nearly_hold_and_read_in_that_order_page_by_page(store: Store) -> None:
    named = {"a": "A102 Living Room", "b": "Living Room", "c": "Kitchen", "d": "Living Rooms", "e": "Living Room"}
    rows = [row(key, 0, name=name) for key, name in named.items()]
    objects = store.lake.objects
    objects.record(table(*rows, row("f", 0, name="Livng Rooom", classification="restricted")), subject="x")
    asked = ObjectQuery(1, classifications=["open"])
    names = [each.name for each in objects.likest(asked, "livng rooms")]
    assert names == ["Living Rooms", "Living Room", "A102 Living Room"]
    ids, after = [], None
    while page := objects.read(ObjectQuery(1, named=names, after=after, limit=2), ["id"])["id"].to_pylist():
        ids += page
        after = page[-1]
    assert ids == ["d", "b", "e", "a"]
    assert objects.count(ObjectQuery(1, named=names))["count"].to_pylist() == [4]
    assert objects.count(ObjectQuery(1, named=[]))["count"].to_pylist() == [0]
    objects.record(table(row("g", 0, name="Living Rooms", classification="restricted")), subject="x")
    past = ObjectQuery(1, named=names, classifications=["open"], after="g")
    assert not len(objects.read(past, ["id"]))  # what may not be seen tells nothing of its name
    assert len(objects.read(replace(past, classifications=["open", "restricted"]), ["id"])) == 3


NAMES = st.lists(st.text("abA1天府附站", min_size=1, max_size=8), min_size=1, max_size=12)
ASKED = st.lists(st.text("abA1天府附站", min_size=1, max_size=7), min_size=3, max_size=3)


@given(NAMES, ASKED)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_look_finds_what_names_and_ids_were_looked_through_for_one_by_one(
    store: Store, names: list[str], asked: list[str]
) -> None:
    objects, since = store.lake.objects, ObjectQuery(1, classifications=["open"])
    rows = [row(f"{name[::-1]}{at}", 0, name=name) for at, name in enumerate(names)]
    objects.record(table(*rows, row("天府", 0, name="天府", classification="restricted")), subject="x", whole="m")
    for text in asked:
        near = objects.read(replace(since, named=[each.name for each in likest(sorted(set(names)), text, 500)]), ["id"])
        held = objects.read(replace(since, text=text), ["id"])
        first = [*near["id"].to_pylist()[:3], *held["id"].to_pylist()[:3]]
        assert objects.called(since, text, 3) == list(dict.fromkeys(first)), (names, text)


@given(NAMES, NAMES, ASKED)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_several_columns_are_looked_through_at_once_as_one_by_one(
    store: Store, some: list[str], others: list[str], asked: list[str]
) -> None:
    size = max(len(some), len(others))
    columns = {"name": [*some, *[None] * (size - len(some))], "title": [*others, *[None] * (size - len(others))]}
    path = store.folder / f"names-{len([*store.folder.glob('names-*')])}.parquet"
    pq.write_table(pa.table({**columns, "floors": [*range(size)]}), path)
    relation = Relation(store.lake._engine, path)
    for text in asked:
        wanted = [likest(sorted(set(each)), text, 100) for each in (some, others)]
        assert relation.likest(["name", "title"], text) == wanted, text
        assert relation.likest(["title"], text) == wanted[1:]
    assert relation.likest([], "a") == []
    assert [each.name for each in relation.likest(["floors"], "0")[0]] == ["0", "10"][: 1 + (size > 10)]


@pytest.mark.parametrize("name", ["", "*", '"', "a\nb"])
def test_what_can_be_no_property_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadInput, match="is no property"):
        store.lake.objects.statistics(ObjectQuery(1), name, is_property=True)
