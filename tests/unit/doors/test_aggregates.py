"""A datastream's figures per bucket of time over HTTP, against figures made by hand; refusals, and who may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from lifang.app import OWNER
from lifang.core import BadInput, to_micros
from lifang.guard import SYSTEM, Classification
from lifang.sensing import Datastream, make_observations

from .conftest import House, build_house

URL = "/api/v1/observations/aggregates"
ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 1, tzinfo=ZONE)
END = START + timedelta(days=3)
SPAN = {"start": START.isoformat(), "end": END.isoformat()}
MINUTES = 3 * 1440
STEPS = {"PT1M": 60, "PT15M": 900, "3600": 3600, "P1D": 86_400, "PT40M": 2400}
Truth = dict[int, float]  # by minute after START


def tell(house: House, minutes: list[int], values: list[float], stream: str = "meter.level") -> None:
    number = house.city.sensing.datastream(stream).number
    times = to_micros(START) + np.array(minutes) * 60_000_000
    told = make_observations(np.full(len(minutes), number), times, np.array(values))
    house.city.sensing.ingest(told, by=SYSTEM).result()


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = build_house(tmp_path_factory.mktemp("buckets"))
    streams = [
        Datastream("meter.level", "site-1", "level", "水位", "level", "level", "m", 60),
        Datastream("meter.shared", "site-1", "shared", "水位", "level", "level", "m", 60, Classification.SHARED),
        Datastream("meter.secret", "site-1", "secret", "水位", "level", "level", "m", 60, Classification.RESTRICTED),
    ]
    house.city.sensing.register([], streams, by=SYSTEM)
    yield house
    house.close()


@pytest.fixture(scope="module")
def truth(works: House) -> Truth:
    """What the meter said: three days less a gap, summed up; then late, repeated and corrected values."""
    first = {minute: float(minute * 37 % 101) for minute in range(MINUTES) if not 1500 <= minute < 1700}
    tell(works, list(first), list(first.values()))
    works.city.store.lake.tend()
    late, repeated, corrected = {1510: 500.0, 1511: -500.0}, {30: first[30], 31: first[31]}, {45: 900.0, 2900: -7.5}
    for each in (late, repeated, corrected):
        tell(works, list(each), list(each.values()))
    return first | late | corrected


def by_hand(truth: Truth, every_s: int) -> dict[str, list[Any]]:
    found: dict[datetime, list[float]] = defaultdict(list)
    for minute in sorted(truth):
        at = START + timedelta(minutes=minute)
        past = (at - at.replace(hour=0, minute=0)).total_seconds() if 86_400 % every_s == 0 else 0
        if not past and 86_400 % every_s:  # counted from the zone's clock of 1970
            past = (at.timestamp() + 8 * 3600) % every_s
        found[at - timedelta(seconds=past % every_s)].append(truth[minute])
    return {
        "time": [round(each.timestamp() * 1000) for each in found],
        "count": [len(each) for each in found.values()],
        "min": [min(each) for each in found.values()],
        "max": [max(each) for each in found.values()],
        "avg": [pytest.approx(sum(each) / len(each)) for each in found.values()],
        "sum": [pytest.approx(sum(each)) for each in found.values()],
        "p50": [pytest.approx(np.median(each)) for each in found.values()],
    }


@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("every", STEPS)
def test_buckets_hold_the_figures_that_a_hand_works_out(works: House, truth: Truth, every: str, summed: bool) -> None:
    if summed:
        works.city.store.lake.tend()
    told = works.client().get(URL, params={"datastream": "meter.level", "every": every, **SPAN}).json()
    expected = by_hand(truth, STEPS[every])
    assert (told["bucket_s"], told["time_zone"], told["unit"]["symbol"]) == (STEPS[every], "Asia/Shanghai", "m")
    assert told["columns"] == {name: expected[name] for name in ("time", "count", "min", "max", "avg")}
    asked = {"datastream": "meter.level", "every": every, **SPAN, "functions": "sum, p50,sum"}
    assert works.client().get(URL, params=asked).json()["columns"] == {
        name: expected[name] for name in ("time", "sum", "p50")
    }


def test_three_days_begin_at_midnight_in_the_city_and_the_bounds_cut_the_first_and_last(
    works: House, truth: Truth
) -> None:
    asked = {"datastream": "meter.level", "every": "P1D"}
    begin, end = START + timedelta(hours=12), END - timedelta(minutes=1)
    told = works.client().get(URL, params={**asked, "start": begin.isoformat(), "end": end.isoformat()}).json()
    days = [START, START + timedelta(days=1), START + timedelta(days=2)]
    assert told["columns"]["time"] == [round(each.timestamp() * 1000) for each in days]
    assert told["columns"]["count"] == [720, 1440 - 200 + 2, 1439]
    assert told["columns"]["min"] == [0, -500, -7.5]
    assert told["columns"]["max"] == [100, 500, 100]


def test_what_was_recorded_by_a_moment_is_summed_up_as_it_was(works: House, truth: Truth) -> None:
    before = works.city.clock.now()
    tell(works, [60], [9999.0])
    asked = {"datastream": "meter.level", "every": "PT1H", **SPAN, "functions": "max"}
    assert max(works.client().get(URL, params=asked).json()["columns"]["max"]) == 9999
    then = works.client().get(URL, params={**asked, "at": before.isoformat()}).json()["columns"]["max"]
    assert then == by_hand(truth, 3600)["max"]
    tell(works, [60], [truth[60]])


def test_buckets_come_as_csv_with_times_of_the_city(works: House, truth: Truth) -> None:
    asked = {"datastream": "meter.level", "every": "P1D", **SPAN, "functions": "count,max", "format": "csv"}
    answer = works.client().get(URL, params=asked)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines() == [
        "datastream,time,bucket_s,count,max,unit",
        "meter.level,2026-03-01T00:00:00+08:00,86400,1440,900.0,m",
        "meter.level,2026-03-02T00:00:00+08:00,86400,1242,500.0,m",
        "meter.level,2026-03-03T00:00:00+08:00,86400,1440,100.0,m",
    ]


def test_a_time_without_values_has_no_buckets(works: House) -> None:
    asked = {
        "datastream": "meter.level",
        "every": "P1D",
        "start": "2001-01-01T00:00:00Z",
        "end": "2001-02-01T00:00:00Z",
    }
    told = works.client().get(URL, params=asked).json()
    assert set(map(len, told["columns"].values())) == {0}
    last_day = works.client().get(URL, params={"datastream": "1", "every": "PT1H"}).json()
    assert 23 <= len(last_day["columns"]["time"]) <= 25


@pytest.mark.parametrize(
    ("asked", "where", "status"),
    [
        ({"every": "1 hour"}, "every", 400),
        ({"every": ""}, "every", 400),
        ({"every": "P1M"}, "every", 400),
        ({"every": "PT36H"}, "every", 400),
        ({"every": "129600"}, "every", 400),
        ({"every": "-60"}, "every", 400),
        ({"every": "PT0S"}, "every", 400),
        ({"every": "9" * 30}, "every", 400),
        ({"every": "86400" + "0" * 20}, "every", 400),
        ({"every": "PT1S"}, "every, start, end", 413),
        ({"functions": "mode"}, "functions", 400),
        ({"functions": ""}, "functions", 400),
        ({"functions": "p101"}, "functions", 400),
        ({"functions": "avg,'; DROP"}, "functions", 400),
        ({"start": SPAN["end"], "end": SPAN["start"]}, "start, end", 400),
        ({"start": SPAN["end"], "end": SPAN["end"]}, "start, end", 400),
        ({"start": "yesterday"}, "", 400),
        ({"end": "9999-12-31T23:59:59Z"}, "", 400),
        ({"start": "2026-03-01T00:00:00"}, "", 400),
        ({"format": "xml"}, "query.format", 400),
    ],
)  # fmt: skip
def test_a_question_that_does_not_fit_is_refused_with_what_where_and_how_to_mend(
    works: House, asked: dict[str, str], where: str, status: int
) -> None:
    answer = works.client().get(URL, params={"datastream": "meter.level", "every": "PT1H", **SPAN, **asked})
    assert (answer.status_code, answer.json().get("where") or "") == (status, where)
    assert answer.json()["detail"]
    assert answer.json()["mend"]


def test_python_asks_the_same(works: House, truth: Truth) -> None:
    found = works.city.asker(OWNER).buckets("meter.level", START, END, every_s=86_400)
    assert found.table.column_names == ["time", "count", "min", "max", "avg"]
    assert found.table["count"].to_pylist() == [1440, 1242, 1440]
    with pytest.raises(BadInput, match="no bucket of time"):
        works.city.asker(OWNER).buckets("meter.level", START, END, every_s=-1)


@pytest.mark.parametrize("stream", ["meter.shared", "meter.secret", "absent"])
@pytest.mark.parametrize("role", ["", "citizen", "operator", "analyst", "data_officer"])
def test_a_hidden_datastreams_buckets_are_decided_and_recorded_as_its_values_are(
    works: House, role: str, stream: str
) -> None:
    client, ledger = works.client(role), works.city.store.ledger
    seen = []
    for url in ("/api/v1/observations?", f"{URL}?every=PT1H&"):
        before = ledger.head()[0]
        answer = client.get(f"{url}datastream={stream}")
        told = [(each.entry.action, each.entry.resource, each.entry.outcome) for each in ledger.records(after=before)]
        problem = answer.json() if answer.status_code >= 400 else {}
        seen.append((answer.status_code, problem.get("detail"), problem.get("needs"), told))
    assert seen[0] == seen[1]
    if not role or stream == "absent":
        assert seen[1][0] == 404
    elif (role, stream) == ("analyst", "meter.shared"):
        assert seen[1][::3] == (200, [("read", f"datastream:{stream}", "allowed")])
