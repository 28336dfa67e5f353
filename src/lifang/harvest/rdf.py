"""DCAT in RDF: Turtle, N-Triples, RDF/XML, JSON-LD; nothing is fetched on the way, no entity of XML is resolved."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import unquote
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import defusedxml.sax
import orjson
from defusedxml import DefusedXmlException
from rdflib import DCTERMS, FOAF, RDF, SKOS, BNode, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from lifang.catalogue import Bilingual
from lifang.core import BadInput
from lifang.guard import Classification
from lifang.harvest.model import FileLink, Page, Remote
from lifang.harvest.words import both, box_of, cycle_of, date_of, licence_id, web_address

DCAT = Namespace("http://www.w3.org/ns/dcat#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
LOCN = Namespace("http://www.w3.org/ns/locn#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
SCHEMA = Namespace("http://schema.org/")
EU_THEME = "http://publications.europa.eu/resource/authority/data-theme/"
_DEPTH_MAX = 100
_HIDDEN = {"RESTRICTED": Classification.SHARED, "NON_PUBLIC": Classification.RESTRICTED}


def parse(data: bytes, form: str, *, where: str) -> Graph:
    """Return the graph that ``data`` holds in ``form`` (turtle, nt, xml, json-ld); ``BadInput`` says why it is none."""
    if form == "xml":
        refuse_dtd(data, where=where)
    if form == "json-ld":
        _check_json_ld(data, where)
    try:
        return Graph(bind_namespaces="none").parse(data=data, format=form, publicID=where)
    except RecursionError as error:
        raise BadInput("The RDF is nested too deeply.", where=where, mend="Tell its owner.") from error
    except Exception as error:
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise BadInput(f"The RDF cannot be read: {why}.", where=where, mend="Tell its owner.") from error


def refuse_dtd(data: bytes, *, where: str) -> None:
    """Raise ``BadInput`` for XML that declares anything: no entity, no DTD; or that is no XML."""
    try:
        defusedxml.sax.parse(io.BytesIO(data), ContentHandler(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadInput("XML with a DTD or entities is not read.", where=where, mend="Tell its owner.") from error
    except (SAXException, ValueError) as error:
        raise BadInput(f"The XML cannot be read: {error}.", where=where, mend="Tell its owner.") from error


def page_of(graph: Graph) -> Page:
    """Return the datasets that a graph describes."""
    records, refused = [], []
    for here in sorted(graph.subjects(RDF.type, DCAT.Dataset), key=str):
        identifier = str(here) if isinstance(here, URIRef) else str(graph.value(here, DCTERMS.identifier) or "")
        if not identifier or not _texts(graph, here, DCTERMS.title):
            refused.append((identifier or "a dataset without a name", "It has no identifier or no title."))
        else:
            records.append(_dataset(graph, here, identifier))
    return Page(tuple(records), tuple(refused))


def following(graph: Graph) -> str:
    """Return the address of the page after this one, as hydra links it; nothing after the last."""
    for kind in (HYDRA.PartialCollectionView, HYDRA.PagedCollection):
        for view in graph.subjects(RDF.type, kind):
            for link in (HYDRA.next, HYDRA.nextPage):
                if (found := graph.value(view, link)) is not None:
                    return str(found)
    return ""


def _check_json_ld(data: bytes, where: str) -> None:
    """Raise ``BadInput`` for JSON-LD that is too deep, or whose context would have to be fetched."""
    try:
        layer: list[Any] = [orjson.loads(data)]
    except orjson.JSONDecodeError as error:
        raise BadInput(f"This is not JSON: {error.msg}.", where=where, mend="Tell its owner.") from error
    for _ in range(_DEPTH_MAX):
        inner: list[Any] = []
        for each in layer:
            if isinstance(each, dict):
                _check_context(each, where)
                inner += each.values()
            else:
                inner += each
        layer = [each for each in inner if isinstance(each, dict | list) and each]
        if not layer:
            return
    raise BadInput(f"The JSON-LD is more than {_DEPTH_MAX} levels deep.", where=where, mend="Tell its owner.")


def _check_context(value: dict[str, Any], where: str) -> None:
    contexts = value.get("@context", ())
    contexts = contexts if isinstance(contexts, list) else [contexts]
    if "@import" in value or any(isinstance(each, str) for each in contexts):
        raise BadInput("A JSON-LD context elsewhere is never fetched.", where=where, mend="Harvest its Turtle instead.")


def _dataset(graph: Graph, here: Node, identifier: str) -> Remote:
    place = graph.value(here, DCTERMS.spatial)
    period = graph.value(here, DCTERMS.temporal)
    contact = graph.value(here, DCAT.contactPoint)
    access = str(graph.value(here, DCTERMS.accessRights) or "").rpartition("/")[2]
    files = tuple(_files(graph, here))
    return Remote(
        identifier=identifier,
        title=_both(graph, here, DCTERMS.title),
        summary=_both(graph, here, DCTERMS.description),
        provider=_agent(graph, here),
        keywords=tuple(sorted({str(each).strip() for each in graph.objects(here, DCAT.keyword)} - {""})),
        themes=tuple(sorted(_themes(graph, here))),
        eu_themes=tuple(_eu_themes(graph, here)),
        licence=licence_id(_licence(graph, here)),
        page=web_address(str(graph.value(here, DCAT.landingPage) or graph.value(here, FOAF.page) or "")),
        issued=date_of(str(graph.value(here, DCTERMS.issued) or "")),
        modified=str(graph.value(here, DCTERMS.modified) or ""),
        cycle=cycle_of(str(graph.value(here, DCTERMS.accrualPeriodicity) or "")),
        classification=_HIDDEN.get(access, Classification.OPEN),
        bbox=_box(graph, place),
        start=date_of(_first(graph, period, DCAT.startDate, SCHEMA.startDate)),
        end=date_of(_first(graph, period, DCAT.endDate, SCHEMA.endDate)),
        contact=_first(graph, contact, VCARD.fn),
        email=_first(graph, contact, VCARD.hasEmail).removeprefix("mailto:"),
        files=files,
    )


def _texts(graph: Graph, here: Node, predicate: URIRef) -> list[tuple[str, str]]:
    told = (each for each in graph.objects(here, predicate) if isinstance(each, Literal))
    return sorted((str(each), (each.language or "").lower()) for each in told)


def _both(graph: Graph, here: Node, predicate: URIRef) -> Bilingual:
    return both(_texts(graph, here, predicate))


def _agent(graph: Graph, here: Node) -> Bilingual:
    agent = graph.value(here, DCTERMS.publisher) or graph.value(here, DCTERMS.creator)
    if agent is None or isinstance(agent, Literal):
        return both([(str(agent), "")] if agent else [])
    return _both(graph, agent, FOAF.name)


def _eu_themes(graph: Graph, here: Node) -> list[str]:
    """Return the codes of the EU's data themes that a dataset is under."""
    told = map(str, graph.objects(here, DCAT.theme))
    return sorted(each.removeprefix(EU_THEME) for each in told if each.startswith(EU_THEME))


