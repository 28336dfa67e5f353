"""A route knows its address at once, and what its handler takes when it is first asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lifang.doors.http.asking import LateRoute


async def handler(a: int, b: str = "") -> None: ...


def test_a_route_understands_its_handler_when_it_is_asked() -> None:
    route = LateRoute("/x/{a}", handler, methods=["get"])
    assert (route.path, route.methods) == ("/x/{a}", {"GET"})
    assert "dependant" not in vars(route)
    assert [each.name for each in (*route.dependant.path_params, *route.dependant.query_params)] == ["a", "b"]
    with pytest.raises(AttributeError):
        route.nothing  # noqa: B018 - to look is what is tried


def test_whoever_asks_at_the_same_time_gets_the_same_answer() -> None:
    route = LateRoute("/x/{a}", handler, methods=["GET"])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: route.dependant, range(40)))
    assert all(each is found[0] for each in found)
