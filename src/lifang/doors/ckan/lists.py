"""Lists around packages: names, groups, organizations, tags, licences, and one of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lifang.app import Shelf, shown
from lifang.catalogue import Search, known_licences, licence_of, named, office_of
from lifang.core import NotFound
from lifang.doors.ckan.asked import Asked
from lifang.doors.ckan.packages import (
    Json,
    group_of,
    one_of,
    organization,
    package,
    resources,
    tag,
)
from lifang.doors.http import Asker
from lifang.guard import Action, Resource
from lifang.store import Having

_LIST_MAX = 1_000_000
SHOWN_MAX = 1000
VALUES_MAX = 20_000  # organizations, groups, tags, licences


def package_list(asker: Asker, asked: Asked) -> list[str]:
    """List the names of packages: limit, offset."""
    start, limit = asked.whole("offset", 0, most=_LIST_MAX), asked.whole("limit", 0, most=_LIST_MAX)
    return Shelf(asker, Search(sort="id")).ids(start, limit or None)


def current_package_list_with_resources(asker: Asker, asked: Asked) -> list[Json]:
    """List packages in full, by name: limit (at most 1,000 at once), offset."""
    start, limit = asked.whole("offset", 0, most=_LIST_MAX), asked.whole("limit", SHOWN_MAX, most=SHOWN_MAX)
    return [package(each, asked.root) for each in Shelf(asker, Search(sort="id")).page(start, limit)]


def package_show(asker: Asker, asked: Asked) -> Json:
    """Show a package: id (or name_or_id)."""
    return package(shown(asker, asker.dataset(asked.needed("id", "name_or_id"))), asked.root)


def resource_show(asker: Asker, asked: Asked) -> Json:
    """Show a resource: id."""
    wanted = asked.needed("id")
    found = resources(shown(asker, asker.dataset(wanted.partition(".")[0])), asked.root)
    for each in found:
        if each["id"] == wanted:
            return each
    raise NotFound(f"There is no resource {wanted[:80]!r}.", mend="See the resources of package_show.")


def organization_list(asker: Asker, asked: Asked) -> list[Any]:
    """List organizations: all_fields, limit, offset, organizations."""
    return _listed(organizations_in(Shelf(asker)), asked, "organizations")


def organization_show(asker: Asker, asked: Asked) -> Json:
    """Show an organization: id, include_datasets."""
    return _shown(asker, asked, "organization", organizations_in)


def group_list(asker: Asker, asked: Asked) -> list[Any]:
    """List groups, which are themes: all_fields, limit, offset, groups."""
    return _listed(groups_in(Shelf(asker)), asked, "groups")


def group_show(asker: Asker, asked: Asked) -> Json:
    """Show a group: id, include_datasets."""
    return _shown(asker, asked, "group", groups_in)


def organizations_in(shelf: Shelf) -> list[Json]:
    """Return the providers of the datasets of a shelf, by name, each with how many are its own."""
    told = ((*office_of(value), count) for value, count in shelf.counts({"office": VALUES_MAX})["office"])
    return _counted((organization(name, provider), count) for name, provider, count in told)


def groups_in(shelf: Shelf) -> list[Json]:
    """Return the themes of the datasets of a shelf, by name, each with how many it holds."""
    told = shelf.counts({"theme": VALUES_MAX})["theme"]
    return _counted((group_of(theme, named(shelf.themes, theme)), count) for theme, count in told)


def tag_list(asker: Asker, asked: Asked) -> list[Any]:
    """List tags, which are keywords, the 20,000 commonest at most: query, all_fields."""
    wanted = asked.text("query").lower()
    found = (word for word, _ in Shelf(asker).counts({"tag": VALUES_MAX})["tag"])
    names = sorted(word for word in found if wanted in word.lower())
    return [tag(word) for word in names] if asked.truth("all_fields") else names


def license_list(asker: Asker, asked: Asked) -> list[Json]:
    """List licences: those with an identifier, and those that packages name in their own words."""
    del asked
    used = [licence_of(text) for text, _ in Shelf(asker).counts({"licence": VALUES_MAX})["licence"]]
    return [
        {
            "id": each.id,
            "title": one_of(each.name),
            "title_translated": {"zh": each.name.zh, "en": each.name.en},
            "url": each.url,
            "status": "active",
            "is_okd_compliant": each.is_open,
            "od_conformance": "approved" if each.is_open else "not reviewed",
        }
        for each in {licence.id: licence for licence in (*known_licences(), *used)}.values()
    ]


def status_show(asker: Asker, asked: Asked) -> Json:
    """Say which site this is, and what of CKAN it speaks."""
    asker.must(Action.READ, Resource("city"))
    settings = asker.city.settings
    return {
        "ckan_version": "2.10.0",
        "site_url": asked.root,
        "site_title": settings.name_zh or settings.name_en,
        "site_description": f"lifang {settings.name_en}",
        "locale_default": "zh_Hans_CN",
        "error_emails_to": None,
        "extensions": ["datastore"],
    }


def site_read(asker: Asker, asked: Asked) -> bool:
    """Say whether the site may be read."""
    del asked
    asker.must(Action.READ, Resource("city"))
    return True


def _part(names: list[Any], asked: Asked) -> list[Any]:
    start = asked.whole("offset", 0, most=_LIST_MAX)
    return names[start : start + (asked.whole("limit", 0, most=_LIST_MAX) or _LIST_MAX)]


def _counted(told: Iterable[tuple[Json, int]]) -> list[Json]:
    """Return each by its name with its count, several of one name together under the commonest title."""
    found: dict[str, Json] = {}
    for each, count in told:
        known = found.setdefault(each["name"], {**each, "package_count": 0})
        known["package_count"] += count
    return [found[name] for name in sorted(found)]


def _listed(found: list[Json], asked: Asked, filter_name: str) -> list[Any]:
    if wanted := asked.names(filter_name):
        found = [each for each in found if each["name"] in wanted]
    found = _part(found, asked)
    return found if asked.truth("all_fields") else [each["name"] for each in found]


def _shown(asker: Asker, asked: Asked, field: str, told: Callable[[Shelf], list[Json]]) -> Json:
    wanted = asked.needed("id")
    shelf = Shelf(asker, Search(sort="id", also=[Having(field, [wanted])]))
    whole = next((each for each in told(shelf) if each["name"] == wanted), None)
    if whole is None:
        raise NotFound(f"There is no {wanted[:80]!r}.", mend="List them: GET group_list or organization_list.")
    inside = shelf.page(0, SHOWN_MAX) if asked.truth("include_datasets") else []
    packages = [package(each, asked.root) for each in inside]
    return {**whole, "packages": packages, "users": [], "extras": [], "tags": []}
