"""Entities as JSON of SensorThings 1.1: control information, own properties, links, and what was expanded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lifang.app import Asker
from lifang.core import BadInput
from lifang.doors.sensorthings.options import Options, encode_token
from lifang.sensing import COMPUTED, OBSERVATION, PLURALS, STREAMS, WAYS, Entity, Page, key_text, told_entity

Json = dict[str, Any]
CONTROL = ("@iot.id", "@iot.selfLink")


class Renderer:
    """Writes entities for one request: ``root`` is the service's address, ``spans`` what datastreams cover."""

    def __init__(self, root: str, spans: Mapping[int, Json] | None = None) -> None:
        self.root, self._spans = root, spans or {}

    def link(self, entity: Entity) -> str:
        """Return the address of an entity."""
        return f"{self.root}/{PLURALS[entity.kind]}({written(key_text(entity))})"

    def own(self, entity: Entity) -> Json:
        """Return the entity's id and properties, those computed too."""
        own = told_entity(entity.kind, entity.row)
        if entity.kind in STREAMS:
            covered = self._spans.get(entity.number, {})
            own |= {name: covered[name] for name in COMPUTED if name in covered}
        return {"@iot.id": key_text(entity), **own}

    def entity(self, entity: Entity, options: Options) -> Json:
        """Return the entity as JSON, with the properties selected and the links expanded."""
        link = self.link(entity)
        own = self.own(entity)
        key = own.pop("@iot.id")
        own = {name: value for name, value in own.items() if value is not None or name in _SHOWN_EMPTY[entity.kind]}
        found: Json = {"@iot.id": key, "@iot.selfLink": link, **own}
        for name in WAYS[entity.kind]:
            chosen = options.select is not None and name in options.select
            if (chosen or name not in entity.links) and self._has(entity, name):
                found[f"{name}@iot.navigationLink"] = f"{link}/{name}"
        if options.select is not None:
            found = selected(found, options, own)
        for name, linked in entity.links.items():
            if self._has(entity, name):
                found |= self._expanded(f"{link}/{name}", name, linked, options.expand[name])
        return found

    def _has(self, entity: Entity, name: str) -> bool:
        """Return whether the entity has such a link: an Observation is of a Datastream or of a MultiDatastream."""
        if entity.kind != OBSERVATION or name not in STREAMS:
            return True
        linked = entity.links.get(name)
        multi = bool(self._spans.get(entity.number, {}).get("multi"))
        return linked is not None or (name == "MultiDatastream") == multi

    def _expanded(self, address: str, name: str, linked: Page | Entity | None, options: Options) -> Json:
        if not isinstance(linked, Page):
            return {name: None if linked is None else self.entity(linked, options)}
        found: Json = {}
        if linked.count is not None:
            found[f"{name}@iot.count"] = linked.count
        found[name] = [self.entity(each, options) for each in linked.items]
        if linked.more:
            found[f"{name}@iot.nextLink"] = f"{address}?{options.following(linked.after)}"
        return found

    def page(self, page: Page, options: Options, address: str) -> Json:
        """Return a collection as JSON, with the link to its next page where there is one."""
        found: Json = {}
        if page.count is not None:
            found["@iot.count"] = page.count
        if page.more:
            found["@iot.nextLink"] = f"{address}?{options.following(page.after)}"
        found["value"] = [self.entity(each, options) for each in page.items]
        return found


_SHOWN_EMPTY: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(WAYS, ("metadata", "location", "feature", "unitOfMeasurement")),
    OBSERVATION: ("result", "resultTime"),
}


def selected(found: Json, options: Options, own: Iterable[str]) -> Json:
    """Return what ``$select`` names of an entity; ``BadInput`` for what it never has."""
    kept: Json = {}
    known = {*own, *CONTROL, *WAYS[options.kind], *_own_names(options.kind)}
    for name in options.select or ():
        first, _, rest = name.partition("/")
        if first not in known:
            mend = f"Known: {', '.join(sorted(known))}."
            raise BadInput(f"A {options.kind} has no {name[:60]!r}.", where="$select", mend=mend)
        if rest:
            kept[first] = _inner(kept.get(first), found.get(first), rest.split("/"))
        elif first in found:
            kept[first] = found[first]
        elif f"{first}@iot.navigationLink" in found:
            kept[f"{first}@iot.navigationLink"] = found[f"{first}@iot.navigationLink"]
    return kept


def _own_names(kind: str) -> tuple[str, ...]:
    if kind in STREAMS:
        return ("properties", *COMPUTED)
    return ("validTime", "parameters", "resultQuality") if kind == OBSERVATION else ("properties",)


def _inner(kept: Any, value: Any, steps: Sequence[str]) -> Any:
    """Return ``kept`` with what lies at ``steps`` in ``value`` put in its place."""
    found = dict(kept) if isinstance(kept, dict) else {}
    if isinstance(value, dict) and steps[0] in value:
        inside = value[steps[0]]
        found[steps[0]] = _inner(found.get(steps[0]), inside, steps[1:]) if len(steps) > 1 else inside
    return found


def written(key: int | str) -> str:
    """Return an id as it stands in an address."""
    return str(key) if isinstance(key, int) else "'" + key.replace("'", "''") + "'"


def next_token(page: Page) -> str:
    """Return where the page ends, as opaque text."""
    return encode_token(page.after or ())


def walk(entities: Iterable[Entity]) -> Iterable[Entity]:
    """Yield every entity, and those that hang on their links."""
    for entity in entities:
        yield entity
        for linked in entity.links.values():
            if isinstance(linked, Page):
                yield from walk(linked.items)
            elif linked is not None:
                yield from walk([linked])


def spans_of(asker: Asker, entities: Iterable[Entity], sight: Mapping[str, tuple[str, ...]]) -> dict[int, Json]:
    """Return what the datastreams among ``entities`` cover (area, times), and of which observations are complex."""
    streams, observed = set(), set()
    for entity in walk(entities):
        if entity.kind in STREAMS:
            streams.add(entity.number)
        elif entity.kind == OBSERVATION:
            observed.add(entity.number)
    return asker.city.sensing.entities.covers(
        np.array(sorted(streams), np.int32), np.array(sorted(observed), np.int32), sight
    )
