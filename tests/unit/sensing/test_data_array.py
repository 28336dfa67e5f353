import orjson
import pytest

from lifang.core import BadInput, TooLarge, parse_instant, to_micros
from lifang.sensing import Quality, decode_data_array

# The example of OGC 18-088, clause on the data array extension.
STANDARD = b"""[
  {"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
   "dataArray@iot.count": 2,
   "dataArray": [["2010-12-23T10:20:00-0700", 20, 1], ["2010-12-23T10:21:00-0700", 30, 1]]},
  {"Datastream": {"@iot.id": 2}, "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
   "dataArray@iot.count": 2,
   "dataArray": [["2010-12-23T10:20:00-0700", 65, 1], ["2010-12-23T10:21:00-0700", 60, 1]]}]"""


def body(*rows: object, components: object = ("phenomenonTime", "result"), **more: object) -> bytes:
    return orjson.dumps([{"Datastream": {"@iot.id": 1}, "components": components, "dataArray": rows, **more}])


def test_the_example_of_the_standard_is_read() -> None:
    found = decode_data_array(STANDARD)
    assert found.references == [1, 2]
    assert found.index.tolist() == [0, 0, 1, 1]
    assert found.value.tolist() == [20.0, 30.0, 65.0, 60.0]
    assert found.time[0] == to_micros(parse_instant("2010-12-23T17:20:00Z"))


def test_components_come_in_any_order_and_groups_may_differ() -> None:
    groups = [
        {
            "Datastream": {"@iot.id": "a.b"},
            "components": ["result", "phenomenonTime"],
            "dataArray": [[1, "2019-01-01T00:00Z"]],
        },
        {
            "Datastream": {"@iot.id": 7},
            "components": ["resultQuality", "phenomenonTime", "result", "resultTime"],
            "dataArray": [
                ["estimated", "2019-01-01T08:00:00.25+08:00", 2.5, None],
                [None, "2019-01-01T00:00:01Z", 3, "x"],
            ],
        },
    ]
    found = decode_data_array(orjson.dumps(groups))
    assert found.references == ["a.b", 7]
    assert found.value.tolist() == [1.0, 2.5, 3.0]
    assert (found.time - found.time[0]).tolist() == [0, 250_000, 1_000_000]
    assert found.quality.tolist() == [Quality.GOOD, Quality.ESTIMATED, Quality.GOOD]


@pytest.mark.parametrize(
    "text", ["2019-01-12T01:00:00Z", "2019-01-12T09:00:00+08:00", "2019-01-12T09:00+0800", "20190112T010000.0000000Z"]
)
def test_every_iso_form_of_one_moment_is_the_same_moment(text: str) -> None:
    assert decode_data_array(body([text, 1])).time[0] == to_micros(parse_instant("2019-01-12T01:00:00Z"))


@pytest.mark.parametrize(
    ("row", "place", "words"),
    [
        (["2019-02-30T00:00:00Z", 1], "[0].dataArray[1][0] (phenomenonTime)", "not a date"),
        (["2019-01-01T00:00:00", 1], "[0].dataArray[1][0] (phenomenonTime)", "no time zone"),
        (["2019-01-01T00:00:00Z/2019-01-01T01:00:00Z", 1], "[0].dataArray[1][0] (phenomenonTime)", "interval"),
        (["0019-01-01T00:00:00Z", 1], "[0].dataArray[1][0] (phenomenonTime)", "years 1900 to 2199"),
        ([1546300800, 1], "[0].dataArray[1][0] (phenomenonTime)", "not a text"),
        (["2019-01-01T00:00:00Z", None], "[0].dataArray[1][1] (result)", "null"),
        (["2019-01-01T00:00:00Z", True], "[0].dataArray[1][1] (result)", "true and false"),
        (["2019-01-01T00:00:00Z", "NaN"], "[0].dataArray[1][1] (result)", "Text"),
        (["2019-01-01T00:00:00Z", [1]], "[0].dataArray[1][1] (result)", "list"),
        (["2019-01-01T00:00:00Z", {}], "[0].dataArray[1][1] (result)", "object"),
        (["2019-01-01T00:00:00Z"], "[0].dataArray[1]", "2 entries"),
        ("2019", "[0].dataArray[1]", "2 entries"),
    ],
)
def test_a_bad_row_is_named_by_group_row_and_entry(row: object, place: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        decode_data_array(body(["2019-01-01T00:00:00Z", 1], row))
    assert caught.value.where == place
    assert "Nothing of this request was stored" in caught.value.mend


def test_the_place_of_a_bad_row_counts_from_its_own_group() -> None:
    good = {"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result"]}
    rows = [["2019-01-01T00:00:00Z", 1]] * 3
    groups = [
        {**good, "dataArray": rows},
        {**good, "dataArray": []},
        {**good, "dataArray": [*rows, ["2019-01-01T00:00:00Z", "x"]]},
    ]
    with pytest.raises(BadInput) as caught:
        decode_data_array(orjson.dumps(groups))
    assert caught.value.where == "[2].dataArray[3][1] (result)"


@pytest.mark.parametrize("mark", [True, "bad", 99, [], {}, 1.5])
def test_an_unknown_quality_is_refused(mark: object) -> None:
    row = ["2019-01-01T00:00:00Z", 1, mark]
    with pytest.raises(BadInput, match="no quality"):
        decode_data_array(body(row, components=["phenomenonTime", "result", "resultQuality"]))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"NaN",
        b"{}",
        b"[]",
        b"[1]",
        b"[null]",
        b"[{}]",
        b"[" * 100_000,
        b'[{"Datastream": 1, "components": [], "dataArray": []}]',
        b'[{"Datastream": {"@iot.id": null}, "components": ["result", "phenomenonTime"], "dataArray": []}]',
        b'[{"Datastream": {"@iot.id": true}, "components": ["result", "phenomenonTime"], "dataArray": []}]',
        b'[{"MultiDatastream": {"@iot.id": 1}, "components": ["result", "phenomenonTime"], "dataArray": []}]',
        b'[{"Datastream": {"@iot.id": 1}, "components": ["result"], "dataArray": []}]',
        b'[{"Datastream": {"@iot.id": 1}, "components": ["result", "result", "phenomenonTime"], "dataArray": []}]',
        b'[{"Datastream": {"@iot.id": 1}, "components": ["result", "phenomenonTime", "id"], "dataArray": []}]',
        b'[{"Datastream": {"@iot.id": 1}, "components": "result", "dataArray": []}]',
        b'[{"Datastream": {"@iot.id": 1}, "components": ["result", "phenomenonTime"], "dataArray": {}}]',
        body(**{"dataArray@iot.count": 3}),
        body(["2019-01-01T00:00Z", 1]).replace(b"1]]", b"1e999]]"),
    ],
)
def test_a_body_of_another_shape_is_refused_with_what_to_send(raw: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        decode_data_array(raw)
    assert caught.value.where
    assert caught.value.mend


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(TooLarge, match="more than 2 observations"):
        decode_data_array(body(*[["2019-01-01T00:00:00Z", 1]] * 3), max_rows=2)


def test_an_empty_group_is_read_as_no_rows() -> None:
    assert len(decode_data_array(body())) == 0
