"""A dataset, and the catalogue it is in, as DCAT-AP 3.0.0 describes them (SEMIC, 2024)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from lifang.app import Shown
from lifang.catalogue import (
    MEDIA_TYPES,
    Bilingual,
    Card,
    Catalogue,
    Release,
    licence_of,
    offered_formats,
    provider_name,
)
from lifang.core import Settings, format_instant
from lifang.doors.dcat.triples import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef
from lifang.doors.dcat.vocabulary import (
    ACCESS,
    ADMS,
    DCAT,
    EU_THEMES,
    GEO,
    LANGUAGES,
    SHA256,
    SPDX,
    VCARD,
    address,
    dated,
    eu_licence,
    eu_theme,
    file_type,
    frequency,
    media_type,
    printable,
    say,
    typed,
)
from lifang.harvest import FileLink
from lifang.standards import code_list

_TILES_3D = "https://docs.ogc.org/cs/22-025r4/22-025r4.html"
_PAGED = "json"  # the form whose address gives a page of the rows, not a file of them all
_SERVICES = (  # what speaks for the whole catalogue: where, what it is called, where it is described, by which standard
    ("/api/v1", "lifang API", "/api/v1/openapi.json", "https://spec.openapis.org/oas/v3.1.0"),
    ("/api/3/action", "CKAN action API 3", "/api/3/action/help_show?name=package_search", "https://docs.ckan.org/en/2.10/api/"),
    ("/ogc", "OGC API", "/ogc/api", "http://www.opengis.net/doc/IS/ogcapi-features-1/1.0"),
    ("/sta/v1.1", "OGC SensorThings API 1.1", "/sta/v1.1", "http://www.opengis.net/doc/is/sensorthings/1.1"),
)  # fmt: skip


@dataclass(frozen=True)
class Names:
    """The names that things have in RDF: all below ``root``, the city's address as the client calls it."""

    root: str

    @property
    def catalogue(self) -> URIRef:
        """The catalogue."""
        return URIRef(f"{self.root}/dcat")

    @property
    def themes(self) -> URIRef:
        """The scheme of themes."""
        return URIRef(f"{self.root}/dcat/themes")

    def dataset(self, dataset_id: str) -> URIRef:
        """A dataset."""
        return URIRef(f"{self.root}/dcat/datasets/{quote(dataset_id)}")

    def theme(self, theme: str) -> URIRef:
        """A theme."""
        return URIRef(f"{self.themes}/{quote(theme, safe='')}")

    def publisher(self, name: str) -> URIRef:
        """A provider."""
        return URIRef(f"{self.root}/dcat/publishers/{quote(name)}")

    def page(self, dataset_id: str) -> URIRef:
        """The page of a dataset."""
        return URIRef(f"{self.root}/?room=data&dataset={quote(dataset_id)}")

    def tileset(self, model: str) -> URIRef:
        """The 3D Tiles of a model of the twin, as it stands now."""
        return URIRef(f"{self.root}/tiles/3d/{quote(model)}/now/tileset.json")

    def rows(self, dataset_id: str, form: str) -> URIRef:
        """The rows of a dataset in a format."""
        return URIRef(f"{self.root}/api/v1/datasets/{quote(dataset_id)}/rows?format={form}")


