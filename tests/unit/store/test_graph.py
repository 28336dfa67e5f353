"""Questions over the graph of entities: paths in both directions, pages, counts, and what may not be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from lifang.core import BadInput, ManualClock
from lifang.sensing.entities import GRAPH
from lifang.store import Among, Call, EntityQuery, Expression, Field, Geometry, Literal, Parents, Store

MOMENT = datetime(2019, 1, 12, 9, tzinfo=UTC)
ALL = dict.fromkeys(GRAPH, ("open", "shared", "restricted"))
OPEN = dict.fromkeys(GRAPH, ("open",))

AROUND_2 = Geometry("POLYGON ((101.5 29, 102.5 29, 102.5 31, 101.5 31, 101.5 29))")
DISTANCE = Call("geo.distance", (Field("Locations/location"), Literal(Geometry("POINT (101 30)"))))


def named(number: int, what: str, **more: Any) -> dict[str, Any]:
    name = f"{what}{number}"
    row = {"id": f"{what}-{number}", "number": number, "zh": name, "en": name, "description": f"{name} 述"}
    return {**row, "classification": "open", "created": MOMENT, "properties": {"n": number}, **more}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three things at three places, two datastreams each; thing 3 and its place are shared, datastream 2 too."""
    store = Store.open(tmp_path_factory.mktemp("graph") / "city", clock=ManualClock(MOMENT))
    with store.registry.transaction() as tx:
        for number in (1, 2, 3):
            grade = "shared" if number == 3 else "open"
            tx.insert("thing", named(number, "thing", kind="pole", classification=grade))
            point = {"type": "Point", "coordinates": [100 + number, 30]}
            box = {"west": 100 + number, "east": 100 + number, "south": 30.0, "north": 30.0}
            place = named(number, "location", encoding="application/geo+json", location=point, classification=grade)
            tx.insert("location", {**place, **{name: float(value) for name, value in box.items()}})
            tx.insert("thing_location", {"thing": number, "location": number})
            moved = {"id": f"h{number}", "number": number, "thing": number, "time": MOMENT, "created": MOMENT}
            tx.insert("historical_location", moved)
            tx.insert("historical_place", {"historical_location": number, "location": number})
        for number in (1, 2):
            tx.insert("sensor", named(number, "sensor", encoding="text/plain", metadata="m"))
            tx.insert("observed_property", named(number, "property", definition=f"urn:x:{number}"))
        for number in range(1, 7):
            thing = (number + 1) // 2
            half = 1 + number % 2
            own = {"sensor": half, "property": half, "observed_property": f"property-{half}", "unit": "Cel"}
            grade = "shared" if number == 2 else "open"
            row = named(number, "stream", thing=f"thing-{thing}", code="c", period_s=60, classification=grade, **own)
            tx.insert("datastream", row)
        multi = named(7, "multi", thing="thing-1", code="c", period_s=60, unit="", sensor=1, property=2, multi=1)
        tx.insert("datastream", {**multi, "observed_property": "property-2"})
        for position, number in enumerate((2, 1)):
            tx.insert("datastream_property", {"datastream": 7, "position": position, "property": number})
    yield store
    store.close()


def eq(name: str, value: Any) -> Expression:
    return Call("eq", (Field(name), Literal(value)))


def ask(city: Store, kind: str, where: Expression | None = None, **more: Any) -> list[int]:
    query = EntityQuery(kind, more.pop("classes", ALL), where, **more)
    found = [row["number"] for row in city.registry.entities(GRAPH, query)]
    if query.limit is None and query.parents is None:
        assert city.registry.entity_count(GRAPH, query) == len(found)
        assert sorted(city.registry.entity_numbers(GRAPH, query)) == sorted(found)
    return found


