"""RDF written down: which form is asked for, by suffix or by ``Accept``, and graphs in that form.

Turtle, N-Triples (RDF 1.1), RDF/XML and JSON-LD 1.1, each as pieces that follow each other, so that one writer does for
a page and for the whole catalogue. Predicates are words of ``PREFIXES``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from lifang.core import NotFound
from lifang.doors.dcat.triples import RDF, Graph, Literal, Node, URIRef
from lifang.doors.dcat.vocabulary import PREFIXES

HTML = "html"
_CONTEXT = {prefix: str(namespace) for prefix, namespace in PREFIXES.items()}
_PREFIX_OF = {base: prefix for prefix, base in _CONTEXT.items()}
_WORD = re.compile(r"(.*[#/])([A-Za-z][\w-]*)", re.ASCII)
_TYPE = RDF.type
_STRING_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_TEXT_ESCAPES = {"\r": "&#13;"}  # which XML would read as a line's end
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
About = Mapping[URIRef, Iterable[Node]]


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
    return b"".join(streamed([graph], form))


def streamed(graphs: Iterable[Graph], form: str) -> Iterator[bytes]:
    """Yield graphs as one document, a graph in memory at a time."""
    _, asked = FORMS[form]
    yield asked.head.encode()
    between = ""
    for graph in graphs:
        told = asked.between.join(asked.tell(subject, said) for subject, said in graph.about.items())
        if told:
            yield (between + told).encode()
            between = asked.between
    yield asked.end.encode()


@lru_cache(1000)
def _word(iri: str) -> str:
    """Return the short name of an address that is a word of ``PREFIXES``, else nothing."""
    found = _WORD.fullmatch(iri)
    prefix = _PREFIX_OF.get(found[1]) if found else None
    return f"{prefix}:{found[2]}" if found and prefix else ""


def _string(node: Literal) -> str:
    return f'"{node.text.translate(_STRING_ESCAPES)}"'


def _statements(subject: URIRef, said: About) -> str:
    """Return N-Triples."""
    lines = []
    for predicate, things in said.items():
        start = f"<{subject}> <{predicate}> "
        lines += [f"{start}{_in_full(each)} .\n" for each in things]
    return "".join(lines)


def _in_full(node: Node) -> str:
    if isinstance(node, URIRef):
        return f"<{node}>"
    kind = f"@{node.lang}" if node.lang else f"^^<{node.datatype}>" if node.datatype else ""
    return _string(node) + kind


def _turtle(subject: URIRef, said: About) -> str:
    lines = []
    for predicate, things in said.items():
        if predicate == _TYPE:
            lines.append("a " + ", ".join(_word(each) or f"<{each}>" for each in things if isinstance(each, URIRef)))
        else:
            lines.append(f"{_word(predicate)} " + ", ".join(map(_in_short, things)))
    return f"<{subject}> " + " ;\n    ".join(lines) + " .\n"


def _in_short(node: Node) -> str:
    if isinstance(node, URIRef) or not node.datatype:
        return _in_full(node)
    return f"{_string(node)}^^{_word(node.datatype)}"


def _description(subject: URIRef, said: About) -> str:
    """Return RDF/XML."""
    lines = [f"<rdf:Description rdf:about={quoteattr(subject)}>\n"]
    for predicate, things in said.items():
        name = _word(predicate)
        lines += [f"  <{name}{_element(each, name)}\n" for each in things]
    return "".join([*lines, "</rdf:Description>\n"])


def _element(node: Node, name: str) -> str:
    if isinstance(node, URIRef):
        return f" rdf:resource={quoteattr(node)}/>"
    kind = f' xml:lang="{node.lang}"' if node.lang else f' rdf:datatype="{node.datatype}"' if node.datatype else ""
    return f"{kind}>{escape(node.text, _TEXT_ESCAPES)}</{name}>"


def _node(subject: URIRef, said: About) -> str:
    """Return JSON-LD."""
    told: dict[str, Any] = {"@id": subject}
    for predicate, things in said.items():
        if predicate == _TYPE:
            told["@type"] = _one_or_all([_word(str(each)) or str(each) for each in things])
        else:
            told[_word(predicate)] = _one_or_all([_value(each) for each in things])
    return orjson.dumps(told).decode()


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _value(node: Node) -> dict[str, str]:
    if isinstance(node, URIRef):
        return {"@id": str(node)}
    if node.lang:
        return {"@language": node.lang, "@value": node.text}
    return {"@type": _word(node.datatype), "@value": node.text} if node.datatype else {"@value": node.text}


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


@dataclass(frozen=True)
class Form:
    """How a form tells of each subject, and what stands before, between and after that."""

    tell: Callable[[URIRef, About], str]
    head: str = ""
    between: str = ""
    end: str = ""


_SPACES = "".join(f"\n  xmlns:{prefix}={quoteattr(space)}" for prefix, space in _CONTEXT.items())
_START = "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in _CONTEXT.items())
FORMS = {  # by suffix: the media type, and how it is written
    "ttl": ("text/turtle; charset=utf-8", Form(_turtle, f"{_START}\n", "\n")),
    "jsonld": (
        "application/ld+json",
        Form(_node, f'{{"@context":{orjson.dumps(_CONTEXT).decode()},"@graph":[\n', ",\n", "\n]}\n"),
    ),
    "rdf": (
        "application/rdf+xml",
        Form(
            _description,
            f'<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF{_SPACES}>\n',
            end="</rdf:RDF>\n",
        ),
    ),
    "nt": ("application/n-triples", Form(_statements)),
}
