"""The gatehouse: what the broker asks of the city, answered by the city's own people, decisions and rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar, cast

import orjson

from lifang.app import City
from lifang.core import Problem
from lifang.doors.http import Metrics
from lifang.doors.mqtt.access import Guest, asker_of, away, is_known, let_in, see_off, still_holds
from lifang.doors.mqtt.broker import Broker, Delivery, Grant, Keeper, Limits, Link, Login, Message, Session
from lifang.doors.mqtt.changes import Changes
from lifang.doors.mqtt.commands import Commands
from lifang.doors.mqtt.covers import Covers
from lifang.doors.mqtt.free import FreeTopics
from lifang.doors.mqtt.granting import grant_of
from lifang.doors.mqtt.intake import Intake, code_of
from lifang.doors.mqtt.meaning import DEVICES, ERRORS, ROOT, reaches
from lifang.doors.mqtt.outlet import Outlet
from lifang.doors.mqtt.receiving import Receiver
from lifang.doors.mqtt.rich import RichIntake
from lifang.doors.mqtt.view import View
from lifang.doors.mqtt.wire import Connect, Properties, WireFault
from lifang.guard import Action, Resource, decide, refusal

Found = TypeVar("Found")
_THREADS = 4  # for log-ins and the ledger: a password takes a tenth of a second
_REASON_MAX = 500  # characters


class Gatehouse:
    """The :class:`House` of a city's broker."""

    def __init__(self, city: City, metrics: Metrics, limits: Limits, keeper: Keeper) -> None:
        self._city, self._metrics = city, metrics
        self._threads = ThreadPoolExecutor(_THREADS, "lifang-mqtt")
        self.broker = Broker(self, limits, keeper)
        self._outlet = Outlet(city, self.broker, self._root)
        self._changes = Changes(city, self.broker, self._root)
        self._covers = Covers(city, self.broker)
        self._commands = Commands(city, self.broker, refuse=self.refuse, still=self._still)
        self.free = free = FreeTopics(self.broker)
        spawn = self.broker.spawn
        intake = Intake(city, metrics, refuse=self.refuse, spawn=spawn, still=self._still)
        rich = RichIntake(city, metrics, refuse=self.refuse, spawn=spawn, root=self._root)
        self._receiver = Receiver(city, intake, rich, pass_on=lambda delivery: spawn(free.take(delivery)))

    async def start(self) -> None:
        """Recall what was kept; those who were away are told what was committed and could not be told before."""
        self.broker.spawn(self._outlet.catch_up(await self.broker.start()))

    async def close(self) -> None:
        """End every connection."""
        self._outlet.close()
        self._changes.close()
        self._covers.close()
        self._commands.close()
        await self.broker.close()
        self._threads.shutdown()

    def _root(self) -> str:
        return self._city.addresses.get("http", "").rstrip("/") + f"/sta/{ROOT}"

    async def _apart(self, work: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def admit(self, connect: Connect) -> Login:
        """Return who is let in, with the same log-in as everywhere."""
        return await self._apart(partial(let_in, self._city, connect))

    def leave(self, login: Login) -> None:
        """End the log-in of a client that is gone."""
        guest = cast("Guest", login)
        if guest.session:
            self._threads.submit(see_off, self._city, guest)

    async def still(self, login: Login) -> bool:
        """Return whether a log-in holds."""
        return is_known(self._city, cast("Guest", login)) or await self._still(cast("Guest", login))

    async def _still(self, guest: Guest) -> bool:
        return await self._apart(partial(still_holds, self._city, guest))

    async def grant(self, login: Login, wanted: str, properties: Properties) -> Grant:
        """Return what a subscriber may hear, decided, and recorded where it is not public.

        A 5.0 client may state its purpose with the user property ``purpose``.
        """
        guest = cast("Guest", login)
        stated = next((value for name, value in properties.get("user_property", ()) if name == "purpose"), "")
        if stated:
            guest = Guest(guest.subject, stated[:200])
        return await self._apart(partial(grant_of, asker_of(self._city, guest), wanted, record=True))

    async def regrant(self, owner: str, about: Mapping[str, Any], wanted: str) -> Grant:
        """Return what a client that is away may hear."""

        def work() -> Grant:
            return grant_of(asker_of(self._city, away(self._city, owner, about)), wanted, record=False)

        return await self._apart(work)

    def standing(self, grant: Grant) -> Iterator[Message]:
        """Yield what a new subscriber hears at once: latest values, and what is retained on free topics."""
        view: View = grant.view
        if view.is_free:
            yield from self.broker.dialogue.standing(grant.path)
        if reaches(grant.path, ROOT):
            yield from self._outlet.standing(grant.path, view)

    def ready(self, session: Session) -> None:
        """Tell a client that subscribed or came back what its devices are to do."""
        self._commands.ready(session)

    def dropped(self, session: Session, message: Message) -> None:
        """Count a message that a slow or absent client does not get."""
        del session, message
        self._metrics.mqtt_dropped.inc()

    def told_until(self) -> int:
        """Return the moment before which every observation has been told."""
        return self._outlet.told_until()

    def take(self, delivery: Delivery) -> None:
        """Take a message: observations to the intake, what means nothing to the city to its subscribers."""
        try:
            self._take(delivery)
        except Problem as problem:
            self.refuse(delivery, problem)

    def _take(self, delivery: Delivery) -> None:
        guest = self._guest(delivery)
        if delivery.packet.topic.startswith(f"{DEVICES}/"):
            self._commands.take(delivery, guest)
            return
        if not guest.may_observe:
            raise self._denied(guest)
        self._receiver.take(delivery, guest)

    def _denied(self, guest: Guest) -> Problem:
        """Return why a guest may not send; its first attempt is on record."""
        resource = Resource("observation")
        if not guest.is_denied:
            guest.is_denied = True
            self._threads.submit(asker_of(self._city, guest).denied, Action.OBSERVE, resource)
        return refusal(guest.subject, resource, decide(guest.subject, Action.OBSERVE, resource))

    def _guest(self, delivery: Delivery) -> Guest:
        if isinstance(delivery.link, Link) and delivery.link.login is not None:
            return cast("Guest", delivery.link.login)
        guest = away(self._city, delivery.session.key[0], delivery.session.about)
        guest.may_observe = asker_of(self._city, guest).may(Action.OBSERVE, Resource("observation"))
        return guest

    def refuse(self, delivery: Delivery, problem: Problem) -> None:
        """Tell the sender why a message was not taken: in its answer (5.0), and on its own error topic."""
        code = problem.code if isinstance(problem, WireFault) else code_of(problem)
        packet, session = delivery.packet, delivery.session
        self._metrics.refused.labels("mqtt").inc()
        delivery.settle(code, str(problem)[:_REASON_MAX])
        told = {
            "topic": packet.topic[:200],
            "packet": packet.packet_id or None,
            "code": int(code),
            "what": problem.what,
            "where": problem.where,
            "mend": problem.mend,
        }
        message = Message(f"{ERRORS}/{session.key[1]}", orjson.dumps(told), qos=1)
        for subscription in self.broker.subscriptions.hearers(
            message.topic, lambda each: each.grant.view.errors_of == session.key[0]
        ):
            subscription.deliver(message)
