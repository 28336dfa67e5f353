"""What is not there is answered with where to look, and there is something there."""

from __future__ import annotations

import re

import pytest

from .conftest import House

_NAMED = (
    "datasets/none", "datastreams/none", "indicators/none", "scenes/none", "alerts/none", "commands/none",
    "actuators/none", "network/devices/none", "network/links/none", "twin/objects/none", "exchange/feeds/none",
    "exchange/deliveries/none", "sharing/agreements/none",
)  # fmt: skip


@pytest.mark.parametrize("path", _NAMED)
def test_the_list_that_a_hint_names_is_there(house: House, path: str) -> None:
    client = house.client("administrator")
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 404, answer.text
    (listed,) = re.findall(r"GET (/[^ ]+?)\.?$", answer.json()["mend"])
    assert client.get(listed).status_code == 200, listed
