"""The command line's client: it speaks HTTP to the city, served by another process or opened in this one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import httpx

from lifang.core import (
    BadInput,
    Conflict,
    Denied,
    NeedsPurpose,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    Unavailable,
    loading,
    owner_of,
)

if TYPE_CHECKING:
    from lifang.app import City

_TIMEOUT_S = 120.0
_PAGE = 1000
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the city is on loopback; no authority is read in for it
_PROBLEMS: Mapping[int, type[Problem]] = {
    400: BadInput,
    401: Denied,
    403: Denied,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    429: TooMany,
    503: Unavailable,
}


class Client:
    """The city in ``folder`` as its owner sees it: through the process that serves it, else opened here."""

    def __init__(self, folder: Path, *, purpose: str = "") -> None:
        self._runner = asyncio.Runner()
        self._city: City | None = None
        self.address: str | None = None  # where another process serves the city
        owner = owner_of(folder)
        transport: httpx.AsyncBaseTransport
        if owner and owner.url:
            url, secret, transport = owner.url, owner.secret, httpx.AsyncHTTPTransport(verify=_NO_TLS)
            self.address = url
        else:
            with loading():
                from lifang.doors.cli.opened import opened  # noqa: PLC0415 - loaded when nobody serves the city only

                self._city, app = opened(folder)
            url, secret, transport = "http://127.0.0.1", self._city.owner_secret, httpx.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {secret}", "X-Lifang-Purpose": quote(purpose)}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, transport=transport, timeout=_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._http.aclose())
        self._runner.close()
        if self._city:
            self._city.close()

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON answer to GET; parameters that are ``None`` are left out."""
        return self._json("GET", path, params=_given(params))

    def text(self, path: str) -> str:
        """Return the answer to GET as text."""
        return self._answer("GET", path).text

    def post(self, path: str, body: Any = None, **params: Any) -> Any:
        """Return the JSON answer to POST with a JSON body."""
        return self._json("POST", path, json=body, params=_given(params))

    def patch(self, path: str, body: Any) -> Any:
        """Return the JSON answer to PATCH with a JSON body."""
        return self._json("PATCH", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        """Return the JSON answer to PUT with a JSON body."""
        return self._json("PUT", path, json=body)

    def delete(self, path: str) -> Any:
        """Return the JSON answer to DELETE, if there is one."""
        return self._json("DELETE", path)

    def send(self, path: str, content: bytes, *, media_type: str, **params: Any) -> Any:
        """Return the JSON answer to POST with ``content`` as its body."""
        headers = {"Content-Type": media_type}
        return self._json("POST", path, content=content, headers=headers, params=_given(params))

    def upload(self, path: str, file: Path, *, parts: Mapping[str, Path], **params: Any) -> Any:
        """Return the JSON answer to a multipart POST of ``file`` and further small ``parts``."""
        opened = {name: (part.name, part.read_bytes()) for name, part in parts.items()}
        with file.open("rb") as stream:
            files = {"file": (file.name, stream), **opened}
            return self._json("POST", path, files=files, params=_given(params))

    def listing(self, path: str, *, limit: int, **params: Any) -> list[Any]:
        """Return up to ``limit`` items of a list, following ``next``."""
        items: list[Any] = []
        after = None
        while len(items) < limit:
            answer = self.get(path, after=after, limit=min(_PAGE, limit - len(items)), **params)
            items += answer["items"]
            after = answer["next"]
            if after is None:
                break
        return items

    def download(self, path: str, target: Path, **params: Any) -> tuple[int, str]:
        """Write the answer to GET into ``target`` as it streams; return its bytes, and what it says it left out."""
        return self._runner.run(self._download(path, target, _given(params)))

    async def _download(self, path: str, target: Path, params: dict[str, Any]) -> tuple[int, str]:
        partial = target.with_name(target.name + ".partial")
        written = 0
        async with self._http.stream("GET", path, params=params) as answer:
            if answer.is_error:
                await answer.aread()
                raise _problem(answer)
            with partial.open("wb") as sink:
                async for chunk in answer.aiter_bytes():
                    written += sink.write(chunk)
        partial.replace(target)
        return written, answer.headers.get("X-Lifang-Left-Out", "")

    def _json(self, method: str, path: str, **more: Any) -> Any:
        answer = self._answer(method, path, **more)
        return answer.json() if answer.content else None

    def _answer(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._runner.run(self._http.request(method, path, **more))
        except httpx.TransportError as error:
            raise Unavailable(f"The city did not answer: {error}.", mend="Is its process still running?") from error
        if answer.is_error:
            raise _problem(answer)
        return answer


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _problem(answer: httpx.Response) -> Problem:
    try:
        told = answer.json()
    except ValueError:
        told = {}
    kind = NeedsPurpose if told.get("needs") == "purpose" else _PROBLEMS.get(answer.status_code, Problem)
    what = told.get("detail") or told.get("title") or f"HTTP {answer.status_code}"
    return kind(what, where=told.get("where") or "", mend=told.get("mend") or "")
