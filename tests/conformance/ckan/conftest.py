"""A small city that is really served, and ckanapi calling it: as a visitor, an analyst and a data officer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import ckanapi
import pytest
from tests.unit.doors.conftest import build_house
from tests.victims import Doors, Victim, serve_city

Calls = Callable[..., ckanapi.RemoteCKAN]


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Doors, dict[str, str]]]:
    """Where the city is served, and a token per role."""
    folder = tmp_path_factory.mktemp("ckan")
    house = build_house(folder)
    house.close()
    with Victim(serve_city, folder / "city") as victim:
        yield victim.hear(), house.tokens


@pytest.fixture(scope="package")
def ckan(served: tuple[Doors, dict[str, str]]) -> Calls:
    """Return CKAN's own client for a role; nobody known without one."""
    doors, tokens = served

    def call(role: str = "", **more: object) -> ckanapi.RemoteCKAN:
        return ckanapi.RemoteCKAN(doors.url, apikey=tokens[role] if role else None, **more)

    return call
