"""The API keeps to its own OpenAPI: requests made from it never break anything, and answers have the shape it says.

Schemathesis is loaded by the test that needs it: it takes as long as the house, and every worker collects this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from tests.unit.doors.conftest import House, build_house

_EXAMPLES = 5
_LEFT_OUT = ["/events", "/api/v1/backups"]  # one never ends, the other writes a file each time


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = build_house(tmp_path_factory.mktemp("openapi"))
    yield built
    built.close()


def _raw(context: object, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def operations(house: House) -> list[Any]:
    import schemathesis

    schemathesis.serializer("application/vnd.apache.arrow.stream", "image/tiff")(_raw)
    schema = schemathesis.openapi.from_dict(house.app.openapi()).exclude(path=_LEFT_OUT)
    return [result.ok() for result in schema.get_all_operations()]


def _send(house: House, role: str, case: Any) -> httpx.Response:
    request = case.as_transport_kwargs(base_url="http://127.0.0.1")
    told = {name: request[name] for name in ("params", "json", "headers", "cookies", "files") if request.get(name)}
    if request.get("data") is not None:
        told["content" if isinstance(request["data"], bytes | str) else "data"] = request["data"]
    if "files" in told:  # what is no text is left as it is
        told["files"] = [(name, _written(part)) for name, part in told["files"]]
    client = house.client(role).http
    prepared = client.build_request(request["method"], request["url"], **told)
    prepared.read()  # a failure shows what was sent
    return house.runner.run(client.send(prepared))


def _written(part: Any) -> Any:
    if isinstance(part, tuple):
        return tuple(map(_written, part))
    return part if part is None or isinstance(part, bytes | str) else str(part)


def test_every_operation_is_described(operations: list[Any]) -> None:
    assert len(operations) > 35


def test_answers_are_never_faults_and_have_the_shape_that_openapi_says(house: House, operations: list[Any]) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    kept = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    for operation in operations:

        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def keeps(case: Any) -> None:
            for role in ("", "administrator"):
                case.validate_response(_send(house, role, case), checks=kept)

        keeps()
