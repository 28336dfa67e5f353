"""Whatever a client writes as a filter, an order, a path, a body: an answer or a 4xx with a reason, never a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.conformance.sensorthings.conftest import Service, oven
from tests.unit.doors.conftest import ServingRunner

from lifang.app import lay_out_empty, open_city
from lifang.core import Problem
from lifang.doors.sensorthings.expressions import parse_filter, parse_order
from lifang.doors.sensorthings.options import decode_token, encode_token, read_options
from lifang.doors.sensorthings.paths import parse_path

NOW = datetime(2019, 1, 12, tzinfo=UTC)
KINDS = ("Things", "Datastreams", "Observations", "Locations", "HistoricalLocations", "FeaturesOfInterest", "Sensors")
WORDS = st.sampled_from(
    [
        "name",
        "description",
        "id",
        "@iot.id",
        "result",
        "phenomenonTime",
        "resultTime",
        "Datastreams/name",
        "properties/a/0",
        "time",
        "location",
        "feature",
        "Datastreams/Observations/result",
        "Datastream/Thing/id",
        "Things/Datastreams/phenomenonTime",
        "FeatureOfInterest/feature",
        "unitOfMeasurement/symbol",
        "eq",
        "ne",
        "gt",
        "le",
        "and",
        "or",
        "not",
        "add",
        "div",
        "mod",
        "in",
        "(",
        ")",
        ",",
        "-",
        "'text'",
        "''",
        "1",
        "-2.5e3",
        "null",
        "true",
        "desc",
        "asc",
        "2019-01-12T09:00:00Z",
        "2019-01-12",
        "09:00:00",
        "duration'PT1H'",
        "geography'POINT (1 2)'",
        "geography'x'",
        "length(",
        "year(",
        "round(",
        "substringof(",
        "st_within(",
        "now()",
        "geo.distance(",
        "concat(",
        "Locations/location/coordinates/0",
        "parameters/x",
    ]
)
SENTENCES = st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=12).map(" ".join))
OPTIONS = st.sampled_from(
    ["$filter", "$orderby", "$expand", "$select", "$skiptoken", "$apply", "$resultFormat", "$top"]
)


def refused(read: Callable[[], object]) -> bool:
    """Return whether ``read`` refuses; a refusal says why."""
    try:
        read()
    except Problem as error:
        return bool(error.what)
    return True


@given(text=SENTENCES, kind=st.sampled_from(["Thing", "Observation", "Location"]))
def test_a_filter_is_read_or_refused(text: str, kind: str) -> None:
    assert refused(lambda: parse_filter(text, kind, NOW))
    assert refused(lambda: parse_order(text, kind, NOW))


@given(text=st.text(max_size=60))
def test_a_path_is_read_or_refused(text: str) -> None:
    assert refused(lambda: parse_path(text))


@given(pairs=st.lists(st.tuples(st.one_of(OPTIONS, st.text(max_size=8)), SENTENCES), max_size=4))
def test_options_are_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    assert refused(lambda: read_options(pairs, "Thing", NOW))


@given(after=st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53), st.text(max_size=9)), min_size=1).map(tuple))
def test_where_a_page_ends_comes_back_as_it_was_told(after: tuple[object, ...]) -> None:
    assert decode_token(encode_token(after)) == after


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("filters") / "city"
    lay_out_empty(home, city_id="city", name="City", area_code="")
    with open_city(home) as city, ServingRunner() as runner:
        city.start(time_passes=False)
        made = Service(city, runner)
        made.post("Things", oven())
        yield made


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(collection=st.sampled_from(KINDS), option=OPTIONS, text=SENTENCES)
@example("Observations", "$filter", "result mul 1e308 mul 1e308 gt 1")
@example("Observations", "$filter", "phenomenonTime add duration'P999999D' gt now()")
@example("Things", "$filter", "id eq 99999999999999999999999999")
@example("Things", "$orderby", "properties/a/0 desc,Datastreams/Observations/result")
@example("Things", "$filter", "substring(name, -5, -1) eq ''")
@example(
    "Datastreams",
    "$expand",
    "Observations($filter=Datastream/Thing/name eq 'x';$orderby=result desc;$top=1;$count=true)",
)
def test_any_query_is_answered_or_refused_with_a_reason(
    service: Service, collection: str, option: str, text: str
) -> None:
    answer = service.call("GET", f"{collection}?{option}={quote(text.encode('utf-8', 'replace'))}")
    assert answer.status_code in {200, 400, 404, 413, 501}, (text, answer.text)
    if answer.status_code != 200:
        assert answer.json()["detail"]


STEPS = st.sampled_from(
    ["Things(1)", "Datastreams", "Datastreams(1)", "Observations", "name", "$value", "$ref", "Thing", "(1)", "'"]
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.one_of(st.text(max_size=30), st.lists(STEPS, max_size=5).map("/".join)))
def test_any_path_is_answered_or_refused(service: Service, path: str) -> None:
    answer = service.call("GET", quote(path.encode("utf-8", "replace"), safe="/()'$"))
    assert answer.status_code in {200, 204, 400, 404, 405, 307}, (path, answer.text)


NAMES = [
    "name",
    "description",
    "location",
    "encodingType",
    "@iot.id",
    "Datastreams",
    "Thing",
    "result",
    "phenomenonTime",
    "properties",
    "Locations",
    "Datastream",
    "unitOfMeasurement",
]
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())
KEYS = st.one_of(st.text(max_size=5), st.sampled_from(NAMES))


def nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4))


JSON = st.recursive(PLAIN, nested, max_leaves=12)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(collection=st.sampled_from(KINDS), body=JSON, method=st.sampled_from(["POST", "PATCH", "PUT"]))
def test_any_body_is_taken_or_refused(service: Service, collection: str, body: object, method: str) -> None:
    path = collection if method == "POST" else f"{collection}(1)"
    answer = service.call(method, path, json=body)
    assert answer.status_code in {200, 201, 400, 404}, (body, answer.text)
