"""What a subscriber is granted (OGC 18-088, clause 14.3): decided like reading, and recorded where it is not open.

A filter without wildcards below ``v1.1`` is a resource path, and has to lead somewhere; one with wildcards hears of
every collection, entity and property that it matches, of those the subscriber may read.
"""

from __future__ import annotations

from lifang.app import Asker
from lifang.core import BadInput, NotFound
from lifang.doors.mqtt.broker import Grant
from lifang.doors.mqtt.commands import commands_of
from lifang.doors.mqtt.meaning import DEVICES, ERRORS, ROOT, commanded_device, reaches, reaches_free, split_query
from lifang.doors.mqtt.view import View
from lifang.doors.mqtt.wire import check_filter
from lifang.doors.sensorthings import Target, check_select, find_target, resource_of, sight_of, written
from lifang.guard import Action, Classification, Resource, is_public, strictest
from lifang.sensing import COLLECTIONS, COMPUTED, OBSERVATION, PLURALS, STREAMS, TASKING, Entity, key_text, told_entity

_SHARED = str(Classification.SHARED)


def grant_of(asker: Asker, wanted: str, *, record: bool) -> Grant:
    """Return what the asker may hear of ``wanted``; ``NotFound`` or ``Denied`` if that is nothing."""
    if wanted.startswith("$"):
        check_filter(wanted)
        return Grant(wanted, View(errors_of=asker.subject.id if wanted.startswith(ERRORS) else ""))
    if wanted.startswith(f"{DEVICES}/"):
        check_filter(wanted)
        return _commands(asker, wanted, record=record)
    path, query, names = split_query(wanted)
    check_filter(path)
    if path.startswith(f"{ROOT}/") and not {"+", "#"} & set(path.split("/")):
        return _exact(asker, path, query, names, record=record)
    return _wide(asker, path, query, names, record=record)


def _commands(asker: Asker, path: str, *, record: bool) -> Grant:
    device = commanded_device(path)
    resource = commands_of(device)
    asker.must(Action.READ, resource)
    asker.city.sensing.thing(device)
    if record:
        asker.seen(resource, action="subscribe", detail={"filter": path[:200]})
    return Grant(path, View(commands_of=device, purpose=asker.purpose))


def _wide(asker: Asker, path: str, query: str, names: tuple[str, ...], *, record: bool) -> Grant:
    sight = sight_of(asker)
    is_free = reaches_free(path) and _SHARED in sight[OBSERVATION]
    if not is_free and not reaches(path, ROOT):
        asker.must(Action.READ, Resource("observation", "*", Classification.SHARED))
    kind = COLLECTIONS.get(path.rpartition("/")[2])
    if names and kind == OBSERVATION:
        check_select(kind, names)
    if record:
        _record_all(asker, OBSERVATION, sight[OBSERVATION], path)
    return Grant(path, View(sight, names, query, is_free=is_free))


def _exact(asker: Asker, path: str, query: str, names: tuple[str, ...], *, record: bool) -> Grant:
    sight = sight_of(asker)
    target = find_target(asker, path.removeprefix(f"{ROOT}/"), sight)
    is_told = target.kind not in TASKING.values()
    if not is_told or target.ending or len(target.inside) > 1 or (target.inside and names):
        raise BadInput("Nothing is told of that.", where=path[:80], mend="Subscribe to an entity, or to its property.")
    if target.entity is None:
        if names and target.kind == OBSERVATION:
            check_select(target.kind, names)
        if record:
            _record_collection(asker, target, sight[target.kind], path)
    else:
        _check_entity(target, target.entity, names)
        resource = resource_of(asker, target.entity)
        if record and not is_public(resource):
            asker.seen(resource, action="subscribe", detail={"filter": path[:200]})
    found = canonical(target)
    return Grant(found, View(sight, names, query, shown="" if found == path else path))


def _check_entity(target: Target, entity: Entity, names: tuple[str, ...]) -> None:
    own = ("@iot.id", *told_entity(entity.kind, entity.row), *COMPUTED)
    if names:
        check_select(entity.kind, names, own)
    if target.inside and target.inside[0] not in own:
        raise NotFound(f"A {entity.kind} has no {target.inside[0][:60]!r}.", mend=f"Known: {', '.join(own)}.")


def _record_collection(asker: Asker, target: Target, grades: tuple[str, ...], path: str) -> None:
    """Keep that somebody listens to a collection: of one datastream, as that is graded; else as far as they may see."""
    if target.start is None or target.start.kind not in STREAMS or target.kind != OBSERVATION:
        _record_all(asker, target.kind, grades, path)
        return
    stream = asker.city.sensing.datastream(target.start.number)
    resource = Resource("datastream", stream.id, stream.classification)
    if not is_public(resource):
        asker.seen(resource, action="subscribe", detail={"filter": path[:200]})


def _record_all(asker: Asker, kind: str, grades: tuple[str, ...], path: str) -> None:
    resource = Resource("observation" if kind == OBSERVATION else kind.lower(), "*", _strictest(grades))
    if not is_public(resource):
        asker.seen(resource, action="subscribe", detail={"filter": path[:200]})


def _strictest(grades: tuple[str, ...]) -> Classification:
    return strictest(Classification.OPEN, *map(Classification, grades))


def canonical(target: Target) -> str:
    """Return the path under which a target's news are told: by number, as short as may be."""
    if target.entity is not None:
        found = f"{ROOT}/{PLURALS[target.entity.kind]}({written(key_text(target.entity))})"
        return "/".join((found, *target.inside))
    if target.start is None:
        return f"{ROOT}/{PLURALS[target.kind]}"
    return f"{ROOT}/{PLURALS[target.start.kind]}({target.start.number})/{target.link}"
