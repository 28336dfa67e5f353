from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lifang.core import BadInput, Box, Denied, NotFound, Unauthenticated, UnknownCode
from lifang.guard import ANONYMOUS, SYSTEM, Classification, Role, Subject
from lifang.sensing import Datastream, Sensing, Thing, make_observations


def test_registering_again_changes_nothing_and_leaves_no_record(sensing: Sensing) -> None:
    before = sensing.store.ledger.head()
    things, streams = sensing.things(), [replace(each, number=0) for each in sensing.datastreams()]
    assert sensing.register(things, streams, by=SYSTEM) == 0
    assert sensing.store.ledger.head() == before


def test_a_change_keeps_the_number_and_moves_the_datastreams(sensing: Sensing) -> None:
    number = sensing.datastream("s1.co").number
    moved = replace(sensing.thing("s1"), lon=110.0)
    renamed = replace(sensing.datastream("s1.co"), zh="一氧化碳", number=0)
    assert sensing.register([moved], [renamed], by=SYSTEM) == 2
    assert sensing.datastream(number).zh == "一氧化碳"
    found = sensing.datastreams(box=Box(109, 30, 111, 31))
    assert [each.id for each in found] == ["s1.pm10", "s1.co"]


def test_things_and_numbers_are_the_same_after_a_restart(sensing: Sensing, reopen: Callable[[], Sensing]) -> None:
    before = sensing.datastreams(), sensing.things()
    again = reopen()
    assert (again.datastreams(), again.things()) == before
    assert again.datastream("s3.co") == again.datastream(again.datastream("s3.co").number)
    assert len(again.datastreams(box=Box(104.015, 30, 105, 31))) == 4


def test_datastreams_are_found_page_by_page(sensing: Sensing) -> None:
    numbers = []
    after = None
    while page := sensing.datastreams(after=after, limit=4):
        numbers += [each.number for each in page]
        after = numbers[-1]
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert [each.id for each in sensing.datastreams(thing="s2")] == ["s2.pm10", "s2.co"]
    inside = sensing.datastreams(box=Box(104.015, 30, 105, 31), observed_property="CO", after=2, limit=1)
    assert [each.id for each in inside] == ["s2.co"]


def test_new_datastreams_are_numbered_by_place(sensing: Sensing) -> None:
    things = [Thing(f"n{n}", "新", "New", "air", lon, 30.6) for n, lon in enumerate((104.3, 104.1, 104.2))]
    streams = [Datastream(f"n{n}.co", f"n{n}", "CO", "CO", "CO", "CO", "mg/m3", 60) for n in range(3)]
    sensing.register(things, streams, by=SYSTEM)
    assert [each.id for each in sensing.datastreams(after=6)] == ["n1.co", "n2.co", "n0.co"]


def test_each_registration_is_in_the_ledger(sensing: Sensing) -> None:
    (record,) = sensing.store.ledger.records(resource="registration")
    assert record.entry.subject == "system"
    assert (record.entry.detail["things"], record.entry.detail["datastreams"]) == (3, 6)


def test_a_registration_that_fails_leaves_nothing(sensing: Sensing) -> None:
    thing = Thing("new", "新", "New", "air", 104.0, 30.6)
    stream = Datastream("new.co", "new", "CO", "CO", "CO", "CO", "mg/m3", 60)
    for bad, error in (
        (replace(stream, id="x.co", thing="nowhere"), NotFound),
        (replace(stream, id="x.co", unit="furlong"), UnknownCode),
        (replace(stream, id="x.co", properties={"minimum": "low"}), BadInput),
        (stream, BadInput),
    ):
        with pytest.raises(error):
            sensing.register([thing], [stream, bad], by=SYSTEM)
    assert sensing.datastream_count() == 6
    with pytest.raises(NotFound):
        sensing.thing("new")


@pytest.mark.parametrize("reference", [0, -1, 7, 10**12, "nobody"])
def test_an_unknown_datastream_is_not_found(sensing: Sensing, reference: int | str) -> None:
    with pytest.raises(NotFound, match="no datastream"):
        sensing.datastream(reference)


def test_only_those_allowed_register_and_send(sensing: Sensing) -> None:
    citizen = Subject("p1", "Li", frozenset({Role.CITIZEN}))
    with pytest.raises(Unauthenticated):
        sensing.register([], [], by=ANONYMOUS)
    with pytest.raises(Denied):
        sensing.ingest(make_observations([1], [0], [1.0]), by=citizen)


def test_classification_decides_what_latest_shows(sensing: Sensing) -> None:
    secret = replace(sensing.datastream("s1.co"), classification=Classification.RESTRICTED)
    sensing.register([], [secret], by=SYSTEM)
    sensing.ingest(make_observations(np.arange(1, 7), [0] * 6, range(6)), by=SYSTEM).result(10)
    shown = sensing.latest(classes=[Classification.OPEN, Classification.SHARED])
    assert "s1.co" not in sensing.ids(shown.numbers)
    assert len(shown) == 5
