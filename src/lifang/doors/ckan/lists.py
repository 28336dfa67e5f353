"""Lists around packages: names, groups, organizations, tags, licences, and one of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from lifang.app import Shelf, shown
from lifang.catalogue import Card, known_licences, licence_of, named
from lifang.core import NotFound
from lifang.doors.ckan.asked import Asked
from lifang.doors.ckan.packages import (
    Json,
    group_of,
    one_of,
    organization_of,
    package,
    resources,
    tags_of,
)
from lifang.doors.http import Asker
from lifang.guard import Action, Resource

_LIST_MAX = 1_000_000
_SHOWN_MAX = 1000


def package_list(asker: Asker, asked: Asked) -> list[str]:
    """List the names of packages: limit, offset."""
    names = sorted(each.id for each in Shelf(asker).datasets)
    return _part(names, asked)


def current_package_list_with_resources(asker: Asker, asked: Asked) -> list[Json]:
    """List packages in full, by name: limit (at most 1,000 at once), offset."""
    shelf = Shelf(asker)
    ordered = sorted(shelf.datasets, key=lambda each: each.id)
    start = asked.whole("offset", 0, most=_LIST_MAX)
    chosen = ordered[start : start + asked.whole("limit", _SHOWN_MAX, most=_SHOWN_MAX)]
    return [package(each, asked.root) for each in shelf.tell(chosen)]


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
    return _groups(asker, asked, organization_of, "organizations")


def organization_show(asker: Asker, asked: Asked) -> Json:
    """Show an organization: id, include_datasets."""
    return _group(asker, asked, organization_of)


def group_list(asker: Asker, asked: Asked) -> list[Any]:
    """List groups, which are themes: all_fields, limit, offset, groups."""
    return _groups(asker, asked, _theme_of(asker), "groups")


def group_show(asker: Asker, asked: Asked) -> Json:
    """Show a group: id, include_datasets."""
    return _group(asker, asked, _theme_of(asker))


def tag_list(asker: Asker, asked: Asked) -> list[Any]:
    """List tags, which are keywords: query, all_fields."""
    wanted = asked.text("query").lower()
    tags = {each["name"]: each for dataset in Shelf(asker).datasets for each in tags_of(dataset.card)}
    names = sorted(name for name in tags if wanted in name.lower())
    return [tags[name] for name in names] if asked.truth("all_fields") else names


def license_list(asker: Asker, asked: Asked) -> list[Json]:
    """List licences: those with an identifier, and those that packages name in their own words."""
    del asked
    used = [licence_of(each.card.licence) for each in Shelf(asker).datasets if each.card.licence]
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


def _theme_of(asker: Asker) -> Callable[[Card], Json | None]:
    themes = asker.city.catalogue.themes
    return lambda card: group_of(card.theme, named(themes, card.theme or "other"))


def _part(names: list[Any], asked: Asked) -> list[Any]:
    start = asked.whole("offset", 0, most=_LIST_MAX)
    return names[start : start + (asked.whole("limit", 0, most=_LIST_MAX) or _LIST_MAX)]


def _counted(cards: Iterable[Card], of: Callable[[Card], Json | None]) -> list[Json]:
    told = [each for card in cards if (each := of(card))]
    counts = Counter(each["name"] for each in told)
    by_name = {each["name"]: each for each in told}
    return [{**by_name[name], "package_count": counts[name]} for name in sorted(by_name)]


def _groups(asker: Asker, asked: Asked, of: Callable[[Card], Json | None], filter_name: str) -> list[Any]:
    found = _counted((each.card for each in Shelf(asker).datasets), of)
    if wanted := asked.names(filter_name):
        found = [each for each in found if each["name"] in wanted]
    found = _part(found, asked)
    return found if asked.truth("all_fields") else [each["name"] for each in found]


def _group(asker: Asker, asked: Asked, of: Callable[[Card], Json | None]) -> Json:
    wanted = asked.needed("id")
    shelf = Shelf(asker)
    inside = [each for each in shelf.datasets if (told := of(each.card)) and told["name"] == wanted]
    if not inside:
        raise NotFound(f"There is no {wanted[:80]!r}.", mend="List them: GET group_list or organization_list.")
    whole = _counted((each.card for each in inside), of)[0]
    shown = inside[:_SHOWN_MAX] if asked.truth("include_datasets") else []
    packages = [package(each, asked.root) for each in shelf.tell(shown)]
    return {**whole, "packages": packages, "users": [], "extras": [], "tags": []}
