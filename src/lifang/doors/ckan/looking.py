"""Small questions around packages: words that names begin with, resources by what is said of them, tags."""

from __future__ import annotations

from lifang.app import Shelf, Shown
from lifang.catalogue import Search
from lifang.core import BadInput, NotFound
from lifang.doors.ckan.asked import Asked
from lifang.doors.ckan.lists import SHOWN_MAX, VALUES_MAX, groups_in, organizations_in
from lifang.doors.ckan.packages import Json, one_of, package, resources, tag
from lifang.doors.http import Asker
from lifang.guard import Action, Resource
from lifang.store import Clause, Having, Words

_SUGGESTED, _LIST_MAX = 10, 1000
_LOOKED_THROUGH = 2_000  # packages whose resources are looked at
_FIELDS = ("name", "description", "format", "mimetype", "url", "hash", "id", "package_id")


def package_autocomplete(asker: Asker, asked: Asked) -> list[Json]:
    """Suggest packages whose name or title has words: q, limit."""
    text, limit = asked.needed("q"), asked.whole("limit", _SUGGESTED, most=_LIST_MAX)
    found = Shelf(asker, Search(text, sort="relevance")).page(0, limit)
    return [_suggested(each, text) for each in found]


def _suggested(found: Shown, text: str) -> Json:
    title = one_of(found.card.name)
    field, shown = ("name", found.card.id) if text.lower() in found.card.id else ("title", title)
    return {"name": found.card.id, "title": title, "match_field": field, "match_displayed": shown}


def organization_autocomplete(asker: Asker, asked: Asked) -> list[Json]:
    """Suggest organizations whose name or title has a text: q, limit."""
    return _alike(asked, organizations_in(Shelf(asker)))


def group_autocomplete(asker: Asker, asked: Asked) -> list[Json]:
    """Suggest groups whose name or title has a text: q, limit."""
    return _alike(asked, groups_in(Shelf(asker)))


def _alike(asked: Asked, among: list[Json]) -> list[Json]:
    text, limit = asked.needed("q").lower(), asked.whole("limit", 20, most=_LIST_MAX)
    found = [each for each in among if text in f"{each['name']}\n{each['title']}".lower()]
    return [{name: each[name] for name in ("id", "name", "title")} for each in found[:limit]]


def format_autocomplete(asker: Asker, asked: Asked) -> list[str]:
    """Suggest formats that resources come in: q, limit."""
    text, limit = asked.needed("q").lower(), asked.whole("limit", 5, most=_LIST_MAX)
    told = Shelf(asker).counts({"offer": VALUES_MAX})["offer"]
    return [value.lower() for value, _ in told if text in value.lower()][:limit]


def tag_autocomplete(asker: Asker, asked: Asked) -> list[str]:
    """Suggest tags that have a text: query (or q), limit."""
    return _tags(asker, asked.needed("query", "q"))[: asked.whole("limit", _LIST_MAX, most=_LIST_MAX)]


def tag_search(asker: Asker, asked: Asked) -> Json:
    """Search tags that have a text: query (or q), limit, offset."""
    found, start = _tags(asker, asked.needed("query", "q")), asked.whole("offset", 0, most=VALUES_MAX)
    limit = asked.whole("limit", _LIST_MAX, most=_LIST_MAX)
    return {"count": len(found), "results": [tag(word) for word in found[start : start + limit]]}


def tag_show(asker: Asker, asked: Asked) -> Json:
    """Show a tag: id, include_datasets."""
    wanted = asked.needed("id")
    shelf = Shelf(asker, Search(sort="id", also=[Having("word", [wanted.lower()])]))
    words = (word for word, _ in shelf.counts({"tag": VALUES_MAX})["tag"])
    named = next((word for word in words if word.lower() == wanted.lower()), None)
    if named is None:
        raise NotFound(f"There is no tag {wanted[:80]!r}.", mend="List them: GET tag_list.")
    inside = shelf.page(0, SHOWN_MAX) if asked.truth("include_datasets") else []
    return {**tag(named), "packages": [package(each, asked.root) for each in inside]}


def _tags(asker: Asker, text: str) -> list[str]:
    told = Shelf(asker).counts({"tag": VALUES_MAX})["tag"]
    return sorted(word for word, _ in told if text.lower() in word.lower())


def vocabulary_list(asker: Asker, asked: Asked) -> list[Json]:
    """List vocabularies of tags: there are none, tags are free."""
    del asked
    asker.must(Action.READ, Resource("city"))
    return []


def vocabulary_show(asker: Asker, asked: Asked) -> Json:
    """Show a vocabulary of tags, of which there are none: id."""
    asker.must(Action.READ, Resource("city"))
    raise NotFound(f"There is no vocabulary {asked.needed('id')[:80]!r}.", mend="Tags are free: GET tag_list.")


def organization_list_for_user(asker: Asker, asked: Asked) -> list[Json]:
    """List the organizations for which the asker may create packages: all of them, or none."""
    del asked
    return organizations_in(Shelf(asker)) if asker.may(Action.ADMIT, Resource("dataset")) else []


def resource_search(asker: Asker, asked: Asked) -> Json:
    """Search resources: query (`field:text`, or a list of these that must all be met), order_by, limit, offset.

    Fields: name, description, format, mimetype, url, hash, id, package_id.
    """
    terms = [_term(each) for each in asked.each("query")]
    if not terms:
        raise BadInput("Missing value.", where="query", mend="Write field:text, such as format:CSV.")
    order = asked.text("order_by")
    if order and order not in _FIELDS:
        raise BadInput(f"{order[:40]!r} orders nothing.", where="order_by", mend=f"Known: {', '.join(_FIELDS)}.")
    shelf = Shelf(asker, Search(sort="id", also=[each for term in terms for each in _narrowing(*term)]))
    if shelf.total > _LOOKED_THROUGH:
        what = f"More than {_LOOKED_THROUGH:,} packages may have such resources."
        raise BadInput(what, where="query", mend="Say more of their name, or search packages: package_search.")
    found = [each for shown in shelf.page(0, _LOOKED_THROUGH) for each in resources(shown, asked.root)
             if all(text in str(each[field] or "").lower() for field, text in terms)]  # fmt: skip
    if order:
        found.sort(key=lambda each: str(each[order] or ""))
    start, limit = asked.whole("offset", 0, most=10**6), asked.whole("limit", _LIST_MAX, most=_LIST_MAX)
    return {"count": len(found), "results": found[start : start + limit]}


def _term(text: str) -> tuple[str, str]:
    field, colon, value = text.partition(":")
    if not colon or not value.strip() or field.strip() not in _FIELDS:
        mend = f"Write field:text; fields: {', '.join(_FIELDS)}."
        raise BadInput(f"{text[:60]!r} is no term.", where="query", mend=mend)
    return field.strip(), value.strip().lower()


def _narrowing(field: str, text: str) -> list[Clause]:
    """Return what packages must meet for one of their resources to meet a term, as far as the index knows."""
    if field == "format":
        return [Having("offer", [text])]
    if field == "package_id":
        return [Having("id", [text])]
    return [Words(text, "name")] if field == "name" and text.isalnum() else []
