"""``package_search`` and its like: questions in Solr's words over the datasets that the asker may read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lifang.app import Shelf
from lifang.catalogue import Card, Dataset, licence_of, named, offered_formats, provider_name
from lifang.core import NotFound
from lifang.doors.ckan.asked import Asked
from lifang.doors.ckan.envelope import SearchFault
from lifang.doors.ckan.packages import Json, group_of, one_of, organization_of, package, stamp, theme_name
from lifang.doors.ckan.solr import Node, fields_of, parse, words_of
from lifang.doors.http import Asker
from lifang.guard import Classification

ROWS_MAX = 1000
_FACET_LIMIT = 50
_STRUCTURED = re.compile(r'[A-Za-z_]\w*:|\b(AND|OR|NOT)\b|[()\[\]"]|(^|\s)[-+!]\w')
_FACETS = {
    "organization": "Organizations",
    "groups": "Groups",
    "tags": "Tags",
    "res_format": "Formats",
    "license_id": "Licenses",
    "type": "Types",
    "state": "States",
    "classification": "Classifications",
}
_SORTS = frozenset({"score", "relevance", "name", "title", "title_string", "metadata_modified", "metadata_created"})


Field = Callable[[Shelf, Dataset], Sequence[str]]


def _moment(which: int) -> Field:
    def find(shelf: Shelf, dataset: Dataset) -> Sequence[str]:
        pair = shelf.moments.get(dataset.id)
        return [stamp(pair[which]) or ""] if pair else []

    return find


def _formats(_: Shelf, dataset: Dataset) -> Sequence[str]:
    try:
        return [each.upper() for each in offered_formats(dataset.release())]
    except NotFound:
        return []


def _text(_: Shelf, dataset: Dataset) -> Sequence[str]:
    card = dataset.card
    names = (card.id, card.name.zh, card.name.en, card.summary.zh, card.summary.en)
    return [*names, *card.keywords, card.provider.zh, card.provider.en]


def _always(value: str) -> Field:
    return lambda _shelf, _dataset: [value]


def _is_open(card: Card) -> bool:
    return card.classification is Classification.OPEN


_FIELDS: Mapping[str, Field] = {
    "": _text,
    "text": _text,
    "id": lambda _, each: [each.id],
    "name": lambda _, each: [each.id],
    "title": lambda _, each: [each.card.name.zh, each.card.name.en],
    "title_string": lambda _, each: [one_of(each.card.name)],
    "notes": lambda _, each: [each.card.summary.zh, each.card.summary.en],
    "organization": lambda _, each: [provider_name(each.card)],
    "owner_org": lambda _, each: [provider_name(each.card)],
    "author": lambda _, each: [each.card.provider.zh, each.card.provider.en],
    "groups": lambda _, each: [theme_name(each.card.theme)],
    "tags": lambda _, each: each.card.keywords,
    "license_id": lambda _, each: [licence_of(each.card.licence).id],
    "res_format": _formats,
    "type": _always("dataset"),
    "dataset_type": _always("dataset"),
    "state": _always("active"),
    "capacity": lambda _, each: ["public" if _is_open(each.card) else "private"],
    "private": lambda _, each: [str(not _is_open(each.card))],
    "classification": lambda _, each: [each.card.classification.value],
    "metadata_created": _moment(0),
    "metadata_modified": _moment(1),
}


def _values(shelf: Shelf, dataset: Dataset, field: str) -> list[str]:
    return [each for each in _FIELDS[field](shelf, dataset) if each]


def package_search(asker: Asker, asked: Asked) -> Json:
    """Search packages: q, fq, fq_list, sort, rows, start, facet.field, facet.limit, facet.mincount."""
    text, conditions = _question(asked)
    _check_fields(conditions)
    shelf = Shelf(asker, text=text)
    found = [each for each in shelf.datasets if _meets(conditions, shelf, each)]
    found = _sorted(found, asked.text("sort"), shelf)
    start, rows = asked.whole("start", 0, most=10_000_000), asked.whole("rows", 10, most=ROWS_MAX)
    counts = _counts(found, asked, shelf)
    return {
        "count": len(found),
        "sort": asked.text("sort") or "score desc, metadata_modified desc",
        "results": [package(each, asked.root) for each in shelf.tell(found[start : start + rows])],
        "facets": {field: dict(pairs) for field, pairs in counts.items()},
        "search_facets": {field: _facet(field, pairs, found, shelf) for field, pairs in counts.items()},
    }


def _question(asked: Asked) -> tuple[str, list[Node]]:
    """Return the words to look for in the catalogue, and what each package must meet besides."""
    told = [(text, "fq") for text in (asked.text("fq"), *asked.names("fq_list")) if text]
    q = asked.text("q").strip()
    words: list[str] = []
    conditions: list[Node] = []
    if q and _STRUCTURED.search(q.replace("*:*", "")):
        told.append((q, "q"))
    elif q not in {"*:*", "*"}:
        words = [q]
    for text, where in told:
        bare, others = words_of(parse(text, where=where))
        words += bare
        conditions += others
    return " ".join(filter(None, words)), conditions


def _check_fields(conditions: Sequence[Node]) -> None:
    for field in set().union(*map(fields_of, conditions)):
        if field not in _FIELDS:
            mend = f"Known: {', '.join(sorted(filter(None, _FIELDS)))}."
            raise SearchFault(f"There is no field {field[:60]!r}.", where="fq", mend=mend)


def _meets(conditions: Sequence[Node], shelf: Shelf, dataset: Dataset) -> bool:
    return all(each.meets(lambda field: [value.lower() for value in _values(shelf, dataset, field)])
               for each in conditions)  # fmt: skip


def _sorted(found: list[Dataset], sort: str, shelf: Shelf) -> list[Dataset]:
    """Return the datasets by ``sort`` (``field asc|desc``, between commas); as found for ``score``."""
    for part in reversed([each.split() for each in sort.split(",") if each.strip()]):
        field, way = part[0].lower(), (part[1].lower() if len(part) > 1 else "asc")
        if field not in _SORTS or way not in {"asc", "desc"} or len(part) > 2:
            mend = f"Write `field asc` or `field desc`; fields: {', '.join(sorted(_SORTS))}."
            raise SearchFault(f"{' '.join(part)[:60]!r} is no order.", where="sort", mend=mend)
        if field not in {"score", "relevance"}:
            name = "title_string" if field == "title" else field
            found = sorted(found, key=lambda each: _values(shelf, each, name)[:1], reverse=way == "desc")
    return found


def _counts(found: list[Dataset], asked: Asked, shelf: Shelf) -> dict[str, list[tuple[str, int]]]:
    """Return how often each value of the facets asked for occurs, the commonest first."""
    limit, least = asked.whole("facet.limit", _FACET_LIMIT, most=10_000), asked.whole("facet.mincount", 1, most=10**9)
    counts = {}
    for field in asked.names("facet.field"):
        if field not in _FACETS:
            mend = f"Known: {', '.join(sorted(_FACETS))}."
            raise SearchFault(f"There is no facet {field[:60]!r}.", where="facet.field", mend=mend)
        counter = Counter(value for each in found for value in _values(shelf, each, field))
        pairs = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
        counts[field] = [pair for pair in pairs if pair[1] >= least][: limit or None]
    return counts


def _facet(field: str, pairs: list[tuple[str, int]], found: list[Dataset], shelf: Shelf) -> Json:
    names = _names(field, found, shelf)
    items = [{"name": value, "display_name": names.get(value, value), "count": count} for value, count in pairs]
    return {"title": _FACETS[field], "items": items}


def _names(field: str, found: list[Dataset], shelf: Shelf) -> dict[str, str]:
    """Return how the values of a facet are called by people."""
    told: list[Any] = []
    if field == "organization":
        told = [organization_of(each.card) for each in found]
    elif field == "groups":
        told = [group_of(theme, named(shelf.themes, theme or "other")) for theme in {each.card.theme for each in found}]
    elif field == "license_id":
        licences = {each.card.licence: licence_of(each.card.licence) for each in found}.values()
        return {each.id: one_of(each.name) for each in licences}
    return {each["name"]: each["title"] for each in told if each}
