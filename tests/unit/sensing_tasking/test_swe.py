"""Tasking parameters are SWE Common records; what is none is refused when it is registered."""

from __future__ import annotations

from typing import Any

import pytest

from lifang.core import BadInput
from lifang.sensing.tasking.limits import check_limits
from lifang.sensing.tasking.swe import check_parameters, check_record, outside


def record(**field: Any) -> dict[str, Any]:
    return {"type": "DataRecord", "field": [{"name": "x", **field}]}


def test_the_example_of_the_standard_is_read() -> None:
    """A lamp's status and colour, restated from 17-079r1, clause 8.2.1."""
    told = {
        "type": "DataRecord",
        "field": [
            {"name": "status", "type": "Category", "constraint": {"type": "AllowedTokens", "value": ["on", "off"]}},
            {"name": "color", "type": "Text", "constraint": {"type": "AllowedTokens", "pattern": "#[0-9a-fA-F]{6}"}},
        ],
    }
    fields = check_record(told)
    assert check_parameters(fields, {"status": "on", "color": "#ff8800"}) == {"status": "on", "color": "#ff8800"}
    assert [outside(fields["status"], value) for value in ("on", "dim")] == [False, True]
    assert [outside(fields["color"], value) for value in ("#ff8800", "red")] == [False, True]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"type": "DataRecord"},
        {"type": "DataRecord", "field": []},
        {"type": "DataArray", "field": [{"name": "x", "type": "Count"}]},
        record(type="Tensor"),
        record(type="Quantity", constraint={"interval": [[5, 1]]}),
        record(type="Quantity", constraint={"interval": [["low", "high"]]}),
        record(type="Text", constraint={"pattern": "("}),
        record(type="Text", constraint={"pattern": "a" * 300}),
        {"type": "DataRecord", "field": [{"name": "x", "type": "Count"}, {"name": "x", "type": "Count"}]},
    ],
)
def test_what_is_no_record_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        check_record(told)


def test_intervals_and_values_widen_each_other_and_infinity_is_open() -> None:
    fields = check_record(
        record(type="Quantity", constraint={"type": "AllowedValues", "value": [-1], "interval": [[0, 1], [10, "INF"]]})
    )
    inside = [-1, 0, 0.5, 1, 10, 1e9]
    assert not any(outside(fields["x"], value) for value in inside)
    assert all(outside(fields["x"], value) for value in (-2, 1.5, 9.9))


@pytest.mark.parametrize(
    "limits",
    [
        {"speed": 1},
        {"minimum_interval_s": -1},
        {"steps": {"y": 1}},
        {"rates": {"x": "fast"}},
        {"interlocks": [{"datastream": "a", "must": "about", "value": 1}]},
    ],
)
def test_limits_with_unknown_words_or_numbers_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        check_limits(limits, check_record(record(type="Quantity")), where="here")
