"""Routes of tasking: what can be commanded, commands and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.app import Asker
from lifang.doors.api.bodies.operations import NoteBody
from lifang.doors.api.bodies.tasking import (
    ActuatorBody,
    ActuatorPage,
    CapabilityBody,
    CapabilityPage,
    CommandBody,
    CommandPage,
    NewCommand,
    NewTasking,
    Registered,
    State,
)
from lifang.doors.api.listing import After, Limit, after_number, moment, paged
from lifang.doors.http import PROBLEMS, GuardedRoute, answer, asking
from lifang.guard import Action, Classification, Resource
from lifang.sensing import tasking

Reads = Annotated[Asker, asking(Action.READ, Resource("actuator"), per_item=True)]
Registers = Annotated[Asker, asking(Action.OBSERVE, Resource("actuator"))]
Commands = Annotated[Asker, asking(Action.COMMAND, Resource("actuator"))]
ReadsCommands = Annotated[Asker, asking(Action.READ, Resource("command"), per_item=True)]
IdText = Annotated[str | None, Query(max_length=128)]


def _capability(found: tasking.Capability) -> CapabilityBody:
    told = {**vars(found), "name": {"zh": found.zh, "en": found.en}}
    return CapabilityBody.model_validate({name: told[name] for name in CapabilityBody.model_fields})


def _actuator(found: tasking.Actuator, capabilities: Sequence[tasking.Capability]) -> ActuatorBody:
    told = {
        **vars(found),
        "name": {"zh": found.zh, "en": found.en},
        "classification": found.classification.value,
        "capabilities": [_capability(each) for each in capabilities],
    }
    return ActuatorBody.model_validate({name: told[name] for name in ActuatorBody.model_fields})


def command_body(command: tasking.Command) -> CommandBody:
    """Return a command as the API shows it."""
    return CommandBody.model_validate(command.as_json())


def seen_command(asker: Asker, command_id: str) -> tasking.Command:
    """Return a command that the asker may read, or ``NotFound``."""
    engine = asker.city.tasking

    def resource(command: tasking.Command) -> Resource:
        both = engine.resources(command)
        return next((each for each in both if asker.may(Action.READ, each)), both[0])

    return asker.see("command", command_id, lambda: engine.command(command_id), resource)


def actuators() -> APIRouter:
    """Return the routes of actuators and tasking capabilities."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["tasking"], responses=PROBLEMS)

    @routes.get("/actuators", response_model=ActuatorPage)
    def every(
        request: Request, asker: Reads, thing: IdText = None, after: After = None, limit: Limit = 100
    ) -> Response:
        """List what can be commanded, by number."""
        engine = asker.city.tasking
        found = engine.actuators(thing=thing, after=after_number("actuators", after) or None, limit=limit + 1)
        items, following = paged("actuators", found, limit, lambda each: each.number)
        asker.decide(Action.READ, Resource("actuator"))
        shown = [each for each in items if asker.may(Action.READ, each.resource)]
        asker.seen(*(each.resource for each in shown))
        bodies = [_actuator(each, engine.capabilities(actuator=each.id)) for each in shown]
        return answer(request, ActuatorPage(items=bodies, next=following))

    @routes.get("/actuators/{actuator_id}", response_model=ActuatorBody)
    def one(actuator_id: str, request: Request, asker: Reads) -> Response:
        """Give one actuator with what it can be told."""
        engine = asker.city.tasking
        found = asker.see("actuator", actuator_id, lambda: engine.actuator(actuator_id), lambda each: each.resource)
        return answer(request, _actuator(found, engine.capabilities(actuator=found.id)))

    @routes.get("/tasking-capabilities", response_model=CapabilityPage)
    def capabilities(
        request: Request, asker: Reads, thing: IdText = None, after: After = None, limit: Limit = 100
    ) -> Response:
        """List what actuators can be told, by number."""
        engine = asker.city.tasking
        found = engine.capabilities(thing=thing, after=after_number("capabilities", after) or None, limit=limit + 1)
        items, following = paged("capabilities", found, limit, lambda each: each.number)
        asker.decide(Action.READ, Resource("actuator"))
        owners = {each.actuator: engine.actuator(each.actuator) for each in items}
        shown = [each for each in items if asker.may(Action.READ, owners[each.actuator].resource)]
        asker.seen(*(owners[each.actuator].resource for each in shown))
        return answer(request, CapabilityPage(items=[_capability(each) for each in shown], next=following))

    @routes.post("/actuators", response_model=Registered)
    def register(request: Request, body: NewTasking, asker: Registers) -> Response:
        """Register actuators and capabilities; what is there already and unchanged is left alone."""
        told = [
            tasking.Actuator(**{**each.model_dump(), "classification": Classification(each.classification)})
            for each in body.actuators
        ]
        able = [tasking.Capability(**each.model_dump()) for each in body.capabilities]
        return answer(request, Registered(changed=asker.city.tasking.register(told, able, by=asker.subject)))

    return routes


def commands() -> APIRouter:
    """Return the routes of commands, for those who give them."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["tasking"], responses=PROBLEMS)

    @routes.post("/commands", response_model=CommandBody, status_code=201)
    def submit(request: Request, body: NewCommand, asker: Commands) -> Response:
        """Command a device; the answer says whether it was accepted, or refused and why."""
        engine = asker.city.tasking
        capability = engine.capability(body.capability)
        asker.must(Action.COMMAND, engine.actuator(capability.actuator).resource)
        order = tasking.Order(body.capability, body.parameters, moment(body.deadline), body.expect, body.key)
        made = engine.submit(order, by=asker.subject, purpose=asker.purpose)
        return answer(request, command_body(made), status=201)

    @routes.get("/commands", response_model=CommandPage)
    def every(
        request: Request,
        asker: ReadsCommands,
        device: IdText = None,
        capability: IdText = None,
        state: State | None = None,
        after: After = None,
        limit: Limit = 100,
    ) -> Response:
        """List commands, newest first."""
        engine = asker.city.tasking
        found = engine.commands(
            device=device,
            capability=capability,
            state=tasking.CommandState(state) if state else None,
            after=after_number("commands", after) or None,
            limit=limit + 1,
        )
        items, following = paged("commands", found, limit, lambda each: each.number)
        asker.must(Action.READ, Resource("command"))
        shown = [each for each in items if asker.may(Action.READ, engine.resources(each)[0])]
        asker.seen(*(engine.resources(each)[0] for each in shown))
        return answer(request, CommandPage(items=[command_body(each) for each in shown], next=following))

    @routes.get("/commands/{command_id}", response_model=CommandBody)
    def one(command_id: str, request: Request, asker: ReadsCommands) -> Response:
        """Give one command with every step of its life."""
        return answer(request, command_body(seen_command(asker, command_id)))

    @routes.post("/commands/{command_id}/cancel", response_model=CommandBody)
    def cancel(command_id: str, request: Request, body: NoteBody, asker: Commands) -> Response:
        """Take a command back that its device was not told of yet."""
        seen_command(asker, command_id)
        made = asker.city.tasking.cancel(command_id, by=asker.subject, note=body.note, purpose=asker.purpose)
        return answer(request, command_body(made))

    return routes
