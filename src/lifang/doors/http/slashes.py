"""Routes whose parameters may hold slashes, written ``%2F`` in the address as RFC 3986, 2.2 has it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.routing import Match
from starlette.types import Scope

from lifang.doors.http.asking import GuardedRoute

_WRITTEN = re.compile(rb"%2f", re.IGNORECASE)
_STAND_IN = "\udc2f"  # is in no address: what is no UTF-8 becomes another character


class SlashedRoute(GuardedRoute):
    """A guarded route whose address is taken apart at its slashes before what is written ``%2F`` becomes one."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the route takes the request, and its parameters with the slashes that were written in them."""
        raw: bytes = scope.get("raw_path") or b""
        if not _WRITTEN.search(raw):
            return super().matches(scope)
        parts = [unquote_to_bytes(part).decode("utf-8", "replace") for part in _WRITTEN.split(raw.partition(b"?")[0])]
        match, found = super().matches({**scope, "path": _STAND_IN.join(parts)})
        told: dict[str, Any] = found.get("path_params", {})
        for name, value in told.items():
            told[name] = value.replace(_STAND_IN, "/") if isinstance(value, str) else value
        return match, found
