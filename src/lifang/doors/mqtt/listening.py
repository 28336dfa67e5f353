"""The city as a broker: the socket taken before the city is served, clients served beside HTTP on one event loop."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from lifang.app import City
from lifang.core import BadInput, Conflict, Unavailable
from lifang.doors.http import Metrics
from lifang.doors.mqtt.broker import Keeper, Limits, Link
from lifang.doors.mqtt.gatehouse import Gatehouse
from lifang.doors.mqtt.meaning import Free, target_of
from lifang.doors.mqtt.settings import PORT, MqttSettings
from lifang.doors.mqtt.uplink import Uplink
from lifang.doors.mqtt.wire import WireFault, check_topic
from lifang.store import Journal

_LOG = logging.getLogger(__name__)
_BACKLOG = 4096
_JOURNAL = Path("mqtt", "sessions.journal")
_HANDSHAKE_S = 10.0


class Listener:
    """The embedded broker of one city; its socket is taken at once, so that a taken port is told at once."""

    def __init__(self, city: City, settings: MqttSettings) -> None:
        self._city, self._settings = city, settings
        self._tls = _tls(city.folder, settings)
        self._socket = _take(settings)
        host, port = self._socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        self.address = f"{'mqtts' if self._tls else 'mqtt'}://{shown}:{port}"
        self.is_elsewhere = settings.port < 0 and port != PORT
        self.gatehouse: Gatehouse | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def serving(self, metrics: Metrics) -> AsyncIterator[None]:
        """Serve clients for as long as the context lasts."""
        settings = self._settings
        limits = Limits(
            packet_max_bytes=settings.packet_max_bytes,
            clients_max=settings.clients_max,
            waiting=settings.waiting_max,
            session_max_age_s=settings.session_max_age_s,
        )
        gatehouse = Gatehouse(self._city, metrics, limits, Keeper(Journal(self._city.folder / _JOURNAL)))
        self.gatehouse, self._loop = gatehouse, asyncio.get_running_loop()
        metrics.mqtt_clients.set_function(lambda: gatehouse.broker.clients)
        await gatehouse.start()
        server = await asyncio.get_running_loop().create_server(
            lambda: Link(gatehouse.broker),
            sock=self._socket,
            backlog=_BACKLOG,
            ssl=self._tls,
            ssl_handshake_timeout=_HANDSHAKE_S if self._tls else None,
        )
        self._city.addresses["mqtt"] = self.address
        try:
            yield
        finally:
            self._city.addresses.pop("mqtt", None)
            server.close()
            await gatehouse.close()

    def check_topic(self, topic: str) -> None:
        """Raise ``BadInput`` unless ``topic`` is one on which the city may tell its own news: a free one."""
        try:
            check_topic(topic)
            is_free = isinstance(target_of(topic), Free)
        except WireFault:
            is_free = False
        if not is_free:
            raise BadInput(f"Nothing is told on the topic {topic[:80]!r}.", mend="Choose one such as news/air.")

    def publish(self, topic: str, payload: bytes, *, timeout_s: float) -> None:
        """Tell all who hear ``topic``, from any thread but the event loop's; ``Unavailable`` if that takes too long."""
        if self.gatehouse is None or self._loop is None:
            raise Unavailable("The broker is not open.", mend="It is tried again by itself.")
        telling = asyncio.run_coroutine_threadsafe(self.gatehouse.free.tell(topic, payload), self._loop)
        try:
            telling.result(timeout_s)
        except TimeoutError as error:
            telling.cancel()
            raise Unavailable("The broker is busy.", mend="It is tried again by itself.") from error

    def close(self) -> None:
        """Give the socket up."""
        self._socket.close()


def _tls(folder: Path, settings: MqttSettings) -> ssl.SSLContext | None:
    if not settings.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(folder / settings.certificate, folder / settings.key)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"The certificate of [mqtt] cannot be used: {error}.", where="city.toml, [mqtt]", mend="Name PEM files."
        ) from error
    return context


def _take(settings: MqttSettings) -> socket.socket:
    """Return the listening socket; ``Conflict`` if a port that was written down is taken."""
    wanted = PORT if settings.port < 0 else settings.port
    try:
        return _bound(settings.host, wanted)
    except OSError as error:
        if settings.port < 0 and error.errno == errno.EADDRINUSE:
            return _take(replace(settings, port=0))
        raise Conflict(
            f"Port {wanted} of {settings.host} cannot be used for MQTT: {error.strerror}.",
            where="city.toml, [mqtt]",
            mend="Choose another port, 0 for any, or enabled = false.",
        ) from error


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def listen(city: City) -> Listener | Uplink | None:
    """Return the broker of ``city``, its socket taken, or its way to an outside one; ``None`` if MQTT is off."""
    settings = MqttSettings.from_table(city.settings.mqtt)
    if not settings.enabled:
        return None
    return Uplink(city, settings) if settings.broker else Listener(city, settings)
