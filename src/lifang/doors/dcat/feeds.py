"""What changed lately as Atom (RFC 4287) and RSS 2.0, and the addresses of pages as sitemaps (sitemaps.org 0.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.sax.saxutils import escape

from lifang.app import Shown
from lifang.catalogue import Bilingual
from lifang.core import format_instant
from lifang.doors.dcat.describing import Names
from lifang.doors.dcat.plain_json import one_of
from lifang.doors.dcat.vocabulary import printable

ATOM, RSS, SITEMAP = "application/atom+xml", "application/rss+xml", "application/xml"
URLS_MAX = 50_000  # of one sitemap
_ATOM, _SITEMAP = "http://www.w3.org/2005/Atom", "http://www.sitemaps.org/schemas/sitemap/0.9"


def atom(items: Sequence[Shown], names: Names, city: Bilingual, now: datetime) -> bytes:
    """Return the datasets that changed lately, the newest first, as an Atom feed."""
    feed = Element("feed", xmlns=_ATOM)
    _text(feed, "id", f"{names.root}/dcat/feed.atom")
    _text(feed, "title", _title(city))
    _text(feed, "updated", format_instant(items[0].updated if items else now))
    SubElement(feed, "link", rel="self", type=ATOM, href=f"{names.root}/dcat/feed.atom")
    SubElement(feed, "link", rel="alternate", type="text/html", href=f"{names.root}/?room=data")
    _text(SubElement(feed, "author"), "name", one_of(city))
    for each in items:
        entry = SubElement(feed, "entry")
        _text(entry, "id", _id(each, names))
        _text(entry, "title", _name(each))
        _text(entry, "updated", format_instant(each.updated))
        _text(entry, "published", format_instant(each.created))
        _text(entry, "summary", one_of(each.card.summary))
        SubElement(entry, "link", rel="alternate", type="text/html", href=str(names.page(each.card.id)))
        SubElement(entry, "link", rel="related", type="text/turtle", href=str(names.dataset(each.card.id)))
        SubElement(entry, "category", term=each.card.theme or "other", label=printable(one_of(each.theme)))
        if one_of(each.card.provider):
            _text(SubElement(entry, "author"), "name", one_of(each.card.provider))
    return _document(feed)


def rss(items: Sequence[Shown], names: Names, city: Bilingual) -> bytes:
    """Return the datasets that changed lately, the newest first, as an RSS channel."""
    feed = Element("rss", version="2.0")
    channel = SubElement(feed, "channel")
    _text(channel, "title", _title(city))
    _text(channel, "link", f"{names.root}/?room=data")
    _text(channel, "description", _title(city))
    for each in items:
        item = SubElement(channel, "item")
        _text(item, "title", _name(each))
        _text(item, "link", str(names.page(each.card.id)))
        SubElement(item, "guid", isPermaLink="false").text = _id(each, names)
        _text(item, "pubDate", format_datetime(each.updated))
        _text(item, "description", one_of(each.card.summary))
        _text(item, "category", one_of(each.theme))
    return _document(feed)


def sitemap(pages: Iterable[tuple[str, datetime]]) -> bytes:
    """Return addresses of pages, each with when it changed, as a sitemap."""
    urls = (
        f"<url><loc>{escape(address)}</loc><lastmod>{format_instant(changed)}</lastmod></url>\n"
        for address, changed in pages
    )  # as text: 50,000 of them as elements cost five times the time, and memory that is not given back
    return f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{_SITEMAP}">\n{"".join(urls)}</urlset>\n'.encode()


def sitemap_index(addresses: Iterable[str]) -> bytes:
    """Return the addresses of sitemaps as an index of them."""
    index = Element("sitemapindex", xmlns=_SITEMAP)
    for address in addresses:
        _text(SubElement(index, "sitemap"), "loc", address)
    return _document(index)


def _document(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _text(parent: Element, tag: str, text: str) -> None:
    if text:
        SubElement(parent, tag).text = printable(text)


def _title(city: Bilingual) -> str:
    return f"{city.zh} 数据更新 · Data of {city.en}"


def _name(shown: Shown) -> str:
    return one_of(shown.card.name) or shown.card.id


def _id(shown: Shown, names: Names) -> str:
    """Return what one change is called: the dataset and when it changed."""
    return f"{names.dataset(shown.card.id)}#{format_instant(shown.updated)}"
