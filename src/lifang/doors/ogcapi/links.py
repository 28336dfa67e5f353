"""Addresses and links, absolute, as the asker called the city."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request

ROOT = "/ogc"
JSON = "application/json"
GEOJSON = "application/geo+json"
JSONFG = "application/vnd.ogc.fg+json"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
PROBLEM = "application/problem+json"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
Link = dict[str, Any]


def address(request: Request, *parts: str, **query: str | float | None) -> str:
    """Return the absolute address of ``/ogc/<parts>``, each part escaped, with what of ``query`` is given."""
    path = "/".join(quote(part, safe="") for part in parts)
    told = {name: value for name, value in query.items() if value is not None}
    base = f"{str(request.base_url).rstrip('/')}{ROOT}{'/' if path else ''}{path}"
    return f"{base}?{urlencode(told)}" if told else base


def link(rel: str, href: str, kind: str = JSON, title: str = "") -> Link:
    """Return a link (RFC 8288)."""
    return {"rel": rel, "href": href, "type": kind, **({"title": title} if title else {})}


def again(request: Request, changes: Mapping[str, str | int | None]) -> str:
    """Return the request's own address with some of its parameters changed, or left out where they are ``None``."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changes]
    told = [(name, value) for name, value in changes.items() if value is not None]
    base = f"{str(request.base_url).rstrip('/')}{quote(request.url.path)}"
    return f"{base}?{urlencode([*kept, *told])}" if kept or told else base
