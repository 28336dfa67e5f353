"""dcat: the catalogue as others harvest it: DCAT-AP 3 in RDF under ``/dcat``, ``/data.json``, a sitemap, feeds.

Turtle, JSON-LD, RDF/XML and N-Triples by ``Accept`` or by suffix; pages linked by hydra, or all of it as a stream; one
dataset also in the words of schema.org, which the HTML of its page has too.
Does not belong here: harvesting from others (catalogue), who may (guard).
Reads the card and the newest release of every dataset that the asker may read; writes nothing.
"""

from fastapi import APIRouter

from lifang.doors.dcat import routes, routes_plain
from lifang.doors.dcat.page_text import page_text
from lifang.doors.http import Door, gather

__all__ = ["page_text", "router", "spec"]

spec = Door("dcat", "目录交换", "DCAT", "DCAT-AP 3.0, DCAT-US 1.1, schema.org, Atom, RSS, sitemaps", order=40)


def router() -> APIRouter:
    """Return the routes of this door."""
    return gather((routes_plain.router(), routes.router()))
