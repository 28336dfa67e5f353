"""Actuators, TaskingCapabilities and Tasks below ``/sta/v1.1`` (OGC 17-079r1, Tasking Core), from the same rows.

Offered: collections with ``$top``, ``$skip`` and ``$count``, entities by number or id, their links, creating Tasks, and
deleting one that its device was not told of (it is cancelled, and stays readable). Other options are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifang.app import Asker
from lifang.core import BadInput, NotFound, format_instant, parse_instant
from lifang.doors.http import NotOffered
from lifang.doors.sensorthings.exchange import Answer, Asked
from lifang.doors.sensorthings.paths import Step
from lifang.guard import Action, Resource
from lifang.sensing import tasking

CAPABILITIES, ACTUATORS, TASKS = "TaskingCapabilities", "Actuators", "Tasks"
COLLECTIONS = (ACTUATORS, CAPABILITIES, TASKS)
REQUIREMENTS = tuple(
    f"http://www.opengis.net/spec/iot_tasking/1.0/req/{name}"
    for name in ("tasking-capability", "task", "actuator", "create-tasks")
)
_PAGE, _PAGE_MAX, _MOST = 100, 1000, 100_000
_KNOWN = frozenset({"$top", "$skip", "$count", "purpose"})


def is_tasking(asked: Asked) -> bool:
    """Return whether a request is about tasking."""
    return asked.path.strip("/").partition("(")[0].partition("/")[0] in COLLECTIONS


def read(asker: Asker, asked: Asked) -> Answer:
    """Return the collection, entity or link that the path names."""
    steps = asked.steps
    if len(steps) == 1 and steps[0].key is None:
        return Answer(body=_listed(asker, asked, steps[0].name, {}))
    if steps[0].key is None or len(steps) > 2:
        raise NotFound("There is nothing here.", where=asked.path[:200], mend="Write Tasks(1).")
    entity = _entity(asker, steps[0])
    if len(steps) == 1:
        return Answer(body=_told(asked.root, entity))
    return Answer(body=_along(asker, asked, entity, steps[1]))


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


def _along(asker: Asker, asked: Asked, entity: Any, step: Step) -> Any:
    if step.key is None and isinstance(entity, tasking.Actuator) and step.name == CAPABILITIES:
        return _listed(asker, asked, CAPABILITIES, {"actuator": entity.id})
    if step.key is None and isinstance(entity, tasking.Capability) and step.name == TASKS:
        return _listed(asker, asked, TASKS, {"capability": entity.id})
    if isinstance(entity, tasking.Capability) and step.name == "Actuator":
        return _told(asked.root, _entity(asker, Step(ACTUATORS, entity.actuator)))
    if isinstance(entity, tasking.Command) and step.name == "TaskingCapability":
        return _told(asked.root, _entity(asker, Step(CAPABILITIES, entity.capability)))
    raise NotFound(f"There is no {step.name[:40]} here.", where=asked.path[:200], mend="Follow the navigation links.")


def _listed(asker: Asker, asked: Asked, name: str, where: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of what the asker may read."""
    top, skip, count = _options(asked)
    found = _readable(asker, name, where)
    page = found[skip : skip + top]
    told: dict[str, Any] = {"@iot.count": len(found)} if count else {}
    if len(found) > skip + top:
        told["@iot.nextLink"] = f"{asked.address}?$top={top}&$skip={skip + top}" + ("&$count=true" if count else "")
    return {**told, "value": [_told(asked.root, each) for each in page]}


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
    actuators = engine.actuators(limit=_MOST)
    if name == CAPABILITIES:
        owners = {each.id: each.resource for each in actuators}
        capabilities = engine.capabilities(actuator=where.get("actuator"), limit=_MOST)
        return [(each, owners[each.actuator]) for each in capabilities]
    return [(each, each.resource) for each in actuators]


def _options(asked: Asked) -> tuple[int, int, bool]:
    given = dict(asked.pairs)
    if unknown := set(given) - _KNOWN:
        raise NotOffered(f"Not offered for tasking: {', '.join(sorted(unknown))[:200]}.", mend="$top, $skip, $count.")
    try:
        top, skip = int(given.get("$top", _PAGE)), int(given.get("$skip", 0))
    except ValueError as error:
        raise BadInput("$top and $skip are whole numbers.", where="query", mend="Correct them.") from error
    if top < 0 or skip < 0 or given.get("$count", "false") not in {"true", "false"}:
        raise BadInput("$top and $skip are 0 or more, $count is true or false.", where="query", mend="Correct them.")
    return min(top, _PAGE_MAX), skip, given.get("$count") == "true"


def _told(root: str, entity: Any) -> dict[str, Any]:
    if isinstance(entity, tasking.Actuator):
        return _actuator(root, entity)
    return _capability(root, entity) if isinstance(entity, tasking.Capability) else _task(root, entity)


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
