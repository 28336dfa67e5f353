"""One request and its answer, apart from how they travel: alone over HTTP, or inside a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from lifang.core import BadInput
from lifang.doors.sensorthings.paths import Step, parse_path

JSON, PATCHED = "application/json", "application/json-patch+json"
DEPTH_MAX = 60


@dataclass(frozen=True)
class Asked:
    """A request: ``path`` behind the service's ``root``, the pairs of its query, its body."""

    method: str
    path: str
    pairs: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = JSON
    root: str = ""
    accept: str = ""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of its path."""
        return parse_path(self.path)

    @property
    def address(self) -> str:
        """The address asked, without its query."""
        return f"{self.root}/{self.path.strip('/')}"

    def json(self) -> Any:
        """Return the body as JSON; ``BadInput`` if it is none, or too deep."""
        if not self.body:
            raise BadInput("The body is empty.", where="body", mend="Send JSON.")
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise BadInput(
                f"The body is not JSON: {error.msg}.", where=f"character {error.pos}", mend="Send UTF-8 JSON."
            ) from error
        check_depth(found)
        return found


@dataclass(frozen=True)
class Answer:
    """An answer: ``body`` is JSON-able, or bytes of ``media_type``, or nothing."""

    status: int = 200
    body: Any = None
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def check_depth(value: Any) -> None:
    """Raise ``BadInput`` if lists and objects lie too deep in one another."""
    layer, depth = [value], 0
    while layer := [each for each in layer if isinstance(each, dict | list) and each]:
        depth += 1
        if depth > DEPTH_MAX:
            raise BadInput(f"The body is more than {DEPTH_MAX} levels deep.", where="body", mend="Flatten it.")
        inner: list[Any] = []
        for each in layer:
            inner += each.values() if isinstance(each, dict) else each
        layer = inner
