"""Contexts: what the short names of a request mean, and how those of an answer are to be written.

Known are the core context (by any of its addresses), this city's copy of it, and terms written in the body. Nothing is
fetched: an address that is not known is ``NoContext`` (CIM 009 clauses 4.4, 5.5.7 and 6.3.5; JSON-LD 1.1 clause 4.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fastapi import Request

from lifang.core import BadInput
from lifang.doors.ngsild.core_context import CORE_URL, CORE_URLS, DEFAULT, core_context
from lifang.doors.ngsild.problems import InvalidRequest, NoContext

CONTEXT_REL = "http://www.w3.org/ns/json-ld#context"
OWN_PATH = "/ngsi-ld/v1/jsonldContexts/core"
_LINK = re.compile(r"<([^<>]*)>([^,]*(?:\"[^\"]*\"[^,]*)*)")
_TERMS_MAX = 2000
_DEPTH_MAX = 10
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://|[^/\s]*:|[^/\s]+)")


def _core_terms() -> Iterator[tuple[str, str]]:
    written = core_context()
    prefixes = {name: written[name] for name in ("ngsi-ld", "geojson")}
    for term, meaning in written.items():
        target = meaning["@id"] if isinstance(meaning, dict) else meaning
        if term.startswith("@") or not isinstance(target, str) or target.startswith("@"):
            continue
        prefix, _, rest = target.partition(":")
        yield term, prefixes[prefix] + rest if prefix in prefixes else target


@lru_cache(maxsize=1)
def core_terms() -> Mapping[str, str]:
    """Return what each term of the core context means; these can be given no other meaning."""
    return dict(_core_terms())


@lru_cache(maxsize=1)
def _core_names() -> Mapping[str, str]:
    return {uri: term for term, uri in core_terms().items()}


@dataclass(frozen=True)
class Context:
    """The terms of one request: ``terms`` are those beyond the core, ``written`` is what the request said.

    Inside this door a name that the core does not know is meant in the default vocabulary: it stands for itself.
    """

    terms: Mapping[str, str] = field(default_factory=dict)
    vocabulary: str = DEFAULT
    written: Any = CORE_URL

    def expand(self, term: str) -> str:
        """Return the URI of a term, a compact URI or a URI (JSON-LD 1.1 API clause 5.2)."""
        known = core_terms().get(term) or self.terms.get(term)
        if known:
            return known
        prefix, colon, rest = term.partition(":")
        if colon and not rest.startswith("//") and prefix in self.terms:
            return self.terms[prefix] + rest
        return term if colon and _ABSOLUTE.match(term) else self.vocabulary + term

    def inner(self, term: str) -> str:
        """Return the name by which this door knows what ``term`` means; other vocabularies keep their URI."""
        uri = self.expand(term)
        return _core_names().get(uri) or uri.removeprefix(DEFAULT)

    def shown(self, name: str) -> str:
        """Return how a name of this door is written with this context: its term, else itself or its URI."""
        return self._compact.get(name) or (name if self._is_plain(name) else self.uri(name))

    @staticmethod
    def uri(name: str) -> str:
        """Return the URI of a name of this door."""
        return core_terms().get(name, DEFAULT + name)

    def _is_plain(self, name: str) -> bool:
        return name in core_terms() or (self.vocabulary == DEFAULT and self.terms.get(name) in {None, self.uri(name)})

    @property
    def _compact(self) -> dict[str, str]:
        return {uri.removeprefix(DEFAULT): term for term, uri in self.terms.items() if uri.startswith(DEFAULT)}

    @property
    def is_core(self) -> bool:
        """Whether it says nothing beyond the core context."""
        return not self.terms and self.vocabulary == DEFAULT


CORE = Context()


def context_in(written: Any) -> Context:
    """Return the context written under ``@context``: an address, terms, or a list of these."""
    terms: dict[str, str] = {}
    vocabulary = DEFAULT
    for part in _parts(written, 0):
        vocabulary = _take(part, terms, vocabulary)
        if len(terms) > _TERMS_MAX:
            raise InvalidRequest(f"A context has at most {_TERMS_MAX} terms.", where="@context", mend="Write fewer.")
    whole = written if _names_core(written) else [*(written if isinstance(written, list) else [written]), CORE_URL]
    return Context(terms, vocabulary, whole) if terms or vocabulary != DEFAULT else CORE


def _names_core(written: Any) -> bool:
    parts = written if isinstance(written, list) else [written]
    return any(isinstance(each, str) and each in CORE_URLS for each in parts)


def _parts(written: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _DEPTH_MAX:
        raise InvalidRequest("The context is nested too deeply.", where="@context", mend="Write one list.")
    if isinstance(written, list):
        for each in written:
            yield from _parts(each, depth + 1)
    elif isinstance(written, str):
        known_address(written)
    elif isinstance(written, dict):
        yield written
    else:
        raise InvalidRequest("That is no context.", where="@context", mend="Write an address, terms, or a list.")


def known_address(url: str) -> None:
    """Raise ``NoContext`` unless ``url`` is an address of the core context or of this city's copy."""
    if url in CORE_URLS or url.endswith(OWN_PATH):
        return
    raise NoContext(
        f"The context {url[:200]!r} is not here, and nothing is fetched from outside.",
        where="@context",
        mend=f"Write its terms into @context in the body, or use {CORE_URL}.",
    )


def _take(part: Mapping[str, Any], terms: dict[str, str], vocabulary: str) -> str:
    """Add the terms of ``part``; return the vocabulary after it."""
    for term, meaning in part.items():
        target = meaning.get("@id") if isinstance(meaning, dict) else meaning
        if term == "@vocab" and isinstance(target, str):
            vocabulary = target
        elif term in {"@version", "@protected"} or term in core_terms():
            continue  # core terms keep their meaning (clause 5.5.7)
        elif term.startswith("@") or not isinstance(target, str):
            raise InvalidRequest(
                f"{term[:60]!r} in the context is not understood here.",
                where="@context",
                mend="Write each term with its URI, or as {'@id': URI}.",
            )
        else:
            terms[term] = _absolute(target, {**terms, **_plain(part)})
    return vocabulary


def _plain(part: Mapping[str, Any]) -> dict[str, str]:
    return {
        term: meaning for term, meaning in part.items() if isinstance(meaning, str) and meaning.endswith(("/", "#"))
    }


def _absolute(target: str, prefixes: Mapping[str, str]) -> str:
    prefix, colon, rest = target.partition(":")
    if colon and prefix in prefixes and not rest.startswith("//"):
        return prefixes[prefix] + rest
    if prefix == "ngsi-ld" and colon:
        return core_terms()["Property"].removesuffix("Property") + rest
    return target


def context_of(request: Request) -> Context:
    """Return the context that a request names in its Link header (clause 6.3.5); the core if it names none."""
    header = ", ".join(request.headers.getlist("link"))
    for url, rest in _LINK.findall(header):
        if CONTEXT_REL in rest:
            known_address(url)
    return CORE


def context_of_body(request: Request, body: Mapping[str, Any]) -> Context:
    """Return the context of a request with a body: in an ``application/ld+json`` body, else of its Link header."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/ld+json":
        if "@context" not in body:
            raise BadInput("An application/ld+json body has a @context.", where="@context", mend="Add it.")
        return context_in(body["@context"])
    if "@context" in body:
        raise BadInput(
            "An application/json body has no @context.", where="@context", mend="Send it as application/ld+json."
        )
    return context_of(request)