def _themes(graph: Graph, here: Node) -> set[str]:
    found: set[str] = set()
    for each in graph.objects(here, DCAT.theme):
        if str(each).startswith(EU_THEME):
            continue
        if isinstance(each, URIRef):
            found.add(str(each).rpartition("/")[2])
        found |= {text for text, _ in _texts(graph, each, SKOS.prefLabel)}
    return found - {""}


def _licence(graph: Graph, here: Node) -> str:
    holders = [here, *graph.objects(here, DCAT.distribution)]
    found = sorted(str(each) for holder in holders for each in graph.objects(holder, DCTERMS.license)
                   if not isinstance(each, BNode))  # fmt: skip
    return found[0] if found else ""


def _box(graph: Graph, place: Node | None) -> tuple[float, ...]:
    if place is None:
        return ()
    told = (str(each) for predicate in (DCAT.bbox, LOCN.geometry) for each in graph.objects(place, predicate))
    return next((box for text in sorted(told) if (box := box_of(text))), ())


def _first(graph: Graph, here: Node | None, *predicates: URIRef) -> str:
    found = (str(each) for predicate in predicates for each in graph.objects(here, predicate)) if here else iter(())
    return min(found, default="")


def _files(graph: Graph, here: Node) -> list[FileLink]:
    found = []
    for each in graph.objects(here, DCAT.distribution):
        url = _first(graph, each, DCAT.downloadURL) or _first(graph, each, DCAT.accessURL)
        if web_address(url):
            form = _first(graph, each, DCTERMS.format).rpartition("/")[2]
            told = _first(graph, each, DCAT.mediaType)
            media = unquote(told.partition("media-types/")[2]) or told
            title = _both(graph, each, DCTERMS.title)
            found.append(
                FileLink(web_address(url), form or media.rpartition("/")[2].upper(), media, title.zh or title.en)
            )
    return sorted(found, key=lambda file: (file.url, file.format))