@pytest.mark.parametrize(
    ("kind", "where", "expected"),
    [
        ("Thing", None, [1, 2, 3]),
        ("Thing", eq("@id", 2), [2]),
        ("Thing", eq("@id", "thing-2"), [2]),
        ("Thing", eq("name", "thing2"), [2]),
        ("Thing", eq("properties/n", 3), [3]),
        ("Thing", eq("properties/id", "thing-3"), [3]),
        ("Thing", eq("properties/kind", "pole"), [1, 2, 3]),
        ("Thing", eq("properties/classification", "shared"), [3]),
        ("Thing", Among(Field("@id"), (1, 3, 9)), [1, 3]),
        ("Thing", eq("Datastreams/name", "stream4"), [2]),
        ("Thing", eq("Datastreams/ObservedProperty/name", "property2"), [1, 2, 3]),
        ("Thing", Call("not", (eq("Datastreams/name", "stream4"),)), [1, 2, 3]),
        ("Thing", Call("and", (eq("Datastreams/name", "stream4"), eq("Datastreams/@id", 3))), []),
        ("Thing", Call("or", (eq("Datastreams/name", "stream4"), eq("name", "thing1"))), [1, 2]),
        ("Thing", eq("MultiDatastreams/@id", 7), [1]),
        ("Thing", eq("Locations/Things/Datastreams/@id", 5), [3]),
        ("Thing", eq("HistoricalLocations/Locations/name", "location2"), [2]),
        ("Location", eq("Things/Datastreams/Sensor/name", "sensor1"), [1, 2, 3]),
        ("Location", Call("st_within", (Field("location"), Literal(AROUND_2))), [2]),
        ("Thing", Call("lt", (DISTANCE, Literal(1.5))), [1, 2]),
        ("HistoricalLocation", Call("ge", (Field("time"), Literal(MOMENT))), [1, 2, 3]),
        ("HistoricalLocation", eq("Thing/name", "thing3"), [3]),
        ("Datastream", eq("Thing/@id", 2), [3, 4]),
        ("Datastream", eq("unitOfMeasurement/symbol", "°C"), [1, 2, 3, 4, 5, 6]),
        ("Datastream", eq("unitOfMeasurement/name", "kelvin"), []),
        ("Datastream", Call("endswith", (Field("observationType"), Literal("OM_Measurement"))), [1, 2, 3, 4, 5, 6]),
        ("MultiDatastream", eq("ObservedProperties/name", "property1"), [7]),
        ("ObservedProperty", eq("MultiDatastreams/@id", 7), [1, 2]),
        ("Sensor", eq("Datastreams/Thing/@id", 1), [1, 2]),
    ],
)  # fmt: skip
def test_paths_lead_to_what_they_name(city: Store, kind: str, where: Expression | None, expected: list[int]) -> None:
    assert ask(city, kind, where) == expected


@pytest.mark.parametrize(
    ("kind", "where", "expected"),
    [
        ("Thing", None, [1, 2]),
        ("Location", None, [1, 2]),
        ("HistoricalLocation", None, [1, 2]),
        ("Datastream", None, [1, 3, 4, 5, 6]),
        ("Datastream", eq("Thing/name", "thing3"), []),
        ("Sensor", eq("Datastreams/name", "stream2"), []),
        ("Thing", Call("and", (eq("Datastreams/@id", 2), eq("name", "thing1"))), []),
        ("Sensor", eq("Datastreams/Thing/Locations/name", "location3"), []),
        ("HistoricalLocation", eq("Locations/name", "location3"), []),
    ],
)
def test_what_may_not_be_seen_is_found_on_no_path(
    city: Store, kind: str, where: Expression | None, expected: list[int]
) -> None:
    assert ask(city, kind, where, classes=OPEN) == expected


def test_links_are_followed_from_many_parents_at_once(city: Store) -> None:
    query = EntityQuery("Datastream", OPEN, parents=Parents("Thing", "Datastreams", (1, 2, 3)), columns=("number",))
    rows = city.registry.entities(GRAPH, query)
    assert [(row["parent"], row["number"]) for row in rows] == [(1, 1), (2, 3), (2, 4), (3, 5), (3, 6)]
    assert city.registry.entity_counts(GRAPH, query) == {1: 1, 2: 2, 3: 2}
    down = replace(query, order=((Field("name"), True),), limit=1)
    assert [row["number"] for row in city.registry.entities(GRAPH, down)] == [1, 4, 6]
    second = replace(query, limit=1, offset=1)
    assert [row["number"] for row in city.registry.entities(GRAPH, second)] == [4, 6]


def test_the_properties_of_a_multi_datastream_keep_their_order(city: Store) -> None:
    parents = Parents("MultiDatastream", "ObservedProperties", (7,))
    assert ask(city, "ObservedProperty", parents=parents) == [2, 1]


def test_pages_go_on_behind_the_last_key_whatever_the_order(city: Store) -> None:
    with city.registry.transaction() as tx:
        tx.update("thing", "thing-2", {"properties": {}})
    for order in ((), ((Field("properties/n"), False),), ((Field("properties/n"), True),), ((Field("name"), True),)):
        whole = ask(city, "Thing", order=order)
        pages: list[int] = []
        after: tuple[Any, ...] | None = None
        while rows := city.registry.entities(GRAPH, EntityQuery("Thing", ALL, order=order, limit=1, after=after)):
            pages += [row["number"] for row in rows]
            after = (*(rows[-1][f"key_{at}"] for at in range(len(order))), rows[-1]["number"])
        assert pages == whole
    assert ask(city, "Thing", order=((Field("properties/n"), False),)) == [2, 1, 3]
    assert ask(city, "Datastream", order=((Field("Thing/name"), True), (Field("name"), True)))[:3] == [6, 5, 4]


def test_json_comes_as_text_and_moments_as_microseconds(city: Store) -> None:
    (row,) = city.registry.entities(GRAPH, EntityQuery("Thing", ALL, eq("@id", 1)))
    assert orjson.loads(row["properties"]) == {"n": 1}
    assert row["created"] == int(MOMENT.timestamp()) * 1_000_000


@pytest.mark.parametrize(
    "where",
    [eq("nothing", 1), eq("Datastreams", 1), eq("name/x", 1), eq("/".join(["Datastreams", "Thing"] * 9) + "/name", 1)],
)
def test_a_path_to_nothing_is_bad_input(city: Store, where: Expression) -> None:
    with pytest.raises(BadInput):
        ask(city, "Thing", where)
