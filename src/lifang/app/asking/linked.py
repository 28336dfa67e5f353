"""What links lead to, as an asker may see it: each thing decided by the guard; what may not be known is absent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lifang.app.asking.asker import Asker, datastream_resource
from lifang.catalogue import EXISTING
from lifang.core import BadInput, Denied, NotFound
from lifang.guard import Action, Resource
from lifang.store import Condition
from lifang.twin import CityObject

End = tuple[str, str]  # the kind of what a link leads to, and its id
_ROWS_MAX = 100  # of one dataset
_SEPARATOR = "/"


@dataclass(frozen=True)
class Linked:
    """What a link leads to: its name, what of it was seen, and its row if it is one of a dataset."""

    zh: str
    en: str
    resources: tuple[Resource, ...] = ()
    row: Mapping[str, Any] = field(default_factory=dict)


def find_linked(
    asker: Asker, ends: Iterable[End], *, at: datetime, recorded: datetime | None = None
) -> dict[End, Linked]:
    """Return those of ``ends`` that are there and that the asker may read, as of a moment; the caller records them.

    What is kept elsewhere has no entry: its link tells all that is known of it.
    """
    by_kind: dict[str, set[str]] = defaultdict(set)
    for kind, name in ends:
        by_kind[kind].add(name)
    found: dict[End, Linked] = {}
    for kind, names in by_kind.items():
        if kind in _FINDERS:
            moments = (at, recorded)
            found |= {(kind, name): each for name, each in _FINDERS[kind](asker, sorted(names), moments).items()}
    return found


Moments = tuple[datetime, datetime | None]


def _objects(asker: Asker, names: Sequence[str], moments: Moments) -> dict[str, Linked]:
    twin, classes = asker.city.twin, [each.value for each in asker.classes(Action.READ, "object")]
    found = twin.names(twin.query(at=moments[0], recorded=moments[1], ids=names, classifications=classes))
    return {own: Linked(name, name, (Resource("object", own, grade),)) for own, name, grade in found}


def object_resource(found: CityObject) -> Resource:
    """Return an object as the guard knows it."""
    return Resource("object", found.id, found.classification)


def _datastreams(asker: Asker, names: Sequence[str], _moments: Moments) -> dict[str, Linked]:
    def find(name: str) -> Linked:
        found = asker.city.sensing.datastream(name)
        return Linked(found.zh, found.en, (datastream_resource(found),))

    return _decided(asker, names, find)


def _things(asker: Asker, names: Sequence[str], _moments: Moments) -> dict[str, Linked]:
    def find(name: str) -> Linked:
        found = asker.city.sensing.thing(name)
        return Linked(found.zh, found.en, (Resource("thing", found.id, found.classification),))

    return _decided(asker, names, find)


def _datasets(asker: Asker, names: Sequence[str], _moments: Moments) -> dict[str, Linked]:
    def find(name: str) -> Linked:
        found = asker.city.catalogue.dataset(name, states=EXISTING)
        return Linked(found.card.name.zh, found.card.name.en, (found.resource,))

    return _decided(asker, names, find)


def _decided(asker: Asker, names: Sequence[str], find: Callable[[str], Linked]) -> dict[str, Linked]:
    found: dict[str, Linked] = {}
    for name in names:
        try:
            each = find(name)
        except NotFound:
            continue
        if all(asker.may(Action.READ, resource) for resource in each.resources):
            found[name] = each
    return found


def _rows(asker: Asker, names: Sequence[str], moments: Moments) -> dict[str, Linked]:
    by_dataset: dict[str, list[str]] = defaultdict(list)
    for name in names:
        dataset, _, key = name.partition(_SEPARATOR)
        by_dataset[dataset].append(key)
    found: dict[str, Linked] = {}
    for dataset, keys in by_dataset.items():
        if asker.knows(f"dataset:{dataset}"):
            rows = _rows_of(asker, dataset, keys[:_ROWS_MAX], moments[1])
            found |= {f"{dataset}{_SEPARATOR}{key}": each for key, each in rows.items()}
    return found


def _rows_of(asker: Asker, dataset_id: str, keys: Sequence[str], recorded: datetime | None) -> dict[str, Linked]:
    try:
        dataset = asker.dataset(dataset_id)
        relation = dataset.rows(at=recorded)
    except (NotFound, Denied):
        return {}
    columns = dataset.card.key
    shown = [each.name for each in relation.columns if each.name != "geometry" and not each.name.startswith("_")]
    if not columns or not set(columns) <= set(shown):
        return {}
    if len(columns) == 1:
        questions = [[Condition(columns[0], "in", list(keys))]]
    else:
        parted = [key.split(_SEPARATOR) for key in keys]
        questions = [
            [Condition(column, "=", part) for column, part in zip(columns, parts, strict=True)]
            for parts in parted
            if len(parts) == len(columns)
        ]
    found: dict[str, Linked] = {}
    for question in questions:
        try:
            rows = relation.select(shown, where=question).to_pylist()
        except BadInput:  # a key that cannot be one of this dataset
            continue
        for row in rows:
            name = _name_of(row, columns)
            found[_SEPARATOR.join(str(row[each]) for each in columns)] = Linked(name, name, row=row)
    return found


def _name_of(row: Mapping[str, Any], key: Sequence[str]) -> str:
    """Return the row's name, where a column is called so, else its key."""
    for column in ("name", "full_address", "full_name", "title"):
        if row.get(column):
            return str(row[column])
    return " ".join(str(row[each]) for each in key)


_FINDERS: Mapping[str, Callable[[Asker, Sequence[str], Moments], dict[str, Linked]]] = {
    "object": _objects,
    "row": _rows,
    "datastream": _datastreams,
    "thing": _things,
    "dataset": _datasets,
}
