"""The signpost leads every request to the route that a search through all of them would find."""

from __future__ import annotations

import pytest
from starlette.routing import Match
from starlette.types import Scope

from lifang.doors.http import Signpost

from .conftest import House

_ODD = ("/", "/api", "/api/v1", "/api/v1/", "/ogc/collections/a/items/b/c", "/nothing/of/this/kind", "//api/v1", "/sta")


def _scope(method: str, path: str) -> Scope:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_it_finds_the_route_that_comes_first_in_a_search_through_all(house: House, method: str) -> None:
    signpost, *routes = house.app.router.routes
    assert isinstance(signpost, Signpost)
    led = 0
    for path in (*_ODD, *(getattr(route, "path", "/").replace("{", "").replace("}", "") for route in routes)):
        scope = _scope(method, path)
        expected = next((each for each in routes if each.matches(scope)[0] is Match.FULL), None)
        match, found = signpost.matches(scope)
        assert (match is Match.FULL, found.get("route")) == (expected is not None, expected), path
        led += expected is not None
    assert led > 20
