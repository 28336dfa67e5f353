"""The query options of SensorThings (OGC 18-088, clause 9.3), read strictly: what is not understood is refused."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson

from lifang.core import BadInput
from lifang.doors.http import NotOffered
from lifang.doors.sensorthings.expressions import parse_filter, parse_order
from lifang.sensing import NESTED, PAGE, PAGE_MAX, WAYS, Question

Pairs = Sequence[tuple[str, str]]
_SKIP_MAX = 10**12
_TOKEN_MAX = 4000
_DEPTH_MAX = 8
_BOOLEANS = {"true": True, "false": False}
_FORMATS = {each.lower(): each for each in ("dataArray", "CSV", "GeoJSON", "JSON")}
_ODATA = frozenset(
    {"$search", "$format", "$compute", "$levels", "$index", "$schemaversion", "$deltatoken", "$metadata", "$links"}
)
_NESTED = frozenset({"$filter", "$select", "$orderby", "$skip", "$top", "$count", "$expand", "$skiptoken"})
_KNOWN = _NESTED | {"$resultFormat", "$apply"}


@dataclass(frozen=True)
class Options:
    """What a client asks for about entities of ``kind``: as text in ``given``, and read.

    ``top`` is ``None`` when the client does not say; ``select`` is ``None`` when all properties are wanted.
    """

    kind: str
    given: tuple[tuple[str, str], ...] = ()
    question: Question = field(default_factory=lambda: Question(""))
    top: int | None = None
    select: tuple[str, ...] | None = None
    expand: Mapping[str, Options] = field(default_factory=dict)
    form: str = "JSON"
    apply: str = ""

    def following(self, after: Sequence[Any] | None) -> str:
        """Return the query (without ``?``) of the page that begins after ``after``."""
        kept = [(name, value) for name, value in self.given if name not in {"$skip", "$skiptoken"}]
        token = encode_token(after or ())
        return "&".join(f"{name}={quote(value, safe=SAFE)}" for name, value in [*kept, ("$skiptoken", token)])


SAFE = "$'(),;/:@*!~"


def read_options(pairs: Pairs, kind: str, now: datetime) -> Options:
    """Return the options in a query; ``NotOffered`` for those of OData that are not offered (requirement 25)."""
    found = _options(pairs, kind, now, depth=0)
    if found.form == "dataArray" and found.expand:
        raise BadInput("dataArray has no $expand (clause 13.1).", where="$expand", mend="Leave it out.")
    return found


def _options(pairs: Pairs, kind: str, now: datetime, *, depth: int) -> Options:
    given: dict[str, str] = {}
    allowed = _NESTED if depth else _KNOWN
    for name, value in pairs:
        if not name.startswith("$"):
            if depth:
                raise BadInput(f"{name[:40]!r} is no option.", where="$expand", mend=_known(allowed))
            continue
        if name in _ODATA:
            raise NotOffered(f"{name} is not offered here.", where=name, mend=_known(allowed))
        if name not in allowed:
            raise BadInput(f"There is no option {name[:40]!r}.", where=name[:40], mend=_known(allowed))
        if name in given:
            raise BadInput(f"{name} is given twice.", where=name, mend="Give it once.")
        given[name] = value
    return _read(given, kind, now, depth)


def _known(names: Iterable[str]) -> str:
    return f"Known: {', '.join(sorted(names))}."


def _read(given: Mapping[str, str], kind: str, now: datetime, depth: int) -> Options:
    expand = _expand(given["$expand"], kind, now, depth) if "$expand" in given else {}
    top = _number("$top", given["$top"]) if "$top" in given else None
    most = PAGE_MAX if depth == 0 else PAGE_MAX // 10
    page = NESTED if depth else PAGE
    question = Question(
        kind,
        _at("$filter", lambda: parse_filter(given["$filter"], kind, now)) if "$filter" in given else None,
        _at("$orderby", lambda: parse_order(given["$orderby"], kind, now)) if "$orderby" in given else (),
        page if top is None else min(top, most),
        _number("$skip", given["$skip"]) if "$skip" in given else 0,
        decode_token(given["$skiptoken"]) if "$skiptoken" in given else None,
        _boolean("$count", given["$count"]) if "$count" in given else False,
        tuple((link, each.question) for link, each in expand.items()),
    )
    return Options(
        kind,
        tuple(given.items()),
        question,
        top,
        _select(given["$select"], kind) if "$select" in given else None,
        expand,
        _form(given.get("$resultFormat", "JSON")),
        given.get("$apply", ""),
    )


def _at(name: str, read: Any) -> Any:
    try:
        return read()
    except BadInput as error:
        raise BadInput(error.what, where=f"{name}: {error.where}" if error.where else name, mend=error.mend) from error


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19) or int(text) > _SKIP_MAX:
        raise BadInput(f"{text[:40]!r} is not a number of items.", where=name, mend="Write 0 or more.")
    return int(text)


def _boolean(name: str, text: str) -> bool:
    if text not in _BOOLEANS:
        raise BadInput(f"{text[:40]!r} is neither true nor false.", where=name, mend=f"Write {name}=true.")
    return _BOOLEANS[text]


def _form(text: str) -> str:
    found = _FORMATS.get(text.lower())
    if found is None:
        mend = _known(_FORMATS.values())
        raise BadInput(f"There is no result format {text[:40]!r}.", where="$resultFormat", mend=mend)
    return found


def _select(text: str, kind: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")]
    names = ["@iot.id" if name in {"id", "@id"} else name for name in names]
    for name in names:
        if not name or not all(sign.isalnum() or sign in "@._/-" for sign in name):
            raise BadInput(f"{name[:60]!r} names no property of a {kind}.", where="$select", mend="Write name,id.")
    return tuple(dict.fromkeys(names))


def _expand(text: str, kind: str, now: datetime, depth: int) -> dict[str, Options]:
    if depth >= _DEPTH_MAX:
        raise BadInput(f"$expand goes at most {_DEPTH_MAX} levels deep.", where="$expand", mend="Ask again from there.")
    found: dict[str, Options] = {}
    for item in split(text, ","):
        link, options = _expanded(item.strip(), kind, now, depth)
        found[link] = _merged(found[link], options) if link in found else options
    return found


def _expanded(item: str, kind: str, now: datetime, depth: int) -> tuple[str, Options]:
    path, bracket, rest = item.partition("(")
    if bracket and not rest.endswith(")"):
        raise BadInput(f"{item[:60]!r} lacks a bracket.", where="$expand", mend="Write Datastreams($top=1).")
    link, slash, beyond = path.strip().partition("/")
    way = WAYS[kind].get(link)
    if way is None:
        raise BadInput(f"A {kind} has no {link[:40]!r} to expand.", where="$expand", mend=_known(WAYS[kind]))
    if slash:
        return link, _options((("$expand", f"{beyond}{bracket}{rest}"),), way.target, now, depth=depth + 1)
    pairs = [_pair(each) for each in split(rest[:-1], ";") if each.strip()] if bracket else []
    return link, _options(pairs, way.target, now, depth=depth + 1)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.strip().partition("=")
    if not sign:
        raise BadInput(f"{text[:60]!r} is no option.", where="$expand", mend="Write $top=1;$select=name.")
    return name.strip(), value.strip()


def _merged(one: Options, other: Options) -> Options:
    """Return both, for a link named twice: ``Datastreams,Datastreams/Sensor``."""
    expand = dict(one.expand)
    for link, options in other.expand.items():
        expand[link] = _merged(expand[link], options) if link in expand else options
    question = replace(one.question, expand=tuple((link, each.question) for link, each in expand.items()))
    inner = ",".join(value for options in (one, other) for name, value in options.given if name == "$expand")
    given = tuple(pair for pair in one.given if pair[0] != "$expand") + ((("$expand", inner),) if inner else ())
    return replace(one, given=given, question=question, expand=expand)


def split(text: str, sign: str) -> list[str]:
    """Return the parts of ``text`` between ``sign``s that stand outside quotes and brackets."""
    parts: list[str] = []
    begin, depth, quoted = 0, 0, False
    for at, each in enumerate(text):
        if each == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif each == "(":
            depth += 1
        elif each == ")":
            depth -= 1
        elif each == sign and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    if quoted or depth:
        raise BadInput("A quote or bracket is not closed.", where="$expand", mend="Close it.")
    return [*parts, text[begin:]]


def encode_token(after: Sequence[Any]) -> str:
    """Return an opaque text that says where a page ends."""
    return base64.urlsafe_b64encode(orjson.dumps(list(after))).decode().rstrip("=")


def decode_token(text: str) -> tuple[Any, ...]:
    """Return the keys in a text made by :func:`encode_token`; ``BadInput`` for any other."""
    wrong = BadInput("This is no link to a next page.", where="$skiptoken", mend="Follow @iot.nextLink as it is.")
    if len(text) > _TOKEN_MAX:
        raise wrong
    try:
        padded = (text + "=" * (-len(text) % 4)).encode("ascii")
        found = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise wrong from error
    if not isinstance(found, list) or not found:
        raise wrong
    if not all(isinstance(each, str | int | float | None) for each in found):
        raise wrong
    return tuple(found)
