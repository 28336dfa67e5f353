"""SensorThings by another way than HTTP: what a path means, an Observation created, an entity written as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lifang.app import Asker
from lifang.doors.sensorthings.changing import change
from lifang.doors.sensorthings.exchange import Asked
from lifang.doors.sensorthings.options import Options
from lifang.doors.sensorthings.paths import parse_path
from lifang.doors.sensorthings.rendering import Json, Renderer, selected
from lifang.doors.sensorthings.resolving import Target, resolve
from lifang.sensing import OBSERVATION, Entity, Sight, told_entity

_OBSERVED = {"datastream": 1, "time": 0, "value": 0.0, "quality": 0, "extra": None}


def create_at(asker: Asker, path: str, body: bytes, root: str) -> None:
    """Create what ``body`` tells at ``path`` below the service, as POST does; durable by then."""
    change(asker, Asked("POST", path, body=body, root=root))


def find_target(asker: Asker, path: str, sight: Sight) -> Target:
    """Return where a path leads, as far as the asker's ``sight`` goes; ``NotFound`` for nothing."""
    return resolve(asker, parse_path(path), sight)


def check_select(kind: str, names: tuple[str, ...], own: Iterable[str] = ()) -> None:
    """Raise ``BadInput`` if an entity of ``kind`` with properties ``own`` has no such property."""
    known = own or (told_entity(kind, _OBSERVED) if kind == OBSERVATION else ())
    selected({}, Options(kind, select=names), known)


class Writer:
    """Writes entities as JSON, as HTTP does; ``spans`` says by number what datastreams cover, and which are complex."""

    def __init__(self, root: str, spans: Mapping[int, Json]) -> None:
        self._renderer = Renderer(root, spans)

    def write(self, entity: Entity, names: tuple[str, ...] = ()) -> Json:
        """Return the entity with the properties named, or all; ``BadInput`` for one that it has not."""
        return self._renderer.entity(entity, Options(entity.kind, select=names or None))
