"""The city as a client of an outside broker: the same topics, QoS 1, acknowledged once on disk, resumed after a break.

What devices publish there is taken in; open observations are published there, retained, so that the latest value of
each datastream waits for whoever subscribes. A message that was acknowledged twice is stored once: same datastream and
time. MQTT 5.0 is spoken, and 3.1.1 with a broker that does not know it: there the city hears what it publishes itself,
and knows it by the address that it wrote into it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import numpy as np
import orjson

from lifang.app import City
from lifang.core import Problem, Unavailable
from lifang.doors.http import Metrics
from lifang.doors.mqtt.access import Guest, standing_guest, still_holds
from lifang.doors.mqtt.broker import Delivery, Session
from lifang.doors.mqtt.intake import Intake
from lifang.doors.mqtt.meaning import BATCH_ARROW, BATCH_JSON, ROOT
from lifang.doors.mqtt.outlet import Rendering, rows_of
from lifang.doors.mqtt.receiving import Receiver
from lifang.doors.mqtt.rich import RichIntake
from lifang.doors.mqtt.settings import MqttSettings, read_password
from lifang.doors.mqtt.view import View
from lifang.doors.mqtt.wire import V5, V311, Connect, Subscribe, Wanted, encode
from lifang.doors.mqtt.wiring import KEEP_ALIVE_S, Wiring
from lifang.guard import Classification
from lifang.sensing import OBSERVATION, Observations

_LOG = logging.getLogger(__name__)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_AT_ONCE = 2000
_SESSION_S = 7 * 86_400
_MOST_TOLD = 20_000
_DOTLESS = ROOT.replace(".", "/")  # RabbitMQ tells a dot of a topic as a slash
_HEAD = 500  # bytes of a message in which the address of its Observation stands
_HEARD = (f"{ROOT}/+/Observations", f"{ROOT}/Observations", BATCH_JSON, BATCH_ARROW)
_ERRORS = "lifang/v1/errors"
_OPEN = View({OBSERVATION: (str(Classification.OPEN),)})


class Uplink:
    """The connection of one city to its outside broker."""

    def __init__(self, city: City, settings: MqttSettings) -> None:
        self._city, self._settings = city, settings
        self.host, self.port, self._is_tls = settings.address()
        self.address = settings.broker
        self.is_elsewhere = False
        self._guest = standing_guest(city, settings.as_person)
        password = read_password(city.folder, settings.password_file) if settings.password_file else ""
        self._login = (settings.user or None, password.encode() or None)
        self._version = V5
        self._client_id = settings.client_id or f"lifang-{city.settings.id}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._wiring: Wiring | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.connections = 0
        city.sensing.on_commit(self._committed)

    @asynccontextmanager
    async def serving(self, metrics: Metrics) -> AsyncIterator[None]:
        """Be connected, again and again, for as long as the context lasts."""
        self._loop = asyncio.get_running_loop()
        intake = Intake(self._city, metrics, refuse=self._refuse, spawn=self._spawn, still=self._still)
        rich = RichIntake(self._city, metrics, refuse=self._refuse, spawn=self._spawn, root=self._root)
        receiver = Receiver(self._city, intake, rich, pass_on=lambda delivery: delivery.settle())
        self._spawn(self._stay(receiver))
        self._refused = metrics.refused.labels("mqtt")
        self._city.addresses["mqtt"] = self.address
        try:
            yield
        finally:
            self._city.addresses.pop("mqtt", None)
            self._loop = None
            if self._wiring is not None:
                self._wiring.leave()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _root(self) -> str:
        return self._city.addresses.get("http", "").rstrip("/") + f"/sta/{ROOT}"

    def close(self) -> None:
        """Nothing is held outside of ``serving``."""

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _still(self, guest: Guest) -> bool:
        return await asyncio.to_thread(still_holds, self._city, guest)

    async def _stay(self, receiver: Receiver) -> None:
        """Connect; when the connection breaks, wait a little longer each time, and connect again."""
        wait_s = _FIRST_WAIT_S
        while True:
            began = time.monotonic()
            try:
                await self._once(receiver)
                _LOG.warning("the connection to %s ended; it is made again", self.address)
            except Problem as problem:
                _LOG.warning("no connection to %s: %s", self.address, problem)
            except OSError as error:
                _LOG.warning("no connection to %s: %s", self.address, error)
            wait_s = _FIRST_WAIT_S if time.monotonic() - began > _LONGEST_WAIT_S else min(2 * wait_s, _LONGEST_WAIT_S)
            await asyncio.sleep(wait_s * (0.5 + random.random()))  # noqa: S311 - so that cities do not come all at once

    async def _once(self, receiver: Receiver) -> None:
        session = Session((self._guest.owner, self._client_id))
        wiring = Wiring(session, partial(self._take, receiver), self._version)
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: wiring, self.host, self.port, ssl=self._tls()
        )
        try:
            await wiring.greet(self._hello(), Subscribe(1, tuple(self._wishes())))
            self._wiring = wiring
            self.connections += 1
            await wiring.ended
        finally:
            self._wiring = None
            transport.abort()
            if wiring.is_other:
                self._version = V311 if self._version == V5 else V5

    def _tls(self) -> ssl.SSLContext | None:
        if not self._is_tls:
            return None
        authority = self._settings.authority
        return ssl.create_default_context(cafile=str(self._city.folder / authority) if authority else None)

    def _hello(self) -> bytes:
        user, password = self._login
        told = {"session_expiry_interval": _SESSION_S, "receive_maximum": _AT_ONCE} if self._version == V5 else {}
        hello = Connect(self._client_id, self._version, False, KEEP_ALIVE_S, user, password, None, told)
        return encode(hello, self._version)

    @staticmethod
    def _wishes() -> list[Wanted]:
        return [Wanted(each, qos=1, no_local=True, retain_as_published=True, retain_handling=2) for each in _HEARD]

    def _take(self, receiver: Receiver, delivery: Delivery) -> None:
        if self._version == V311 and self._is_own(delivery.packet.payload):
            delivery.settle()
            return
        if delivery.packet.topic.startswith(_DOTLESS):
            delivery.packet.topic = ROOT + delivery.packet.topic.removeprefix(_DOTLESS)
        try:
            receiver.take(delivery, self._guest)
        except Problem as problem:
            self._refuse(delivery, problem)

    def _is_own(self, payload: bytes) -> bool:
        """Return whether the city wrote this message: 3.1.1 has no way to ask not to be sent it."""
        return f'"@iot.selfLink":"{self._root()}/Observations('.encode() in payload[:_HEAD]

    def _refuse(self, delivery: Delivery, problem: Problem) -> None:
        """Tell why a message was not taken, on a topic for it; what may work later is asked for again."""
        if isinstance(problem, Unavailable):
            _LOG.warning("observations of %s are not taken now: %s", self.address, problem)
            if self._wiring is not None:
                self._wiring.abort()  # what was not acknowledged comes again
            return
        self._refused.inc()
        told = {"topic": delivery.packet.topic[:200], "what": problem.what, "where": problem.where}
        if self._wiring is not None:
            self._wiring.publish(_ERRORS, orjson.dumps({**told, "mend": problem.mend}), retain=False)
        delivery.settle()

    def _committed(self, observations: Observations) -> None:
        """Publish what is open, on the watcher's thread: made here, sent on the loop."""
        loop = self._loop
        if loop is None or self._wiring is None:
            return
        chosen = np.arange(max(0, len(observations) - _MOST_TOLD), len(observations))
        entities, rendering = self._city.sensing.entities, Rendering(self._city, self._root())
        told = [
            (message.topic, message.payload)
            for row in rows_of(observations, chosen)
            if _OPEN.sees(OBSERVATION, entities.grade_of(row[0]))
            for message in [rendering.message(rendering.topic(row[0]), row, _OPEN)]
        ]
        with suppress(RuntimeError):  # the loop has just closed
            loop.call_soon_threadsafe(self._publish, told)

    def _publish(self, told: list[tuple[str, bytes]]) -> None:
        if self._wiring is not None:
            for topic, payload in told:
                self._wiring.publish(topic, payload, retain=True)
