"""How a dataset is cited: as text (GB/T 7714-2015, APA), as BibTeX, and as DataCite metadata 4.5 without a DOI."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from lifang.catalogue.card import Bilingual, Card
from lifang.catalogue.extent import Extent
from lifang.catalogue.model import Release
from lifang.catalogue.offers import licence_of

_TEX = str.maketrans({"\\": r"\textbackslash{}", **{sign: f"\\{sign}" for sign in "{}$&#_%"}, "~": r"\textasciitilde{}",
                      "^": r"\textasciicircum{}"})  # fmt: skip


@dataclass(frozen=True)
class Citation:
    """A citation in every form; ``datacite`` is one JSON object."""

    zh: str
    en: str
    bibtex: str
    datacite: dict[str, Any]


@dataclass(frozen=True)
class Cited:
    """What is cited: a release (if there is one) of a dataset with its extent, in a city, under an address."""

    card: Card
    release: Release | None
    extent: Extent
    city: Bilingual
    url: str
    accessed: date


def cite(cited: Cited) -> Citation:
    """Return the citation."""
    card, release = cited.card, cited.release
    day = card.published or (release.recorded.date().isoformat() if release else cited.accessed.isoformat())
    who = Bilingual(
        _first(card.provider.zh, card.provider.en, cited.city.zh),
        _first(card.provider.en, card.provider.zh, cited.city.en),
    )
    name = Bilingual(_first(card.name.zh, card.name.en), _first(card.name.en, card.name.zh))
    version = str(release.number) if release else ""
    which = Bilingual(f": 第{version}版", f" (Version {version})") if version else Bilingual()
    zh = f"{who.zh}. {name.zh}{which.zh}[DS/OL]. {cited.city.zh}, {day}[{cited.accessed}]. {cited.url}."
    en = f"{who.en}. ({day[:4]}). {name.en}{which.en} [Data set]. {cited.city.en}. {cited.url}"
    return Citation(zh, en, _bibtex(cited, who, name, day, version), _datacite(cited, who, name, day, version))


def _bibtex(cited: Cited, who: Bilingual, name: Bilingual, day: str, version: str) -> str:
    fields = {
        "author": f"{{{_tex(who.en)}}}",
        "title": _tex(name.en),
        "year": day[:4],
        "publisher": _tex(cited.city.en),
        "version": version,
        "url": cited.url,
        "urldate": cited.accessed.isoformat(),
        "note": _tex(licence_of(cited.card.licence).name.en),
    }
    inner = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items() if value)
    return f"@misc{{{re.sub('[^A-Za-z0-9]', '', cited.card.id)}{day[:4]},\n{inner}\n}}\n"


def _datacite(cited: Cited, who: Bilingual, name: Bilingual, day: str, version: str) -> dict[str, Any]:
    card, licence = cited.card, licence_of(cited.card.licence)
    told: dict[str, Any] = {
        "creators": [{"name": who.en, "nameType": "Organizational", "lang": "en"}],
        "titles": [{"title": name.zh, "lang": "zh"}, {"title": name.en, "lang": "en"}],
        "publisher": {"name": cited.city.en},
        "publicationYear": day[:4],
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Dataset"},
        "url": cited.url,
        "version": version,
        "dates": [{"date": day, "dateType": "Issued"}],
        "descriptions": [
            {"description": text, "descriptionType": "Abstract", "lang": lang}
            for lang, text in (("zh", card.summary.zh), ("en", card.summary.en))
            if text
        ],
        "subjects": [{"subject": each} for each in card.keywords],
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }
    if card.licence:
        told["rightsList"] = [{"rights": licence.name.en, **({"rightsUri": licence.url} if licence.url else {})}]
    if cited.extent.start:
        told["dates"].append({"date": f"{cited.extent.start}/{cited.extent.end}", "dateType": "Coverage"})
    if box := cited.extent.box:
        sides = {"westBoundLongitude": box.west, "eastBoundLongitude": box.east}
        sides |= {"southBoundLatitude": box.south, "northBoundLatitude": box.north}
        told["geoLocations"] = [{"geoLocationBox": sides}]
    return {key: value for key, value in told.items() if value not in ("", [])}


def _first(*texts: str) -> str:
    return next(filter(None, texts), "")


def _tex(text: str) -> str:
    return text.translate(_TEX)
