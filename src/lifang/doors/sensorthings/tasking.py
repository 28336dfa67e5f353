"""Tasks created and taken back below ``/sta/v1.1`` (OGC 17-079r1, Tasking Core).

Actuators, TaskingCapabilities and Tasks are read like every other entity (:mod:`.answering`). A Task is deleted while
its device was not told of it: it is cancelled, and stays readable.
"""

from __future__ import annotations

from collections.abc import Mapping

from lifang.app import Asker
from lifang.core import BadInput, parse_instant
from lifang.doors.http import NotOffered
from lifang.doors.sensorthings.changing import Done, told
from lifang.doors.sensorthings.exchange import Answer, Asked
from lifang.doors.sensorthings.resolving import Target, resolve, sight_of
from lifang.guard import Action
from lifang.sensing import PLURALS, TASKING, WAYS, tasking

TASK = "Task"
REQUIREMENTS = tuple(
    f"http://www.opengis.net/spec/iot_tasking/1.0/req/{name}"
    for name in ("tasking-capability", "task", "actuator", "create-tasks")
)
_LINKS = {*PLURALS.values(), *(name for ways in WAYS.values() for name in ways)}
_KNOWN = {"taskingParameters", "TaskingCapability", "deadline", "expect", "creationTime"}


def is_tasking(asked: Asked) -> bool:
    """Return whether a change is about tasking, maybe of a Thing: a step of its path, behind links only, says so."""
    for step in asked.steps:
        if step.name in TASKING:
            return True
        if step.name not in _LINKS:
            return False
    return False


def change(asker: Asker, asked: Asked) -> Answer:
    """Return the answer that tells of a new Task, or of one taken back."""
    return told(asker, asked, apply(asker, asked))


def apply(asker: Asker, asked: Asked) -> Done:
    """Return what became of a Task: durable by then, and its device told."""
    if asked.method == "POST" and asked.steps[-1].name == PLURALS[TASK]:
        target = resolve(asker, asked.steps, sight_of(asker))
        if target.kind == TASK and target.entity is None:
            return _ordered(asker, asked, target)
    if asked.method == "DELETE":
        target = resolve(asker, asked.steps, sight_of(asker))
        if target.kind == TASK and target.entity is not None and not target.inside and not target.ending:
            row = target.entity.row
            asker.city.tasking.cancel(row["id"], by=asker.subject, purpose=asker.purpose)
            return Done(TASK, row["number"], 200)
    raise NotOffered(
        "Tasks are created and deleted; actuators and capabilities are registered by /api/v1/actuators.",
        where=asked.path[:200],
        mend="POST to Tasks, or DELETE Tasks(id).",
    )


def _ordered(asker: Asker, asked: Asked, target: Target) -> Done:
    body = asked.json()
    if not isinstance(body, Mapping) or not isinstance(body.get("taskingParameters"), Mapping):
        raise BadInput("A Task has taskingParameters.", where="body", mend='Send {"taskingParameters": {…}}.')
    if unknown := set(body) - _KNOWN:
        raise BadInput(f"Unknown: {', '.join(sorted(unknown))[:200]}.", where="body", mend="Leave it out.")
    engine = asker.city.tasking
    capability = engine.capability(target.start.number if target.start else _named(body))
    asker.must(Action.COMMAND, engine.actuator(capability.actuator).resource)
    deadline = parse_instant(str(body["deadline"])) if body.get("deadline") else None
    order = tasking.Order(capability.id, body["taskingParameters"], deadline, body.get("expect") or {})
    return Done(TASK, engine.submit(order, by=asker.subject, purpose=asker.purpose).number, 201)


def _named(body: Mapping[str, object]) -> int | str:
    link = body.get("TaskingCapability")
    key = link.get("@iot.id") if isinstance(link, Mapping) else None
    if not isinstance(key, int | str) or isinstance(key, bool):
        raise BadInput("A Task needs a TaskingCapability.", where="TaskingCapability", mend='Give {"@iot.id": 1}.')
    return key
