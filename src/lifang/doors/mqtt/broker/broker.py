"""The broker: lets clients in, keeps their sessions, carries what they and the house have to say."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from lifang.core import Denied, Problem, Unauthenticated, Unavailable
from lifang.doors.mqtt.broker.dialogue import Dialogue
from lifang.doors.mqtt.broker.house import House, Login
from lifang.doors.mqtt.broker.keeper import Keeper, retained_record
from lifang.doors.mqtt.broker.link import ALIASES, RECEIVE_MAXIMUM, Link
from lifang.doors.mqtt.broker.sessions import Sessions
from lifang.doors.mqtt.broker.subscriptions import Subscriptions
from lifang.doors.mqtt.wire import V5, Ack, Connack, Connect, Disconnect, Packet, Reason, WireFault

_LOG = logging.getLogger(__name__)
_SWEEP_S = 2.0
_STALLED_S = 30.0  # how long a client may leave its socket full
_FLYING_MAX = 10_000  # messages on their way to one client
_RECHECK_S = 5.0


@dataclass(frozen=True)
class Limits:
    """Bounds of a broker: bytes of a packet, clients at once, messages of a session, seconds."""

    packet_max_bytes: int = 8_000_000
    clients_max: int = 20_000
    waiting: int = 100_000
    waiting_0: int = 1000
    session_max_age_s: int = 7 * 86_400
    connect_s: float = 10.0
    keep_alive_max_s: int = 3600


class Broker:
    """One MQTT server; everything runs on the event loop that :meth:`start` was called on."""

    def __init__(self, house: House, limits: Limits, keeper: Keeper, *, now: Callable[[], float] = time.time) -> None:
        self.house, self.limits, self.keeper, self.now = house, limits, keeper, now
        self.subscriptions = Subscriptions()
        self.sessions = Sessions(self)
        self.dialogue = Dialogue(self)
        self.time: Callable[[], float] = time.monotonic
        self._links: set[Link] = set()
        self._due: set[Link] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False
        keeper.everything = self._records

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._links)

    async def start(self) -> int:
        """Recall kept sessions, watch over the connections; return until when the house had told all of its news."""
        told = await self.sessions.recall()
        self.spawn(self._watch())
        return told

    def _records(self) -> Iterator[bytes]:
        yield from self.sessions.records()
        yield from (retained_record(topic, message) for topic, message in self.dialogue.retained.items())

    async def close(self) -> None:
        """Say farewell, write what is to be kept, and end."""
        self._closing = True
        for link in list(self._links):
            link.fail(Reason.SERVER_SHUTTING_DOWN, "The city stops.")
        for _ in range(20):
            if not self._links:
                break
            await asyncio.sleep(0.01)
        for link in list(self._links):
            link.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.sessions.stop()
        try:
            await self.keeper.close()
        except Problem as problem:
            _LOG.warning("MQTT sessions were not kept: %s", problem)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` on the loop until it is done or the broker closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("a task of the MQTT broker failed", exc_info=error)

    def entered(self, link: Link) -> None:
        """Count a connection in, or turn it away when there are too many."""
        self._links.add(link)
        if self._closing or len(self._links) > self.limits.clients_max:
            link.abort()

    def lost(self, link: Link) -> None:
        """Count a connection out; its session stays if it is kept, its will is told unless it said farewell."""
        self._links.discard(link)
        self._due.discard(link)
        session, link.session = link.session, None
        if session is not None and session.link is link:
            self.sessions.left(session, closing=self._closing)
        if link.login is not None:
            self.house.leave(link.login)

    def admit(self, link: Link, packet: Connect) -> None:
        """Let a client in, or tell it why not."""
        link.hold()
        self.spawn(self._admit(link, packet))

    async def _admit(self, link: Link, packet: Connect) -> None:
        try:
            if not packet.client_id and packet.version != V5 and not packet.clean:
                raise WireFault("A kept session needs a client identifier.", Reason.CLIENT_ID_NOT_VALID)
            link.login = await self.house.admit(packet)
        except WireFault as fault:
            self._refuse(link, fault.code, fault.what)
            return
        except Unauthenticated as problem:
            self._refuse(link, Reason.BAD_USER_OR_PASSWORD, problem.what)
            return
        except Denied as problem:
            self._refuse(link, Reason.NOT_AUTHORIZED, problem.what)
            return
        except Problem as problem:
            self._refuse(link, Reason.SERVER_UNAVAILABLE, problem.what)
            return
        assigned = "" if packet.client_id else f"lifang-{secrets.token_hex(8)}"
        packet.client_id = packet.client_id or assigned
        await self.sessions.renew(packet, link.login)
        if link.transport is None or self._closing:
            self.house.leave(link.login)
            return
        self._open(link, packet, link.login, assigned)

    def _refuse(self, link: Link, code: Reason, what: str) -> None:
        told = {"reason_string": what} if link.version == V5 else {}
        link.send(Connack(False, code, told))
        link.close()

    def _open(self, link: Link, packet: Connect, login: Login, assigned: str) -> None:
        """Give a client its session; nothing is sent to it before the CONNACK."""
        session, present = self.sessions.enter(link, packet, login)
        told = packet.properties
        link.session = session
        link.keep_alive_s = min(packet.keep_alive_s, self.limits.keep_alive_max_s) if packet.keep_alive_s else 0
        link.receive_maximum = min(told.get("receive_maximum", _FLYING_MAX), _FLYING_MAX)
        link.packet_maximum = told.get("maximum_packet_size", link.packet_maximum)
        link.wants_reasons = bool(told.get("request_problem_information", 1))
        link.send(Connack(present, Reason.SUCCESS, self._terms(link, packet, assigned) if link.version == V5 else {}))
        if present:
            session.resume()
        link.go_on(self.limits.packet_max_bytes)
        if present:
            self.house.ready(session)

    def _terms(self, link: Link, packet: Connect, assigned: str) -> dict[str, Any]:
        """Return what a 5.0 client is told of this server in CONNACK."""
        terms: dict[str, Any] = {
            "receive_maximum": RECEIVE_MAXIMUM,
            "maximum_packet_size": self.limits.packet_max_bytes,
            "topic_alias_maximum": ALIASES,
        }
        if assigned:
            terms["assigned_client_identifier"] = assigned
        if link.keep_alive_s != packet.keep_alive_s:
            terms["server_keep_alive"] = int(link.keep_alive_s)
        session = link.session
        if session is not None and session.expiry_s != packet.properties.get("session_expiry_interval", 0):
            terms["session_expiry_interval"] = session.expiry_s
        return terms

    def handle(self, link: Link, packet: Packet) -> None:
        """Take a packet other than CONNECT and PUBLISH."""
        self.dialogue.handle(link, packet)

    def confirm(self, link: Link, ack: Ack) -> None:
        """Take a client's answer to what it was sent."""
        if link.session is not None and (answer := link.session.confirmed(ack)) is not None:
            link.send(answer)

    def depart(self, link: Link, packet: Disconnect) -> None:
        """Take a farewell: the will is not told, unless the client asks for it (clause 3.14)."""
        session = link.session
        if session is not None:
            if packet.code != Reason.DISCONNECT_WITH_WILL:
                session.will = None
            if "session_expiry_interval" in packet.properties and session.expiry_s:
                wanted = packet.properties["session_expiry_interval"]
                session.expiry_s = min(wanted, self.limits.session_max_age_s)
        link.close()

    def answer_soon(self, link: Link) -> None:
        """Have ``link`` write its answers once all that is settled now is settled."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._answer)
        self._due.add(link)

    def _answer(self) -> None:
        due, self._due = self._due, set()
        for link in due:
            link.answer()

    async def _watch(self) -> None:
        """Close connections that went silent or do not read; ask the house again about the others."""
        rechecked = self.time()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = self.time()
            for link in list(self._links):
                self._look_at(link, now)
            self.sessions.expire()
            try:
                await self.keeper.flush()
            except Unavailable as problem:
                _LOG.warning("MQTT sessions are not kept: %s", problem)
            if now - rechecked >= _RECHECK_S:
                rechecked = now
                try:
                    await self._recheck()
                except Problem as problem:
                    _LOG.warning("log-ins could not be looked at: %s", problem)

    def _look_at(self, link: Link, now: float) -> None:
        silent_s = now - link.heard
        if link.session is None:
            if silent_s > self.limits.connect_s:
                link.abort()
        elif link.keep_alive_s and silent_s > 1.5 * link.keep_alive_s:
            link.fail(Reason.KEEP_ALIVE_TIMEOUT, "Nothing was heard for one and a half times the keep-alive.")
            if not link.writable:
                link.abort()
        elif link.stalled_since is not None and now - link.stalled_since > _STALLED_S:
            link.abort()

    async def _recheck(self) -> None:
        for link in list(self._links):
            login = link.login
            if login is not None and link.session is not None and not await self.house.still(login):
                link.fail(Reason.NOT_AUTHORIZED, "The log-in does not hold any more.")
