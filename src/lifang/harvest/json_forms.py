"""What portals say in JSON: packages of CKAN, datasets of DCAT-US 1.1 (``data.json``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifang.catalogue import Bilingual
from lifang.guard import Classification
from lifang.harvest.model import FileLink, Page, Remote
from lifang.harvest.words import both, box_of, cycle_of, date_of, licence_id, web_address

Json = Mapping[str, Any]
_LEVELS = {"restricted public": Classification.SHARED, "non-public": Classification.RESTRICTED}


def page_of_packages(packages: list[Any]) -> Page:
    """Return the datasets that CKAN's packages describe."""
    return _page(packages, "name", _of_package)


def page_of_data_json(body: Json) -> Page:
    """Return the datasets that ``data.json`` lists."""
    return _page(body.get("dataset"), "identifier", _of_data_json)


def _page(items: Any, key: str, read: Any) -> Page:
    records, refused = [], []
    for each in items if isinstance(items, list) else []:
        identifier = _text(each, key) if isinstance(each, dict) else ""
        if not identifier or not _text(each, "title"):
            refused.append((identifier or "a dataset without a name", f"It has no {key} or no title."))
        else:
            records.append(read(each, identifier))
    return Page(tuple(records), tuple(refused))


def _of_package(told: Json, identifier: str) -> Remote:
    extras = {_text(each, "key"): _text(each, "value") for each in _dicts(told, "extras")}
    files = (_file(each, "url", "format", "mimetype", "name") for each in _dicts(told, "resources"))
    private = told.get("private") is True
    return Remote(
        identifier=identifier,
        title=_translated(told, "title"),
        summary=_translated(told, "notes"),
        provider=_translated(_dict(told, "organization"), "title"),
        keywords=tuple(sorted({_text(each, "name") for each in _dicts(told, "tags")} - {""})),
        themes=tuple(sorted({_text(each, key) for each in _dicts(told, "groups") for key in ("name", "title")} - {""})),
        licence=licence_id(_text(told, "license_url") or _text(told, "license_id") or _text(told, "license_title")),
        page=web_address(_text(told, "url")),
        issued=date_of(extras.get("published", "") or _text(told, "metadata_created")),
        modified=_text(told, "metadata_modified"),
        cycle=cycle_of(extras.get("update_cycle", "") or extras.get("frequency", "")),
        classification=Classification.SHARED if private else Classification.OPEN,
        bbox=box_of(extras.get("spatial", "")),
        start=date_of(extras.get("temporal_start", "")),
        end=date_of(extras.get("temporal_end", "")),
        contact=_text(told, "maintainer") or _text(told, "author"),
        email=_text(told, "maintainer_email") or _text(told, "author_email"),
        files=tuple(sorted(filter(None, files), key=lambda file: (file.url, file.format))),
    )


def _of_data_json(told: Json, identifier: str) -> Remote:
    owner, contact = _dict(told, "publisher"), _dict(told, "contactPoint")
    start, _, end = _text(told, "temporal").partition("/")
    files = [
        _file(each, "downloadURL", "format", "mediaType", "title")
        or _file(each, "accessURL", "format", "mediaType", "title")
        for each in _dicts(told, "distribution")
    ]
    spatial = told.get("spatial")
    return Remote(
        identifier=identifier,
        title=both([(_text(told, "title"), "")]),
        summary=both([(_text(told, "description"), "")]),
        provider=both([(_text(owner, "name"), "")]),
        keywords=tuple(sorted(set(_texts(told, "keyword")))),
        themes=tuple(sorted(set(_texts(told, "theme")))),
        licence=licence_id(_text(told, "license")),
        page=web_address(_text(told, "landingPage")),
        issued=date_of(_text(told, "issued")),
        modified=_text(told, "modified"),
        cycle=cycle_of(_text(told, "accrualPeriodicity")),
        classification=_LEVELS.get(_text(told, "accessLevel"), Classification.OPEN),
        bbox=box_of(spatial) if isinstance(spatial, str) else (),
        start=date_of(start),
        end=date_of(end),
        contact=_text(contact, "fn"),
        email=_text(contact, "hasEmail").removeprefix("mailto:"),
        files=tuple(sorted(filter(None, files), key=lambda file: (file.url, file.format))),
    )


def _file(told: Json, url: str, form: str, media: str, title: str) -> FileLink | None:
    address = web_address(_text(told, url))
    return FileLink(address, _text(told, form), _text(told, media), _text(told, title)) if address else None


def _translated(told: Json, name: str) -> Bilingual:
    """Return a text in the languages of ckanext-fluent if it has them, else as it stands."""
    both_told = told.get(f"{name}_translated")
    if isinstance(both_told, dict) and (texts := [(str(text), lang) for lang, text in both_told.items() if text]):
        return both(texts)
    return both([(_text(told, name), "")])


def _text(told: Json, name: str) -> str:
    value = told.get(name)
    return str(value).strip()[:20_000] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _texts(told: Json, name: str) -> list[str]:
    value = told.get(name)
    return [each.strip() for each in value if isinstance(each, str) and each.strip()] if isinstance(value, list) else []


def _dicts(told: Json, name: str) -> list[Json]:
    value = told.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _dict(told: Json, name: str) -> Json:
    value = told.get(name)
    return value if isinstance(value, dict) else {}
