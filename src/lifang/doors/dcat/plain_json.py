"""A dataset in JSON: as DCAT-US 1.1 (Project Open Data) lists it in ``data.json``, and in the words of schema.org."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import orjson

from lifang.app import Shown
from lifang.catalogue import MEDIA_TYPES, Bilingual, Card, licence_of, offered_formats
from lifang.core import format_instant
from lifang.doors.dcat.describing import Names
from lifang.guard import Classification
from lifang.standards import code_list

Json = dict[str, Any]
_AT_ONCE = 100  # datasets in one piece of a stream
_US = "https://project-open-data.cio.gov/v1.1/schema"
_HEAD = orjson.dumps(
    {
        "@context": f"{_US}/catalog.jsonld",
        "@type": "dcat:Catalog",
        "conformsTo": _US,
        "describedBy": f"{_US}/catalog.json",
    }
)
_LEVELS = {
    Classification.OPEN: "public",
    Classification.SHARED: "restricted public",
    Classification.RESTRICTED: "non-public",
}


@cache
def _repeats() -> dict[str, str]:
    """Return how DCAT-US writes each update cycle: as ISO 8601 repeats."""
    return {each.properties["cycle"]: each.properties["repeats"] for each in code_list("eu_frequencies")}


def data_json(shelf: Iterator[Shown], names: Names) -> Iterator[bytes]:
    """Yield ``data.json`` dataset by dataset, so that memory stays small."""
    yield _HEAD[:-1] + b',"@id":' + orjson.dumps(f"{names.root}/data.json") + b',"dataset":[\n'
    comma = b""
    while chosen := list(islice(shelf, _AT_ONCE)):
        yield comma + b",\n".join(orjson.dumps(_dataset(each, names)) for each in chosen)
        comma = b",\n"
    yield b"\n]}\n"


def schema_org(shown: Shown, names: Names, publisher: Bilingual) -> Json:
    """Return a dataset as a ``Dataset`` of schema.org, as search engines read it."""
    card, extent = shown.card, shown.extent
    box = extent.box
    told = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": str(names.dataset(card.id)),
        "url": str(names.page(card.id)),
        "name": one_of(card.name) or card.id,
        "alternateName": card.name.en if card.name.zh else "",
        "description": one_of(card.summary) or one_of(card.name),
        "identifier": [each for each in (card.id, shown.code) if each],
        "keywords": list(card.keywords),
        "license": _licence(card),
        "isAccessibleForFree": card.classification is Classification.OPEN,
        "creator": _organization(card.provider),
        "publisher": _organization(publisher),
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": str(names.catalogue), "url": str(names.catalogue)},
        "dateCreated": format_instant(shown.created),
        "dateModified": format_instant(shown.updated),
        "datePublished": card.published or format_instant(shown.created),
        "version": str(shown.release.number) if shown.release else "",
        "temporalCoverage": f"{extent.start}/{extent.end}" if extent.start else "",
        "spatialCoverage": {
            "@type": "Place",
            **({"name": place} if (place := card.coverage.zh or card.coverage.en) else {}),
            "geo": {"@type": "GeoShape", "box": f"{box.south} {box.west} {box.north} {box.east}"},
        }
        if box
        else None,
        "variableMeasured": _variables(shown),
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": media, "contentUrl": url, **_facts(shown, form)}
            for form, media, url in _files(shown, names)
        ],
    }
    return {name: value for name, value in told.items() if value not in ("", [], None)}


def data_catalog(names: Names, city: Bilingual) -> Json:
    """Return the catalogue as a ``DataCatalog`` of schema.org."""
    return {
        "@context": "https://schema.org/",
        "@type": "DataCatalog",
        "@id": str(names.catalogue),
        "url": f"{names.root}/?room=data",
        "name": f"{city.zh}数据目录",
        "alternateName": f"Data catalogue of {city.en}",
        "publisher": _organization(city),
        "isAccessibleForFree": True,
    }


def one_of(text: Bilingual) -> str:
    """Return the Chinese text, or the English where there is no Chinese."""
    return text.zh or text.en


def _dataset(shown: Shown, names: Names) -> Json:
    card, extent = shown.card, shown.extent
    box = extent.box
    contact = {
        "@type": "vcard:Contact",
        "fn": one_of(Bilingual(card.contact.zh, card.contact.en)) or one_of(card.provider),
    }
    if card.contact.email:
        contact["hasEmail"] = f"mailto:{card.contact.email}"
    told = {
        "@type": "dcat:Dataset",
        "identifier": card.id,
        "title": one_of(card.name) or card.id,
        "description": one_of(card.summary) or one_of(card.name) or card.id,
        "keyword": list(card.keywords) or [one_of(shown.theme)],
        "theme": [one_of(shown.theme)],
        "issued": card.published or format_instant(shown.created),
        "modified": format_instant(shown.updated),
        "publisher": {"@type": "org:Organization", "name": one_of(card.provider) or card.provider_code or card.id},
        "contactPoint": contact,
        "accessLevel": _LEVELS[card.classification],
        "license": _licence(card),
        "accrualPeriodicity": _repeats().get(card.update_cycle, ""),
        "landingPage": str(names.page(card.id)),
        "language": [lang for lang, words in (("zh", card.name.zh), ("en", card.name.en)) if words],
        "spatial": f"{box.west},{box.south},{box.east},{box.north}" if box else "",
        "temporal": f"{extent.start}/{extent.end}" if extent.start else "",
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "title": form.upper(),
                "format": form.upper(),
                "mediaType": media,
                "downloadURL": url,
            }
            for form, media, url in _files(shown, names)
        ],
    }
    return {name: value for name, value in told.items() if value not in ("", [])}


def _files(shown: Shown, names: Names) -> list[tuple[str, str, str]]:
    """Return format, media type and address of each file that the dataset offers."""
    if shown.release is None:
        links = shown.harvested.files if shown.harvested else ()
        return [(each.format, each.media_type, each.url) for each in links]
    forms = offered_formats(shown.release)
    return [(form, MEDIA_TYPES[form].partition(";")[0], str(names.rows(shown.card.id, form))) for form in forms]


def _facts(shown: Shown, form: str) -> Json:
    """Return size and checksum of a file, if they were measured."""
    facts = shown.files.get(form)
    return {"contentSize": f"{facts.bytes} B", "sha256": facts.sha256} if facts else {}


def _licence(card: Card) -> str:
    return licence_of(card.licence).url or card.licence


def _organization(name: Bilingual) -> Json | None:
    return {"@type": "Organization", "name": one_of(name)} if one_of(name) else None


def _variables(shown: Shown) -> list[Json]:
    columns = shown.release.columns if shown.release else ()
    told = (
        {
            "@type": "PropertyValue",
            "name": str(each["name"]),
            "description": each.get("zh") or each.get("en") or "",
            "unitText": each.get("unit") or "",
        }
        for each in columns
        if each["type"] != "geometry"
    )
    return [{name: value for name, value in each.items() if value} for each in told]
