"""Datasets described as collections, and their properties as JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from lifang.catalogue import Bilingual, Card, Extent, Features, Release
from lifang.doors.ogcapi.crs import CRS84, OFFERED
from lifang.doors.ogcapi.links import GEOJSON, JSONFG, REL, SCHEMA, Link, address, link

_TYPES: Mapping[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "category": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
}
_GEOMETRY = "geometry"


def worded(request: Request, text: Bilingual) -> str:
    """Return ``text`` in the language that the asker likes better."""
    chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    first, second = (text.zh, text.en) if chinese else (text.en, text.zh)
    return first or second


def collection(request: Request, card: Card, release: Release | None, extent: Extent) -> dict[str, Any]:
    """Return a dataset as a collection (OGC 17-069r4, clause 7.14; 18-058, clause 6.2)."""
    name = card.id
    body: dict[str, Any] = {
        "id": name,
        "title": worded(request, card.name) or name,
        "description": worded(request, card.summary),
        "itemType": "feature",
        "links": _links(request, name, card, release),
        "extent": _extent(release, extent),
        "crs": list(OFFERED),
        "storageCrs": CRS84,
    }
    if release is not None:
        body["lifang:release"] = release.number
    return body


def _extent(release: Release | None, extent: Extent) -> dict[str, Any]:
    told: dict[str, Any] = {}
    bounds = release.provenance.get("bounds") if release is not None and release.has_geometry else None
    if bounds:
        told["spatial"] = {"bbox": [list(bounds)], "crs": CRS84}
    if interval := interval_of(extent):
        told["temporal"] = {"interval": [interval]}
    return told


def interval_of(extent: Extent) -> list[str | None] | None:
    """Return the first and the last moment of an extent (RFC 3339), ``None`` for an open end, if it has a start."""
    if not extent.start:
        return None
    return [_moment(extent.start, "00:00:00"), _moment(extent.end, "23:59:59")]


def _moment(text: str, clock: str) -> str | None:
    """Return a moment or a day as a moment; years and months, which no interval can write, are left open."""
    if len(text) > 10:
        return text
    return f"{text}T{clock}Z" if len(text) == 10 else None


def _links(request: Request, name: str, card: Card, release: Release | None) -> list[Link]:
    items = address(request, "collections", name, "items")
    found = [
        link("self", address(request, "collections", name), title="this collection"),
        link("items", items, GEOJSON, "its features as GeoJSON"),
        link("items", f"{items}?f=jsonfg", JSONFG, "its features as JSON-FG"),
        link("data", items, GEOJSON, "its features"),
        link("describedby", address(request, "collections", name, "schema"), SCHEMA, "its schema"),
        link(f"{REL}queryables", address(request, "collections", name, "queryables"), SCHEMA, "what it is filtered by"),
        link(f"{REL}sortables", address(request, "collections", name, "sortables"), SCHEMA, "what it is ordered by"),
    ]
    if release is not None and release.has_geometry:
        tiles = address(request, "collections", name, "tiles")
        found.append(link(f"{REL}tilesets-vector", tiles, title="its vector tiles"))
    if card.licence.startswith("http"):
        found.append(link("license", card.licence, "text/html"))
    return found


def schema(request: Request, features: Features, card: Card, place: str, *, geometry: bool = True) -> dict[str, Any]:
    """Return the properties as JSON schema: for ``schema``, ``queryables`` or ``sortables`` (``place``)."""
    told = {
        name: _property(request, column, card)
        for name, column in features.columns.items()
        if geometry or name != _GEOMETRY
    }
    for name in features.key:
        told[name]["x-ogc-role"] = "id"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address(request, "collections", card.id, place),
        "type": "object",
        "title": worded(request, card.name) or card.id,
        "properties": told,
        "additionalProperties": False,
    }


def _property(request: Request, column: Mapping[str, Any], card: Card) -> dict[str, Any]:
    title = worded(request, Bilingual(str(column.get("zh") or ""), str(column.get("en") or "")))
    if column["type"] == _GEOMETRY:
        return {"title": title, "x-ogc-role": "primary-geometry", "format": "geometry-any"}
    body = {"title": title or str(column["name"]), **_TYPES.get(str(column["type"]), {"type": "string"})}
    if column.get("unit"):
        body["x-ogc-unit"] = column["unit"]
    declared = next((each for each in card.columns if each.name == column["name"]), None)
    if declared is not None and column["type"] in {"integer", "number"}:
        body |= {
            name: bound
            for name, bound in (("minimum", declared.minimum), ("maximum", declared.maximum))
            if bound is not None
        }
    return body
