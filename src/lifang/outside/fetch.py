"""Fetching over HTTP for a connector: pinned addresses, redirects looked at, bounds on time and size."""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import httpcore

from lifang.core import BadInput, Denied, Problem, TooLarge, Unavailable
from lifang.outside.addresses import Network, permitted_addresses

PORTS = (80, 443)
BYTES_MAX = 64_000_000
_REDIRECTS_MAX = 5
_SLICE_S = 0.5  # how long a stopping connector may still wait for the other side
_STANDARD = {"http": 80, "https": 443}
_UNFIT = frozenset(" \t\r\n\\\"'<>^`{}|")
_MOVED = frozenset({301, 302, 303, 307, 308})
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


@dataclass(frozen=True)
class Reach:
    """What a connector may reach: networks beyond the public ones, ports, bytes of one answer, seconds for it all."""

    allow: tuple[Network, ...] = ()
    ports: tuple[int, ...] = PORTS
    bytes_max: int = BYTES_MAX
    timeout_s: float = 30.0


@dataclass(frozen=True)
class Answer:
    """An answer: its status, headers in small letters, and body; ``url`` is where the redirects ended."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def check_url(url: str, ports: Iterable[int]) -> SplitResult:
    """Return the parts of ``url``; ``BadInput`` unless it is http or https, on an allowed port, without a password."""
    where = shown(url)
    if not url.isprintable() or any(sign in _UNFIT for sign in url):
        raise BadInput("The address holds signs that no address has.", where=where, mend="Write them as %20 and so on.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError) as error:
        raise BadInput(f"That is no address: {error}.", where=where, mend="Write https://host/path.") from error
    if parts.scheme not in _STANDARD or not host:
        raise BadInput("Only http:// and https:// are fetched.", where=where, mend="Write https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise BadInput("The address holds a name or password.", where=where, mend="Send them as a header.")
    if (port or _STANDARD[parts.scheme]) not in ports:
        raise Denied(
            f"Port {port or _STANDARD[parts.scheme]} is not allowed.",
            where=where,
            mend="If it is meant, an administrator adds it to `ports` in [source].",
        )
    shape = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=f"{shape}:{port}" if port else shape, fragment="")


def shown(url: str) -> str:
    """Return ``url`` for people and logs: without a query, a password or what cannot be printed."""
    plain = "".join(sign for sign in url if sign.isprintable())[:300]
    head, _, rest = plain.partition("://")
    return f"{head}://{rest.partition('?')[0].rpartition('@')[2]}" if rest else plain


@cache
def trusted() -> ssl.SSLContext:
    """Return what verifies the other side by the system's authorities; reading them takes 30 ms, so it is done once."""
    return ssl.create_default_context()


