"""A small city that is really served, and ckanapi calling it: as a visitor, an analyst and a data officer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import ckanapi
import pytest
from tests.unit.doors.conftest import build_house
from tests.victims import Doors, Victim, serve_city

Calls = Callable[..., ckanapi.RemoteCKAN]


Served = tuple[Doors, dict[str, str]]


def serving(folder: Path) -> Iterator[Served]:
    """Serve a new city: yield where, and a token per role."""
    house = build_house(folder)
    house.close()
    with Victim(serve_city, folder / "city") as victim:
        yield victim.hear(), house.tokens


def caller(served: Served) -> Calls:
    """Return CKAN's own client for a role; nobody known without one."""
    doors, tokens = served

    def call(role: str = "", **more: object) -> ckanapi.RemoteCKAN:
        return ckanapi.RemoteCKAN(doors.url, apikey=tokens[role] if role else None, **more)

    return call


@pytest.fixture(scope="package")
def ckan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """A city that is only read."""
    for served in serving(tmp_path_factory.mktemp("ckan")):
        yield caller(served)
