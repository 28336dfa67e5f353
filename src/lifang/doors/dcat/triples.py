"""Statements of RDF, gathered to be written: the names of rdflib, without its store and its reading of values."""

from __future__ import annotations

from typing import NamedTuple


class URIRef(str):
    """The absolute address by which a thing is named."""

    __slots__ = ()


class Literal(NamedTuple):
    """A text, in a language or of a datatype."""

    text: str
    lang: str = ""
    datatype: str = ""


Node = URIRef | Literal
Statement = tuple[URIRef, URIRef, Node]


class Namespace:
    """The words that begin with one address, as attributes or by name."""

    def __init__(self, base: str) -> None:
        self._base = base

    def __str__(self) -> str:
        return self._base

    def __getattr__(self, name: str) -> URIRef:
        if name.startswith("_"):
            raise AttributeError(name)
        found = self.__dict__[name] = URIRef(self._base + name)  # from now on it is at hand
        return found

    def __getitem__(self, name: str) -> URIRef:
        return URIRef(self._base + name)


class Graph:
    """Statements, each once, by what they are about, in the order in which they were made."""

    def __init__(self) -> None:
        self.about: dict[URIRef, dict[URIRef, dict[Node, None]]] = {}

    def add(self, statement: Statement) -> None:
        """Add a statement: subject, predicate, object."""
        subject, predicate, thing = statement
        self.about.setdefault(subject, {}).setdefault(predicate, {})[thing] = None


DCTERMS = Namespace("http://purl.org/dc/terms/")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
RDF = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")
