"""Other names of a table: CKAN's clients may ask for a resource by an alias that ``datastore_create`` gave it."""

from __future__ import annotations

from lifang.app import OpenDataset
from lifang.core import BadInput, Conflict, NotFound, check_slug
from lifang.doors.http import Asker
from lifang.store import Entry, read_setting, write_setting

_KEY = "ckan:aliases"  # by alias: the dataset whose table it names
_MOST = 20


def named(asker: Asker, reference: str) -> OpenDataset:
    """Return the dataset with this id or alias; ``NotFound`` in the same words whatever an alias leads to."""
    target = _known(asker).get(reference)
    if target is None:
        return asker.dataset(reference)
    try:
        return asker.dataset(target)
    except NotFound as hidden:
        raise NotFound(hidden.what.replace(target, reference), where=hidden.where, mend=hidden.mend) from hidden


def aliases_of(asker: Asker, dataset: str) -> list[str]:
    """Return the aliases of a dataset's table, in order."""
    return sorted(alias for alias, of in _known(asker).items() if of == dataset)


def set_aliases(asker: Asker, dataset: str, aliases: list[str]) -> None:
    """Give a table these aliases and no others; ``Conflict`` if one is the name of another table."""
    if len(aliases) > _MOST:
        raise BadInput(f"There are more than {_MOST} aliases.", where="aliases", mend="Give fewer.")
    kept = {alias: of for alias, of in _known(asker).items() if of != dataset}
    taken = {each.id for each in asker.city.catalogue.datasets()} | kept.keys()
    for alias in aliases:
        check_slug(alias, what="alias")
        if alias in taken:
            raise Conflict(f"{alias!r} names another table.", where="aliases", mend="Choose another alias.")
    store = asker.city.store
    write_setting(store, _KEY, {**kept, **dict.fromkeys(aliases, dataset)})
    detail = {"aliases": sorted(aliases)}
    store.ledger.append(Entry(asker.subject.id, "set_aliases", f"dataset:{dataset}", detail=detail))


def _known(asker: Asker) -> dict[str, str]:
    return read_setting(asker.city.store, _KEY) or {}
