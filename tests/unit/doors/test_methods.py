"""A method that an address does not offer is answered 405 with those it does, at every address."""

from __future__ import annotations

import pytest

from .conftest import House

_FILLED = {"dataset_id": "wells", "reference": "1", "number": "1", "key": "'site-1'"}
_METHODS = {"get", "post", "put", "patch", "delete", "options"}


class _Any(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "x"


def test_every_address_names_its_methods_to_whoever_asks_by_another(house: House) -> None:
    client = house.client()
    checked = 0
    for path, operations in house.app.openapi()["paths"].items():
        offered = {method for method in operations if method in _METHODS}
        for method in sorted(_METHODS - offered):
            answer = client(method.upper(), path.format_map(_Any(_FILLED)))
            assert answer.status_code == 405, (method, path)
            allow = {each.strip().lower() for each in answer.headers["allow"].split(",")}
            assert allow >= offered, (method, path, allow)
            assert method not in allow
            assert answer.json()["status"] == 405
            checked += 1
    assert checked > 200


@pytest.mark.parametrize("path", ["/api/v1/query", "/sta/v1.1/CreateObservations", "/api/v1/backups"])
def test_reading_an_address_that_only_takes_is_not_an_address_that_is_not_there(house: House, path: str) -> None:
    answer = house.client().get(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert house.client().get("/api/v1/nothing").status_code == 404


def test_the_page_answers_reading_only(house: House) -> None:
    answer = house.client().post("/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