@dataclass
class Fetcher:
    """Fetches for one pull; ``stopping`` says that the connector is to end."""

    reach: Reach
    stopping: Callable[[], bool] = lambda: False
    context: ssl.SSLContext = field(default_factory=trusted)

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None,
              body: bytes = b"") -> Answer:  # fmt: skip
        """Return the answer, after redirects; whatever the status is.

        ``Denied`` for an address or port that is not allowed, ``TooLarge``, ``Unavailable`` when the other side does
        not answer in time or as it should.
        """
        deadline = time.monotonic() + self.reach.timeout_s
        parts, sent = check_url(url, self.reach.ports), dict(headers or {})
        check_headers(sent)
        for _ in range(_REDIRECTS_MAX + 1):
            answer = self._once(method, parts, sent, body, deadline)
            target = answer.headers.get("location")
            if answer.status not in _MOVED or not target:
                return answer
            following = check_url(urljoin(urlunsplit(parts), target), self.reach.ports)
            if parts.scheme == "https" and following.scheme == "http":
                raise Denied("The answer leads from https to http.", where=shown(url), mend="Ask its owner.")
            if (following.scheme, following.netloc) != (parts.scheme, parts.netloc):
                sent = {}  # what opens one door is not shown at another
            if answer.status == 303 or (method == "POST" and answer.status in {301, 302}):
                method, body = "GET", b""
            parts = following
        raise Unavailable(f"More than {_REDIRECTS_MAX} redirects.", where=shown(url), mend="Give the final address.")

    def _once(
        self, method: str, parts: SplitResult, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> Answer:
        where = shown(urlunsplit(parts))
        lines = {**headers, "Host": parts.netloc, "Accept-Encoding": "gzip, identity", "Connection": "close"}
        if body:
            lines["Content-Length"] = str(len(body))
        backend = _Pinned(self.reach.allow, deadline, self.stopping)
        try:
            with httpcore.ConnectionPool(ssl_context=self.context, network_backend=backend, retries=0) as pool:
                request = httpcore.Request(
                    method,
                    urlunsplit(parts),
                    headers=[(name.encode(), value.encode()) for name, value in lines.items()],
                    content=body or None,
                    extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self.reach.timeout_s)},
                )
                response = pool.handle_request(request)
                try:
                    told = {name.decode("latin-1").lower(): value.decode("latin-1")
                            for name, value in response.headers}  # fmt: skip
                    whole = self._read(response.iter_stream(), told, where)
                finally:
                    response.close()
        except Problem:
            raise
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise Unavailable(
                f"No whole answer within {self.reach.timeout_s:g} s.", where=where, mend="It is tried again by itself."
            ) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            raise Unavailable(
                f"The other side did not answer as it should: {error}.",
                where=where,
                mend="It is tried again by itself.",
            ) from error
        return Answer(response.status, told, whole, urlunsplit(parts))

    def _read(self, chunks: Iterable[bytes], headers: Mapping[str, str], where: str) -> bytes:
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding not in {"identity", "gzip", ""}:
            raise Unavailable(f"The answer is coded as {coding[:40]!r}.", where=where, mend="Only gzip is read.")
        bound, found, size = self.reach.bytes_max, [], 0
        for chunk in _unpacked(chunks, bound) if coding == "gzip" else chunks:
            size += len(chunk)
            if size > bound:
                raise TooLarge(
                    f"The answer is larger than {bound:,} bytes.", where=where, mend="Ask for less, or raise bytes_max."
                )
            found.append(chunk)
        return b"".join(found)


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise ``BadInput`` for a header that cannot be sent, or that is not the caller's to send."""
    for name, value in headers.items():
        fits = name.replace("-", "").replace("_", "").isalnum() and name.isascii() and value.isascii()
        if not fits or not value.isprintable() or name.lower() in _OURS:
            raise BadInput(f"The header {name[:40]!r} cannot be sent.", where="source.headers", mend="Leave it out.")


def _unpacked(chunks: Iterable[bytes], bound: int) -> Iterator[bytes]:
    """Yield what gzip holds, never more than a little past ``bound`` at once."""
    unpacker = zlib.decompressobj(wbits=31)
    for packed in chunks:
        left = packed
        try:
            while left:
                yield unpacker.decompress(left, bound + 1)
                left = unpacker.unconsumed_tail
        except zlib.error as error:
            raise Unavailable("The answer's gzip is broken.", mend="It is tried again by itself.") from error
    if not unpacker.eof:
        raise Unavailable("The answer's gzip ends too early.", mend="It is tried again by itself.")


class _Pinned(httpcore.NetworkBackend):
    """Opens connections to addresses that were looked at here, and to no other."""

    def __init__(self, allow: tuple[Network, ...], deadline: float, stopping: Callable[[], bool]) -> None:
        self._allow, self._deadline, self._stopping = allow, deadline, stopping
        self._plain = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
                    socket_options: Any = None) -> httpcore.NetworkStream:  # fmt: skip
        """Return a connection to one of the permitted addresses of ``host``, tried in order."""
        del timeout
        failed: Exception | None = None
        for address in permitted_addresses(host, port, self._allow):
            try:
                stream = self._plain.connect_tcp(address, port, self._left(), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Bounded(stream, self._left, self._stopping)
        raise failed or httpcore.ConnectError(f"{host} has no address")

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left


class _Bounded(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline of the whole, however slowly the other side drips."""

    def __init__(self, inner: httpcore.NetworkStream, left: Callable[[], float], stopping: Callable[[], bool]) -> None:
        self._inner, self._left, self._stopping = inner, left, stopping

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes."""
        del timeout
        while True:
            left = self._left()
            try:
                return self._inner.read(max_bytes, min(_SLICE_S, left))
            except httpcore.ReadTimeout:
                if self._stopping():
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of ``buffer``."""
        del timeout
        self._inner.write(buffer, self._left())

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the connection under TLS; the certificate must be that of the name, not of the address."""
        del timeout
        return _Bounded(self._inner.start_tls(ssl_context, server_hostname, self._left()), self._left, self._stopping)

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._inner.get_extra_info(info)
