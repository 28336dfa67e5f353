"""Where a path leads: to a collection, an entity, a property; looked up step by step, as far as the asker may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from lifang.app import Asker
from lifang.core import NotFound
from lifang.doors.sensorthings.paths import Step
from lifang.guard import Action, Classification, Resource
from lifang.sensing import (
    COLLECTIONS,
    OBSERVATION,
    PLURALS,
    RESOURCES,
    STREAMS,
    TASKING,
    WAYS,
    Entity,
    Question,
    Sight,
    Start,
    key_text,
    start_of,
)
from lifang.store import Call, Field, Literal

ALL: Sight = {kind: tuple(map(str, Classification)) for kind in WAYS}
_COLLECTIONS = {**COLLECTIONS, **TASKING}
ENDINGS = ("$value", "$ref", "$count")


@dataclass(frozen=True)
class Target:
    """The end of a path: a collection of ``kind`` (of ``start``'s ``link``, if not all), or one ``entity`` of it.

    ``inside`` are the names behind it that lead into a property, ``ending`` is ``$value``, ``$ref`` or ``$count``.
    """

    kind: str
    start: Start | None = None
    link: str = ""
    entity: Entity | None = None
    inside: tuple[str, ...] = ()
    ending: str = ""


def sight_of(asker: Asker) -> Sight:
    """Return, by kind of entity, the classifications that the asker may read."""
    classes = {
        kind: tuple(map(str, asker.classes(Action.READ, kind))) for kind in {each.kind for each in RESOURCES.values()}
    }
    return {kind: classes[resource.kind] for kind, resource in RESOURCES.items()}


def resource_of(asker: Asker, entity: Entity) -> Resource:
    """Return the entity as the guard knows it; an observation is as hidden as its datastream."""
    if entity.kind in _TASKED:
        return _TASKED[entity.kind](asker, entity)
    kind = RESOURCES[entity.kind].kind
    grade = entity.row.get("classification")
    if entity.kind == OBSERVATION:
        grade = asker.city.sensing.entities.grade_of(entity.number)
    return Resource(kind, str(key_text(entity)), Classification(grade or "open"))


def _command(asker: Asker, entity: Entity) -> Resource:
    """Return a Task as whichever the asker may read: the command of its device, or of the gateway that fetches it."""
    row = entity.row
    both = asker.city.tasking.resources_of(row["capability"], row["queue"], row["device"])
    return next((each for each in both if asker.may(Action.READ, each)), both[0])


_TASKED: Mapping[str, Callable[[Asker, Entity], Resource]] = {
    "Actuator": lambda asker, entity: asker.city.tasking.actuator(entity.row["id"]).resource,
    "TaskingCapability": lambda asker, entity: asker.city.tasking.actuator(entity.row["actuator"]).resource,
    "Task": _command,
}


def resolve(asker: Asker, steps: Sequence[Step], sight: Sight) -> Target:
    """Return where ``steps`` lead; ``NotFound`` for what is not there or not to be seen."""
    first = steps[0]
    kind = _COLLECTIONS.get(first.name)
    if kind is None:
        known = ", ".join(_COLLECTIONS)
        raise NotFound(f"There is no {first.name[:60]!r}.", mend=f"Known: {known}.")
    target = Target(kind)
    if first.key is not None:
        target = replace(target, entity=_see(asker, kind, first.key, sight))
    for at, step in enumerate(steps[1:], start=2):
        if step.name in ENDINGS:
            return _ended(target, step, last=at == len(steps))
        target = _onward(asker, target, step, sight)
    return target


def _ended(target: Target, step: Step, *, last: bool) -> Target:
    fits = {
        "$value": bool(target.inside),
        "$ref": not target.inside,
        "$count": target.entity is None,
    }[step.name]
    if not last or not fits or step.key is not None:
        raise NotFound(f"There is no {step.name} here.", mend="Write it behind a property, a link or a collection.")
    return replace(target, ending=step.name)


def _list_of(kind: str) -> str:
    return f"GET /sta/v1.1/{PLURALS[kind]}"


def _see(asker: Asker, kind: str, key: int | str, sight: Sight) -> Entity:
    """Return one entity, or the error that says whether only a stated purpose lacks; a device sees its own Tasks."""
    reading = asker.city.sensing.entities.reading
    try:
        return reading.get(kind, key, sight)
    except NotFound:
        found, listed = lambda: reading.get(kind, key, ALL), _list_of(kind)
        seen = asker.see(kind, str(key), found, lambda each: resource_of(asker, each), listed=listed)
        if kind == "Task":
            return seen
        raise


def _onward(asker: Asker, target: Target, step: Step, sight: Sight) -> Target:
    if target.inside:
        return replace(target, inside=(*target.inside, step.name))
    if target.entity is None:
        raise NotFound(f"{step.name[:60]!r} stands behind a collection.", mend="Name one entity: Things(1).")
    way = WAYS[target.kind].get(step.name)
    if way is None:
        if step.key is not None:
            raise NotFound(
                f"A {target.kind} has no {step.name[:60]!r}.", mend=f"Known: {', '.join(WAYS[target.kind])}."
            )
        return replace(target, inside=(step.name,))
    start = start_of(target.entity)
    if not way.many:
        if step.key is not None:
            raise NotFound(f"A {target.kind} has one {step.name}.", mend="Leave the id out.")
        found = asker.city.sensing.entities.reading.follow(start, step.name, sight)
        return Target(way.target, entity=found)
    onward = Target(way.target, start=start, link=step.name)
    return onward if step.key is None else replace(onward, entity=_member(asker, onward, step.key, sight))


def _member(asker: Asker, target: Target, key: int | str, sight: Sight) -> Entity:
    """Return the entity of this id among those that a link leads to."""
    where = Call("eq", (Field("@id"), Literal(key)))
    if target.kind == OBSERVATION and target.start is not None and target.start.kind in STREAMS:
        found = _see(asker, OBSERVATION, key, sight)
        if found.number == target.start.number:
            return found
    else:
        question = Question(target.kind, where, top=1)
        page = asker.city.sensing.entities.reading.page(question, sight, target.start, target.link)
        if page.items:
            return page.items[0]
    raise NotFound(f"There is no {target.kind} {str(key)[:80]!r} here.", mend=f"List them: {_list_of(target.kind)}.")


def value_at(body: Mapping[str, object], inside: Sequence[str]) -> object:
    """Return what lies at ``inside`` in an entity's properties; ``NotFound`` if there is no such property."""
    found: object = body
    for name in (part for step in inside for part in step.replace("]", "").split("[")):
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isascii() and name.isdigit() and int(name[:9]) < len(found):
            found = found[int(name)]
        else:
            raise NotFound(f"There is no property {'/'.join(inside)[:80]!r}.", mend="Look at the entity itself.")
    return found
