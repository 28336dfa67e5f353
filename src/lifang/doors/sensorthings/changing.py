"""POST, PATCH, PUT and DELETE of entities (OGC 18-088, clause 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lifang.app import Asker
from lifang.core import BadInput, NotFound
from lifang.doors.sensorthings.answering import record
from lifang.doors.sensorthings.exchange import PATCHED, Answer, Asked
from lifang.doors.sensorthings.options import read_options
from lifang.doors.sensorthings.paths import Step
from lifang.doors.sensorthings.rendering import Renderer, spans_of
from lifang.doors.sensorthings.resolving import resolve, sight_of
from lifang.guard import Action
from lifang.sensing import COLLECTIONS, OBSERVATION, RESOURCES, WAYS, Change, Start, key_text, start_of


@dataclass(frozen=True)
class Done:
    """What a change did: to which entity, and with which status it is told."""

    kind: str
    key: int | str
    status: int


def change(asker: Asker, asked: Asked) -> Answer:
    """Return what came of one change, durable by then."""
    with asker.city.sensing.entities.change(asker.subject, sight_of(asker), asker.purpose) as open_change:
        done = apply(asker, open_change, asked)
    return told(asker, asked, done)


def apply(asker: Asker, open_change: Change, asked: Asked) -> Done:
    """Return what the request did inside a change that is still open; ``BadInput`` for options it cannot have."""
    if any(name.startswith("$") for name, _ in asked.pairs):
        raise BadInput("A change has no query options.", where="query", mend="Leave them out.")
    return _METHODS[asked.method](asker, open_change, asked)


def told(asker: Asker, asked: Asked, done: Done) -> Answer:
    """Return the answer that tells of a change: the entity as it is now, and where it lies."""
    if asked.method == "DELETE":
        return Answer(200)
    sight = sight_of(asker)
    try:
        entity = asker.city.sensing.entities.reading.get(done.kind, done.key, sight)
    except NotFound:  # who may write it need not be allowed to read it
        return Answer(204)
    renderer = Renderer(asked.root, spans_of(asker, [entity], sight))
    record(asker, [entity])
    body = renderer.entity(entity, read_options((), done.kind, asker.city.now))
    return Answer(done.status, body, headers={"Location": renderer.link(entity)})


def _may(asker: Asker, kind: str) -> None:
    asker.must(Action.OBSERVE, RESOURCES[kind])


def _post(asker: Asker, open_change: Change, asked: Asked) -> Done:
    steps = asked.steps
    last = steps[-1]
    if len(steps) == 1:
        kind, start = COLLECTIONS.get(last.name), None
    else:
        start = _start(asker, open_change, steps[:-1])
        way = WAYS[start.kind].get(last.name)
        kind = way.target if way is not None and way.many else None
    if kind is None or last.key is not None:
        raise NotFound(f"Nothing is created at {asked.path[:80]!r}.", mend="Send it to a collection, such as Things.")
    _may(asker, kind)
    return Done(kind, asker.city.sensing.entities.create(open_change, kind, asked.json(), start, last.name), 201)


def _start(asker: Asker, open_change: Change, steps: tuple[Step, ...]) -> Start:
    """Return the entity that a path leads to; one of this very change too."""
    kind, key = COLLECTIONS.get(steps[0].name), steps[0].key
    if len(steps) == 1 and kind is not None and kind != OBSERVATION and key is not None:
        return Start(kind, open_change.find(kind, key)["number"])
    target = resolve(asker, steps, open_change.sight)
    if target.entity is None or target.inside or target.ending:
        raise NotFound("The path leads to no entity.", mend="Write Things(1)/Datastreams.")
    return start_of(target.entity)


def _one(asker: Asker, open_change: Change, asked: Asked) -> tuple[str, int | str]:
    return _named(asker, open_change, asked.steps, asked.path)


def _named(asker: Asker, open_change: Change, steps: tuple[Step, ...], path: str) -> tuple[str, int | str]:
    """Return kind and id of the one entity that ``steps`` of the path name."""
    kind, key = COLLECTIONS.get(steps[0].name), steps[0].key
    if len(steps) == 1 and kind is not None and key is not None:
        _may(asker, kind)
        return kind, key
    target = resolve(asker, steps, open_change.sight)
    if target.entity is None or target.inside or target.ending:
        what = "Only one entity can be changed or deleted at once."
        raise BadInput(what, where=path[:80], mend="Name it: Things(1).")
    _may(asker, target.kind)
    return target.kind, key_text(target.entity)


def _patch(asker: Asker, open_change: Change, asked: Asked) -> Done:
    kind, key = _one(asker, open_change, asked)
    entities = asker.city.sensing.entities
    if asked.content_type.split(";")[0].strip().lower() == PATCHED:
        return Done(kind, entities.patch(open_change, kind, key, asked.json()), 200)
    return Done(kind, entities.update(open_change, kind, key, asked.json()), 200)


def _put(asker: Asker, open_change: Change, asked: Asked) -> Done:
    kind, key = _one(asker, open_change, asked)
    return Done(kind, asker.city.sensing.entities.update(open_change, kind, key, asked.json(), whole=True), 200)


def _unlink(asker: Asker, open_change: Change, asked: Asked) -> Done:
    """Take away a link between two entities that may be without it; both stay (OData 4.01 Part 1, clause 11.4.6.2)."""
    *before, end, _ = asked.steps
    kind, key = _named(asker, open_change, tuple(before), asked.path)
    way = WAYS[kind].get(end.name)
    if way is None:
        raise NotFound(f"A {kind} has no {end.name[:60]!r}.", mend=f"Known: {', '.join(WAYS[kind])}.")
    asker.city.sensing.entities.unlink(open_change, kind, key, end.name, end.key)
    return Done(kind, key, 200)


def _delete(asker: Asker, open_change: Change, asked: Asked) -> Done:
    if len(asked.steps) > 2 and asked.steps[-1].name == "$ref":
        return _unlink(asker, open_change, asked)
    kind, key = _one(asker, open_change, asked)
    asker.city.sensing.entities.delete(open_change, kind, key)
    return Done(kind, key, 200)


_METHODS: Mapping[str, Callable[[Asker, Change, Asked], Done]] = {
    "POST": _post,
    "PATCH": _patch,
    "PUT": _put,
    "DELETE": _delete,
}
