"""What outlives a restart: kept sessions with their subscriptions and waiting messages, and retained messages.

Notes are gathered on the event loop and made durable in groups on a thread of its own: whoever must not answer before
its note is on disk waits for :meth:`Keeper.flush`.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from lifang.core import Problem
from lifang.doors.mqtt.broker.message import Message
from lifang.doors.mqtt.broker.session import Key, Session
from lifang.store import Journal

_LOG = logging.getLogger(__name__)
_LARGE = 4_000_000  # bytes at which a journal is worth rewriting


@dataclass
class Kept:
    """One session as it was kept: ``filters`` as wanted, with the QoS and options of each.

    ``seen`` are the hashes of payloads that were ever queued, so that what was told is not told again.
    """

    expiry_s: int = 0
    left_at: float | None = None
    filters: list[dict[str, Any]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)


@dataclass
class Memory:
    """Everything that was kept: sessions by key, retained messages by topic, how far the house had told its news.

    ``told`` is in microseconds since 1970, 0 if it was never noted.
    """

    sessions: dict[Key, Kept] = field(default_factory=dict)
    retained: dict[str, Message] = field(default_factory=dict)
    told: int = 0


class Keeper:
    """Keeps notes in a journal; without one nothing outlives a restart."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._notes: list[bytes] = []
        self._number = 0
        self._threads = ThreadPoolExecutor(1, "lifang-mqtt-keeper")
        self._flushing: asyncio.Future[None] | None = None
        self._size = 0
        self._told = 0
        self.everything: Callable[[], Iterable[bytes]] = tuple

    def recall(self) -> Memory:
        """Return what the journal holds; called once, first."""
        memory = Memory()
        for record in self._journal.read() if self._journal else ():
            _apply(memory, orjson.loads(record))
        for kept in memory.sessions.values():
            self._number = max(self._number, *kept.messages, 0)
        self._size = self._journal.size if self._journal else 0
        self._told = memory.told
        return memory

    def note(self, record: bytes) -> None:
        """Have ``record`` written at the next flush."""
        if self._journal is not None:
            self._notes.append(record)

    def session(self, session: Session) -> None:
        """Note how a kept session is now."""
        self.note(session_record(session))

    def gone(self, key: Key) -> None:
        """Note that a session ended."""
        self.note(orjson.dumps({"gone": key}))

    def queued(self, session: Session, message: Message) -> None:
        """Note a message that a kept session has to get; gives it its number."""
        self._number += 1
        message.number = self._number
        self.note(queued_record(session.key, message))

    def arrived(self, session: Session, message: Message) -> None:
        """Note that a client has a message."""
        if session.is_kept and message.number:
            self.note(orjson.dumps({"done": [session.key, message.number]}))

    def retained(self, topic: str, message: Message | None) -> None:
        """Note a retained message, or that there is none any more."""
        self.note(retained_record(topic, message))

    def told(self, micros: int) -> None:
        """Note that what happened before ``micros`` has been told to everybody; 0: that is not known yet."""
        if micros:
            self._told = micros
            self.note(self._told_record())

    def _told_record(self) -> bytes:
        return orjson.dumps({"told": self._told})

    async def flush(self) -> None:
        """Return once all that was noted so far is on disk; ``Unavailable`` if the disk refuses."""
        while self._flushing is not None:
            if not self._notes:
                await asyncio.shield(self._flushing)
                return
            await asyncio.wait({self._flushing})
        if not self._notes or self._journal is None:
            return
        notes, self._notes = self._notes, []
        loop = asyncio.get_running_loop()
        self._flushing = loop.run_in_executor(self._threads, self._journal.append, notes)
        try:
            await asyncio.shield(self._flushing)
        except Problem:
            self._notes = notes + self._notes
            raise
        finally:
            self._flushing = None
        if self._journal.size > max(_LARGE, 2 * self._size):
            await self._rewrite(loop)

    async def _rewrite(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write the journal anew with what still holds; notes of the meantime are appended after it."""
        if self._journal is None:
            return
        self._notes = []  # what they say is in everything, which is of this very moment
        self._flushing = loop.run_in_executor(
            self._threads, self._journal.rewrite, [self._told_record(), *self.everything()]
        )
        try:
            await asyncio.shield(self._flushing)
        except Problem as problem:
            _LOG.warning("the journal of MQTT sessions was not rewritten: %s", problem)
        finally:
            self._flushing = None
        self._size = self._journal.size

    async def close(self) -> None:
        """Write what is noted, then give the journal up."""
        await self.flush()
        self._threads.shutdown()
        if self._journal is not None:
            self._journal.close()


def session_record(session: Session) -> bytes:
    """Return the note of a session's subscriptions and age."""
    filters = [{**asdict(each.wanted), "identifier": each.identifier} for each in session.subscriptions.values()]
    times = {"expiry_s": session.expiry_s, "left_at": session.left_at}
    return orjson.dumps({"session": session.key, **times, "about": dict(session.about), "filters": filters})


def queued_record(key: Key, message: Message) -> bytes:
    """Return the note of a message that a session has to get."""
    return orjson.dumps({"queue": key, "number": message.number, "message": _told(message)})


def retained_record(topic: str, message: Message | None) -> bytes:
    """Return the note of what is retained under a topic."""
    return orjson.dumps({"retain": topic, "message": _told(message) if message else None})


def _told(message: Message) -> dict[str, Any]:
    properties = dict(message.properties)
    if "correlation_data" in properties:
        properties["correlation_data"] = base64.b64encode(properties["correlation_data"]).decode()
    return {
        "topic": message.topic,
        "payload": base64.b64encode(message.payload).decode(),
        "qos": message.qos,
        "retain": message.retain,
        "properties": properties,
        "until": message.until,
    }


def _message(told: dict[str, Any], number: int = 0) -> Message:
    properties = told["properties"]
    if "correlation_data" in properties:
        properties["correlation_data"] = base64.b64decode(properties["correlation_data"])
    payload = base64.b64decode(told["payload"])
    return Message(told["topic"], payload, told["qos"], told["retain"], properties, told["until"], number)


def _apply(memory: Memory, note: dict[str, Any]) -> None:
    if "told" in note:
        memory.told = note["told"]
    elif "session" in note:
        kept = memory.sessions.setdefault(_key(note["session"]), Kept())
        kept.expiry_s, kept.left_at = note["expiry_s"], note["left_at"]
        kept.about, kept.filters = note["about"], note["filters"]
    elif "queue" in note:
        kept = memory.sessions.setdefault(_key(note["queue"]), Kept())
        message = kept.messages[note["number"]] = _message(note["message"], note["number"])
        kept.seen.add(hash(message.payload))
    elif "done" in note:
        key, number = note["done"]
        if _key(key) in memory.sessions:
            memory.sessions[_key(key)].messages.pop(number, None)
    elif "gone" in note:
        memory.sessions.pop(_key(note["gone"]), None)
    elif note["message"] is None:
        memory.retained.pop(note["retain"], None)
    else:
        memory.retained[note["retain"]] = _message(note["message"])


def _key(pair: list[str]) -> Key:
    return pair[0], pair[1]
