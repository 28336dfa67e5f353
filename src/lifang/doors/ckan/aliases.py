"""Other names of a table: CKAN's clients may ask for a resource by an alias that ``datastore_create`` gave it."""

from __future__ import annotations

from lifang.app import OpenDataset
from lifang.core import BadInput, Conflict, NotFound, check_slug
from lifang.doors.http import Asker
from lifang.store import Entry, change_setting, read_setting

_KEY = "ckan:aliases"  # by alias: the dataset whose table it names
_MOST = 20


def named(asker: Asker, reference: str) -> OpenDataset:
    """Return the dataset with this id or alias; ``NotFound`` in the same words whatever an alias leads to."""
    target = every_alias(asker).get(reference)
    if target is None:
        return asker.dataset(reference)
    try:
        return asker.dataset(target)
    except NotFound as hidden:
        raise NotFound(hidden.what.replace(target, reference), where=hidden.where, mend=hidden.mend) from hidden


def aliases_of(asker: Asker, dataset: str) -> list[str]:
    """Return the aliases of a dataset's table, in order."""
    return sorted(alias for alias, of in every_alias(asker).items() if of == dataset)


def set_aliases(asker: Asker, dataset: str, aliases: list[str]) -> None:
    """Give a table these aliases and no others; ``Conflict`` if one is the name of another table."""
    if len(aliases) > _MOST:
        raise BadInput(f"There are more than {_MOST} aliases.", where="aliases", mend="Give fewer.")
    for alias in aliases:
        check_slug(alias, what="alias")
    datasets = {each.id for each in asker.city.catalogue.datasets()}

    def changed(known: dict[str, str] | None) -> dict[str, str]:
        kept = {alias: of for alias, of in (known or {}).items() if of != dataset}
        for alias in aliases:
            if alias in datasets | kept.keys():
                raise Conflict(f"{alias!r} names another table.", where="aliases", mend="Choose another alias.")
        return {**kept, **dict.fromkeys(aliases, dataset)}

    detail = {"aliases": sorted(aliases)}
    entry = Entry(asker.subject.id, "set_aliases", f"dataset:{dataset}", detail=detail)
    change_setting(asker.city.store, _KEY, changed, entry=entry)


def every_alias(asker: Asker) -> dict[str, str]:
    """Return the dataset that each alias leads to, whether or not the asker may know of it."""
    return read_setting(asker.city.store, _KEY) or {}
