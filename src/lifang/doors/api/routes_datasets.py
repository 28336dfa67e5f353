"""Routes of the catalogue: find datasets, look at one, its refused rows, where it comes from."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.catalogue import THEMES, Bilingual, Dataset, Release, named
from lifang.core import format_instant
from lifang.doors.api.listing import After, Limit
from lifang.doors.api.models import Name
from lifang.doors.api.models_catalogue import (
    Column,
    DatasetBody,
    DatasetPage,
    DatasetSummary,
    Facet,
    LineageBody,
    LineageEdge,
    LineageNode,
    MetadataElement,
    RefusedPage,
    RefusedRow,
    ReleaseBody,
    Theme,
)
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, decode_cursor, encode_cursor
from lifang.guard import Action, Resource, strictest

Reads = Annotated[Asker, asking(Action.READ, Resource("dataset"))]
ReadsOne = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]
Filter = Annotated[str | None, Query(max_length=200)]
_GRADES = {
    "open": Bilingual("开放", "open"),
    "shared": Bilingual("共享", "shared"),
    "restricted": Bilingual("受限", "restricted"),
}
_FORMATS = {"csv": Bilingual("表格 CSV", "CSV table"), "xlsx": Bilingual("工作簿 XLSX", "XLSX workbook")}


def dataset_resource(dataset: Dataset) -> Resource:
    """Return the dataset as the guard knows it."""
    return Resource("dataset", dataset.id, dataset.card.classification)


def release_resource(dataset: Dataset, release: Release) -> Resource:
    """Return a release as the guard knows it: by the stricter of the dataset's classification now and its own."""
    stricter = strictest(dataset.card.classification, release.classification)
    return Resource("release", release.id, stricter)


def visible_release(asker: Asker, dataset: Dataset, release: Release) -> Release:
    """Return the release if the asker may read it, else ``NotFound``; the reading is recorded if it is not open."""
    return asker.see("release", release.id, lambda: release, lambda found: release_resource(dataset, found))


def visible_dataset(asker: Asker, dataset_id: str) -> Dataset:
    """Return a dataset that the asker may read, or ``NotFound``; the reading is recorded if it is not open."""
    return asker.see("dataset", dataset_id, lambda: asker.city.catalogue.dataset(dataset_id), dataset_resource)


def _name(text: Bilingual) -> Name:
    return Name(zh=text.zh, en=text.en)


def _summary(dataset: Dataset, newest: Release | None) -> DatasetSummary:
    card, theme = dataset.card, dataset.card.theme or "other"
    both = named(THEMES, theme)
    return DatasetSummary(
        id=dataset.id,
        name=_name(card.name),
        summary=_name(card.summary),
        theme=Theme(id=theme, zh=both.zh, en=both.en),
        format=newest.format if newest else card.format,
        provider=_name(card.provider),
        licence=card.licence,
        classification=card.classification.value,
        rows=newest.rows if newest else 0,
        refused=newest.refused if newest else 0,
        updated=format_instant(newest.recorded) if newest else None,
        release=newest.number if newest else None,
        geometry=newest.has_geometry if newest else False,
        quality_score=newest.rows / (newest.rows + newest.refused) if newest and newest.rows else None,
    )


def _newest(dataset: Dataset) -> Release | None:
    return next(iter(dataset.releases()), None)


def _column(column: Any, required: frozenset[str]) -> Column:
    return Column(
        name=column["name"],
        title=Name(zh=column.get("zh") or "", en=column.get("en") or ""),
        type=column["type"],
        unit=column.get("unit") or None,
        code_list=column.get("code_list") or None,
        required=column["name"] in required,
    )


def _quality(release: Release) -> dict[str, Any]:
    report = release.quality
    return {
        "rows": report.rows,
        "admitted": report.admitted,
        "refused": report.refused,
        "bad_cells": report.bad_cells,
        "completeness": {column.name: column.complete for column in report.columns},
        "columns": [vars(column) for column in report.columns],
        "rules": [
            {"rule": hit.rule, "column": hit.column, "count": hit.count, "example": next(iter(hit.examples), None)}
            for hit in report.hits
        ],
        "notes": list(report.notes),
    }


def _body(asker: Asker, dataset: Dataset) -> DatasetBody:
    releases = [each for each in dataset.releases() if asker.may(Action.READ, release_resource(dataset, each))]
    newest = releases[0] if releases else None
    card = dataset.card
    required = frozenset(each.name for each in card.columns if each.required) | frozenset(card.key)
    return DatasetBody(
        **_summary(dataset, newest).model_dump(),
        metadata=[MetadataElement(**element) for element in dataset.metadata()],
        columns=[_column(column, required) for column in (newest.columns if newest else ())],
        releases=[ReleaseBody.model_validate(release.as_json()) for release in releases],
        quality=_quality(newest) if newest else {},
        attribution=_name(card.attribution),
        source=card.source_url or card.source_text,
    )


