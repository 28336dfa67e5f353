"""The route that finds datasets: by words, facets, place and time, with counts to narrow them by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import StringConstraints
from starlette.responses import Response

from lifang.catalogue import (
    BASES,
    CYCLES,
    EXISTING,
    IN_USE,
    OPENING,
    RESOURCE_CLASSES,
    SHARING,
    Bilingual,
    LifeState,
    Search,
    named,
    provider_of,
)
from lifang.core import Box
from lifang.doors.api.bodies.catalogue import DatasetPage, Facet
from lifang.doors.api.dataset_view import listed_item, name_of
from lifang.doors.api.listing import After, Limit, RecordedMoment, moment
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, decode_cursor, encode_cursor
from lifang.guard import Action, Resource

Reads = Annotated[Asker, asking(Action.READ, Resource("dataset"))]
Several = Annotated[
    list[Annotated[str, StringConstraints(max_length=200)]] | None,
    Query(max_length=50, description="May be repeated: one of them is enough."),
]
Time = Annotated[str | None, Query(max_length=64, description="2026, 2026-01, 2026-01-31, or a moment of ISO 8601.")]
Sort = Literal["relevance", "updated", "-updated", "title", "-title", "title_en", "-title_en", "id", "-id"]
_GRADES = {
    "open": Bilingual("开放", "open"),
    "shared": Bilingual("共享", "shared"),
    "restricted": Bilingual("受限", "restricted"),
}
_FORMATS = {"csv": Bilingual("表格 CSV", "CSV table"), "xlsx": Bilingual("工作簿 XLSX", "XLSX workbook")}
_TABLES: Mapping[str, Mapping[str, Bilingual]] = {
    "base": BASES,
    "kind": RESOURCE_CLASSES,
    "sharing": SHARING,
    "opening": OPENING,
    "update_cycle": CYCLES,
    "classification": _GRADES,
    "format": _FORMATS,
}


def router() -> APIRouter:
    """Return the route that finds datasets."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["datasets"], responses=PROBLEMS)
    routes.add_api_route("/datasets", every, response_model=DatasetPage)
    return routes


def asked(
    q: Annotated[str, Query(max_length=200, description="Words to look for, Chinese or English.")] = "",
    theme: Several = None,
    base: Several = None,
    kind: Several = None,
    form: Annotated[Several, Query(alias="format")] = None,
    classification: Several = None,
    provider: Several = None,
    sharing: Several = None,
    opening: Several = None,
    tag: Several = None,
    update_cycle: Several = None,
    bbox: Annotated[str | None, Query(max_length=200, description="west,south,east,north in degrees.")] = None,
    start: Time = None,
    end: Time = None,
    state: Annotated[Literal["draft", "review", "published", "deprecated", "archived", "any"] | None, Query()] = None,
    sort: Sort = "relevance",
) -> Search:
    """Return the question written in an address."""
    chosen = {
        "theme": theme,
        "base": base,
        "kind": kind,
        "format": form,
        "classification": classification,
        "provider": provider,
        "sharing": sharing,
        "opening": opening,
        "tag": tag,
        "update_cycle": update_cycle,
    }
    return Search(
        q,
        {name: tuple(values) for name, values in chosen.items() if values},
        box=Box.parse(bbox) if bbox else None,
        start=start or "",
        end=end or "",
        states={None: IN_USE, "any": EXISTING}.get(state) or frozenset({LifeState(str(state))}),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
    )


def every(
    request: Request,
    asker: Reads,
    search: Annotated[Search, Depends(asked)],
    at: RecordedMoment = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List the datasets the asker may know of, with counts to narrow them by.

    Every word of `q` must stand in a dataset's texts; an English word may go on, or stand in another form. A facet that
    is chosen narrows the others' counts, not its own. `bbox` touches the place, `start` and `end` the time that a
    dataset covers. Where nothing is found, `did_you_mean` tells what may have been meant.

    Those that are published or deprecated, or in the `state` asked for; drafts are there for those who prepare data.
    Of restricted ones, those who could read them for a stated purpose learn the name, theme, provider and
    classification, and `needs: purpose`; the purpose is stated in X-Lifang-Purpose. With `at` those that had a
    release by then, with that release.
    """
    begin = max(0, (decode_cursor("datasets", after, int) or (0,))[0])
    question = search.as_of(moment(at))
    page = asker.datasets(question, offset=begin, limit=limit)
    body = DatasetPage(
        items=[listed_item(listed, asker.city.catalogue.themes) for listed in page],
        next=encode_cursor("datasets", begin + limit) if page.more else None,
        total=page.total,
        facets=_facets(asker, question),
        did_you_mean=asker.suggestion(question) if not page.total and question.text.strip() else None,
    )
    return answer(request, body)


def _facets(asker: Asker, search: Search) -> dict[str, list[Facet]]:
    tables = {**_TABLES, "theme": asker.city.catalogue.themes}
    return {
        facet: [_facet(facet, value, count, tables) for value, count in counts]
        for facet, counts in asker.facets(search).items()
    }


def _facet(facet: str, value: str, count: int, tables: Mapping[str, Mapping[str, Bilingual]]) -> Facet:
    if facet == "provider":
        both = provider_of(value)
        return Facet(value=both.zh or both.en, name=name_of(both), count=count)
    return Facet(value=value, name=name_of(named(tables.get(facet, {}), value)), count=count)
