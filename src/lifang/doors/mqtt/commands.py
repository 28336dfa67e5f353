"""Commands out, answers in: a connected device is told what it is to do and says what became of it.

A command is handed out only to a client that is there; what waits is told when one subscribes or comes back. Over one
connection a command is told once. Being received (PUBACK) is no answer: what was not answered is told again after the
next connect, under its own id, until its deadline.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, cast
from weakref import WeakSet

import orjson

from lifang.app import City
from lifang.core import BadInput, Denied, NotFound, Problem, Unavailable
from lifang.doors.mqtt.access import Guest, asker_of
from lifang.doors.mqtt.broker import Broker, Delivery, Link, Message, Session, Subscription
from lifang.doors.mqtt.meaning import answering_device, commands_topic
from lifang.doors.mqtt.observation import read_object
from lifang.doors.mqtt.wire import Reason
from lifang.guard import Action, Classification, Resource
from lifang.sensing import tasking

_LOG = logging.getLogger(__name__)
_ANSWERS_MAX = 10_000  # that wait for their turn
_EXAMPLE = '{"command": "…", "outcome": "done"}'
_WORDS = {"command": str, "outcome": str, "note": str, "result": dict}
_TOLD = (tasking.CommandState.ACCEPTED, tasking.CommandState.SENT)
Refuse = Callable[[Delivery, Problem], None]
Find = Callable[[Guest], Sequence[tasking.Command | None]]


def commands_of(device: str) -> Resource:
    """Return what the guard is asked about the commands of a device, whatever they are."""
    return Resource("command", tasking.subject_id(device), Classification.RESTRICTED)


class Commands:
    """Hands a city's commands to a broker's clients and takes their answers; ``still`` says whether a log-in holds."""

    def __init__(
        self, city: City, broker: Broker, *, refuse: Refuse, still: Callable[[Guest], Awaitable[bool]]
    ) -> None:
        self._city, self._broker, self._refuse, self._still = city, broker, refuse, still
        self._loop = asyncio.get_running_loop()
        self._out, self._in = asyncio.Lock(), asyncio.Lock()  # each in the order in which it came
        self._told: dict[str, WeakSet[Link]] = {}
        self._waiting = 0
        self._is_open = True
        city.tasking.on_command(self._stepped)

    def close(self) -> None:
        """Tell no more."""
        self._is_open = False

    def _stepped(self, command: tasking.Command) -> None:
        """Take note of a command's step, on the thread that took it."""
        if not self._is_open or self._loop.is_closed():
            return
        if command.state is tasking.CommandState.ACCEPTED:
            self._loop.call_soon_threadsafe(lambda: self._broker.spawn(self._hand_out(command)))
        elif command.state not in _TOLD:
            self._loop.call_soon_threadsafe(self._told.pop, command.id, None)

    async def _hand_out(self, command: tasking.Command) -> None:
        async with self._out:
            for device in dict.fromkeys((command.queue, command.device)):
                may = partial(_hears, device)
                for subscription in list(self._broker.subscriptions.hearers(commands_topic(device), may)):
                    await self._tell(subscription, self._one(command.id))

    def ready(self, session: Session) -> None:
        """Tell a client that subscribed, or came back, what waits for its devices."""
        if _commanded(session):
            self._broker.spawn(self._catch_up(session))

    async def _catch_up(self, session: Session) -> None:
        async with self._out:
            found = _commanded(session)
            topics = {each.grant.path for each in found}
            for message in session.pending():
                if message.topic in topics:
                    self._note(orjson.loads(message.payload)["id"], session.link)  # it is on its way already
            for subscription in found:
                await self._tell(subscription, self._all(subscription))

    def _one(self, command_id: str) -> Find:
        return lambda guest: [self._city.tasking.deliver(command_id, by=guest.subject)]

    def _all(self, subscription: Subscription) -> Find:
        view, fetch = subscription.grant.view, self._city.tasking.fetch
        return lambda guest: fetch(view.commands_of, by=guest.subject, purpose=view.purpose)

    async def _tell(self, subscription: Subscription, find: Find) -> None:
        """Tell a subscriber who is there, and whose log-in holds, what is found; what fails waits for the next time."""
        session, link = subscription.session, subscription.session.link
        if link is None or link.login is None:
            return
        guest = cast("Guest", link.login)
        try:
            if not await self._still(guest):
                return
            found = await asyncio.to_thread(find, guest)
        except Problem as problem:
            _LOG.warning("commands were not handed to %s: %s", guest.owner, problem)
            return
        if session.link is not link or session.subscriptions.get(subscription.wanted.filter) is not subscription:
            return
        for command in found:
            if command is not None and self._note(command.id, link):
                subscription.deliver(_message(subscription.grant.path, command))
        if session.is_kept:
            await self._broker.keeper.flush()

    def _note(self, command_id: str, link: Link | None) -> bool:
        """Return whether a command is new to a connection; it is not, from now on."""
        if link is None:
            return False
        told = self._told.setdefault(command_id, WeakSet())
        if link in told:
            return False
        told.add(link)
        return True

    def take(self, delivery: Delivery, guest: Guest) -> None:
        """Take an answer; it is settled once it is in the registry and the ledger."""
        device = answering_device(delivery.packet.topic)
        if delivery.link is None:
            raise Denied("A will is no answer to a command.", mend="Let the device answer when it is back.")
        body = _read(delivery.packet.payload)
        if self._waiting >= _ANSWERS_MAX:
            raise Unavailable(f"{self._waiting:,} answers wait already.", mend="Send it again in a second.")
        self._waiting += 1
        self._broker.spawn(self._answer(delivery, guest, device, body))

    async def _answer(self, delivery: Delivery, guest: Guest, device: str, body: dict[str, Any]) -> None:
        try:
            async with self._in:
                if not await self._still(guest):
                    raise Denied("The log-in does not hold any more.", mend="Log in again.")
                await asyncio.to_thread(self._acknowledge, guest, device, body)
        except Problem as problem:
            self._refuse(delivery, problem)
        else:
            delivery.settle(Reason.SUCCESS)
        finally:
            self._waiting -= 1

    def _acknowledge(self, guest: Guest, device: str, body: dict[str, Any]) -> None:
        asker_of(self._city, guest).must(Action.HANDLE, commands_of(device))
        engine, name = self._city.tasking, body["command"]
        nothing = NotFound(f"There is no command {name[:80]!r}.", mend="Answer those that were received.")
        try:
            command = engine.command(name)
        except NotFound:
            raise nothing from None
        if device not in {command.queue, command.device}:
            raise nothing
        told = {word: body[word] for word in ("note", "result") if word in body}
        engine.acknowledge(name, body["outcome"], by=guest.subject, **told)


def _commanded(session: Session) -> list[Subscription]:
    return [each for each in session.subscriptions.values() if each.grant.view.commands_of]


def _hears(device: str, subscription: Subscription) -> bool:
    return bool(subscription.grant.view.commands_of == device and subscription.session.link is not None)


def _message(topic: str, command: tasking.Command) -> Message:
    return Message(topic, orjson.dumps(command.message()), qos=1, until=command.deadline.timestamp())


def _read(payload: bytes) -> dict[str, Any]:
    """Return the words of an answer; ``BadInput`` names what is missing or wrong."""
    body = read_object(payload, example=_EXAMPLE)
    for word in ("command", "outcome", *body):
        if word not in _WORDS or not isinstance(body.get(word), _WORDS[word]):
            raise BadInput(f"The answer's {word[:40]!r} is missing, wrong or unknown.", mend=f"Send {_EXAMPLE}")
    return body
