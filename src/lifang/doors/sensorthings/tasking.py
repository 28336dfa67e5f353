"""Actuators, TaskingCapabilities and Tasks below ``/sta/v1.1`` (OGC 17-079r1, Tasking Core), from the same rows.

Offered: collections with ``$top``, ``$skip``, ``$count`` and ``$expand``, entities by number or id, their links and a
Thing's; creating Tasks, and deleting one that its device was not told of (it is cancelled, and stays readable). Other
options are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from lifang.app import Asker
from lifang.core import BadInput, NotFound, format_instant, parse_instant
from lifang.doors.http import NotOffered
from lifang.doors.sensorthings.exchange import Answer, Asked
from lifang.doors.sensorthings.options import SAFE, TASKED, split
from lifang.doors.sensorthings.paths import Step
from lifang.doors.sensorthings.resolving import resolve, sight_of
from lifang.guard import Action, Resource
from lifang.sensing import PLURALS, WAYS, tasking

CAPABILITIES, ACTUATORS, TASKS = TASKED, "Actuators", "Tasks"
TASK = "Task"  # the kind of what stands in TASKS
COLLECTIONS = (ACTUATORS, CAPABILITIES, TASKS)
REQUIREMENTS = tuple(
    f"http://www.opengis.net/spec/iot_tasking/1.0/req/{name}"
    for name in ("tasking-capability", "task", "actuator", "create-tasks")
)
_PAGE, _PAGE_MAX, _MOST = 100, 1000, 100_000
_KNOWN = ("$top", "$skip", "$count", "$expand")
_EXPANDS_MAX = 4  # levels
_SENSING = {*PLURALS.values(), *(name for ways in WAYS.values() for name in ways)}
_LINKS: Mapping[str, Mapping[str, tuple[str, bool]]] = {  # where each leads, and whether to many
    ACTUATORS: {CAPABILITIES: (CAPABILITIES, True)},
    CAPABILITIES: {TASKS: (TASKS, True), "Actuator": (ACTUATORS, False)},
    TASKS: {"TaskingCapability": (CAPABILITIES, False)},
}


@dataclass(frozen=True)
class _Wanted:
    """What is asked for of a collection: as text in ``given``, and read."""

    given: tuple[tuple[str, str], ...] = ()
    top: int = _PAGE
    skip: int = 0
    count: bool = False
    expand: Mapping[str, _Wanted] = field(default_factory=dict)


def is_tasking(asked: Asked) -> bool:
    """Return whether a request is about tasking, maybe of a Thing."""
    return _begin(asked.steps) is not None


def _begin(steps: Sequence[Step]) -> int | None:
    """Return the place of the first step of tasking, which stands first or behind links."""
    for at, step in enumerate(steps):
        if step.name in COLLECTIONS:
            return at
        if step.name not in _SENSING:
            return None
    return None


def read(asker: Asker, asked: Asked) -> Answer:
    """Return the collection, entity or link that the path names."""
    steps = asked.steps
    at = _begin(steps) or 0
    name, where = steps[at].name, _of_thing(asker, steps[: at + 1])
    entity = None if steps[at].key is None else _member(asker, steps[at], where)
    for step in steps[at + 1 :]:
        if entity is None or step.name not in _LINKS[name]:
            raise NotFound(f"There is no {step.name[:40]} here.", where=asked.path[:200], mend="Write Tasks(1).")
        where = _where(name, step.name, entity)
        name, many = _LINKS[name][step.name]
        if not many:
            entity = _member(asker, Step(name, next(iter(where.values()))), {})
        else:
            entity = None if step.key is None else _member(asker, Step(name, step.key), where)
    wanted = _wanted(asked.pairs, name)
    if entity is None:
        return Answer(body=_page(asker, asked.root, asked.address, name, where, wanted))
    if {option for option, _ in wanted.given} - {"$expand"}:
        raise BadInput("$top, $skip and $count are for collections.", where="query", mend="Use $expand on an entity.")
    return Answer(body=_told(asker, asked.root, name, entity, wanted.expand))


def hung(asker: Asker, root: str, thing: str, address: str, options: str) -> dict[str, Any]:
    """Return the TaskingCapabilities of a thing as ``$expand`` hangs them on it; ``options`` stand in its brackets."""
    pairs = _nested(options, CAPABILITIES)
    wanted = _wanted(pairs, CAPABILITIES)
    return _page(asker, root, f"{address}/{CAPABILITIES}", CAPABILITIES, {"thing": thing}, wanted, CAPABILITIES)


def _of_thing(asker: Asker, steps: Sequence[Step]) -> Mapping[str, str]:
    """Return what narrows a collection at the end of a path to that of the Thing before it."""
    if len(steps) == 1:
        return {}
    target = resolve(asker, steps[:-1], sight_of(asker))
    if target.entity is None or target.kind != "Thing" or target.inside or steps[-1].name != CAPABILITIES:
        raise NotFound(f"There is no {steps[-1].name} here.", mend=f"Write Things(1)/{CAPABILITIES}.")
    return {"thing": str(target.entity.row["id"])}


def _where(name: str, link: str, entity: Any) -> Mapping[str, str]:
    """Return what narrows the end of ``link`` to what hangs on ``entity``, or which one it is."""
    if name == CAPABILITIES:
        return {"capability": entity.id} if link == TASKS else {"actuator": entity.actuator}
    return {"actuator": entity.id} if name == ACTUATORS else {"capability": entity.capability}


def _member(asker: Asker, step: Step, where: Mapping[str, str]) -> Any:
    entity = _entity(asker, step)
    if any(getattr(entity, name) != value for name, value in where.items()):
        raise NotFound(
            f"There is no {step.name}({str(step.key)[:80]}) here.", mend="Leave the id out to see what is here."
        )
    return entity


def change(asker: Asker, asked: Asked) -> Answer:
    """Return a new Task, or one that was taken back."""
    steps = asked.steps
    if asked.method == "POST" and steps[-1].name == TASKS and steps[-1].key is None and len(steps) <= 2:
        return _ordered(asker, asked, steps)
    if asked.method == "DELETE" and len(steps) == 1 and steps[0].name == TASKS and steps[0].key is not None:
        command = _entity(asker, steps[0])
        asker.city.tasking.cancel(command.id, by=asker.subject, purpose=asker.purpose)
        return Answer()
    raise NotOffered(
        "Tasks are created and deleted; actuators and capabilities are registered by /api/v1/actuators.",
        where=asked.path[:200],
        mend="POST to Tasks, or DELETE Tasks(id).",
    )


def _ordered(asker: Asker, asked: Asked, steps: tuple[Step, ...]) -> Answer:
    body = asked.json()
    if not isinstance(body, Mapping) or not isinstance(body.get("taskingParameters"), Mapping):
        raise BadInput("A Task has taskingParameters.", where="body", mend='Send {"taskingParameters": {…}}.')
    unknown = set(body) - {"taskingParameters", "TaskingCapability", "deadline", "expect", "creationTime"}
    if unknown:
        raise BadInput(f"Unknown: {', '.join(sorted(unknown))[:200]}.", where="body", mend="Leave it out.")
    if len(steps) == 2:
        key = steps[0].key if steps[0].name == CAPABILITIES else None
    else:
        link = body.get("TaskingCapability")
        key = link.get("@iot.id") if isinstance(link, Mapping) else None
    if not isinstance(key, int | str) or isinstance(key, bool):
        raise BadInput("A Task needs a TaskingCapability.", where="TaskingCapability", mend='Give {"@iot.id": 1}.')
    engine = asker.city.tasking
    capability = engine.capability(key)
    asker.must(Action.COMMAND, engine.actuator(capability.actuator).resource)
    deadline = parse_instant(str(body["deadline"])) if body.get("deadline") else None
    order = tasking.Order(capability.id, body["taskingParameters"], deadline, body.get("expect") or {})
    made = engine.submit(order, by=asker.subject, purpose=asker.purpose)
    told = _task(asked.root, made)
    return Answer(status=201, body=told, headers={"Location": told["@iot.selfLink"]})


def _entity(asker: Asker, step: Step) -> Any:
    engine, key = asker.city.tasking, step.key if step.key is not None else ""
    if step.name == ACTUATORS:
        return asker.see("actuator", str(key), lambda: engine.actuator(key), lambda each: each.resource)
    if step.name == CAPABILITIES:
        return asker.see(
            "tasking capability",
            str(key),
            lambda: engine.capability(key),
            lambda each: engine.actuator(each.actuator).resource,
        )
    return asker.see("command", str(key), lambda: engine.command(key), lambda each: _seen_as(asker, each))


def _seen_as(asker: Asker, command: tasking.Command) -> Resource:
    both = asker.city.tasking.resources(command)
    return next((each for each in both if asker.may(Action.READ, each)), both[0])


def _page(
    asker: Asker, root: str, address: str, name: str, where: Mapping[str, str], wanted: _Wanted, link: str = ""
) -> dict[str, Any]:
    """Return a page of what the asker may read: on its own, or to hang on an entity as its ``link``."""
    found = _readable(asker, name, where)
    end = wanted.skip + wanted.top
    told: dict[str, Any] = {f"{link}@iot.count": len(found)} if wanted.count else {}
    if len(found) > end:
        kept = [(each, value) for each, value in wanted.given if each not in {"$top", "$skip"}]
        pairs = [("$top", str(wanted.top)), ("$skip", str(end)), *kept]
        query = "&".join(f"{each}={quote(value, safe=SAFE)}" for each, value in pairs)
        told[f"{link}@iot.nextLink"] = f"{address}?{query}"
    items = [_told(asker, root, name, each, wanted.expand) for each in found[wanted.skip : end]]
    return {**told, link or "value": items}


def _readable(asker: Asker, name: str, where: Mapping[str, str]) -> list[Any]:
    asker.decide(Action.READ, Resource("actuator"))
    shown = [(each, resource) for each, resource in _found(asker, name, where) if asker.may(Action.READ, resource)]
    asker.seen(*(resource for _, resource in shown))
    return [each for each, _ in shown]


def _found(asker: Asker, name: str, where: Mapping[str, str]) -> list[tuple[Any, Resource]]:
    """Return what there is, each with the resource as which the guard knows it."""
    engine = asker.city.tasking
    if name == TASKS:
        asker.must(Action.READ, Resource("command"))
        commands = engine.commands(capability=where.get("capability"), limit=_MOST)
        return [(each, _seen_as(asker, each)) for each in commands]
    if name == CAPABILITIES and where:
        capabilities = engine.capabilities(thing=where.get("thing"), actuator=where.get("actuator"), limit=_MOST)
        return [(each, engine.actuator(each.actuator).resource) for each in capabilities]
    actuators = engine.actuators(limit=_MOST)
    if name == CAPABILITIES:
        owners = {each.id: each.resource for each in actuators}
        return [(each, owners[each.actuator]) for each in engine.capabilities(limit=_MOST)]
    return [(each, each.resource) for each in actuators]


def _wanted(pairs: Sequence[tuple[str, str]], name: str, depth: int = 0) -> _Wanted:
    """Return what is asked for of the collection ``name``; ``NotOffered`` for options beyond that."""
    given = {each: value for each, value in pairs if each != "purpose"}
    if unknown := set(given).difference(_KNOWN):
        mend = f"{', '.join(_KNOWN)}."
        raise NotOffered(f"Not offered for tasking: {', '.join(sorted(unknown))[:200]}.", mend=mend)
    try:
        top, skip = int(given.get("$top", _PAGE)), int(given.get("$skip", 0))
    except ValueError as error:
        raise BadInput("$top and $skip are whole numbers.", where="query", mend="Correct them.") from error
    if top < 0 or skip < 0 or given.get("$count", "false") not in {"true", "false"}:
        raise BadInput("$top and $skip are 0 or more, $count is true or false.", where="query", mend="Correct them.")
    expand = _expand(given["$expand"], name, depth) if "$expand" in given else {}
    return _Wanted(tuple(given.items()), min(top, _PAGE_MAX), skip, given.get("$count") == "true", expand)


def _expand(text: str, name: str, depth: int) -> dict[str, _Wanted]:
    if depth >= _EXPANDS_MAX:
        mend = "Ask again from there."
        raise BadInput(f"$expand goes at most {_EXPANDS_MAX} levels deep here.", where="$expand", mend=mend)
    found: dict[str, _Wanted] = {}
    for item in split(text, ","):
        path, bracket, rest = item.strip().partition("(")
        link, slash, beyond = path.partition("/")
        if link not in _LINKS[name] or link in found:
            mend = f"Known: {', '.join(_LINKS[name])}, each once."
            raise BadInput(f"{link[:40]!r} cannot be expanded here.", where="$expand", mend=mend)
        target = _LINKS[name][link][0]
        options = f"($expand={beyond}{bracket}{rest})" if slash else bracket + rest
        found[link] = _wanted(_nested(options, target), target, depth + 1)
    return found


def _nested(options: str, name: str) -> list[tuple[str, str]]:
    """Return the pairs of options in brackets, such as ``($top=1;$count=true)``; none of an empty text."""
    if options and not (options.startswith("(") and options.endswith(")")):
        raise BadInput(f"{options[:60]!r} lacks a bracket.", where="$expand", mend=f"Write {name}($top=1).")
    parts = [each.strip().partition("=") for each in split(options[1:-1], ";") if each.strip()]
    return [(option.strip(), value.strip()) for option, _, value in parts]


def _told(asker: Asker, root: str, name: str, entity: Any, expand: Mapping[str, _Wanted]) -> dict[str, Any]:
    found = _TELL[name](root, entity)
    for link, wanted in expand.items():
        address = found.pop(f"{link}@iot.navigationLink")
        target, many = _LINKS[name][link]
        where = _where(name, link, entity)
        if many:
            found |= _page(asker, root, address, target, where, wanted, link)
        else:
            end = _member(asker, Step(target, next(iter(where.values()))), {})
            found[link] = _told(asker, root, target, end, wanted.expand)
    return found


def _head(root: str, name: str, number: int) -> dict[str, Any]:
    return {"@iot.id": number, "@iot.selfLink": f"{root}/{name}({number})"}


def _actuator(root: str, each: tasking.Actuator) -> dict[str, Any]:
    head = _head(root, ACTUATORS, each.number)
    return {
        **head,
        "name": each.zh,
        "description": each.description or each.en,
        "encodingType": each.encoding,
        "metadata": dict(each.metadata),
        "properties": {**each.properties, "id": each.id, "en": each.en},
        f"{CAPABILITIES}@iot.navigationLink": f"{head['@iot.selfLink']}/{CAPABILITIES}",
    }


def _capability(root: str, each: tasking.Capability) -> dict[str, Any]:
    head = _head(root, CAPABILITIES, each.number)
    return {
        **head,
        "name": each.zh,
        "description": each.description or each.en,
        "taskingParameters": dict(each.parameters),
        "properties": {**each.properties, "id": each.id, "en": each.en, "limits": dict(each.limits)},
        f"{TASKS}@iot.navigationLink": f"{head['@iot.selfLink']}/{TASKS}",
        "Actuator@iot.navigationLink": f"{head['@iot.selfLink']}/Actuator",
        "Thing@iot.navigationLink": f"{root}/Things('{each.thing}')",
    }


def _task(root: str, each: tasking.Command) -> dict[str, Any]:
    head = _head(root, TASKS, each.number)
    told = each.as_json()
    kept = ("id", "state", "state_name", "device", "deadline", "reason", "result", "history")
    return {
        **head,
        "creationTime": format_instant(each.created),
        "taskingParameters": dict(each.parameters),
        "properties": {name: told[name] for name in kept},
        "TaskingCapability@iot.navigationLink": f"{head['@iot.selfLink']}/TaskingCapability",
    }


_TELL: Mapping[str, Callable[[str, Any], dict[str, Any]]] = {
    ACTUATORS: _actuator,
    CAPABILITIES: _capability,
    TASKS: _task,
}