def _facets(asker: Asker, text: str) -> dict[str, list[Facet]]:
    found: dict[str, list[Facet]] = {}
    tables = {"theme": THEMES, "classification": _GRADES, "format": _FORMATS}
    for kind, counts in asker.city.catalogue.facets(text=text, subject=asker.subject).items():
        both = [(value, named(tables.get(kind, {}), value), count) for value, count in counts]
        found[kind] = [Facet(value=value, name=_name(name), count=count) for value, name, count in both]
    providers = Counter(each.card.provider for each in asker.city.catalogue.datasets(text=text, subject=asker.subject))
    found["provider"] = [
        Facet(value=provider.zh or provider.en, name=_name(provider), count=count)
        for provider, count in providers.most_common()
        if provider.zh or provider.en
    ]
    return found


def router() -> APIRouter:
    """Return the routes that find and show datasets."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["datasets"], responses=PROBLEMS)
    routes.add_api_route("/datasets", every, response_model=DatasetPage)
    routes.add_api_route("/datasets/{dataset_id}", one, response_model=DatasetBody)
    routes.add_api_route("/datasets/{dataset_id}/refused", refused, response_model=RefusedPage)
    routes.add_api_route("/datasets/{dataset_id}/lineage", lineage, response_model=LineageBody)
    return routes


def every(
    request: Request,
    asker: Reads,
    q: Annotated[str, Query(max_length=200, description="Words to look for, Chinese or English.")] = "",
    theme: Filter = None,
    form: Annotated[str | None, Query(alias="format", max_length=200)] = None,
    classification: Filter = None,
    provider: Filter = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List the datasets the asker may read, with counts to narrow them by."""
    start = max(0, (decode_cursor("datasets", after, int) or (0,))[0])
    found = asker.city.catalogue.datasets(
        text=q, theme=theme, format=form, classification=classification, subject=asker.subject
    )
    if provider:
        found = [each for each in found if provider in {each.card.provider.zh, each.card.provider.en}]
    page = found[start : start + limit]
    asker.seen(*map(dataset_resource, page), action="list")
    following = encode_cursor("datasets", start + limit) if len(found) > start + limit else None
    items = [_summary(dataset, _newest(dataset)) for dataset in page]
    return answer(request, DatasetPage(items=items, next=following, facets=_facets(asker, q)))


def one(dataset_id: str, request: Request, asker: ReadsOne) -> Response:
    """Give a dataset in full: metadata by GB/T 21063, columns, releases, quality."""
    return answer(request, _body(asker, visible_dataset(asker, dataset_id)))


def refused(dataset_id: str, request: Request, asker: ReadsOne, after: After = None, limit: Limit = 100) -> Response:
    """List what was not admitted, with row, column, value, the rule and how to mend it."""
    key = decode_cursor("refused", after, int, int)
    dataset = visible_dataset(asker, dataset_id)
    number = visible_release(asker, dataset, dataset.release(key[0] if key else None)).number
    offset = max(0, key[1]) if key else 0
    table = dataset.refused(number).select(limit=limit + 1, offset=offset)
    names = ("row", "column", "value", "rule", "mend")
    rows = [RefusedRow(**{name: row[name] for name in names}) for row in table.slice(0, limit).to_pylist()]
    following = encode_cursor("refused", number, offset + limit) if len(table) > limit else None
    return answer(request, RefusedPage(items=rows, next=following))


def lineage(dataset_id: str, request: Request, asker: ReadsOne) -> Response:
    """Say where a dataset comes from and what is made from it."""
    dataset = visible_dataset(asker, dataset_id)
    links = [link for link in dataset.lineage() if _shown(asker, link.source) and _shown(asker, link.target)]
    ends = dict.fromkeys([f"dataset:{dataset_id}", *(end for link in links for end in (link.source, link.target))])
    edges = [
        LineageEdge(
            source=link.source, target=link.target, activity=link.activity, recorded=format_instant(link.recorded)
        )
        for link in links
    ]
    return answer(request, LineageBody(nodes=[_node(asker, end) for end in ends], edges=edges))


def _shown(asker: Asker, end: str) -> bool:
    """Return whether the asker may know of the end of a link: a dataset, or a release of one, may be hidden."""
    kind, _, name = end.partition(":")
    if kind not in {"dataset", "release"}:
        return True
    dataset_id, _, number = name.partition("@")
    try:
        dataset = asker.city.catalogue.dataset(dataset_id)
        resource = release_resource(dataset, dataset.release(int(number))) if number else dataset_resource(dataset)
    except LookupError:
        return False
    return asker.may(Action.READ, resource)


def _node(asker: Asker, end: str) -> LineageNode:
    kind, _, name = end.partition(":")
    city = asker.city
    if kind == "dataset":
        return LineageNode(id=end, kind=kind, name=_name(city.catalogue.dataset(name).card.name))
    if kind == "indicator":
        spec = city.indicators.spec(name)
        return LineageNode(id=end, kind=kind, name=Name(zh=spec.zh, en=spec.en))
    return LineageNode(id=end, kind=kind, name=None)
