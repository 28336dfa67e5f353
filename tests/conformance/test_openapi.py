"""The API keeps to its own OpenAPI: requests made from it never break anything, and answers have the shape it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.unit.doors.conftest import House, build_house

_EXAMPLES = 5
_LEFT_OUT = ["/events", "/api/v1/backups"]  # one never ends, the other writes a file each time
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@schemathesis.serializer("application/vnd.apache.arrow.stream")
def _raw(context: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = build_house(tmp_path_factory.mktemp("openapi"))
    yield built
    built.close()


def _operations(house: House) -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(house.app.openapi()).exclude(path=_LEFT_OUT)
    for result in schema.get_all_operations():
        yield result.ok()


def _send(house: House, role: str, case: schemathesis.Case) -> httpx.Response:
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


def test_every_operation_is_described(house: House) -> None:
    assert len(list(_operations(house))) > 35


def test_answers_are_never_faults_and_have_the_shape_that_openapi_says(house: House) -> None:
    for operation in _operations(house):

        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def keeps(case: schemathesis.Case) -> None:
            for role in ("", "administrator"):
                case.validate_response(_send(house, role, case), checks=_CHECKS)

        keeps()
