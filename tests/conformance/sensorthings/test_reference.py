"""The reference of SensorThings says what happens: its examples are run in order on an empty city."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.conformance.sensorthings.conftest import Service

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "sensorthings.md").read_text("utf-8")
EXAMPLES = re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.splitlines()[0][:60])
def test_an_example_is_answered_as_the_page_says(service: Service, example: str) -> None:
    first, *lines = example.strip().splitlines()
    method, path = first.split(" ", 1)
    kind = "application/json"
    if lines[0].startswith("Content-Type: "):
        kind = lines.pop(0).removeprefix("Content-Type: ")
    status, _, wanted = lines.pop().partition(" ")
    url = f"http://127.0.0.1{path}" if path.startswith("/") else path
    body = "\n".join(lines).encode()
    answer = service.call(method, url, content=body or None, headers={"Content-Type": kind})
    assert answer.status_code == int(status), answer.text
    assert wanted in answer.text


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 15