def describe_catalogue(graph: Graph, names: Names, settings: Settings, catalogue: Catalogue) -> None:
    """Add what the catalogue says of itself, without its datasets."""
    here, city = names.catalogue, Bilingual(settings.name_zh, settings.name_en)
    graph.add((here, RDF.type, DCAT.Catalog))
    say(graph, here, DCTERMS.title, Bilingual(f"{city.zh}数据目录", f"Data catalogue of {city.en}"))
    say(graph, here, DCTERMS.description, Bilingual(f"{city.zh}的数据集。", f"The datasets of {city.en}."))
    publisher = typed(graph, here, DCTERMS.publisher, names.publisher(settings.id), FOAF.Agent, FOAF.Organization)
    say(graph, publisher, FOAF.name, city)
    typed(graph, here, FOAF.homepage, URIRef(f"{names.root}/"), FOAF.Document)
    _languages(graph, here, city)
    box = settings.box
    _place(graph, here, (box.west, box.south, box.east, box.north), Bilingual())
    scheme = typed(graph, here, DCAT.themeTaxonomy, names.themes, SKOS.ConceptScheme)
    say(graph, scheme, DCTERMS.title, Bilingual("主题", "Themes"))
    for theme, both in catalogue.themes.items():
        concept = typed(graph, scheme, SKOS.hasTopConcept, names.theme(theme), SKOS.Concept)
        say(graph, concept, SKOS.prefLabel, both)
        graph.add((concept, SKOS.inScheme, scheme))
        for code in catalogue.eu_themes.get(theme, ()):
            graph.add((concept, SKOS.broadMatch, eu_theme(code)))
    europe = typed(graph, here, DCAT.themeTaxonomy, EU_THEMES, SKOS.ConceptScheme)
    listed = code_list("eu_data_themes")
    say(graph, europe, DCTERMS.title, Bilingual(listed.title_zh, listed.title_en))
    for path, title, description, standard in _SERVICES:
        service = typed(graph, here, DCAT.service, URIRef(f"{names.root}/dcat/services{path}"), DCAT.DataService)
        graph.add((service, DCTERMS.title, Literal(title, lang="en")))
        typed(graph, service, DCAT.endpointURL, URIRef(names.root + path), RDFS.Resource)
        typed(graph, service, DCAT.endpointDescription, URIRef(names.root + description), RDFS.Resource)
        typed(graph, service, DCTERMS.conformsTo, URIRef(standard), DCTERMS.Standard)


def describe_dataset(graph: Graph, names: Names, shown: Shown) -> URIRef:
    """Return the name of a dataset, which is added with all that DCAT-AP asks for and that is known of it."""
    card, release = shown.card, shown.release
    here = names.dataset(card.id)
    graph.add((here, RDF.type, DCAT.Dataset))
    say(graph, here, DCTERMS.title, card.name if card.name.zh or card.name.en else Bilingual(en=card.id))
    say(graph, here, DCTERMS.description, card.summary if card.summary.zh or card.summary.en else card.name)
    graph.add((here, DCTERMS.identifier, Literal(card.id)))
    if shown.code:
        coded = typed(graph, here, ADMS.identifier, URIRef(f"{here}#code"), ADMS.Identifier)
        graph.add((coded, SKOS.notation, Literal(shown.code)))
    for word in card.keywords:
        graph.add((here, DCAT.keyword, Literal(printable(word))))
    _themes(graph, here, names, shown)
    graph.add((here, DCTERMS.issued, dated(card.published or format_instant(shown.created))))
    graph.add((here, DCTERMS.modified, dated(format_instant(shown.updated))))
    typed(graph, here, DCTERMS.accessRights, ACCESS[card.classification], DCTERMS.RightsStatement)
    typed(graph, here, DCAT.landingPage, names.page(card.id), FOAF.Document)
    if known := frequency(card.update_cycle):
        typed(graph, here, DCTERMS.accrualPeriodicity, known, DCTERMS.Frequency)
    _languages(graph, here, card.name)
    _people(graph, here, names, card)
    _extent(graph, here, shown)
    _origin(graph, here, card)
    if release is not None:
        graph.add((here, DCAT.version, Literal(str(release.number))))
        for form in offered_formats(release):
            _distribution(graph, here, names, shown, release, form)
        if shown.model:
            _tiles(graph, here, names, shown)
    elif shown.harvested:
        for position, link in enumerate(shown.harvested.files, 1):
            _link(graph, here, names, card, link, position)
    return here


