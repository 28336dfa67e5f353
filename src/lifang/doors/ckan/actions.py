"""The actions that are offered, by CKAN's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lifang.core import BadInput, NotFound
from lifang.doors.ckan import changing, datastore, filling, lists, looking, searching
from lifang.doors.ckan.asked import Asked
from lifang.doors.http import Asker
from lifang.guard import Action, Resource

Handler = Callable[[Asker, Asked], Any]


def help_show(asker: Asker, asked: Asked) -> str:
    """Explain an action: name."""
    asker.must(Action.READ, Resource("city"))
    return (action_of(asked.needed("name")).__doc__ or "").strip()


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
        looking.format_autocomplete,
        looking.group_autocomplete,
        looking.organization_autocomplete,
        looking.organization_list_for_user,
        looking.package_autocomplete,
        looking.resource_search,
        looking.tag_autocomplete,
        looking.tag_search,
        looking.tag_show,
        looking.vocabulary_list,
        looking.vocabulary_show,
        searching.package_search,
    )
}

WRITES: Mapping[str, Handler] = {
    each.__name__: each
    for each in (
        changing.package_create,
        changing.package_delete,
        changing.package_patch,
        changing.package_update,
        changing.resource_delete,
        changing.resource_patch,
        filling.datastore_create,
        filling.datastore_delete,
        filling.datastore_records_delete,
        filling.datastore_upsert,
    )
}
UPLOADS = ("resource_create", "resource_update")  # which need a file
TAKE_FILES = (*UPLOADS, "resource_patch")


def action_of(name: str) -> Handler:
    """Return the action called ``name``; ``NotFound`` lists those there are."""
    if name in UPLOADS:
        return needs_upload
    found = READS.get(name) or WRITES.get(name)
    if found is None:
        offered = ", ".join(sorted([*READS, *WRITES, *UPLOADS]))
        raise NotFound(f"Action name not known: {name[:60]}.", mend=f"Offered: {offered}.")
    return found


def needs_upload(asker: Asker, asked: Asked) -> None:
    """Take a file for a package, which becomes its new release: package_id, upload (as a part of a form)."""
    asker.must(Action.ADMIT, Resource("dataset"))
    del asked
    raise BadInput("Missing value.", where="upload", mend="Send the file as the part `upload` of a form.")
