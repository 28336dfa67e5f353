"""Where a source is: an address on the web or a file; fetched anew only when it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from lifang.core import BadInput, Denied, Problem, Unavailable
from lifang.outside.addresses import Network, check_networks
from lifang.outside.fetch import BYTES_MAX, PORTS, Answer, Fetcher, Reach, check_url, shown
from lifang.outside.files import open_plain
from lifang.outside.part import Part

_AGAIN = "It is tried again by itself; if it goes on, ask its owner."


class Guarded(Part):
    """Keys of every source that is reached over a network."""

    allow: list[str] = Field(
        default_factory=list,
        max_length=100,
        description="Addresses or networks, beyond the public ones, that may be reached: `10.1.2.3`, `10.1.2.0/24`.",
    )

    @model_validator(mode="after")
    def _check_allow(self) -> Self:
        check_networks(self.allow)
        return self

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks written in ``allow``."""
        return check_networks(self.allow)


class Web(Guarded):
    """Keys of a source on the web."""

    url: str = Field(min_length=1, description="The address, http or https; a secret in it is written `${name}`.")
    headers: dict[str, str] = Field(
        default_factory=dict, max_length=20, description="Headers to send, such as Authorization = `Bearer ${token}`."
    )
    ports: list[int] = Field(list(PORTS), max_length=20, description="Ports that may be reached.")
    bytes_max: int = Field(BYTES_MAX, ge=1, le=2_000_000_000, description="How many bytes an answer or file may have.")

    @model_validator(mode="after")
    def _check_url(self) -> Self:
        if self.url:
            _as_bad_input(lambda: check_url(self.url, self.ports))
        return self


class WebOrFile(Web):
    """Keys of a source that is a file here or on the web."""

    url: str = Field("", description="The address, http or https; a secret in it is written `${name}`.")
    path: str = Field("", description="A file in place of `url`; a relative path starts in the city's folder.")

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if bool(self.url) == bool(self.path):
            raise BadInput("A source has either url or path.", mend="Give one of them.")
        return self


@dataclass(frozen=True)
class Loaded:
    """A source as it is now: its bytes, a name for people, its SHA-256, and the checkpoint that says it was taken."""

    body: bytes
    name: str
    digest: str
    checkpoint: Mapping[str, str]


def load_web(
    web: Web,
    checkpoint: Mapping[str, str],
    *,
    timeout_s: float,
    stopping: Callable[[], bool],
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Loaded | None:
    """Return the answer to a request, ``None`` if it says that nothing has changed since ``checkpoint``."""
    key = hashlib.sha256(f"{method} {web.url}".encode() + body).hexdigest()
    sent = {"User-Agent": "lifang", **web.headers, **(headers or {})}
    if checkpoint.get("address") == key:
        known = {"If-None-Match": checkpoint.get("etag"), "If-Modified-Since": checkpoint.get("modified")}
        sent |= {name: value for name, value in known.items() if value}
    reach = Reach(web.networks, tuple(web.ports), web.bytes_max, timeout_s)
    answer = Fetcher(reach, stopping).fetch(web.url, method=method, headers=sent, body=body)
    if answer.status == 304:
        return None
    _check_status(answer, web.url)
    told = {"etag": answer.headers.get("etag", ""), "modified": answer.headers.get("last-modified", "")}
    fitting = {name: value for name, value in told.items() if value.isascii() and value.isprintable()}
    return Loaded(answer.body, shown(web.url), hashlib.sha256(answer.body).hexdigest(), {"address": key, **fitting})


def load(
    source: WebOrFile,
    checkpoint: Mapping[str, str],
    *,
    folder: Path,
    timeout_s: float,
    stopping: Callable[[], bool],
) -> Loaded | None:
    """Return the source's content, ``None`` if it is what ``checkpoint`` says was taken already."""
    if source.url:
        loaded = load_web(source, checkpoint, timeout_s=timeout_s, stopping=stopping)
        if loaded is None or checkpoint.get("digest") == loaded.digest:
            return None
        return replace(loaded, checkpoint={**loaded.checkpoint, "digest": loaded.digest})
    opened = open_plain(folder / source.path, bytes_max=source.bytes_max)
    with opened.stream as stream:
        body = stream.read(source.bytes_max)
        if opened.changed():
            raise Unavailable(f"{opened.name} is being written.", where=opened.name, mend=_AGAIN)
    digest = hashlib.sha256(body).hexdigest()
    if checkpoint.get("digest") == digest:
        return None
    return Loaded(body, opened.name, digest, {"digest": digest})


def _check_status(answer: Answer, url: str) -> None:
    if answer.status in {401, 403}:
        raise Denied(f"The other side says {answer.status}.", where=shown(url), mend="Check the token or password.")
    if not 200 <= answer.status < 300:
        wait = answer.headers.get("retry-after", "")[:40]
        more = f", and to come back after {wait}" if wait else ""
        raise Unavailable(f"The other side says {answer.status}{more}.", where=shown(url), mend=_AGAIN)


def _as_bad_input(check: Callable[[], object]) -> None:
    try:
        check()
    except Problem as problem:
        raise BadInput(problem.what, where=problem.where, mend=problem.mend) from problem
