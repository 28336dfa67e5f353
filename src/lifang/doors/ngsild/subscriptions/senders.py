"""Senders: how a notification leaves: by HTTP to an address that was looked at, or by MQTT through the city."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit, urlunsplit

import orjson

from lifang import outside
from lifang.app import City
from lifang.core import BadInput, Unavailable
from lifang.doors.ngsild.asked import LD
from lifang.doors.ngsild.problems import NotSupported
from lifang.doors.ngsild.settings import NgsildSettings
from lifang.doors.ngsild.subscriptions.model import Endpoint

_ANSWER_MAX = 64_000  # bytes of an answer that are looked at
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@runtime_checkable
class Publisher(Protocol):
    """The city's broker: what a door beside this one offers."""

    def check_topic(self, topic: str) -> None:
        """Raise ``BadInput`` if nothing may be told on ``topic``."""
        ...

    def publish(self, topic: str, payload: bytes, *, timeout_s: float) -> None:
        """Tell all who hear ``topic``; once this returns, those who are away are sure to get it."""
        ...


class Senders:
    """The ways out of one city; ``stopping`` says that it closes."""

    def __init__(self, city: City, publisher: Publisher | None, stopping: Callable[[], bool]) -> None:
        settings = NgsildSettings.from_table(city.settings.ngsild)
        self._city, self._publisher, self._stopping = city, publisher, stopping
        self._networks, self._ports = outside.check_networks(settings.allow), settings.ports

    def check(self, endpoint: Endpoint) -> None:
        """Raise ``Denied`` or ``BadInput`` if nothing may be sent there; a name without an address may get one."""
        if endpoint.is_mqtt:
            self._publish_to(endpoint)
            return
        outside.check_headers(endpoint.headers)
        parts = outside.check_url(endpoint.uri, self._ports)
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            outside.permitted_addresses(parts.hostname or "", port, self._networks)
        except Unavailable:
            return

    def send(self, endpoint: Endpoint, body: Any, headers: dict[str, str]) -> None:
        """Deliver one notification; ``Unavailable`` or ``Denied`` if that failed."""
        if endpoint.is_mqtt:
            publisher, topic = self._publish_to(endpoint)
            whole = {"metadata": {**headers, **endpoint.headers}, "body": body}  # clause 7.2
            publisher.publish(topic, orjson.dumps(whole), timeout_s=endpoint.timeout_s)
            return
        reach = outside.Reach(self._networks, self._ports, _ANSWER_MAX, endpoint.timeout_s)
        fetcher = outside.Fetcher(reach, self._stopping)
        answer = fetcher.fetch(
            endpoint.uri, method="POST", headers={**headers, **endpoint.headers}, body=orjson.dumps(body)
        )
        meant = urlunsplit(outside.check_url(endpoint.uri, self._ports))
        if not 200 <= answer.status < 300 or answer.url != meant:
            led = " after being led elsewhere" if answer.url != meant else ""
            raise Unavailable(f"The endpoint answered {answer.status}{led}.", mend="It is tried again by itself.")

    def _publish_to(self, endpoint: Endpoint) -> tuple[Publisher, str]:
        """Return the city's broker and the topic of an MQTT endpoint (clause 7)."""
        own = self._city.addresses.get("mqtt")
        if self._publisher is None or own is None:
            raise NotSupported(
                "This city is no MQTT broker now.", where="notification.endpoint.uri", mend="Use http:// or https://."
            )
        parts, ours = urlsplit(endpoint.uri), urlsplit(own)
        same = parts.hostname in {ours.hostname, *_LOCAL} and (parts.port or 1883) == ours.port
        if not same or parts.username or parts.password:
            raise BadInput(
                "Notifications by MQTT go through the city's own broker.",
                where="notification.endpoint.uri",
                mend=f"Write {own}/topic, without a user.",
            )
        topic = unquote(parts.path.lstrip("/"))
        self._publisher.check_topic(topic)
        return self._publisher, topic


def media_headers(endpoint: Endpoint, link: str) -> dict[str, str]:
    """Return the headers that tell what a notification is written in, and where its context is."""
    return {"Content-Type": endpoint.accept, **({} if endpoint.accept == LD else {"Link": link})}
