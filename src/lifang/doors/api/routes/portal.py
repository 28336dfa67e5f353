"""Routes of what goes with a dataset: data dictionary, data sheet, citation, code that reads it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.app import OpenDataset, SharingDesk
from lifang.catalogue import (
    Bilingual,
    Citation,
    Cited,
    Entry,
    Release,
    Sheet,
    cite,
    data_sheet,
    dictionary_of,
    standard_of,
)
from lifang.doors.api.bodies.catalogue import (
    CitationBody,
    CodeBody,
    DictionaryBody,
    DictionaryColumn,
    SnippetBody,
    SnippetsBody,
    Term,
)
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.sharing import DatasetUseBody, DayOfUseBody
from lifang.doors.api.snippets import snippets_of
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking
from lifang.guard import Action, Classification, Resource

ReadsOne = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]
Number = Annotated[int | None, Query(alias="release", ge=1, le=2**31 - 1, description="A release; the newest if not.")]
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"description": "The data sheet as PDF.", "content": {"application/pdf": {"schema": {"type": "string"}}}}
}


def router() -> APIRouter:
    """Return the routes of what goes with a dataset."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["datasets"], responses=PROBLEMS)
    routes.add_api_route("/datasets/{dataset_id}/dictionary", dictionary, response_model=DictionaryBody)
    routes.add_api_route("/datasets/{dataset_id}/snippets", snippets, response_model=SnippetsBody)
    routes.add_api_route("/datasets/{dataset_id}/citation", citation, response_model=CitationBody)
    routes.add_api_route("/datasets/{dataset_id}/usage", usage, response_model=DatasetUseBody)
    routes.add_api_route("/datasets/{dataset_id}/sheet", sheet, response_class=Response, responses=_PDF)
    return routes


def dictionary(dataset_id: str, request: Request, asker: ReadsOne, number: Number = None) -> Response:
    """Give a dataset's data dictionary: each column's names, type, unit, rules, figures and codes."""
    dataset = asker.dataset(dataset_id)
    release = _release(dataset, number)
    columns = [_column(each) for each in _entries(asker, dataset, release)]
    body = DictionaryBody(dataset=dataset.id, release=release.number if release else None, columns=columns)
    return answer(request, body)


def snippets(dataset_id: str, request: Request, asker: ReadsOne) -> Response:
    """Give code that reads a dataset, in curl, Python, R and JavaScript."""
    dataset = asker.dataset(dataset_id)
    release = _release(dataset, None)
    is_open = dataset.card.classification is Classification.OPEN
    has_geometry = bool(release and release.has_geometry)
    found = snippets_of(_root(request), dataset.id, is_open=is_open, has_geometry=has_geometry)
    items = [SnippetBody(language=each.language, title=Name(zh=each.zh, en=each.en), code=each.code) for each in found]
    return answer(request, SnippetsBody(items=items))


def citation(dataset_id: str, request: Request, asker: ReadsOne, number: Number = None) -> Response:
    """Say how a dataset is cited: as text (GB/T 7714-2015, APA), as BibTeX, as DataCite metadata."""
    dataset = asker.dataset(dataset_id)
    told = _cited(request, asker, dataset, _release(dataset, number))
    return answer(request, CitationBody(text=Name(zh=told.zh, en=told.en), bibtex=told.bibtex, datacite=told.datacite))


def usage(
    dataset_id: str, request: Request, asker: ReadsOne, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> Response:
    """Tell how often a dataset was read, downloaded and queried in the last days, by all together."""
    found = SharingDesk(asker).used(asker.dataset(dataset_id), days=days)
    items = [DayOfUseBody.model_validate(vars(each)) for each in found]
    return answer(request, DatasetUseBody(dataset=dataset_id, days=days, items=items))


def sheet(dataset_id: str, request: Request, asker: ReadsOne, number: Number = None) -> Response:
    """Give a dataset's data sheet as PDF: metadata, dictionary, quality, licence and citation."""
    dataset = asker.dataset(dataset_id)
    release = _release(dataset, number)
    told = Sheet(
        dataset.card,
        release,
        dataset.metadata_of(release),
        _entries(asker, dataset, release),
        _cited(request, asker, dataset, release),
    )
    name = f"{dataset.id}-{release.number}" if release else dataset.id
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return Response(data_sheet(told), media_type="application/pdf", headers=headers)


def _release(dataset: OpenDataset, number: int | None) -> Release | None:
    if number is not None:
        return dataset.release(number)
    return next(iter(dataset.releases()), None)


def _entries(asker: Asker, dataset: OpenDataset, release: Release | None) -> list[Entry]:
    return dictionary_of(dataset.card, release, standard_of(asker.city.catalogue.standards, dataset.card))


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _cited(request: Request, asker: Asker, dataset: OpenDataset, release: Release | None) -> Citation:
    city = asker.city.settings
    told = Cited(
        dataset.card,
        release,
        dataset.extent_of(release),
        Bilingual(city.name_zh, city.name_en),
        f"{_root(request)}/?room=data&dataset={dataset.id}",
        asker.city.clock.now().date(),
    )
    return cite(told)


def _column(entry: Entry) -> DictionaryColumn:
    listed = Term(id=entry.code_list, zh=entry.code_list_zh, en=entry.code_list_en) if entry.code_list else None
    return DictionaryColumn(
        name=entry.name,
        title=Name(zh=entry.zh, en=entry.en),
        definition=Name(zh=entry.definition_zh, en=entry.definition_en),
        clause=entry.clause or None,
        type=entry.type,
        unit=entry.unit or None,
        key=entry.is_key,
        required=entry.required,
        unique=entry.unique,
        pattern=entry.pattern or None,
        minimum=entry.minimum,
        maximum=entry.maximum,
        complete=entry.complete,
        distinct=entry.distinct,
        found_minimum=entry.found_minimum,
        found_maximum=entry.found_maximum,
        code_list=listed,
        codes=[CodeBody(code=each.code, name=Name(zh=each.zh, en=each.en)) for each in entry.codes],
        codes_total=entry.codes_total,
    )
