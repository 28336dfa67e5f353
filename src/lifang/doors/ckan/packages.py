"""Datasets as CKAN tells them: packages, resources, organizations, groups, tags."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson

from lifang.app import Shown
from lifang.catalogue import (
    MEDIA_TYPES,
    UNPUBLISHED,
    Bilingual,
    Card,
    licence_of,
    offered_formats,
    opening_of,
    provider_name,
    sharing_of,
    theme_name,
)
from lifang.core import format_instant
from lifang.guard import Classification
from lifang.harvest import FileLink

TABLE = "csv"  # the file that stands for a dataset's table: its resource has the dataset's own id
Json = dict[str, Any]
_LABELS = {"csv": "CSV", "geojson": "GeoJSON", "json": "JSON", "parquet": "Parquet", "arrow": "Arrow"}


def package(shown: Shown, root: str) -> Json:
    """Return a dataset as a package, with its organization, group, tags and resources."""
    card, release = shown.card, shown.release
    licence, tags, owner = licence_of(card.licence), tags_of(card), organization_of(card)
    files = resources(shown, root)
    return {
        "id": card.id,
        "name": card.id,
        "title": one_of(card.name),
        "title_translated": _both(card.name),
        "notes": one_of(card.summary),
        "notes_translated": _both(card.summary),
        "type": "dataset",
        "state": "draft" if shown.state in UNPUBLISHED else "active",
        "private": card.classification is not Classification.OPEN,
        "isopen": licence.is_open,
        "url": card.source_url if card.source_url.startswith(("https://", "http://")) else "",
        "version": str(release.number) if release else "",
        "author": one_of(card.attribution) or one_of(card.provider),
        "author_email": card.contact.email or None,
        "maintainer": card.contact.zh or card.contact.en or one_of(card.provider),
        "maintainer_email": card.contact.email or None,
        "license_id": licence.id,
        "license_title": one_of(licence.name),
        "license_url": licence.url,
        "metadata_created": stamp(shown.created),
        "metadata_modified": stamp(shown.updated),
        "creator_user_id": None,
        "organization": owner,
        "owner_org": owner["id"] if owner else None,
        "groups": [group_of(card.theme, shown.theme)],
        "tags": tags,
        "num_tags": len(tags),
        "extras": _extras(shown),
        "resources": files,
        "num_resources": len(files),
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }


def resources(shown: Shown, root: str) -> list[Json]:
    """Return the files that a dataset offers, the table first."""
    release = shown.release
    if release is None:
        return [_link(shown, link, at) for at, link in enumerate(shown.harvested.files if shown.harvested else ())]
    return [_resource(shown, form, at, root) for at, form in enumerate(offered_formats(release))]


def resource_id(dataset_id: str, form: str) -> str:
    """Return the id of a dataset's file: the dataset's own for its table, ``<dataset>.<format>`` for the others."""
    return dataset_id if form == TABLE else f"{dataset_id}.{form}"


def _resource(shown: Shown, form: str, position: int, root: str) -> Json:
    card, release = shown.card, shown.release
    recorded = stamp(release.recorded) if release else None
    label, facts = _LABELS.get(form, form.upper()), shown.files.get(form)
    return {
        "id": resource_id(card.id, form),
        "package_id": card.id,
        "name": f"{one_of(card.name)} ({label})",
        "description": one_of(card.summary),
        "format": label,
        "mimetype": MEDIA_TYPES[form].partition(";")[0],
        "url": f"{root}/api/v1/datasets/{quote(card.id)}/rows?format={form}",
        "url_type": "datastore" if form == TABLE else None,
        "datastore_active": form == TABLE,
        "state": "active",
        "position": position,
        "size": facts.bytes if facts else None,
        "hash": f"sha256:{facts.sha256}" if facts else "",
        "created": recorded,
        "last_modified": recorded,
        "metadata_modified": stamp(shown.updated),
        "version": str(release.number) if release else "",
    }


def _link(shown: Shown, link: FileLink, position: int) -> Json:
    """Return a file that stays at the portal that the dataset was harvested from."""
    return {
        "id": f"{shown.card.id}.{position + 1}",
        "package_id": shown.card.id,
        "name": link.title or one_of(shown.card.name),
        "description": "",
        "format": link.format,
        "mimetype": link.media_type or None,
        "url": link.url,
        "url_type": None,
        "datastore_active": False,
        "state": "active",
        "position": position,
        "size": None,
        "hash": "",
        "created": stamp(shown.created),
        "last_modified": stamp(shown.updated),
        "metadata_modified": stamp(shown.updated),
    }


def organization_of(card: Card) -> Json | None:
    """Return the provider of a card as an organization, if it names one."""
    name = provider_name(card)
    return organization(name, card.provider) if name else None


def organization(name: str, provider: Bilingual) -> Json:
    """Return a provider as an organization."""
    return {
        "id": name,
        "name": name,
        "title": one_of(provider),
        "title_translated": _both(provider),
        "description": "",
        "type": "organization",
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
        "image_url": "",
    }


def group_of(theme: str, names: Bilingual) -> Json:
    """Return a theme as a group."""
    name = theme_name(theme)
    return {
        "id": name,
        "name": name,
        "title": one_of(names),
        "title_translated": _both(names),
        "display_name": one_of(names),
        "description": "",
        "image_display_url": "",
    }


def tags_of(card: Card) -> list[Json]:
    """Return the keywords of a card as tags."""
    return [tag(word) for word in dict.fromkeys(card.keywords)]


def tag(word: str) -> Json:
    """Return a keyword as a tag."""
    return {"id": word, "name": word, "display_name": word, "state": "active", "vocabulary_id": None}


def one_of(text: Bilingual) -> str:
    """Return the Chinese text, or the English where there is no Chinese."""
    return text.zh or text.en


def stamp(moment: datetime | None) -> str | None:
    """Return a moment as CKAN writes it: UTC, without saying so."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def _both(text: Bilingual) -> Json:
    return {"zh": text.zh or text.en, "en": text.en or text.zh}


def _extras(shown: Shown) -> list[Json]:
    """Return what CKAN has no field for, as key and value."""
    card, release = shown.card, shown.release
    box = shown.extent.box
    told = {
        "code": shown.code,
        "classification": card.classification.value,
        "sharing": sharing_of(card),
        "opening": opening_of(card),
        "update_cycle": card.update_cycle,
        "provider_code": card.provider_code,
        "published": card.published,
        "source": card.source_text,
        "spatial": _polygon(box.west, box.south, box.east, box.north) if box else "",
        "temporal_start": shown.extent.start,
        "temporal_end": shown.extent.end,
        "rows": str(release.rows) if release else "",
        "release": str(release.number) if release else "",
        "recorded": format_instant(release.recorded) if release else "",
    }
    if shown.harvested:
        source = shown.harvested.source
        told |= {"harvest_source_id": source.id, "harvest_source_title": source.title, "harvest_url": source.url}
        told |= {"harvest_identifier": shown.harvested.identifier, "harvest_state": shown.harvested.state}
    return [{"key": key, "value": value} for key, value in told.items() if value]


def _polygon(west: float, south: float, east: float, north: float) -> str:
    """Return a box as GeoJSON, as ckanext-spatial reads it from the extra ``spatial``."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return orjson.dumps({"type": "Polygon", "coordinates": [ring]}).decode()
