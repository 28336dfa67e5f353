"""The route that tells two releases of a dataset apart."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.core import BadInput
from lifang.doors.api.bodies.catalogue import ColumnChangeBody, DifferenceBody
from lifang.doors.api.listing import After, Limit
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, asking, decode_cursor, encode_cursor, json_answer
from lifang.guard import Action, Resource

ReadsOne = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]
_KINDS = ("added", "removed", "changed")
_KIND = "diff"


def router() -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["datasets"], responses=PROBLEMS)
    routes.add_api_route(
        "/datasets/{dataset_id}/diff", diff, response_model=DifferenceBody, summary="What makes one release of another"
    )
    return routes


def diff(
    dataset_id: str,
    request: Request,
    asker: ReadsOne,
    old: Annotated[int | None, Query(alias="from", ge=1, le=2**31 - 1, description="The older release.")] = None,
    new: Annotated[int | None, Query(alias="to", ge=1, le=2**31 - 1, description="The newer release.")] = None,
    change: Annotated[Literal["added", "removed", "changed"] | None, Query(description="Only these rows.")] = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """Tell how a release differs from another: columns, counts, and by the card's key the rows and cells.

    The newest and the one before it, if not told. Where no key names each row once, rows are added and removed only.
    """
    cursor = decode_cursor(_KIND, after, int, int, int, str)
    if cursor and cursor[3] != (change or ""):
        raise BadInput("This cursor belongs to another question.", where="after", mend="Keep the other parameters.")
    if cursor:
        old, new = cursor[0], cursor[1]
    found = asker.dataset(dataset_id).comparison(old, new)
    offset = max(0, cursor[2]) if cursor else 0
    rows = found.rows(kinds=[change] if change else _KINDS, limit=limit + 1, offset=offset)
    following = None
    if len(rows) > limit:
        following = encode_cursor(_KIND, found.old.number, found.new.number, offset + limit, change or "")
    tally = found.tally()
    body: dict[str, Any] = {
        "dataset": dataset_id,
        "from": found.old.number,
        "to": found.new.number,
        "key": list(found.key),
        "columns": [ColumnChangeBody.model_validate(vars(each)).model_dump() for each in found.columns],
        "rows": {"from": found.old.rows, "to": found.new.rows},
        "added": tally.added,
        "removed": tally.removed,
        "changed": tally.changed,
        "same": tally.same,
        "cells": tally.cells,
        "items": rows[:limit],
        "next": following,
    }
    return json_answer(request, body)
