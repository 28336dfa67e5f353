"""``$batch``: many requests in one, some of them all or nothing (OGC 18-088, clause 11; OData JSON 4.01, clause 19).

As JSON (``{"requests": [...]}``) or multipart/mixed. Requests that hang on others come after them; a group
(``atomicityGroup``, change set) is one change. ``$<id>`` stands for the entity that request made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from lifang.app import Asker
from lifang.core import BadInput, Problem, TooLarge
from lifang.doors.http import of_problem
from lifang.doors.sensorthings import tasking
from lifang.doors.sensorthings.answering import answer
from lifang.doors.sensorthings.bulk import create_observations
from lifang.doors.sensorthings.changing import Done, apply, told
from lifang.doors.sensorthings.exchange import JSON, Answer, Asked, check_depth
from lifang.doors.sensorthings.rendering import written
from lifang.doors.sensorthings.resolving import sight_of
from lifang.sensing import PLURALS

REQUESTS_MAX = 1000
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


@dataclass
class Request:
    """One request of a batch; ``body`` is JSON once read, ``group`` names what it stands or falls with."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    group: str = ""
    needs: tuple[str, ...] = ()


class Batch:
    """The requests of one batch, done in their order; what each made is known by its id to those after it."""

    def __init__(self, asker: Asker, root: str) -> None:
        self._asker, self._root = asker, root
        self._made: dict[str, Done] = {}
        self.answers: dict[str, Answer] = {}

    def run(self, requests: Sequence[Request]) -> list[tuple[Request, Answer]]:
        """Return each request with its answer, in order."""
        done: set[str] = set()
        for request in requests:
            if request.group and request.group not in done:
                done.add(request.group)
                self._together([each for each in requests if each.group == request.group])
            elif not request.group:
                self.answers[request.id] = self._alone(request)
        return [(request, self.answers[request.id]) for request in requests]

    def _alone(self, request: Request) -> Answer:
        try:
            self._check(request)
            asked = self._asked(request)
            if asked.method == "GET":
                return answer(self._asker, asked)
            if tasking.is_tasking(asked):
                made = self._made[request.id] = tasking.apply(self._asker, asked)
                return told(self._asker, asked, made)
            if asked.path.strip("/") == "CreateObservations":
                return Answer(201, create_observations(self._asker, asked.body, asked.root))
            with self._asker.city.sensing.entities.change(
                self._asker.subject, sight_of(self._asker), self._asker.purpose
            ) as one:
                made = apply(self._asker, one, asked)
            self._made[request.id] = made
            return told(self._asker, asked, made)
        except Problem as problem:
            return failed(problem)

    def _check(self, request: Request) -> None:
        for need in request.needs:
            if need not in self.answers or self.answers[need].status >= 400:
                raise _Dependent(f"Request {need!r}, which this one hangs on, failed.", where=request.id)

    def _together(self, requests: Sequence[Request]) -> None:
        """Do a group as one change: all of it, or none."""
        pending: list[tuple[Request, Asked, Done]] = []
        at = requests[0]
        try:
            with self._asker.city.sensing.entities.change(
                self._asker.subject, sight_of(self._asker), self._asker.purpose
            ) as one:
                for at in requests:
                    self._check(replace(at, needs=tuple(need for need in at.needs if need not in self._made)))
                    asked = self._asked(at)
                    if asked.method == "GET":
                        raise BadInput("A group holds changes only.", where=at.id, mend="Send GET outside of it.")
                    if tasking.is_tasking(asked):
                        what = "A Task is in no group: what a device was told cannot be taken back."
                        raise BadInput(what, where=at.id, mend="Send it alone; dependsOn names what must come first.")
                    made = apply(self._asker, one, asked)
                    self._made[at.id] = made
                    pending.append((at, asked, made))
        except Problem as problem:
            for each in requests:
                self._made.pop(each.id, None)
                other = _Dependent(f"Request {at.id!r} of the same group failed.", where=each.id)
                self.answers[each.id] = failed(problem if each is at else other)
            return
        for request, asked, made in pending:
            self.answers[request.id] = told(self._asker, asked, made)

    def _asked(self, request: Request) -> Asked:
        if request.method not in _METHODS:
            raise BadInput(f"{request.method[:20]!r} is no method.", where=request.id, mend=", ".join(sorted(_METHODS)))
        path, _, query = request.url.partition("?")
        path = self._relative(unquote(path))
        body = b"" if request.body is None else orjson.dumps(self._filled(request.body))
        headers = {name.lower(): value for name, value in request.headers.items()}
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Asked(request.method, path, pairs, body, headers.get("content-type", JSON), self._root)

    def _relative(self, path: str) -> str:
        """Return the path behind the root; ``$<id>`` at its head is what that request made."""
        for root in (self._root, "/" + self._root.split("/", 3)[-1]):
            path = path.removeprefix(root)
        path = path.strip("/")
        head, slash, rest = path.partition("/")
        for name, made in self._made.items():
            entity = f"{PLURALS[made.kind]}({written(made.key)})"
            if head == f"${name}":
                return f"{entity}{slash}{rest}"
            if head.endswith(f"(${name})"):
                return f"{head.removesuffix(f'(${name})')}({written(made.key)}){slash}{rest}"
        return path

    def _filled(self, value: Any) -> Any:
        """Return a body with the ids of what earlier requests made in the places of ``$<id>``."""
        if isinstance(value, dict):
            return {name: self._filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        if isinstance(value, str) and value.startswith("$") and value[1:] in self._made:
            return self._made[value[1:]].key
        return value


class _Dependent(BadInput):
    """What this request hangs on was not done."""


def failed(problem: Problem) -> Answer:
    """Return the answer that tells of a problem."""
    response = of_problem(problem)
    status = 424 if isinstance(problem, _Dependent) else response.status_code
    body = {**orjson.loads(response.body), "status": status}
    return Answer(status, body, media_type="application/problem+json")


def read_json(body: bytes) -> list[Request]:
    """Return the requests of a JSON batch; ``BadInput`` names the first that is none."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"The body is not JSON: {error.msg}.", where="body", mend='Send {"requests": […]}.') from error
    check_depth(found)
    listed = found.get("requests") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise BadInput("The body has no list of requests.", where="requests", mend='Send {"requests": […]}.')
    check_count(len(listed))
    requests = [_request(each, at) for at, each in enumerate(listed)]
    if len({each.id for each in requests}) < len(requests):
        raise BadInput("Two requests have one id.", where="requests", mend="Give each its own.")
    return requests


def check_count(count: int) -> None:
    """Refuse a batch of too many requests."""
    if count > REQUESTS_MAX:
        raise TooLarge(f"A batch holds at most {REQUESTS_MAX:,} requests.", mend="Send several batches.")


def _request(told_request: Any, at: int) -> Request:
    where = f"requests[{at}]"
    if not isinstance(told_request, dict):
        mend = 'Send {"id": "1", "method": "get", "url": "Things"}.'
        raise BadInput("A request is an object.", where=where, mend=mend)
    texts = {name: told_request.get(name, "") for name in ("id", "method", "url", "atomicityGroup")}
    for name, value in texts.items():
        if not isinstance(value, str) or (not value and name in {"id", "url", "method"}):
            raise BadInput(f"{name} is no text.", where=f"{where}.{name}", mend="Send it as a text.")
    needs = told_request.get("dependsOn", [])
    headers = told_request.get("headers", {})
    if not isinstance(needs, list) or not all(isinstance(each, str) for each in needs):
        raise BadInput("dependsOn is no list of ids.", where=f"{where}.dependsOn", mend='Send ["1"].')
    if not isinstance(headers, dict) or not all(isinstance(each, str) for each in headers.values()):
        raise BadInput("headers is no object of texts.", where=f"{where}.headers", mend="Send texts.")
    return Request(
        texts["id"],
        texts["method"].upper(),
        texts["url"],
        headers,
        told_request.get("body"),
        texts["atomicityGroup"],
        tuple(needs),
    )


def write_json(done: Sequence[tuple[Request, Answer]]) -> dict[str, Any]:
    """Return the answers of a JSON batch."""
    return {"responses": [_response(request, each) for request, each in done]}


def _response(request: Request, each: Answer) -> dict[str, Any]:
    found: dict[str, Any] = {"id": request.id, "status": each.status}
    if request.group:
        found["atomicityGroup"] = request.group
    headers = {name.lower(): value for name, value in each.headers.items()}
    if each.body is not None:
        headers["content-type"] = each.media_type
    found["headers"] = headers
    if each.body is not None:
        found["body"] = each.body.decode() if isinstance(each.body, bytes) else each.body
    return found
