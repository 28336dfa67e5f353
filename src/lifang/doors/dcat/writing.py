"""RDF written down: which form is asked for, by suffix or by ``Accept``, and a graph in that form."""

from __future__ import annotations

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
        context = {prefix: str(namespace) for prefix, namespace in PREFIXES.items()}
        return graph.serialize(format="json-ld", encoding="utf-8", context=context, auto_compact=False)
    return graph.serialize(format=FORMS[form][1], encoding="utf-8")


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
