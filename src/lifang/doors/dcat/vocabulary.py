"""The words of DCAT-AP 3, and the codes of the EU's tables that its values come from."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import quote

from lifang.catalogue import Bilingual
from lifang.doors.dcat.triples import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef
from lifang.guard import Classification
from lifang.standards import code_list

DCAT = Namespace("http://www.w3.org/ns/dcat#")
ADMS = Namespace("http://www.w3.org/ns/adms#")
GEO = Namespace("http://www.opengis.net/ont/geosparql#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
_EU = "http://publications.europa.eu/resource/authority"
_IANA = "https://www.iana.org/assignments/media-types/"
PREFIXES = {
    "adms": ADMS,
    "dcat": DCAT,
    "dct": DCTERMS,
    "foaf": FOAF,
    "geo": GEO,
    "hydra": HYDRA,
    "rdf": RDF,
    "rdfs": RDFS,
    "skos": SKOS,
    "spdx": SPDX,
    "vcard": VCARD,
    "xsd": XSD,
}
LANGUAGES = {"zh": URIRef(f"{_EU}/language/ZHO"), "en": URIRef(f"{_EU}/language/ENG")}
ACCESS = {
    Classification.OPEN: URIRef(f"{_EU}/access-right/PUBLIC"),
    Classification.SHARED: URIRef(f"{_EU}/access-right/RESTRICTED"),
    Classification.RESTRICTED: URIRef(f"{_EU}/access-right/NON_PUBLIC"),
}
EU_THEMES = URIRef(f"{_EU}/data-theme")
SHA256 = SPDX.checksumAlgorithm_sha256
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f\ud800-\udfff\ufffe\uffff<>\"'`\\^{|}]{1,2000}")
_DATES = ((re.compile(r"\d{4}"), XSD.gYear), (re.compile(r"\d{4}-\d\d"), XSD.gYearMonth),
          (re.compile(r"\d{4}-\d\d-\d\d"), XSD.date))  # fmt: skip


def printable(text: str) -> str:
    """Return ``text`` without what XML 1.0 cannot hold."""
    return _NOT_XML.sub("", text)


def say(graph: Graph, subject: URIRef, predicate: URIRef, text: Bilingual) -> None:
    """Add a text in the languages in which there is one."""
    for lang, words in (("zh", text.zh), ("en", text.en)):
        if words.strip():
            graph.add((subject, predicate, Literal(printable(words), lang=lang)))


def typed(graph: Graph, subject: URIRef, predicate: URIRef, target: URIRef, *kinds: URIRef) -> URIRef:
    """Return ``target``, which ``subject`` is linked to, with its types said, as shapes ask for them."""
    graph.add((subject, predicate, target))
    for kind in kinds:
        graph.add((target, RDF.type, kind))
    return target


def address(text: str) -> URIRef | None:
    """Return a web address as a name of RDF, nothing if the text is none."""
    return URIRef(text) if _ADDRESS.fullmatch(text) else None


@cache
def _file_types() -> dict[str, str]:
    return {form: each.code for each in code_list("eu_file_types") for form in each.properties["forms"].split()}


@cache
def _frequencies() -> dict[str, str]:
    return {each.properties["cycle"]: each.code for each in code_list("eu_frequencies")}


def file_type(form: str) -> URIRef | None:
    """Return a file format of the EU's table, if it is there."""
    code = _file_types().get(form.lower())
    return URIRef(f"{_EU}/file-type/{code}") if code else None


def frequency(cycle: str) -> URIRef | None:
    """Return an update cycle as the EU's table has it, if it is there."""
    code = _frequencies().get(cycle)
    return URIRef(f"{_EU}/frequency/{code}") if code else None


def eu_licence(code: str) -> URIRef:
    """Return a licence of the EU's table."""
    return URIRef(f"{_EU}/licence/{code}")


def eu_theme(code: str) -> URIRef:
    """Return a data theme of the EU's table."""
    return URIRef(f"{EU_THEMES}/{code}")


def media_type(text: str) -> URIRef:
    """Return a media type as IANA names it."""
    return URIRef(_IANA + quote(text.partition(";")[0], safe="/+"))


def dated(text: str) -> Literal:
    """Return a date or a moment with the type that its precision has."""
    kind = next((kind for pattern, kind in _DATES if pattern.fullmatch(text)), XSD.dateTime)
    return Literal(text, datatype=kind)