def _themes(graph: Graph, here: URIRef, names: Names, shown: Shown) -> None:
    """Add the theme that the city has the dataset under, and the EU's data themes that this one belongs to."""
    theme = typed(graph, here, DCAT.theme, names.theme(shown.card.theme or "other"), SKOS.Concept)
    say(graph, theme, SKOS.prefLabel, shown.theme)
    for code in shown.eu_themes:
        known = code_list("eu_data_themes").get(code)
        europe = typed(graph, here, DCAT.theme, eu_theme(code), SKOS.Concept)
        say(graph, europe, SKOS.prefLabel, Bilingual(known.zh, known.en))
        graph.add((europe, SKOS.inScheme, EU_THEMES))


def _languages(graph: Graph, here: URIRef, text: Bilingual) -> None:
    for lang, words in (("zh", text.zh), ("en", text.en)):
        if words:
            typed(graph, here, DCTERMS.language, LANGUAGES[lang], DCTERMS.LinguisticSystem)


def _people(graph: Graph, here: URIRef, names: Names, card: Card) -> None:
    """Add who provides the dataset and whom to ask about it."""
    provider = provider_name(card)
    if provider:
        agent = typed(graph, here, DCTERMS.publisher, names.publisher(provider), FOAF.Agent, FOAF.Organization)
        say(graph, agent, FOAF.name, card.provider)
        if not (card.provider.zh or card.provider.en):
            graph.add((agent, FOAF.name, Literal(printable(card.provider_code))))
    told = card.contact
    office = Bilingual(told.zh, told.en) if told.zh or told.en else card.provider
    if not any((office.zh, office.en, told.email, told.phone, told.url)):
        return
    contact = typed(graph, here, DCAT.contactPoint, URIRef(f"{here}#contact"), VCARD.Kind, VCARD.Organization)
    say(graph, contact, VCARD.fn, office)
    if told.email:
        graph.add((contact, VCARD.hasEmail, URIRef("mailto:" + quote(told.email, safe="@+"))))
    if told.phone:
        graph.add((contact, VCARD.hasTelephone, URIRef("tel:" + re.sub(r"[^0-9+-]", "", told.phone))))
    if page := address(told.url):
        graph.add((contact, VCARD.hasURL, page))


def _extent(graph: Graph, here: URIRef, shown: Shown) -> None:
    extent, said = shown.extent, shown.card.coverage
    if extent.box or said.zh or said.en:
        box = extent.box
        sides = (box.west, box.south, box.east, box.north) if box else None
        _place(graph, here, sides, Bilingual(said.zh, said.en))
    if extent.start:
        period = typed(graph, here, DCTERMS.temporal, URIRef(f"{here}#period"), DCTERMS.PeriodOfTime)
        graph.add((period, DCAT.startDate, dated(extent.start)))
        graph.add((period, DCAT.endDate, dated(extent.end)))


def _place(graph: Graph, here: URIRef, sides: tuple[float, float, float, float] | None, name: Bilingual) -> None:
    place = typed(graph, here, DCTERMS.spatial, URIRef(f"{here}#place"), DCTERMS.Location)
    say(graph, place, SKOS.prefLabel, name)
    if sides:
        west, south, east, north = sides
        ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
        graph.add((place, DCAT.bbox, Literal(f"POLYGON(({ring}))", datatype=GEO.wktLiteral)))


def _origin(graph: Graph, here: URIRef, card: Card) -> None:
    """Add where the dataset comes from, as its card says it."""
    if source := address(card.source_url):
        typed(graph, here, FOAF.page, source, FOAF.Document)
    words = " ".join(filter(None, (card.source_text, card.attribution.zh, card.attribution.en)))
    if words:
        statement = typed(graph, here, DCTERMS.provenance, URIRef(f"{here}#provenance"), DCTERMS.ProvenanceStatement)
        graph.add((statement, RDFS.label, Literal(printable(words))))


