"""The past of entities over HTTP (CIM 009 clauses 4.5.6 to 4.5.9, 4.11, 5.7.3, 5.7.4)."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tests.unit.doors.conftest import Client, House
from tests.unit.doors_ngsild.conftest import NOON, PREFIX, tell

from lifang.core import BadInput
from lifang.doors.ngsild import temporal
from lifang.doors.ngsild.window import seconds_of

AIR = "urn:ngsi-ld:AirQualityStation:air-1"
DAY = {"timerel": "between", "timeAt": "2026-02-28T12:00:00Z", "endTimeAt": "2026-03-01T13:00:00Z"}
LONG = {"timeAt": "1990-01-01T00:00:00Z"}
VALUES = np.arange(10.0, 58.0, 2.0)  # hour by hour until noon


def past(client: Client, entity: str = AIR, status: int = 200, **asked: Any) -> Any:
    answer = client.get(f"{PREFIX}/temporal/entities/{entity}", params=asked)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_every_value_is_an_instance_with_its_moment(anyone: Client) -> None:
    found = past(anyone, **DAY)
    assert [each["value"] for each in found["PM2_5"]] == VALUES.tolist()
    assert found["PM2_5"][-1]["observedAt"] == "2026-03-01T12:00:00Z"
    assert found["PM2_5"][-1]["unitCode"] == "GQ"
    assert len({each["instanceId"] for each in found["PM2_5"]}) == 24
    assert "NO2" not in found


def test_last_values_come_newest_first(anyone: Client) -> None:
    found = past(anyone, **DAY, lastN=3)
    assert [each["value"] for each in found["PM2_5"]] == [56.0, 54.0, 52.0]


def test_pairs_of_value_and_moment(anyone: Client) -> None:
    found = past(anyone, **DAY, lastN=1, options="temporalValues")
    assert found["PM2_5"] == {"type": "Property", "values": [[56.0, "2026-03-01T12:00:00Z"]], "unitCode": "GQ"}


@pytest.mark.parametrize(
    ("relation", "count"),
    [
        ({"timerel": "before", "timeAt": "2026-03-01T12:00:00Z"}, 23),
        ({"timerel": "after", "timeAt": "2026-03-01T11:00:00Z"}, 1),
        ({"timerel": "between", "timeAt": "2026-03-01T11:00:00Z", "endTimeAt": "2026-03-01T12:00:00Z"}, 1),
        ({}, 24),
    ],
)
def test_relations_of_time(anyone: Client, relation: dict[str, str], count: int) -> None:
    assert len(past(anyone, **relation)["PM2_5"]) == count


def test_all_methods_over_the_whole_window(anyone: Client) -> None:
    methods = "totalCount,distinctCount,sum,avg,min,max,stddev,sumsq"
    found = past(anyone, **DAY, aggrMethods=methods, options="aggregatedValues")["PM2_5"]
    assert {name: found[name][0][0] for name in methods.split(",")} == pytest.approx(
        {
            "totalCount": 24,
            "distinctCount": 24,
            "sum": VALUES.sum(),
            "avg": VALUES.mean(),
            "min": 10.0,
            "max": 56.0,
            "stddev": VALUES.std(),
            "sumsq": (VALUES**2).sum(),
        }
    )
    assert found["avg"][0][1:] == ["2026-02-28T12:00:00Z", "2026-03-01T13:00:00Z"]


def test_periods_of_hours_follow_each_other(anyone: Client) -> None:
    window = {"timerel": "between", "timeAt": "2026-03-01T08:00:00Z", "endTimeAt": "2026-03-01T12:00:00Z"}
    found = past(anyone, **window, aggrMethods="avg,max,distinctCount", aggrPeriodDuration="PT2H")["PM2_5"]
    assert found["avg"] == [
        [49.0, "2026-03-01T08:00:00Z", "2026-03-01T10:00:00Z"],
        [53.0, "2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z"],
    ]
    assert [each[0] for each in found["distinctCount"]] == [2, 2]


def test_days_are_those_of_the_city(anyone: Client) -> None:
    found = past(anyone, **DAY, aggrMethods="totalCount,stddev", aggrPeriodDuration="P1D")["PM2_5"]
    assert found["totalCount"] == [
        [3, "2026-02-28T12:00:00Z", "2026-02-28T16:00:00Z"],
        [21, "2026-02-28T16:00:00Z", "2026-03-01T13:00:00Z"],
    ]
    assert found["stddev"][0][0] == pytest.approx(VALUES[:3].std())


def test_several_entities_are_queried_with_the_conditions_of_entities(anyone: Client, staff: Client) -> None:
    asked = {**DAY, "type": "AirQualityStation,OffStreetParking", "attrs": "PM2_5", "count": "true"}
    for client, found in ((anyone, 1), (staff, 2)):
        answer = client.get(f"{PREFIX}/temporal/entities", params=asked)
        assert len(answer.json()) == found
        assert answer.headers["NGSILD-Results-Count"] == str(found)
        assert all(each.keys() == {"id", "type", "PM2_5"} for each in answer.json())


def test_instances_of_several_datastreams_are_told_apart(anyone: Client) -> None:
    entity = "urn:ngsi-ld:OffStreetParking:p-1"
    found = past(anyone, entity, attrs="temperature")["temperature"]
    assert [each.get("datasetId") for each in found] == [None, "urn:ngsi-ld:Dataset:p-1.temp-roof"]
    found = past(anyone, entity, attrs="temperature", aggrMethods="max")["temperature"]
    assert [each["max"][0][0] for each in found] == [20.5, 31.0]


def test_a_query_may_stand_in_a_body(anyone: Client) -> None:
    body = {
        "type": "Query",
        "entities": [{"type": "AirQualityStation"}],
        "attrs": ["PM2_5"],
        "temporalQ": {**DAY, "aggrParams": {"aggrMethods": ["max"], "aggrPeriodDuration": "PT0S"}},
    }
    answer = anyone.post(f"{PREFIX}/temporal/entityOperations/query", json=body)
    assert answer.json()[0]["PM2_5"]["max"][0][0] == 56.0


def test_an_entity_without_a_past_in_the_window_has_no_attributes(anyone: Client) -> None:
    found = past(anyone, timerel="before", timeAt="1999-01-01T00:00:00Z")
    assert found == {"id": AIR, "type": "AirQualityStation"}
    answer = anyone.get(
        f"{PREFIX}/temporal/entities", params={"type": "*", "timerel": "before", "timeAt": "1999-01-01T00:00:00Z"}
    )
    assert answer.json() == []


def test_what_does_not_fit_is_a_part_with_its_range(ld: House, anyone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporal, "VALUES_MAX", 5)
    answer = anyone.get(f"{PREFIX}/temporal/entities/{AIR}", params=DAY)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == "date-time 2026-02-28T13:00:00Z-2026-02-28T17:00:00Z/*"
    assert len(answer.json()["PM2_5"]) == 5
    assert past(anyone, **DAY, lastN=5)["PM2_5"][0]["value"] == 56.0


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ({"timerel": "during", "timeAt": "2026-03-01T08:00:00Z"}, 400, "BadRequestData"),
        ({"timerel": "before"}, 400, "BadRequestData"),
        ({"timeAt": "2026-03-01T08:00:00Z"}, 400, "BadRequestData"),
        ({"timerel": "before", "timeAt": "yesterday"}, 400, "BadRequestData"),
        ({"timerel": "before", "timeAt": "2026-03-01T08:00:00"}, 400, "BadRequestData"),
        ({"timerel": "between", "timeAt": "2026-03-01T08:00:00Z"}, 400, "BadRequestData"),
        ({**DAY, "endTimeAt": DAY["timeAt"]}, 400, "BadRequestData"),
        ({**DAY, "timeproperty": "modifiedAt"}, 422, "OperationNotSupported"),
        ({**DAY, "lastN": 0}, 400, "BadRequestData"),
        ({**DAY, "lastN": 10**6}, 403, "TooManyResults"),
        ({**DAY, "aggrMethods": "mode"}, 400, "BadRequestData"),
        ({**DAY, "options": "aggregatedValues"}, 400, "BadRequestData"),
        ({**DAY, "aggrMethods": "avg", "aggrPeriodDuration": "P1M"}, 422, "OperationNotSupported"),
        ({**DAY, "aggrMethods": "avg", "aggrPeriodDuration": "1 hour"}, 400, "BadRequestData"),
        ({**DAY, **LONG, "aggrMethods": "avg", "aggrPeriodDuration": "PT1S"}, 403, "TooManyResults"),
        ({**DAY, "aggrMethods": "avg", "options": "temporalValues"}, 400, "BadRequestData"),
    ],
)  # fmt: skip
def test_questions_that_do_not_fit_are_refused(anyone: Client, asked: dict[str, Any], status: int, kind: str) -> None:
    assert past(anyone, status=status, **asked)["type"].endswith(f"/{kind}")


def test_a_query_of_the_past_says_which_time(anyone: Client) -> None:
    assert anyone.get(f"{PREFIX}/temporal/entities", params={"type": "Thing"}).status_code == 400


@pytest.mark.parametrize(("text", "seconds"), [("PT15M", 900), ("P1D", 86400), ("P1W", 604800), ("PT1H30M5S", 5405)])
def test_durations(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "PT36H", "-P1D", "PT1.5H"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        seconds_of(text)


def test_a_corrected_value_is_the_one_that_counts(ld: House, anyone: Client) -> None:
    tell(ld.city, "lamp.level", 1.0, end=NOON - timedelta(days=30))
    tell(ld.city, "lamp.level", 2.0, end=NOON - timedelta(days=30))
    found = past(anyone, "urn:ngsi-ld:Thing:%25E7%2581%25AF-7")
    assert [each["value"] for each in found["p_2nd_level__"]] == [2.0, 80.0]
