"""Which representation is asked for, by ``f`` or by ``Accept``; what is not made here is refused with 406."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response

from lifang.core import BadInput, NotFound
from lifang.doors.http import GuardedRoute, problem_response


class NotAcceptable(BadInput):
    """A representation that is not made here."""


class Missing(NotFound):
    """Something that is not there, told by the name that a standard has for it (18-062r2, table 5)."""

    def __init__(self, what: str, *, mend: str, kind: str) -> None:
        super().__init__(what, mend=mend)
        self.kind = f"http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/{kind}"


class OgcRoute(GuardedRoute):
    """A guarded route that answers 406 to a wish for what is not made here, and names what the standards name."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with these problems turned into answers."""
        handle = super().get_route_handler()

        async def telling(request: Request) -> Response:
            try:
                return await handle(request)
            except NotAcceptable as problem:
                return problem_response(406, problem.what, where=problem.where, mend=problem.mend)
            except Missing as problem:
                return problem_response(404, problem.what, mend=problem.mend, kind=problem.kind)

        return telling


def media_of(request: Request, offered: Mapping[str, str]) -> str:
    """Return the media type asked for among ``offered`` (by their short names), the first where any will do."""
    first = next(iter(offered.values()))
    if (short := request.query_params.get("f")) is not None:
        if short not in offered:
            mend = f"Ask for f={' or f='.join(offered)}."
            raise NotAcceptable(f"{short[:40]!r} is not made here.", where="f", mend=mend)
        return offered[short]
    accepted = request.headers.get("accept", "*/*")
    ranked = sorted(_ranges(accepted), key=lambda each: -each[1])
    for kind, weight in ranked:
        if weight <= 0:
            continue
        if kind in {"*/*", "application/*", ""}:
            return first
        for media in offered.values():
            if kind == media.partition(";")[0]:
                return media
    raise NotAcceptable(
        f"{accepted[:100]!r} is not made here.", where="header Accept", mend=f"Accept {' or '.join(offered.values())}."
    )


def _ranges(accepted: str) -> list[tuple[str, float]]:
    found = []
    for part in accepted.split(","):
        kind, *parameters = (each.strip() for each in part.split(";"))
        weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            found.append((kind.lower(), float(weight)))
        except ValueError:
            found.append((kind.lower(), 1.0))
    return found
