"""The actions that are offered, by CKAN's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lifang.core import NotFound
from lifang.doors.ckan import datastore, lists, searching
from lifang.doors.ckan.asked import Asked
from lifang.doors.http import Asker
from lifang.guard import Action, Resource

Handler = Callable[[Asker, Asked], Any]


def help_show(asker: Asker, asked: Asked) -> str:
    """Explain an action: name."""
    asker.must(Action.READ, Resource("city"))
    return (READS[_known(asked.needed("name"))].__doc__ or "").strip()


READS: Mapping[str, Handler] = {
    each.__name__: each
    for each in (
        help_show,
        datastore.datastore_info,
        datastore.datastore_search,
        datastore.datastore_search_sql,
        lists.current_package_list_with_resources,
        lists.group_list,
        lists.group_show,
        lists.license_list,
        lists.organization_list,
        lists.organization_show,
        lists.package_list,
        lists.package_show,
        lists.resource_show,
        lists.site_read,
        lists.status_show,
        lists.tag_list,
        searching.package_search,
    )
}


def action_of(name: str) -> Handler:
    """Return the action called ``name``; ``NotFound`` lists those there are."""
    return READS[_known(name)]


def _known(name: str) -> str:
    if name not in READS:
        raise NotFound(f"Action name not known: {name[:60]}.", mend=f"Offered: {', '.join(sorted(READS))}.")
    return name