def _distribution(graph: Graph, here: URIRef, names: Names, shown: Shown, release: Release, form: str) -> None:
    card, measured = shown.card, shown.files.get(form)
    file = typed(graph, here, DCAT.distribution, URIRef(f"{here}#{form}"), DCAT.Distribution)
    say(graph, file, DCTERMS.title, Bilingual(*(f"{each} ({form.upper()})" if each else "" for each in
                                                (card.name.zh, card.name.en))))  # fmt: skip
    rows = typed(graph, file, DCAT.accessURL, names.rows(card.id, form), RDFS.Resource)
    if form != _PAGED:
        graph.add((file, DCAT.downloadURL, rows))
    graph.add((file, DCTERMS.modified, Literal(format_instant(release.recorded), datatype=XSD.dateTime)))
    typed(graph, file, DCAT.mediaType, media_type(MEDIA_TYPES[form]), DCTERMS.MediaType)
    if known := file_type(form):
        typed(graph, file, DCTERMS.format, known, DCTERMS.MediaTypeOrExtent)
    if measured:
        graph.add((file, DCAT.byteSize, Literal(str(measured.bytes), datatype=XSD.nonNegativeInteger)))
        checksum = typed(graph, file, SPDX.checksum, URIRef(f"{file}-checksum"), SPDX.Checksum)
        typed(graph, checksum, SPDX.algorithm, SHA256, SPDX.ChecksumAlgorithm)
        graph.add((checksum, SPDX.checksumValue, Literal(measured.sha256, datatype=XSD.hexBinary)))
    _licence(graph, file, names, card)


def _tiles(graph: Graph, here: URIRef, names: Names, shown: Shown) -> None:
    """Add the 3D Tiles of the model whose objects a dataset holds."""
    tiles = typed(graph, here, DCAT.distribution, URIRef(f"{here}#3dtiles"), DCAT.Distribution)
    name = shown.card.name
    say(graph, tiles, DCTERMS.title, Bilingual(*(f"{each} (3D Tiles)" if each else "" for each in (name.zh, name.en))))
    typed(graph, tiles, DCAT.accessURL, names.tileset(shown.model), RDFS.Resource)
    typed(graph, tiles, DCTERMS.conformsTo, URIRef(_TILES_3D), DCTERMS.Standard)
    typed(graph, tiles, DCAT.mediaType, media_type("application/json"), DCTERMS.MediaType)
    _licence(graph, tiles, names, shown.card)


def _link(graph: Graph, here: URIRef, names: Names, card: Card, link: FileLink, position: int) -> None:
    """Add a file that stays at the portal that the dataset was harvested from."""
    place = address(link.url)
    if place is None:
        return
    file = typed(graph, here, DCAT.distribution, URIRef(f"{here}#file-{position}"), DCAT.Distribution)
    if link.title:
        graph.add((file, DCTERMS.title, Literal(printable(link.title))))
    typed(graph, file, DCAT.accessURL, place, RDFS.Resource)
    graph.add((file, DCAT.downloadURL, place))
    if re.fullmatch(r"[\w.+-]+/[\w.+-]+", link.media_type, re.ASCII):
        typed(graph, file, DCAT.mediaType, media_type(link.media_type), DCTERMS.MediaType)
    if known := file_type(link.format):
        typed(graph, file, DCTERMS.format, known, DCTERMS.MediaTypeOrExtent)
    _licence(graph, file, names, card)


def _licence(graph: Graph, file: URIRef, names: Names, card: Card) -> None:
    if card.licence:
        licence = licence_of(card.licence)
        published = address(licence.url)
        own = eu_licence(licence.eu) if licence.eu else published
        name = own or URIRef(f"{names.root}/dcat/licences/{quote(licence.id)}")
        typed(graph, file, DCTERMS.license, name, DCTERMS.LicenseDocument)
        say(graph, name, DCTERMS.title, licence.name)
        if published and published != name:
            graph.add((name, RDFS.seeAlso, published))
