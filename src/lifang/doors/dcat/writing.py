"""RDF written down: which form is asked for, by suffix or by ``Accept``, and a graph in that form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import quoteattr

import orjson
from rdflib import Graph

from lifang.core import NotFound
from lifang.doors.dcat.vocabulary import PREFIXES

FORMS = {  # by suffix: the media type, and rdflib's name for it
    "ttl": ("text/turtle; charset=utf-8", "turtle"),
    "jsonld": ("application/ld+json", "json-ld"),
    "rdf": ("application/rdf+xml", "xml"),
    "nt": ("application/n-triples", "nt"),
}
HTML = "html"
_CONTEXT = {prefix: str(namespace) for prefix, namespace in PREFIXES.items()}
_SUFFIXES = {"xml": "rdf", "json": "jsonld"}
_ACCEPTED = {
    "text/turtle": "ttl",
    "application/x-turtle": "ttl",
    "application/ld+json": "jsonld",
    "application/json": "jsonld",
    "application/rdf+xml": "rdf",
    "application/xml": "rdf",
    "text/xml": "rdf",
    "application/n-triples": "nt",
    "text/html": HTML,
    "application/xhtml+xml": HTML,
    "text/*": "ttl",
    "application/*": "jsonld",
    "*/*": "ttl",
}


def by_suffix(suffix: str) -> str:
    """Return the form that a suffix names; ``NotFound`` lists those there are."""
    form = _SUFFIXES.get(suffix, suffix)
    if form not in FORMS:
        known = ", ".join(sorted({*FORMS, *_SUFFIXES}))
        raise NotFound(f"There is no form {suffix[:20]!r}.", mend=f"Known suffixes: {known}.")
    return form


def by_accept(header: str) -> str:
    """Return the form that an ``Accept`` header prefers among those there are; Turtle if it names none of them."""
    best, most = "ttl", 0.0
    for part in header.split(","):
        kind, *options = (each.strip().lower() for each in part.split(";"))
        weight = next((_weight(each[2:]) for each in options if each.startswith("q=")), 1.0)
        if kind in _ACCEPTED and weight > most:
            best, most = _ACCEPTED[kind], weight
    return best


def written(graph: Graph, form: str) -> bytes:
    """Return the graph in a form; JSON-LD carries its own context, so that nobody needs to fetch one."""
    if form == "jsonld":
        return graph.serialize(format="json-ld", encoding="utf-8", context=_CONTEXT, auto_compact=False)
    return graph.serialize(format=FORMS[form][1], encoding="utf-8")


def streamed(graphs: Iterable[Graph], form: str) -> Iterator[bytes]:
    """Yield graphs as one document, a graph in memory at a time: Turtle as N-Triples, which are Turtle."""
    if form == "jsonld":
        yield from _json_ld(graphs)
    elif form == "rdf":
        yield from _rdf_xml(graphs)
    else:
        yield from (written(graph, "nt") for graph in graphs)


def _json_ld(graphs: Iterable[Graph]) -> Iterator[bytes]:
    yield b'{"@context":' + orjson.dumps(_CONTEXT) + b',"@graph":[\n'
    comma = b""
    for graph in graphs:
        told = orjson.loads(written(graph, "jsonld"))
        nodes = told["@graph"] if "@graph" in told else [{name: told[name] for name in told if name != "@context"}]
        yield comma + b",\n".join(map(orjson.dumps, nodes))
        comma = b",\n"
    yield b"\n]}\n"


def _rdf_xml(graphs: Iterable[Graph]) -> Iterator[bytes]:
    spaces = "".join(f"\n  xmlns:{prefix}={quoteattr(space)}" for prefix, space in _CONTEXT.items())
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF{spaces}>\n'.encode()
    for graph in graphs:
        inside = written(graph, "rdf").partition(b"<rdf:RDF")[2].partition(b">")[2]
        yield inside.rpartition(b"</rdf:RDF>")[0].lstrip(b"\n")
    yield b"</rdf:RDF>\n"


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
