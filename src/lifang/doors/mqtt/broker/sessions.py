"""The sessions of a broker: begun, resumed, taken over, kept and expired (MQTT 5.0, clauses 3.1.2, 4.1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lifang.core import Problem
from lifang.doors.mqtt.broker.delivery import Delivery
from lifang.doors.mqtt.broker.house import Login
from lifang.doors.mqtt.broker.keeper import Kept, queued_record, session_record
from lifang.doors.mqtt.broker.link import Link
from lifang.doors.mqtt.broker.session import Key, Notes, Session, Subscription
from lifang.doors.mqtt.broker.waiting import Bounds
from lifang.doors.mqtt.wire import V5, Connect, Publish, Reason, Wanted, Will, split_shared

if TYPE_CHECKING:
    from lifang.doors.mqtt.broker.broker import Broker

_LOG = logging.getLogger(__name__)


class Sessions:
    """Every session by its owner and client identifier: whose log-in is another's cannot take it over."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._all: dict[Key, Session] = {}
        self._wills: dict[Key, asyncio.TimerHandle] = {}
        limits, keeper = broker.limits, broker.keeper
        self._bounds = Bounds(limits.waiting_0, limits.waiting)
        self._notes = Notes(keeper.queued, keeper.arrived, broker.house.dropped)

    def __len__(self) -> int:
        return len(self._all)

    def kept(self) -> Iterator[Session]:
        """Yield the sessions that outlive their connection."""
        return (session for session in self._all.values() if session.is_kept)

    def records(self) -> Iterator[bytes]:
        """Yield the notes from which every kept session could be recalled."""
        for session in self.kept():
            yield session_record(session)
            yield from (queued_record(session.key, message) for message in session.pending() if message.number)

    async def recall(self) -> int:
        """Bring back the sessions that were kept, with what waited for them; return until when all had been told."""
        memory = await asyncio.to_thread(self._broker.keeper.recall)
        self._broker.dialogue.recall(memory.retained)
        now = self._broker.now()
        for key, kept in memory.sessions.items():
            session = self._new(key, kept.expiry_s)
            session.about, session.left_at = kept.about, now if kept.left_at is None else kept.left_at
            session.seen = kept.seen
            session.restore(sorted(kept.messages.values(), key=lambda message: message.number))
            await self._resubscribe(session, kept)
        return memory.told

    async def _resubscribe(self, session: Session, kept: Kept) -> None:
        for told in kept.filters:
            identifier = told.pop("identifier")
            wanted = Wanted(**told)
            try:
                group, path = split_shared(wanted.filter)
                grant = await self._broker.house.regrant(session.key[0], session.about, path)
            except Problem as problem:
                _LOG.info("a kept subscription of %s fell away: %s", session.key[1], problem)
                continue
            self._broker.subscriptions.add(Subscription(session, wanted, grant, group, identifier))

    def _new(self, key: Key, expiry_s: int) -> Session:
        session = Session(key, self._bounds, self._broker.now, expiry_s, notes=self._notes)
        self._all[key] = session
        return session

    def enter(self, link: Link, packet: Connect, login: Login) -> tuple[Session, bool]:
        """Return the session of a client that was let in, and whether it was there before."""
        key = (login.owner, packet.client_id)
        session = self._all.get(key)
        if session is not None and session.link is not None:
            old = session.link
            old.fail(Reason.SESSION_TAKEN_OVER, "This client connected again.")
            old.session = None
            self._went(session, delay=not packet.clean)
        if (timer := self._wills.pop(key, None)) is not None:
            timer.cancel()
        if session is not None and packet.clean:
            self.end(session)
            session = None
        present = session is not None
        expiry_s = self._expiry(packet) if login.may_return else 0
        session = session or self._new(key, expiry_s)
        session.expiry_s, session.link, session.left_at = expiry_s, link, None
        session.will, session.about = packet.will, login.about
        if session.is_kept or present:
            self._broker.keeper.session(session)
            self._broker.keeper.told(self._broker.house.told_until())
        return session, present

    async def renew(self, packet: Connect, login: Login) -> None:
        """Grant a returning client's subscriptions anew: what it may not hear any more falls away."""
        session = self._all.get((login.owner, packet.client_id))
        if session is None or packet.clean:
            return
        for wanted, subscription in list(session.subscriptions.items()):
            try:
                grant = await self._broker.house.grant(login, split_shared(wanted)[1], {})
            except Problem:
                self._broker.subscriptions.remove(session, wanted)
                continue
            subscription.grant = grant

    def _expiry(self, packet: Connect) -> int:
        longest = self._broker.limits.session_max_age_s
        if packet.version == V5:
            return min(int(packet.properties.get("session_expiry_interval", 0)), longest)
        return 0 if packet.clean else longest

    def left(self, session: Session, *, closing: bool) -> None:
        """Take note that a session's connection is gone."""
        session.part()
        if not closing:
            self._went(session, delay=True)
        if session.is_kept:
            session.left_at = self._broker.now()
            self._broker.keeper.session(session)
        else:
            self.end(session)

    def _went(self, session: Session, *, delay: bool) -> None:
        """Tell the will of a client that went without a farewell, after the delay that it asked for (3.1.3.2.2)."""
        will, session.will = session.will, None
        if will is None:
            return
        after_s = min(will.properties.get("will_delay_interval", 0), session.expiry_s) if delay else 0
        if after_s:
            loop = asyncio.get_running_loop()
            self._wills[session.key] = loop.call_later(after_s, self._tell, session, will)
        else:
            self._tell(session, will)

    def _tell(self, session: Session, will: Will) -> None:
        self._wills.pop(session.key, None)
        properties: dict[str, Any] = {k: v for k, v in will.properties.items() if k != "will_delay_interval"}
        packet = Publish(will.topic, will.payload, will.qos, will.retain, properties=properties)
        self._broker.house.take(Delivery(packet, session, None))

    def end(self, session: Session) -> None:
        """Forget a session, its subscriptions and what waits for it."""
        for wanted in list(session.subscriptions):
            self._broker.subscriptions.remove(session, wanted)
        if self._all.get(session.key) is session:
            del self._all[session.key]
            self._broker.keeper.gone(session.key)

    def expire(self) -> None:
        """End the sessions whose time is over."""
        now = self._broker.now()
        for session in [*self._all.values()]:
            if session.link is None and session.left_at is not None and now - session.left_at >= session.expiry_s:
                self.end(session)

    def stop(self) -> None:
        """Let no delayed will be told any more."""
        for timer in self._wills.values():
            timer.cancel()
