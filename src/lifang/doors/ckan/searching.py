"""``package_search``: questions in Solr's words over the datasets that the asker may read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from lifang.app import Shelf
from lifang.catalogue import Search, licence_of, named, office_of, theme_name
from lifang.doors.ckan.asked import Asked
from lifang.doors.ckan.clauses import OPEN, clause_of
from lifang.doors.ckan.envelope import SearchFault
from lifang.doors.ckan.lists import VALUES_MAX
from lifang.doors.ckan.packages import Json, one_of, package
from lifang.doors.ckan.solr import parse, words_of
from lifang.doors.http import Asker
from lifang.store import Clause

ROWS_MAX = 1000
_FACET_LIMIT = 50
_STRUCTURED = re.compile(r'[A-Za-z_]\w*:|\b(AND|OR|NOT)\b|[()\[\]"]|(^|\s)[-+!]\w')
_SORTS = {
    "score": "relevance",
    "relevance": "relevance",
    "name": "id",
    "title": "title",
    "title_string": "title",
    "metadata_modified": "updated",
    "metadata_created": "created",
}
Told = tuple[str, str, int]  # a value of a facet, what people call it, how many packages have it


def package_search(asker: Asker, asked: Asked) -> Json:
    """Search packages: q, fq, fq_list, sort, rows, start, fl, include_private, facet.field (.limit, .mincount).

    Those that are not open are found by whoever may read them, with include_private.
    """
    text, conditions = _question(asked)
    if not asked.truth("include_private"):
        conditions.append(OPEN)
    sort, descending = _order(asked.text("sort"), has_words=bool(text))
    shelf = Shelf(asker, Search(text, sort=sort, descending=descending, also=conditions))
    start, rows = asked.whole("start", 0, most=10_000_000), asked.whole("rows", 10, most=ROWS_MAX)
    fields = asked.names("fl")
    counts = _counts(asked, shelf) if asked.truth("facet", default=True) else {}
    return {
        "count": shelf.total,
        "sort": asked.text("sort") or "score desc, metadata_modified desc",
        "results": [_part(package(each, asked.root), fields) for each in shelf.page(start, rows)],
        "facets": {field: {value: count for value, _, count in told} for field, told in counts.items()},
        "search_facets": {field: _facet(field, told) for field, told in counts.items()},
    }


def _part(whole: Json, fields: list[str]) -> Json:
    return {name: whole[name] for name in fields if name in whole} if fields and "*" not in fields else whole


def _question(asked: Asked) -> tuple[str, list[Clause]]:
    """Return the words to look for in the catalogue, and what each package must meet besides."""
    told = [(text, "fq") for text in (asked.text("fq"), *asked.names("fq_list")) if text]
    q = asked.text("q").strip()
    words: list[str] = []
    conditions: list[Clause] = []
    if q and _STRUCTURED.search(q.replace("*:*", "")):
        told.append((q, "q"))
    elif q not in {"*:*", "*"}:
        words = [q]
    for text, where in told:
        bare, others = words_of(parse(text, where=where))
        words += bare
        conditions += map(clause_of, others)
    return " ".join(filter(None, words)), conditions


def _order(sort: str, *, has_words: bool) -> tuple[str, bool]:
    """Return the order that ``sort`` (``field asc|desc``, between commas) begins with, and whether it goes down.

    ``score`` orders what words found; without words what follows it does, else the last change.
    """
    orders = []
    for part in (each.split() for each in sort.split(",") if each.strip()):
        field, way = part[0].lower(), (part[1].lower() if len(part) > 1 else "asc")
        if field not in _SORTS or way not in {"asc", "desc"} or len(part) > 2:
            mend = f"Write `field asc` or `field desc`; fields: {', '.join(sorted(_SORTS))}."
            raise SearchFault(f"{' '.join(part)[:60]!r} is no order.", where="sort", mend=mend)
        orders.append((_SORTS[field], way == "desc"))
    orders += [("relevance", True), ("updated", True)]
    return next(each for each in orders if has_words or each[0] != "relevance")


def _counts(asked: Asked, shelf: Shelf) -> dict[str, list[Told]]:
    """Return how often each value of the facets asked for occurs, the commonest first."""
    limit, least = asked.whole("facet.limit", _FACET_LIMIT, most=10_000), asked.whole("facet.mincount", 1, most=10**9)
    counts = {}
    for field in asked.names("facet.field"):
        if field not in _FACETS:
            mend = f"Known: {', '.join(sorted(_FACETS))}."
            raise SearchFault(f"There is no facet {field[:60]!r}.", where="facet.field", mend=mend)
        told = _merged(_FACETS[field][1](shelf))
        counts[field] = [each for each in told if each[2] >= least][: limit or None]
    return counts


def _merged(told: Iterable[Told]) -> list[Told]:
    """Return the values in order, those written several ways as one, under the commonest name."""
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for value, name, count in told:
        counts[value] += count
        names.setdefault(value, name)
    return [(value, names[value], counts[value]) for value in sorted(counts, key=lambda each: (-counts[each], each))]


def _facet(field: str, told: list[Told]) -> Json:
    items = [{"name": value, "display_name": name, "count": count} for value, name, count in told]
    return {"title": _FACETS[field][0], "items": items}


def _values(shelf: Shelf, keyword: str) -> list[tuple[str, int]]:
    return shelf.counts({keyword: VALUES_MAX})[keyword]


def _organizations(shelf: Shelf) -> Iterable[Told]:
    for value, count in _values(shelf, "office"):
        name, provider = office_of(value)
        yield name, one_of(provider), count


def _groups(shelf: Shelf) -> Iterable[Told]:
    for theme, count in _values(shelf, "theme"):
        yield theme_name(theme), one_of(named(shelf.themes, theme)), count


def _licences(shelf: Shelf) -> Iterable[Told]:
    for text, count in _values(shelf, "licence"):
        licence = licence_of(text)
        yield licence.id, one_of(licence.name), count


def _formats(shelf: Shelf) -> Iterable[Told]:
    return ((value.upper(), value.upper(), count) for value, count in _values(shelf, "offer"))


def _plainly(keyword: str) -> Callable[[Shelf], Iterable[Told]]:
    return lambda shelf: ((value, value, count) for value, count in _values(shelf, keyword))


def _always(value: str) -> Callable[[Shelf], Iterable[Told]]:
    return lambda shelf: [(value, value, shelf.total)]


_FACETS: dict[str, tuple[str, Callable[[Shelf], Iterable[Told]]]] = {
    "organization": ("Organizations", _organizations),
    "groups": ("Groups", _groups),
    "tags": ("Tags", _plainly("tag")),
    "res_format": ("Formats", _formats),
    "license_id": ("Licenses", _licences),
    "type": ("Types", _always("dataset")),
    "state": ("States", _always("active")),
    "classification": ("Classifications", _plainly("classification")),
}
