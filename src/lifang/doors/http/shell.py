"""The shell around every HTTP answer: allowed hosts, security headers, body bounds, counts, last-resort errors.

Pure ASGI, so that streams are not buffered.
"""

from __future__ import annotations

import ipaddress
import logging
import secrets
import time
from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lifang.core import BadInput, Problem, TooLarge
from lifang.doors.http.asking import COOKIE
from lifang.doors.http.metrics import Metrics
from lifang.doors.http.problems import of_problem, of_unexpected

_LOG = logging.getLogger(__name__)
_POLICY = "Content-Security-Policy"
_SECURITY = {
    _POLICY: (  # who may frame the page follows
        "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_READING = frozenset({"GET", "HEAD"})
_READ_BY_SCRIPTS = {
    "Access-Control-Expose-Headers": "Content-Disposition, ETag, Link, Retry-After, X-Lifang-Rows",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_LOOPBACK_NAMES = frozenset({"localhost"})


def host_is_allowed(host: str, names: Iterable[str]) -> bool:
    """Return whether a ``Host`` header may be answered.

    A literal address cannot be rebound by DNS, so those pass; a name must be localhost or configured.
    """
    has_port = not host.endswith("]") and ":" in host.rpartition("]")[2]
    name, _, port = host.rpartition(":") if has_port else (host, "", "")
    if port and not (port.isascii() and port.isdigit()):
        return False
    name = name.strip("[]").lower().rstrip(".")
    if name in names or name in _LOOPBACK_NAMES:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Shell:
    """ASGI middleware: refuses strange hosts and bodies that are too large, and signs every answer with headers."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        body_max: int,
        larger: Mapping[str, int],
        metrics: Metrics,
        embedded_by: Iterable[str] = (),
    ) -> None:
        self._app = app
        self._sites = frozenset(embedded_by)
        named = " ".join(sorted(self._sites - {"*"})) or "'none'"
        self._signed = {**_SECURITY, _POLICY: _SECURITY[_POLICY] + named}
        self._strange = {**_SECURITY, _POLICY: _SECURITY[_POLICY] + ("*" if "*" in self._sites else named)}
        self._hosts = frozenset(name.lower() for name in hosts)
        self._body_max = body_max
        self._larger = dict(larger)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._limit(scope), self._metrics, self._signs(scope))
        try:
            self._check(scope, exchange.limit)
            await self._app(scope, exchange.receive, exchange.send)
        except Problem as problem:
            if not await exchange.fail(of_problem(problem)):
                raise
        except Exception:
            number = secrets.token_hex(6)
            _LOG.exception("unexpected failure %s", number)
            if not await exchange.fail(of_unexpected(number)):
                raise

    def _signs(self, scope: Scope) -> Mapping[str, str]:
        """Return the headers of an answer: who may frame it, and whether a script of another site may read it.

        What nobody is signed in to may be framed and read by the named sites, ``*`` being all of them; what somebody is
        signed in to may be framed by sites that are named themselves, and read by none.
        """
        headers = Headers(scope=scope)
        if not self._sites or "authorization" in headers or COOKIE in headers.get("cookie", ""):
            return self._signed
        origin = headers.get("origin", "")
        if scope["method"] not in _READING or not origin or self._sites.isdisjoint((origin, "*")):
            return self._strange
        allowed = "*" if "*" in self._sites else origin
        return {**self._strange, "Access-Control-Allow-Origin": allowed, **_READ_BY_SCRIPTS}

    def _limit(self, scope: Scope) -> int:
        return self._larger.get(f"{scope['method']} {scope['path']}", self._body_max)

    def _check(self, scope: Scope, limit: int) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if len(headers.getlist("host")) > 1:  # RFC 9112, clause 3.2
            raise BadInput("The request names two hosts.", where="header Host", mend="Name one.")
        if not host_is_allowed(host, self._hosts):
            raise BadInput(
                f"This city does not answer to the name {host[:100]!r}.",
                where="header Host",
                mend="Call it by its address, or add the name to allowed_hosts in city.toml.",
            )
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length[:20]) > limit:
            raise too_large(limit)


def too_large(limit: int) -> TooLarge:
    """Return the problem of a body over ``limit`` bytes."""
    return TooLarge(f"The body is larger than {limit:,} bytes.", where="body", mend="Send it in smaller parts.")


class _Exchange:
    """One request and its answer: counts bytes in, adds headers out."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, limit: int, metrics: Metrics, signed: Mapping[str, str]
    ) -> None:
        self._scope, self._receive, self._send, self._metrics = scope, receive, send, metrics
        self.limit, self._signed = limit, signed
        self._received = 0
        self._status = 0
        self._start = time.perf_counter()

    async def receive(self) -> Message:
        """Return the next part of the request; ``TooLarge`` once there is too much."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self.limit:
            raise too_large(self.limit)
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on; the first gets its headers."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._signed.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
            if "Access-Control-Allow-Origin" in headers:
                headers.add_vary_header("Origin")
            if self._status == 413:
                headers["Connection"] = "close"
            self._count()
        await self._send(message)

    async def fail(self, response: ASGIApp) -> bool:
        """Return whether ``response`` could be sent: not once another answer has begun."""
        if self._status:
            return False
        await response(self._scope, self._receive, self.send)
        return True

    def _count(self) -> None:
        route = getattr(self._scope.get("route"), "path", "none")
        self._metrics.requests.labels(self._scope["method"], route, str(self._status)).inc()
        self._metrics.latency.labels(route).observe(time.perf_counter() - self._start)
